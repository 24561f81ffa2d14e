drop table if exists alert_channels;
drop table if exists alert_messages;
drop table if exists alert_reports;
drop table if exists alerts;
