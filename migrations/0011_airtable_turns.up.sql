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
    recent := array(select start from unnest(recent) start where start > present - span order by start);
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
