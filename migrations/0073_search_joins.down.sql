-- The functions of migration 0072, and what they make of the vehicles.

-- Text as it is compared, now without case in all alphabets of Europe and without characters that nobody sees. The table of letters is looked through only where one may stand in it, or
-- come out of one that is taken apart: Latin-1's few and what is beyond, save punctuation. Not strict, so that it is built into the statements that
-- call it; of null it is null. `domain::fold` in Rust does the same; a test compares them.
create or replace function vitrina_fold(text) returns text
language sql immutable parallel safe as $$
    select btrim(lower(
        case when $1 ~ '[ÆÐÞØø\u0100-\u1fff\u2070-\U0010ffff]' then translate(
            regexp_replace(normalize($1, NFKD), '[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff]', '', 'g'),
            'ØøŁłĐđĦħŦŧıςÆÐÞŊŒƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩϏ'
                || 'ϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾ'
                || 'ӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖẞỺỼỾ',
            'oollddhhttiσæðþŋœɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵƣƥʀƨʃƭʈʊʋƴƶʒƹƽǥƕƿȝƞȣȥⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳαβγδεζηθικλμνξοπρστυφχψωϗ'
                || 'ϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿ'
                || 'ӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆßỻỽỿ'
        )
        else regexp_replace(normalize($1, NFKD), '[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff]', '', 'g') end
        collate "C"
    ), E' \t\n\r')
$$;

-- The words of a text, as often as they stand there; at most 60 characters of each. What stands between marks is a word, and what hyphens join is one
-- more: `CX-5` has the words cx, 5 and cx5.
create or replace function vitrina_words(text) returns text[]
language sql immutable strict parallel safe as $$
    select array(
        select left(word, 60)
        from (select vitrina_fold($1)) folded(text)
        cross join lateral (
            select unnest(regexp_split_to_array(text, '[^a-z0-9\u00c0-\u1fff\u3040-\ud7ff]+'))
            union all
            select replace(joined.match[1], '-', '')
            from regexp_matches(text, '[a-z0-9\u00c0-\u1fff\u3040-\ud7ff]+(?:-[a-z0-9\u00c0-\u1fff\u3040-\ud7ff]+)+', 'g') joined(match)
        ) found(word)
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
        c.kilometraje, c.separado, left(vitrina_fold(c.marca), 201), left(vitrina_fold(c.transmision), 201),
        left(vitrina_fold(c.combustible), 201), left(vitrina_fold(c.garantia), 201), vitrina_fold_all(bodies), vitrina_fold_all(c.ubicacion), vitrina_fold_all(c.promociones),
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

-- What is there already: the texts' words anew, and the folded names where a letter may read otherwise now.
delete from listing_texts;
insert into listing_texts
select record_id, hashtextextended(heading || coalesce(' ' || descripcion, ''), 0), array_to_tsvector(words), array_to_tsvector(words || more)
from inventario_cache c
cross join lateral (select concat_ws(' ', c.title, c.marca, c.modelo, c.autoano) as heading) titled
cross join lateral (select vitrina_words(heading) as words, vitrina_words(coalesce(c.descripcion, '')) as more) taken
where listed;
insert into search_words
select distinct found.word from listing_texts cross join lateral unnest(tsvector_to_array(words)) as found(word)
where length(found.word) > 1 and found.word !~ '[0-9]'
on conflict do nothing;
update inventario_cache set listed = listed
where listed and concat_ws(' ', marca, transmision, combustible, garantia, carroceria, array_to_string(clasificacionid, ' '),
    array_to_string(ubicacion, ' '), array_to_string(promociones, ' ')) ~ '[\u00ad-\u00ff\u0100-\U0010ffff]';

drop function if exists vitrina_branches(jsonb, text[]);
drop function if exists vitrina_vector(text[]);
drop function if exists vitrina_joins(text);
drop trigger if exists edited_by_hand on inventario_cache;
drop trigger if exists edited_by_hand on slug_redirects;
drop function if exists vitrina_tell_of_hand();
drop function if exists vitrina_small_rare(text);
drop function if exists vitrina_small(text);
drop function if exists vitrina_plain(text);
