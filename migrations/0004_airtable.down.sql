drop table if exists airtable_webhooks;
drop table if exists airtable_usage;
drop function if exists vitrina_take_turn(text, integer, interval);
drop table if exists airtable_turns;
drop table if exists airtable_fields;
