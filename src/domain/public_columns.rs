//! The columns of a vehicle that the public may see.
//!
//! **Invariants:** they are those of `inventario_cache` that `GET /vehicles` shows, in its order; a test compares. What vitrina keeps for itself
//! (`data`, `slug_wanted`, `listed`, `deleted_at`) is not among them, nor is a column that may hold own fields with `public = false`.
//!
//! **Not here:** which of them a dealership keeps to itself (`listing.private`), who may read them by SQL (`db::secure`).

/// Every public column.
pub const PUBLIC_COLUMNS: [&str; 42] = [
    "record_id",
    "slug",
    "title",
    "titulo",
    "titulometa",
    "descripcion",
    "marca",
    "modelo",
    "autoano",
    "precio",
    "oferta",
    "con_oferta",
    "kilometraje",
    "transmision",
    "combustible",
    "carroceria",
    "clasificacionid",
    "AutoMotor",
    "cilindros",
    "enganchemin",
    "enganche_recomendado",
    "mensualidad_minima",
    "mensualidad_recomendada",
    "plazomax",
    "garantia",
    "ubicacion",
    "ordencompra",
    "ordenstatus",
    "separado",
    "vendido",
    "rezago",
    "en_reparacion",
    "utilitario",
    "numero_duenos",
    "promociones",
    "ingreso_inventario",
    "feature_image",
    "fotos_exterior_url",
    "fotos_interior_url",
    "created_at",
    "updated_at",
    "last_synced_at",
];
