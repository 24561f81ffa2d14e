drop function if exists vitrina_take_turn(text, integer, interval);
drop table if exists airtable_turns;
