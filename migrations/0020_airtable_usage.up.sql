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

-- When the record was edited in Airtable, as the first delivery said, so that the time until it is stored can be told.
alter table sync_queue add column if not exists edited_at timestamptz;
