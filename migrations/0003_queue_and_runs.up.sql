-- Deliveries that were accepted but not settled yet, one row per record: a later delivery of the same record joins the earlier one.
create table if not exists sync_queue (
    record_id text collate "C" primary key,
    status text not null default 'waiting' check (status in ('waiting', 'dead')),
    trigger text not null,
    source text,
    delivered_seq bigint not null default nextval('sync_seq'),
    enqueued_at timestamptz not null default now(),
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
    error text
);

create index if not exists sync_runs_by_start on sync_runs (started_at desc);
