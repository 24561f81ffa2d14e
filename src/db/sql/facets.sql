-- How many listed vehicles each option of each filter has, under all the other filters, from one snapshot.
--
-- $1 = display names of branches by all their names; filters, null = not given: $2 marca, $3 autoano, $4 transmision, $5 combustible, $6 garantia, $7 carroceria,
-- $8 ubicacion, $9 promociones, $10 and $11 precio from and to, $12 and $13 enganchemin from and to (in centavos), $14 = hide reserved ones,
-- $15 = search.
--
-- Each filter that a vehicle fails sets its bit in `missed`: a vehicle counts for an option when it fails no other filter than that one.
-- All options are counted in one pass, by value and by what is missed; lists are counted whole and taken apart afterwards, since
-- far fewer lists than vehicles differ. Spellings that are equal but for case and accents are one option, under the one that most
-- vehicles have.
with near as not materialized (
    select * from (
        select
            marca_name, autoano, transmision_name, combustible_name, garantia_name, carroceria_names, ubicacion_names,
            promociones_names, precio, enganchemin,
            case when $2::text[] is null or marca = any($2) then 0 else 1 end |
            case when $3::int[] is null or autoano = any($3) then 0 else 2 end |
            case when $4::text[] is null or transmision = any($4) then 0 else 4 end |
            case when $5::text[] is null or combustible = any($5) then 0 else 8 end |
            case when $6::text[] is null or garantia = any($6) then 0 else 16 end |
            case when $7::text[] is null or carroceria && $7 then 0 else 32 end |
            case when $8::text[] is null or ubicacion && $8 then 0 else 64 end |
            case when $9::text[] is null or promociones && $9 then 0 else 128 end |
            case when ($10::bigint is null or precio >= $10 * 0.01) and ($11::bigint is null or precio <= $11 * 0.01) then 0 else 256 end |
            case when ($12::bigint is null or enganchemin >= $12 * 0.01) and ($13::bigint is null or enganchemin <= $13 * 0.01) then 0
                else 512 end as missed
        from listing left join listing_texts using (record_id)
        where (not $14::bool or not separado) and ($15::text is null or words @@ $15::tsquery)
    ) checked
    where missed & (missed - 1) = 0
), counted as materialized (
    select
        grouping(marca_name, autoano, transmision_name, combustible_name, garantia_name, carroceria_names, ubicacion_names, promociones_names)
            as kept,
        missed, marca_name, autoano, transmision_name, combustible_name, garantia_name, carroceria_names, ubicacion_names,
        promociones_names, count(*) as count
    from near
    group by grouping sets (
        (missed, marca_name), (missed, autoano), (missed, transmision_name), (missed, combustible_name), (missed, garantia_name),
        (missed, carroceria_names), (missed, ubicacion_names), (missed, promociones_names)
    )
), options as (
    select facet, name, count
    from counted
    cross join lateral (
        select 'marcas' as facet, marca_name as name where kept = 127 and missed & ~1 = 0
        union all select 'transmissions', transmision_name where kept = 223 and missed & ~4 = 0
        union all select 'combustibles', combustible_name where kept = 239 and missed & ~8 = 0
        union all select 'warranties', garantia_name where kept = 247 and missed & ~16 = 0
        union all select distinct 'classifications', option from unnest(carroceria_names) option where kept = 251 and missed & ~32 = 0
        union all select distinct 'sucursales', coalesce($1::jsonb ->> code, $1 ->> vitrina_fold(code), code)
            from unnest(ubicacion_names) code where kept = 253 and missed & ~64 = 0
        union all select distinct 'promotions', option from unnest(promociones_names) option where kept = 254 and missed & ~128 = 0
    ) of_one
), spellings as (
    select facet, name, sum(count) as count from options group by facet, name
), folded as (
    select facet, (array_agg(btrim(name) order by count desc, name collate "C"))[1] as name, sum(count)::bigint as count
    from spellings where vitrina_fold(name) <> ''
    group by facet, vitrina_fold(name)
), facets as (
    select facet, json_agg(json_build_object('name', name, 'count', count) order by count desc, name collate "C") as list
    from folded group by facet
), ranges as (
    select
        count(*) filter (where missed = 0) as total,
        min(precio) filter (where missed & ~256 = 0) as min_price, max(precio) filter (where missed & ~256 = 0) as max_price,
        min(enganchemin) filter (where missed & ~512 = 0) as min_enganche, max(enganchemin) filter (where missed & ~512 = 0) as max_enganche
    from near
)
select json_build_object(
    'marcas', coalesce((select list from facets where facet = 'marcas'), '[]'),
    'years', coalesce((
        select json_agg(json_build_object('name', autoano, 'count', count) order by count desc, autoano)
        from (
            select autoano, sum(count)::bigint as count from counted
            where kept = 191 and missed & ~2 = 0 and autoano is not null group by autoano
        ) years
    ), '[]'),
    'classifications', coalesce((select list from facets where facet = 'classifications'), '[]'),
    'transmissions', coalesce((select list from facets where facet = 'transmissions'), '[]'),
    'combustibles', coalesce((select list from facets where facet = 'combustibles'), '[]'),
    'sucursales', coalesce((select list from facets where facet = 'sucursales'), '[]'),
    'warranties', coalesce((select list from facets where facet = 'warranties'), '[]'),
    'promotions', coalesce((select list from facets where facet = 'promotions'), '[]'),
    'minPrice', trim_scale(min_price), 'maxPrice', trim_scale(max_price),
    'minEnganche', trim_scale(min_enganche), 'maxEnganche', trim_scale(max_enganche),
    'totalCount', total
) as "facets!: Json<Box<RawValue>>"
from ranges
