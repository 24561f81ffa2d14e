-- What the listing is filtered, sorted and searched by: one narrow row for each listed vehicle.
--
-- A row of inventario_cache is some kilobytes wide (data, photos, description), so counting and sorting read the narrow table, and only the
-- vehicles of one page are fetched from the wide one. vitrina writes both in one transaction (src/db/listing.rs); texts are folded and taken apart
-- there (src/domain/text.rs), and so are these rows made anew.
create table if not exists listing (
    record_id text collate "C" primary key references inventario_cache on delete cascade,
    updated_at timestamptz not null,
    arrived_at timestamptz not null,
    precio_final bigint,
    enganchemin bigint,
    mensualidad_minima bigint,
    autoano integer,
    kilometraje integer,
    rules smallint not null,
    con_oferta boolean not null,
    separado boolean not null,
    marca_name text collate "C",
    modelo_name text collate "C",
    transmision_name text collate "C",
    combustible_name text collate "C",
    garantia_name text collate "C",
    carroceria_names text[] collate "C" not null,
    ubicacion_names text[] collate "C" not null,
    promociones_names text[] collate "C" not null,
    marca text collate "C",
    modelo text collate "C",
    transmision text collate "C",
    combustible text collate "C",
    garantia text collate "C",
    carroceria text[] collate "C" not null,
    ubicacion text[] collate "C" not null,
    promociones text[] collate "C" not null,
    more jsonb not null default '{}'
) with (toast_tuple_target = 128, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

comment on table listing is 'What GET /vehicles filters, sorts and counts by: one row per listed vehicle, written by vitrina with the vehicle';
comment on column listing.arrived_at is 'ingreso_inventario, else created_at: what orderby=newest sorts by';
comment on column listing.precio_final is 'In centavos, as enganchemin and mensualidad_minima';
comment on column listing.rules is 'The version of the rules by which the row was made';
comment on column listing.marca is 'Folded for comparing; marca_name is what facets show. The same goes for the other texts';
comment on column listing.more is 'Columns that are filtered by without a column of their own here';

alter table listing
    alter marca set storage main, alter modelo set storage main, alter transmision set storage main, alter combustible set storage main,
    alter garantia set storage main, alter carroceria set storage main, alter ubicacion set storage main,
    alter promociones set storage main, alter marca_name set storage main, alter modelo_name set storage main,
    alter transmision_name set storage main, alter combustible_name set storage main, alter garantia_name set storage main,
    alter carroceria_names set storage main, alter ubicacion_names set storage main, alter promociones_names set storage main;

-- The sorts; each ends in record_id, so equal keys have an order and pages neither overlap nor skip.
create index if not exists listing_by_update on listing (updated_at desc, record_id);
create index if not exists listing_not_reserved on listing (updated_at desc, record_id) where not separado;
create index if not exists listing_reduced on listing (updated_at desc, record_id) where con_oferta;
create index if not exists listing_newest on listing (arrived_at desc, record_id);
create index if not exists listing_price_asc on listing (precio_final, record_id);
create index if not exists listing_price_desc on listing (precio_final desc nulls last, record_id);
create index if not exists listing_year_asc on listing (autoano, record_id);
create index if not exists listing_year_desc on listing (autoano desc nulls last, record_id);
create index if not exists listing_mileage_asc on listing (kilometraje, record_id);
create index if not exists listing_mileage_desc on listing (kilometraje desc nulls last, record_id);
-- The filters that are no sort.
create index if not exists listing_enganchemin on listing (enganchemin);
create index if not exists listing_mensualidad on listing (mensualidad_minima);
create index if not exists listing_marca on listing (marca, updated_at desc, record_id);
create index if not exists listing_modelo on listing (modelo);
create index if not exists listing_transmision on listing (transmision, updated_at desc, record_id);
create index if not exists listing_combustible on listing (combustible, updated_at desc, record_id);
create index if not exists listing_garantia on listing (garantia, updated_at desc, record_id);
create index if not exists listing_carroceria on listing using gin (carroceria) with (fastupdate = off);
create index if not exists listing_ubicacion on listing using gin (ubicacion) with (fastupdate = off);
create index if not exists listing_promociones on listing using gin (promociones) with (fastupdate = off);

-- The words of a vehicle have a table of their own: only a search reads them, and they are written only when they change, so an edit of a price
-- touches neither them nor their index. The words of the description, which only the index reads, stand outside the row.
create table if not exists listing_texts (
    record_id text collate "C" primary key references listing on delete cascade,
    heading tsvector not null,
    words tsvector not null
) with (toast_tuple_target = 128);
alter table listing_texts alter heading set storage main, alter words set storage external;
comment on table listing_texts is 'What GET /vehicles?search= looks in: the words of title, marca, modelo, autoano and descripcion';
comment on column listing_texts.heading is 'The words of title, marca, modelo and autoano, which count more';
create index if not exists listing_texts_words on listing_texts using gin (words) with (fastupdate = off);

-- Every word of a listed vehicle, those with digits aside, to find what a misspelt one may mean. Full runs delete those that no vehicle has any more.
create table if not exists search_words (
    word text collate "C" primary key,
    in_heading boolean not null
);
comment on column search_words.in_heading is 'Whether some vehicle has or had it in its title, marca or modelo';
