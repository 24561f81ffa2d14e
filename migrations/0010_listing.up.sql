-- What the listing is searched by: one narrow row per listed vehicle, kept by triggers.
--
-- A row of inventario_cache is some kilobytes wide (data, photos, description), so counting and sorting read the narrow table, and
-- only the vehicles of one page are fetched from the wide one. Whoever writes inventario_cache need not know of it.

-- Text as it is compared: accents and case do not count, nor spaces around it. The same function is `domain::fold` in Rust; a test
-- compares them. PostgreSQL's own `normalize` is immutable and needs no extension, hence no privilege that a host may refuse.
create or replace function vitrina_fold(text) returns text
language sql immutable strict parallel safe as $$
    select btrim(lower(translate(
        regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g'),
        'ØøŁłĐđıΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ',
        'oollddiαβγδεζηθικλμνξοπρστυφχψωσабвгдежзиклмнопрстуфхцчшщъыьэюя'
    ) collate "C"), E' \t\n\r')
$$;

create or replace function vitrina_fold_all(text[]) returns text[]
language sql immutable strict parallel safe as $$
    select coalesce(array_agg(distinct vitrina_fold(value)) filter (where btrim(value) <> ''), '{}') from unnest($1) value
$$;

-- Each value once, in its first spelling, so that no vehicle counts twice for one option.
create or replace function vitrina_once(text[]) returns text[]
language sql immutable strict parallel safe as $$
    select coalesce(array_agg(value order by n), '{}')
    from (
        select distinct on (vitrina_fold(value)) value, n from unnest($1) with ordinality as given(value, n)
        order by vitrina_fold(value), n
    ) once
$$;

-- The words of a text, as `domain::words` makes them; at most 60 characters of each.
create or replace function vitrina_words(text) returns text[]
language sql immutable strict parallel safe as $$
    select coalesce(array_agg(distinct left(word, 60)) filter (where word <> ''), '{}')
    from regexp_split_to_table(vitrina_fold($1), '[^a-z0-9\u00c0-\u1fff\u3040-\ud7ff]+') word
$$;

create table if not exists listing (
    record_id text collate "C" primary key references inventario_cache on delete cascade,
    updated_at timestamptz not null,
    arrived_at timestamptz not null,
    precio numeric(14, 2),
    enganchemin numeric(14, 2),
    autoano integer,
    kilometraje integer,
    separado boolean not null,
    marca text collate "C",
    transmision text collate "C",
    combustible text collate "C",
    garantia text collate "C",
    carroceria text[] collate "C" not null,
    ubicacion text[] collate "C" not null,
    promociones text[] collate "C" not null,
    marca_name text,
    transmision_name text,
    combustible_name text,
    garantia_name text,
    carroceria_names text[] not null,
    ubicacion_names text[] not null,
    promociones_names text[] not null,
    heading tsvector not null,
    words tsvector not null
) with (toast_tuple_target = 128, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

comment on table listing is 'What GET /vehicles filters, sorts and searches by: one row per listed vehicle, kept by triggers on inventario_cache';
comment on column listing.arrived_at is 'ingreso_inventario, else created_at: what orderby=newest sorts by';
comment on column listing.heading is 'The words of title, marca, modelo and autoano, which count more in a search';
comment on column listing.words is 'The words of heading and descripcion';

-- Descriptions are long: their words stay outside of the row, the rest inside.
alter table listing
    alter marca set storage main, alter transmision set storage main, alter combustible set storage main,
    alter garantia set storage main, alter carroceria set storage main, alter ubicacion set storage main,
    alter promociones set storage main, alter marca_name set storage main, alter transmision_name set storage main,
    alter combustible_name set storage main, alter garantia_name set storage main, alter carroceria_names set storage main,
    alter ubicacion_names set storage main, alter promociones_names set storage main, alter heading set storage main;

-- The sorts; each ends in record_id, so equal keys have an order and pages neither overlap nor skip.
create index if not exists listing_by_update on listing (updated_at desc, record_id);
create index if not exists listing_not_reserved on listing (updated_at desc, record_id) where not separado;
create index if not exists listing_newest on listing (arrived_at desc, record_id);
create index if not exists listing_price_asc on listing (precio, record_id);
create index if not exists listing_price_desc on listing (precio desc nulls last, record_id);
create index if not exists listing_year_asc on listing (autoano, record_id);
create index if not exists listing_year_desc on listing (autoano desc nulls last, record_id);
create index if not exists listing_mileage_asc on listing (kilometraje, record_id);
create index if not exists listing_mileage_desc on listing (kilometraje desc nulls last, record_id);
-- The filters that are no sort.
create index if not exists listing_enganchemin on listing (enganchemin);
create index if not exists listing_marca on listing (marca, updated_at desc, record_id);
create index if not exists listing_transmision on listing (transmision, updated_at desc, record_id);
create index if not exists listing_combustible on listing (combustible, updated_at desc, record_id);
create index if not exists listing_garantia on listing (garantia, updated_at desc, record_id);
create index if not exists listing_carroceria on listing using gin (carroceria) with (fastupdate = off);
create index if not exists listing_ubicacion on listing using gin (ubicacion) with (fastupdate = off);
create index if not exists listing_promociones on listing using gin (promociones) with (fastupdate = off);
-- The search.
create index if not exists listing_words on listing using gin (words) with (fastupdate = off);

-- Every word that a listed vehicle has or had, those with digits aside, to find what a misspelt one may mean. It only grows; a word that no vehicle has any
-- more finds none.
create table if not exists search_words (
    word text collate "C" primary key
);

create or replace function vitrina_list_changed() returns trigger
language plpgsql set search_path from current as $$
begin
    delete from listing l using changed c where l.record_id = c.record_id and not c.listed;
    insert into listing
    select
        c.record_id, c.updated_at, coalesce(c.ingreso_inventario, c.created_at), c.precio, c.enganchemin, c.autoano,
        c.kilometraje, c.separado, vitrina_fold(c.marca), vitrina_fold(c.transmision), vitrina_fold(c.combustible),
        vitrina_fold(c.garantia), vitrina_fold_all(bodies), vitrina_fold_all(c.ubicacion), vitrina_fold_all(c.promociones),
        c.marca, c.transmision, c.combustible, c.garantia, vitrina_once(bodies), vitrina_once(c.ubicacion),
        vitrina_once(c.promociones), array_to_tsvector(heading),
        array_to_tsvector(array(select unnest(heading) union select unnest(vitrina_words(coalesce(c.descripcion, '')))))
    from changed c
    cross join lateral (
        select
            case when c.carroceria is null or c.carroceria = any(c.clasificacionid) then c.clasificacionid
                else c.carroceria || c.clasificacionid end as bodies,
            vitrina_words(concat_ws(' ', c.title, c.marca, c.modelo, c.autoano)) as heading
    ) made
    where c.listed
    on conflict (record_id) do update set
        updated_at = excluded.updated_at, arrived_at = excluded.arrived_at, precio = excluded.precio,
        enganchemin = excluded.enganchemin, autoano = excluded.autoano, kilometraje = excluded.kilometraje,
        separado = excluded.separado, marca = excluded.marca, transmision = excluded.transmision,
        combustible = excluded.combustible, garantia = excluded.garantia, carroceria = excluded.carroceria,
        ubicacion = excluded.ubicacion, promociones = excluded.promociones, marca_name = excluded.marca_name,
        transmision_name = excluded.transmision_name, combustible_name = excluded.combustible_name,
        garantia_name = excluded.garantia_name, carroceria_names = excluded.carroceria_names,
        ubicacion_names = excluded.ubicacion_names, promociones_names = excluded.promociones_names,
        heading = excluded.heading, words = excluded.words;
    -- In one order everywhere, so that two transactions with the same new words cannot wait for each other in a circle.
    insert into search_words
    select distinct found.word from changed c join listing l using (record_id)
    cross join lateral unnest(tsvector_to_array(l.words)) as found(word)
    where c.listed and length(found.word) > 1 and found.word !~ '[0-9]' and not exists (select from search_words known where known.word = found.word)
    order by found.word
    on conflict do nothing;
    return null;
end
$$;

create or replace trigger list_inserted after insert on inventario_cache
    referencing new table as changed for each statement execute function vitrina_list_changed();
create or replace trigger list_updated after update on inventario_cache
    referencing new table as changed for each statement execute function vitrina_list_changed();

-- What is there already: an update of nothing makes the trigger list it.
update inventario_cache set listed = listed where listed and not exists (select from listing l where l.record_id = inventario_cache.record_id);
