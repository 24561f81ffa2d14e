update alert_messages set occasion = null where occasion like '% fired %';
alter table if exists alerts drop column if exists fired_at;
drop table if exists alert_channels;
