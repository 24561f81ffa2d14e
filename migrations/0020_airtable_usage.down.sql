alter table if exists sync_queue drop column if exists edited_at;
drop table if exists airtable_usage;
