-- The other functions do what those before them did, only faster; they stay.
drop function if exists vitrina_free_slugs(text, integer);
