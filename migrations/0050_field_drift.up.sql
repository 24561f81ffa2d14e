-- What has become of Airtable's fields since they were first seen, so that restarts and other instances tell the same story: a rename, another
-- type, a deletion, and since when a field's values are of use.
alter table airtable_fields
    add column if not exists present_name text,
    add column if not exists field_type text,
    add column if not exists renamed_at timestamptz,
    add column if not exists former_type text,
    add column if not exists retyped_at timestamptz,
    add column if not exists missing_since timestamptz,
    add column if not exists feeds_since timestamptz;

comment on column airtable_fields.name is 'The name under which vitrina knows the field, for ever: the first one it had';
comment on column airtable_fields.present_name is 'The name that it has, or last had, in Airtable; null: not looked at yet';
comment on column airtable_fields.feeds_since is 'When its values came into use after the first start: the vehicles have to be read once more after that';
