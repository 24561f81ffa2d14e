drop table if exists alert_messages;
drop table if exists alert_reports;
drop table if exists alerts;
drop index if exists sync_runs_braked;
alter table sync_runs drop column if exists braked;
