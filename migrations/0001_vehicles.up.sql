-- The vehicles, their former addresses, and the order of reads.
--
-- inventario_cache holds one row per record that was ever listed. Its columns carry the names of config/fields.toml and of the
-- API, so that a row travels as JSON between Rust and SQL without a table of translations.
create table if not exists inventario_cache (
    record_id text collate "C" primary key check (record_id ~ '^rec[A-Za-z0-9]{14}$'),
    slug text collate "C" not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    slug_wanted text collate "C",
    title text not null,
    titulo text generated always as (title) stored,
    titulometa text,
    descripcion text,
    marca text,
    modelo text,
    autoano integer,
    precio numeric(14, 2),
    oferta numeric(14, 2),
    con_oferta boolean not null default false,
    kilometraje integer,
    transmision text,
    combustible text,
    carroceria text,
    clasificacionid text[] not null default '{}',
    "AutoMotor" text,
    cilindros integer,
    enganchemin numeric(14, 2),
    enganche_recomendado numeric(14, 2),
    mensualidad_minima numeric(14, 2),
    mensualidad_recomendada numeric(14, 2),
    plazomax integer,
    garantia text,
    ubicacion text[] not null default '{}',
    ordencompra text,
    ordenstatus text,
    separado boolean not null default false,
    vendido boolean not null default false,
    rezago boolean not null default false,
    en_reparacion boolean not null default false,
    utilitario boolean not null default false,
    numero_duenos integer,
    promociones text[] not null default '{}',
    ingreso_inventario timestamptz,
    feature_image text,
    fotos_exterior_url text[] not null default '{}',
    fotos_interior_url text[] not null default '{}',
    listed boolean not null,
    data jsonb not null default '{}',
    created_at timestamptz not null,
    updated_at timestamptz not null default now(),
    last_synced_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint deleted_is_not_listed check (not (listed and deleted_at is not null))
);

comment on table inventario_cache is 'The normalized inventory: one row per Airtable record that was ever listed';
comment on column inventario_cache.slug_wanted is 'The address that Airtable asked for when the slug was given; null: made from title and year';
comment on column inventario_cache.data is 'Every field as Airtable sent it when the row was last written';
comment on column inventario_cache.updated_at is 'When something that the website shows last changed';
comment on column inventario_cache.last_synced_at is 'When the row was last written';

create index if not exists inventario_cache_by_update on inventario_cache (updated_at desc, record_id) where listed;
-- Vehicles that could not have the address that Airtable asks for.
create index if not exists inventario_cache_unmet on inventario_cache (slug_wanted) where slug_wanted <> slug;

-- A slug that a vehicle had before. It points to the vehicle, not to a slug, so there are no chains to follow.
create table if not exists slug_redirects (
    slug text collate "C" primary key,
    record_id text collate "C" not null references inventario_cache on delete cascade,
    created_at timestamptz not null default now()
);

create index if not exists slug_redirects_by_record on slug_redirects (record_id);

-- One sequence orders reads: of two reads of a record the one with the higher number, which began later, wins. record_reads remembers the number of the last read that counted, also when it changed nothing.
create sequence if not exists sync_seq;

create table if not exists record_reads (
    record_id text collate "C" primary key,
    read_seq bigint not null
) with (fillfactor = 70);

-- The first `wanted` addresses that nobody has or had: the base itself, else with a number from 2 on. Where hundreds of vehicles are called alike
-- it does not go through them all: it doubles the number until one is free, and halves its way back. A number left out below may stay so.
create or replace function vitrina_free_slugs(base text, wanted integer) returns setof text
language plpgsql set search_path from current set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    candidate text collate "C";
    is_taken boolean;
    number bigint := 1;
    taken bigint := 0;
    free bigint;
begin
    loop
        candidate := base || case when number > 1 then '-' || number else '' end;
        select into is_taken exists (select from inventario_cache v where v.slug = candidate)
            or exists (select from slug_redirects r where r.slug = candidate);
        if is_taken then taken := number; else free := number; end if;
        exit when free - taken = 1;
        number := case when free is null then taken * 2 else (taken + free) / 2 end;
    end loop;
    while wanted > 0 loop
        candidate := base || case when free > 1 then '-' || free else '' end;
        select into is_taken exists (select from inventario_cache v where v.slug = candidate)
            or exists (select from slug_redirects r where r.slug = candidate);
        if not is_taken then
            return next candidate;
            wanted := wanted - 1;
        end if;
        free := free + 1;
    end loop;
end
$$;
