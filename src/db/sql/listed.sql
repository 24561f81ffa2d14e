-- One page of listed vehicles and the number of all, from one snapshot.
--
-- $1 = display names of branches by all their names, $2 = limit, $3 = offset; filters, null = not given: $4 marca, $5 autoano, $6 transmision, $7 combustible,
-- $8 garantia, $9 carroceria, $10 ubicacion, $11 promociones, $12 and $13 precio from and to, $14 and $15 enganchemin from and to (in
-- centavos), $16 = hide reserved ones, $17 = search; $18 = words of the search as they are, $19 = as beginnings; $20 = order; $21 = any of the words of the search, for most vehicles have none in their names; $22 = what comes first although it
-- stands in descriptions only.
--
-- The planner sees the values (plan_cache_mode), so conditions that are not given vanish, with them the join that only a search needs, and
-- of the sort keys the one chosen remains.
with page as materialized (
    select array(
        select record_id
        from listing left join listing_texts using (record_id)
        where
            ($4::text[] is null or marca = any($4))
            and ($5::int[] is null or autoano = any($5))
            and ($6::text[] is null or transmision = any($6))
            and ($7::text[] is null or combustible = any($7))
            and ($8::text[] is null or garantia = any($8))
            and ($9::text[] is null or carroceria && $9)
            and ($10::text[] is null or ubicacion && $10)
            and ($11::text[] is null or promociones && $11)
            and ($12::bigint is null or precio >= $12 * 0.01)
            and ($13::bigint is null or precio <= $13 * 0.01)
            and ($14::bigint is null or enganchemin >= $14 * 0.01)
            and ($15::bigint is null or enganchemin <= $15 * 0.01)
            and (not $16::bool or not separado)
            and ($17::text is null or words @@ $17::tsquery)
        order by
            case when $20::text = 'price-asc' then precio end,
            case when $20 = 'price-desc' then precio end desc nulls last,
            case when $20 = 'year-asc' then autoano end,
            case when $20 = 'year-desc' then autoano end desc nulls last,
            case when $20 = 'mileage-asc' then kilometraje end,
            case when $20 = 'mileage-desc' then kilometraje end desc nulls last,
            case when $20 = 'newest' then arrived_at end desc,
            case when $20 = 'updated' then updated_at end desc,
            case when $20 = 'relevance' then
                case when heading @@ $21::text::tsquery then (
                    select sum(case when heading @@ word then 2 when heading @@ beginning then 1 else 0 end)
                    from unnest($18::text[]::tsquery[], $19::text[]::tsquery[]) as term(word, beginning)
                ) else 0 end + case when $22::text is not null and words @@ $22::tsquery then 3 else 0 end
            end desc,
            record_id
        limit $2 offset $3
    ) as ids
)
select
    (
        select count(*)
        from listing left join listing_texts using (record_id)
        where
            ($4::text[] is null or marca = any($4))
            and ($5::int[] is null or autoano = any($5))
            and ($6::text[] is null or transmision = any($6))
            and ($7::text[] is null or combustible = any($7))
            and ($8::text[] is null or garantia = any($8))
            and ($9::text[] is null or carroceria && $9)
            and ($10::text[] is null or ubicacion && $10)
            and ($11::text[] is null or promociones && $11)
            and ($12::bigint is null or precio >= $12 * 0.01)
            and ($13::bigint is null or precio <= $13 * 0.01)
            and ($14::bigint is null or enganchemin >= $14 * 0.01)
            and ($15::bigint is null or enganchemin <= $15 * 0.01)
            and (not $16::bool or not separado)
            and ($17::text is null or words @@ $17::tsquery)
    ) as total,
    ids,
    array(
        select to_json(shown)
        from unnest(ids) with ordinality as place(id, n)
        join inventario_cache v on v.record_id = place.id
        cross join lateral (select {shown}) shown
        order by n
    ) as vehicles
from page
