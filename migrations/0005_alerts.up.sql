-- What is wrong, and what was: one row per kind of trouble that ever was there.
create table if not exists alerts (
    key text primary key,
    severity text not null check (severity in ('warning', 'critical')),
    state text not null check (state in ('firing', 'resolved')),
    since timestamptz not null,
    -- When it was last found to be so.
    seen_at timestamptz not null,
    resolved_at timestamptz,
    detail text not null,
    -- When the alert was last noticed; `since` is when the trouble began. What is told of it is told once to each channel: the occasion is made of this.
    fired_at timestamptz
);

-- What single instances say is wrong with them. An instance repeats it with every check; one that falls silent is forgotten.
create table if not exists alert_reports (
    signal text not null,
    instance uuid not null,
    since timestamptz not null,
    first_heard_at timestamptz not null,
    heard_at timestamptz not null,
    detail text not null,
    primary key (signal, instance)
);

-- What is to be told to whom: a row per message and channel, written in the transaction that changed the alert.
create table if not exists alert_messages (
    id bigserial primary key,
    -- The same for every try, so that a receiver can tell a repetition.
    message_id uuid not null default gen_random_uuid(),
    channel text not null,
    -- What it is about. Messages on one subject reach a channel in their order.
    subject text not null,
    -- What must be told once only, such as the end of a run.
    occasion text,
    content jsonb not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'given_up')),
    created_at timestamptz not null,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    claimed_until timestamptz,
    done_at timestamptz,
    last_error text
);

create unique index if not exists alert_messages_once on alert_messages (channel, occasion) where occasion is not null;
create index if not exists alert_messages_waiting on alert_messages (channel, subject, id) where state = 'waiting';
create index if not exists alert_messages_by_subject on alert_messages (subject, id desc);

-- Which channels there are on all instances together. Each instance says at every check which it has, so that whoever notices an alert writes
-- a message for all of them, also for those that it does not have itself.
create table if not exists alert_channels (
    channel text primary key,
    -- Whether it keeps what it was told open until it is told otherwise, as PagerDuty does: then it also hears that a worse alert has taken
    -- an alert's place.
    tracks boolean not null,
    heard_at timestamptz not null
);
