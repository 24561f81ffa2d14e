-- Versions before this one take every row for a field that is there.
delete from airtable_fields where missing_since is not null;
alter table airtable_fields
    drop column if exists present_name,
    drop column if exists field_type,
    drop column if exists renamed_at,
    drop column if exists former_type,
    drop column if exists retyped_at,
    drop column if exists missing_since,
    drop column if exists feeds_since;
