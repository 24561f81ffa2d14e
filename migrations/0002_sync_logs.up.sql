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
create index if not exists sync_logs_by_time on sync_logs (created_at desc) include (status, duration_ms, sync_type, record_id);
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

-- Deletes logs older than 30 days and returns how many there were.
create or replace function cleanup_old_sync_logs() returns bigint
language sql as $$
    with gone as (
        delete from sync_logs where created_at < now() - interval '30 days' returning 1
    )
    select count(*) from gone
$$;
