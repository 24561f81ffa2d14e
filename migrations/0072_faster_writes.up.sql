-- What a written vehicle costs: most of it was one `translate` with a long table over every letter of every description.

-- As before, but the table is looked through only where a letter may stand in it, or come out of one that is taken apart: `Ø` and what is beyond
-- Latin-1, save punctuation. Not strict, so that it is built into the statements that call it; of null it is null.
create or replace function vitrina_fold(text) returns text
language sql immutable parallel safe as $$
    select btrim(lower(
        case when $1 ~ '[Øø\u0100-\u1fff\u2070-\U0010ffff]' then translate(
            regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g'),
            'ØøŁłĐđıΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ',
            'oollddiαβγδεζηθικλμνξοπρστυφχψωσабвгдежзиклмнопрстуфхцчшщъыьэюя'
        )
        else regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g') end
        collate "C"
    ), E' \t\n\r')
$$;

-- The words of a text, as `domain::words` makes them, as often as they stand there; at most 60 characters of each.
create or replace function vitrina_words(text) returns text[]
language sql immutable strict parallel safe as $$
    select array(
        select left(word, 60) from unnest(regexp_split_to_array(vitrina_fold($1), '[^a-z0-9\u00c0-\u1fff\u3040-\ud7ff]+')) word
        where word <> ''
    )
$$;

create or replace function vitrina_list_changed() returns trigger
language plpgsql set search_path from current as $$
begin
    -- An insert that may turn into an update calls both triggers, one of them with nothing.
    if not exists (select from changed) then
        return null;
    end if;
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
    with texts as materialized (
        select c.record_id, heading, c.descripcion, hashtextextended(heading || coalesce(' ' || c.descripcion, ''), 0) as text_hash
        from changed c
        cross join lateral (select concat_ws(' ', c.title, c.marca, c.modelo, c.autoano) as heading) titled
        where c.listed
    ),
    -- Each text is taken apart once.
    fresh as materialized (
        select t.record_id, t.text_hash, vitrina_words(t.heading) as heading, vitrina_words(coalesce(t.descripcion, '')) as more
        from texts t
        where not exists (select from listing_texts l where l.record_id = t.record_id and l.text_hash = t.text_hash)
    ),
    written as (
        insert into listing_texts
        select record_id, text_hash, array_to_tsvector(heading), array_to_tsvector(heading || more) from fresh
        on conflict (record_id) do update set
            text_hash = excluded.text_hash, heading = excluded.heading, words = excluded.words
        returning words
    )
    -- In one order everywhere, so that two transactions with the same new words cannot wait for each other in a circle.
    insert into search_words
    select found.word
    from (select distinct each.word from written cross join lateral unnest(tsvector_to_array(words)) as each(word)) found
    where length(found.word) > 1 and found.word !~ '[0-9]'
        and not exists (select from search_words known where known.word = found.word)
    order by found.word
    on conflict do nothing;
    return null;
end
$$;

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
