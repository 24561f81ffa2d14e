-- The words of a vehicle move into a table of their own: they are half of the listing's bytes, which all that counts and sorts had to
-- read, and only a search needs them. They are made anew only when the text changes, so an edit of a price touches neither them nor their
-- index.
create table if not exists listing_texts (
    record_id text collate "C" primary key references listing on delete cascade,
    text_hash bigint not null,
    heading tsvector not null,
    words tsvector not null
);
comment on table listing_texts is 'What GET /vehicles?search= looks in: the words of title, marca, modelo, autoano and descripcion';
comment on column listing_texts.text_hash is 'The hash of the text that the words are of';
comment on column listing_texts.heading is 'The words of title, marca, modelo and autoano, which count more';
create index if not exists listing_texts_words on listing_texts using gin (words) with (fastupdate = off);

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
        vitrina_once(c.promociones)
    from changed c
    cross join lateral (
        select
            case when c.carroceria is null or c.carroceria = any(c.clasificacionid) then c.clasificacionid
                else c.carroceria || c.clasificacionid end as bodies
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
        ubicacion_names = excluded.ubicacion_names, promociones_names = excluded.promociones_names;
    with written as (
        insert into listing_texts
        select c.record_id, text_hash, array_to_tsvector(vitrina_words(heading)), array_to_tsvector(vitrina_words(whole))
        from changed c
        cross join lateral (select concat_ws(' ', c.title, c.marca, c.modelo, c.autoano) as heading) titled
        cross join lateral (select heading || coalesce(' ' || c.descripcion, '') as whole) described
        cross join lateral (select hashtextextended(whole, 0) as text_hash) made
        where c.listed and not exists (select from listing_texts l where l.record_id = c.record_id and l.text_hash = made.text_hash)
        on conflict (record_id) do update set
            text_hash = excluded.text_hash, heading = excluded.heading, words = excluded.words
        returning words
    )
    -- In one order everywhere, so that two transactions with the same new words cannot wait for each other in a circle.
    insert into search_words
    select distinct found.word from written cross join lateral unnest(tsvector_to_array(words)) as found(word)
    where length(found.word) > 1 and found.word !~ '[0-9]'
        and not exists (select from search_words known where known.word = found.word)
    order by found.word
    on conflict do nothing;
    return null;
end
$$;

insert into listing_texts
select record_id, hashtextextended(whole, 0), array_to_tsvector(vitrina_words(heading)), array_to_tsvector(vitrina_words(whole))
from inventario_cache c
cross join lateral (select concat_ws(' ', c.title, c.marca, c.modelo, c.autoano) as heading) titled
cross join lateral (select heading || coalesce(' ' || c.descripcion, '') as whole) described
where listed
on conflict do nothing;
alter table listing drop column if exists words, drop column if exists heading;
-- Writes the rows anew, without the words.
cluster listing using listing_by_update;
alter table listing set without cluster;
