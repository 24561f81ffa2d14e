-- The vehicle that has the slug, else the one that had it. $1 = display names of branches by all their names, $2 = slug.
select v.record_id, v.slug, v.deleted_at is not null or not (v.listed or v.vendido) as "gone!", to_json(shown) as "vehicle!: Json<Box<RawValue>>"
from inventario_cache v
cross join lateral (
    select
        v.record_id as id, v.record_id, slug, title, titulo, titulometa, descripcion, marca, modelo, autoano,
        trim_scale(precio) as precio, trim_scale(oferta) as oferta, con_oferta, kilometraje, transmision, combustible,
        carroceria, clasificacionid, "AutoMotor", cilindros, trim_scale(enganchemin) as enganchemin,
        trim_scale(enganche_recomendado) as enganche_recomendado, trim_scale(mensualidad_minima) as mensualidad_minima,
        trim_scale(mensualidad_recomendada) as mensualidad_recomendada, plazomax, garantia, ubicacion,
        vitrina_branches($1::jsonb, ubicacion) as sucursal,
        ordencompra, ordenstatus, separado, vendido, rezago, en_reparacion, utilitario, numero_duenos, promociones,
        ingreso_inventario, feature_image, fotos_exterior_url, fotos_interior_url, created_at, updated_at, last_synced_at
) shown
where v.record_id = coalesce(
    (select record_id from inventario_cache where slug = $2),
    (select record_id from slug_redirects where slug = $2)
)
