-- Writes whole vehicles. `updated_at` comes along when nothing that the website shows has changed; null = now.
insert into inventario_cache (
    record_id, slug, slug_wanted, title, titulometa, descripcion, marca, modelo, autoano, precio, oferta, con_oferta,
    kilometraje, transmision, combustible, carroceria, clasificacionid, "AutoMotor", cilindros, enganchemin,
    enganche_recomendado, mensualidad_minima, mensualidad_recomendada, plazomax, garantia, ubicacion, ordencompra,
    ordenstatus, separado, vendido, rezago, en_reparacion, utilitario, numero_duenos, promociones, ingreso_inventario,
    feature_image, fotos_exterior_url, fotos_interior_url, listed, data, created_at, updated_at, last_synced_at,
    deleted_at
)
select
    record_id, slug, slug_wanted, title, titulometa, descripcion, marca, modelo, autoano, precio, oferta, con_oferta,
    kilometraje, transmision, combustible, carroceria, clasificacionid, "AutoMotor", cilindros, enganchemin,
    enganche_recomendado, mensualidad_minima, mensualidad_recomendada, plazomax, garantia, ubicacion, ordencompra,
    ordenstatus, separado, vendido, rezago, en_reparacion, utilitario, numero_duenos, promociones, ingreso_inventario,
    feature_image, fotos_exterior_url, fotos_interior_url, listed, data, created_at, coalesce(updated_at, now()),
    statement_timestamp(), null
from jsonb_populate_recordset(null::inventario_cache, $1)
on conflict (record_id) do update set
    slug = excluded.slug, slug_wanted = excluded.slug_wanted, title = excluded.title, titulometa = excluded.titulometa,
    descripcion = excluded.descripcion, marca = excluded.marca, modelo = excluded.modelo, autoano = excluded.autoano,
    precio = excluded.precio, oferta = excluded.oferta, con_oferta = excluded.con_oferta, kilometraje =
    excluded.kilometraje, transmision = excluded.transmision, combustible = excluded.combustible, carroceria =
    excluded.carroceria, clasificacionid = excluded.clasificacionid, "AutoMotor" = excluded."AutoMotor", cilindros =
    excluded.cilindros, enganchemin = excluded.enganchemin, enganche_recomendado = excluded.enganche_recomendado,
    mensualidad_minima = excluded.mensualidad_minima, mensualidad_recomendada = excluded.mensualidad_recomendada,
    plazomax = excluded.plazomax, garantia = excluded.garantia, ubicacion = excluded.ubicacion, ordencompra =
    excluded.ordencompra, ordenstatus = excluded.ordenstatus, separado = excluded.separado, vendido = excluded.vendido,
    rezago = excluded.rezago, en_reparacion = excluded.en_reparacion, utilitario = excluded.utilitario, numero_duenos =
    excluded.numero_duenos, promociones = excluded.promociones, ingreso_inventario = excluded.ingreso_inventario,
    feature_image = excluded.feature_image, fotos_exterior_url = excluded.fotos_exterior_url, fotos_interior_url =
    excluded.fotos_interior_url, listed = excluded.listed, data = excluded.data, created_at = excluded.created_at,
    updated_at = excluded.updated_at, last_synced_at = excluded.last_synced_at, deleted_at = null
