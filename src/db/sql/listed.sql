-- One page of listed vehicles and the number of all, from one snapshot. $1 = branch names, $2 = limit, $3 = offset.
with page as (
    select
        record_id as id, record_id, slug, title, titulo, titulometa, descripcion, marca, modelo, autoano,
        trim_scale(precio) as precio, trim_scale(oferta) as oferta, con_oferta, kilometraje, transmision, combustible, carroceria,
        clasificacionid, "AutoMotor", cilindros, trim_scale(enganchemin) as enganchemin,
        trim_scale(enganche_recomendado) as enganche_recomendado, trim_scale(mensualidad_minima) as mensualidad_minima,
        trim_scale(mensualidad_recomendada) as mensualidad_recomendada, plazomax, garantia, ubicacion,
        array(select coalesce($1::jsonb ->> upper(code), code) from unnest(ubicacion) with ordinality as place(code, n) order by n) as sucursal,
        ordencompra, ordenstatus, separado, vendido, rezago, en_reparacion, utilitario, numero_duenos, promociones,
        ingreso_inventario, feature_image, fotos_exterior_url, fotos_interior_url, created_at, updated_at, last_synced_at
    from inventario_cache
    where listed
    order by updated_at desc, record_id
    limit $2 offset $3
)
select
    (select count(*) from inventario_cache where listed) as "total!",
    coalesce(array_agg(to_json(page) order by updated_at desc, record_id), '{}') as "vehicles!: Vec<Json<Box<RawValue>>>",
    coalesce(array_agg(record_id order by updated_at desc, record_id), '{}') as "ids!"
from page
