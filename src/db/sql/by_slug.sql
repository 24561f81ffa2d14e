-- The vehicle that has the slug, else the one that had it. $1 = display names of branches by all their names, $2 = slug.
select v.record_id, v.slug, v.deleted_at is not null or not (v.listed or v.vendido) as gone, to_json(shown) as vehicle
from inventario_cache v
cross join lateral (select {shown}) shown
where v.record_id = coalesce(
    (select record_id from inventario_cache where slug = $2),
    (select record_id from slug_redirects where slug = $2)
)
