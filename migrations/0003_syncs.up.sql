-- Records that owe a read, one row per record: deliveries that were not answered, and those that were answered by a read which Airtable's
-- lag may have spoilt. A later delivery of the same record joins the row.
create table if not exists sync_queue (
    record_id text collate "C" primary key,
    status text not null default 'waiting' check (status in ('waiting', 'dead')),
    -- Whether the delivery was answered, and only a read that is late enough is left to do.
    settling boolean not null default false,
    trigger text not null,
    source text,
    -- When the record was edited in Airtable, as the first delivery said, so that the time until it is stored can be told.
    edited_at timestamptz,
    enqueued_at timestamptz not null default now(),
    -- A read that began at this time or later takes the row away: `sync.recheck_after` after the last delivery.
    settle_at timestamptz not null default now(),
    -- Tries that failed by the record's own fault.
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    claimed_until timestamptz,
    last_error text
);

create index if not exists sync_queue_due on sync_queue (next_attempt_at) where status = 'waiting';

-- Full, catch-up and replay syncs.
create table if not exists sync_runs (
    id bigserial primary key,
    kind text not null check (kind in ('full', 'catch_up', 'replay')),
    trigger text not null check (trigger in ('webhook', 'bulk', 'manual', 'nightly', 'catch_up', 'replay')),
    status text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    pages integer not null default 0,
    seen integer not null default 0,
    created integer not null default 0,
    updated integer not null default 0,
    unchanged integer not null default 0,
    archived integer not null default 0,
    deleted integer not null default 0,
    warnings integer not null default 0,
    failed integer not null default 0,
    api_calls integer not null default 0,
    error text,
    -- Whether the brake ended the run: more vehicles would have left the listing than allowed.
    braked boolean not null default false
);

create index if not exists sync_runs_by_start on sync_runs (started_at desc);
create index if not exists sync_runs_braked on sync_runs (started_at desc) where braked;

-- What happened to which record, when and why. Operators read it with SQL, so names and values are a contract.
create table if not exists sync_logs (
    id bigserial primary key,
    created_at timestamptz not null default now(),
    record_id text,
    sync_type text not null check (sync_type in ('webhook', 'bulk', 'manual', 'nightly', 'catch_up', 'replay')),
    source text,
    status text not null check (status in ('success', 'error', 'warning')),
    message text,
    error_details jsonb,
    attempt_number integer,
    duration_ms integer,
    http_status integer,
    vehicle_title text,
    ordencompra text,
    ordenstatus text,
    metadata jsonb
);

-- The figures of the last hours and days come from this index alone.
create index if not exists sync_logs_by_time on sync_logs (created_at desc) include (id, status, duration_ms, sync_type, record_id);
create index if not exists sync_logs_errors on sync_logs (created_at desc) where status = 'error';
create index if not exists sync_logs_by_record on sync_logs (record_id, created_at desc);

create or replace view sync_stats as
select date_trunc('hour', created_at) as hour,
       sync_type,
       status,
       count(*) as count,
       avg(duration_ms)::integer as avg_duration_ms,
       min(duration_ms) as min_duration_ms,
       max(duration_ms) as max_duration_ms,
       count(distinct record_id) as unique_records
from sync_logs
where created_at > now() - interval '7 days'
group by 1, 2, 3;

-- Deletes logs older than 30 days, the oldest first, and returns how many there were: all of them, or at most so many.
create or replace function cleanup_old_sync_logs(at_most bigint default null) returns bigint
language sql as $$
    with gone as (
        delete from sync_logs
        where id in (select id from sync_logs where created_at < now() - interval '30 days' order by created_at limit at_most)
        returning 1
    )
    select count(*) from gone
$$;

-- The figures of the last hours come from an index alone only where a vacuum has passed: otherwise every row is looked up as well. By default
-- one passes when a fifth of the table is new, which in a log of a month is six days.
alter table sync_logs set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 2000);
