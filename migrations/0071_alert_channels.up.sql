-- Which channels there are on all instances together. Each instance says at every check which it has, so that whoever notices an alert writes
-- a message for all of them, also for those that it does not have itself.
create table if not exists alert_channels (
    channel text primary key,
    -- Whether it keeps what it was told open until it is told otherwise, as PagerDuty does: then it also hears that a worse alert has taken
    -- an alert's place.
    tracks boolean not null,
    heard_at timestamptz not null
);

-- When the alert was last noticed; `since` is when the trouble began. What is told of it is told once to each channel: the occasion is made of
-- this.
alter table alerts add column if not exists fired_at timestamptz;
update alerts set fired_at = seen_at where fired_at is null;

-- What was told by versions before this one is not told again.
update alert_messages set occasion = subject || ' fired ' || floor(extract(epoch from a.fired_at) * 1000000)::bigint
from alerts a
where a.key = subject and a.state = 'firing' and occasion is null and id in (
    select max(id) from alert_messages where content ->> 'event' = 'fired' group by channel, subject
);
