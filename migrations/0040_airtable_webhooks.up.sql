-- The native webhook that vitrina keeps in Airtable, one row for each base and table.
create table if not exists airtable_webhooks (
    target text primary key,
    webhook_id text not null unique,
    table_id text not null,
    notification_url text not null,
    -- What its pings are signed with, in base64. Airtable tells it once, so it is kept; nobody but the owner may read it.
    mac_secret text not null,
    -- The number of the next payload to be read.
    cursor bigint not null default 1,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    -- When the payloads were last read to their end.
    read_at timestamptz not null,
    -- Changes up to this time may have gone untold, so a full run has to make up for them.
    missed_until timestamptz
);

-- On Supabase tables in an exposed schema can be read by everybody unless they are closed.
alter table airtable_webhooks enable row level security;

do $$
declare
    role text;
begin
    for role in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
        execute format('revoke all on airtable_webhooks from %I', role);
    end loop;
end
$$;
