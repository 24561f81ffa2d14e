-- What is remembered of Airtable: its fields, turns, usage and webhook.

-- Airtable's fields and the names under which vitrina knows them, so that a rename in Airtable changes nothing.
create table if not exists airtable_fields (
    table_id text not null,
    field_id text not null,
    name text not null,
    present_name text,
    field_type text,
    renamed_at timestamptz,
    former_type text,
    retyped_at timestamptz,
    missing_since timestamptz,
    feeds_since timestamptz,
    primary key (table_id, field_id),
    unique (table_id, name)
);

comment on column airtable_fields.name is 'The name under which vitrina knows the field, for ever: the first one it had';
comment on column airtable_fields.present_name is 'The name that it has, or last had, in Airtable; null: not looked at yet';
comment on column airtable_fields.feeds_since is 'When its values came into use after the first start: the vehicles have to be read once more after that';

-- Whose turn it is to ask a base, for all instances together: Airtable counts the requests of all of them.
--
-- Unlogged: a turn is worth nothing a second later, and so no webhook waits for a disk to take one.
create unlogged table if not exists airtable_turns (
    base_id text primary key,
    starts timestamptz[] not null default '{}',
    paused_until timestamptz
) with (fillfactor = 50);

comment on column airtable_turns.starts is 'When the last requests started, oldest first';

-- Takes a turn, or says how long to wait before asking again; zero: taken.
create or replace function vitrina_take_turn(base text, per_window integer, span interval) returns interval
language plpgsql set search_path from current as $$
declare
    recent timestamptz[];
    pause timestamptz;
    present timestamptz;
    free_at timestamptz;
begin
    insert into airtable_turns (base_id) values (base) on conflict do nothing;
    select starts, paused_until into recent, pause from airtable_turns where base_id = base for update;
    -- Read after the lock was given, or those who waited for it would count from before.
    present := clock_timestamp();
    -- What is in the future was written down before the clock was set back.
    recent := array(select start from unnest(recent) start where start > present - span and start <= present order by start);
    pause := case when pause <= present + interval '2 hours' then pause end;
    if cardinality(recent) >= per_window then
        free_at := recent[cardinality(recent) - per_window + 1] + span;
    end if;
    free_at := greatest(free_at, pause);
    if free_at > present then
        return free_at - present;
    end if;
    update airtable_turns set starts = recent || present where base_id = base;
    return interval '0';
end
$$;

-- What a month's requests to Airtable amount to, over all instances and restarts, and whether they are used up.
create table if not exists airtable_usage (
    month date primary key check (extract(day from month) = 1),
    calls bigint not null default 0,
    stopped_until timestamptz,
    resumed_at timestamptz
);

comment on table airtable_usage is 'Requests to Airtable by calendar month (UTC), of all instances together';
comment on column airtable_usage.stopped_until is 'Airtable said that the month''s requests are used up: no instance sends any before this time';
comment on column airtable_usage.resumed_at is 'When an operator lifted such a stop; what an instance was told before does not stop the others again';

-- The native webhook that vitrina keeps in Airtable, one row for each base and table.
create table if not exists airtable_webhooks (
    target text primary key,
    webhook_id text not null unique,
    table_id text not null,
    notification_url text not null,
    -- What its pings are signed with, in base64. Airtable tells it once, so it is kept; nobody but the owner may read it.
    mac_secret text not null,
    -- The number of the next payload to be read.
    cursor bigint not null default 1,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    -- When the payloads were last read to their end.
    read_at timestamptz not null,
    -- Changes up to this time may have gone untold, so a full run has to make up for them.
    missed_until timestamptz
);
