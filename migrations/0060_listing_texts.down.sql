alter table listing
    add column if not exists heading tsvector,
    add column if not exists words tsvector;
update listing l set heading = w.heading, words = w.words from listing_texts w where w.record_id = l.record_id;
alter table listing alter heading set not null, alter words set not null;
alter table listing alter heading set storage main;
create index if not exists listing_words on listing using gin (words) with (fastupdate = off);

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

drop table if exists listing_texts;
