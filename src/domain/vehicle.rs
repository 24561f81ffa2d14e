//! The vehicle: what vitrina stores and serves of a record.
//!
//! **Invariants:** every name is the same in `config/fields.toml`, here, in the SQL column and in the JSON of the API
//! (`AutoMotor` included), so a vehicle goes to PostgreSQL and comes back as JSON without a translation table. Unknown is
//! `None`, a list is never absent. `vendido`, `carroceria` and `listed` follow from the other fields at all times.
//!
//! **Units:** pesos, kilometres, months (`plazomax`), UTC.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Fields, Money, RecordId};

/// Everything that follows from the Airtable record alone: the normalized content.
///
/// Two equal contents need no write. Slug and times are given by the database, see `db::vehicles`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a checkbox of its own in Airtable")]
pub struct Content {
    /// The Airtable id.
    pub record_id: RecordId,
    /// When the record was created in Airtable.
    pub created_at: DateTime<Utc>,
    /// The headline, such as `Mazda 3 Sport 2.5`; never empty.
    pub title: String,
    /// The page's title for search engines.
    pub titulometa: Option<String>,
    /// The description, possibly long and with line breaks.
    pub descripcion: Option<String>,
    /// The brand.
    pub marca: Option<String>,
    /// The model with its version.
    pub modelo: Option<String>,
    /// The model year.
    pub autoano: Option<i32>,
    /// The price in pesos.
    pub precio: Option<Money>,
    /// The reduced price in pesos.
    pub oferta: Option<Money>,
    /// Whether the reduced price is on.
    pub con_oferta: bool,
    /// The mileage in kilometres.
    pub kilometraje: Option<i32>,
    /// The gearbox.
    pub transmision: Option<String>,
    /// The fuel.
    pub combustible: Option<String>,
    /// The first of `clasificacionid`.
    pub carroceria: Option<String>,
    /// The body types.
    pub clasificacionid: Vec<String>,
    /// The engine, such as `2.5 L`.
    #[serde(rename = "AutoMotor")]
    pub auto_motor: Option<String>,
    /// The number of cylinders.
    pub cilindros: Option<i32>,
    /// The lowest down payment in pesos.
    pub enganchemin: Option<Money>,
    /// The recommended down payment in pesos.
    pub enganche_recomendado: Option<Money>,
    /// The lowest monthly payment in pesos.
    pub mensualidad_minima: Option<Money>,
    /// The monthly payment that goes with the recommended down payment, in pesos.
    pub mensualidad_recomendada: Option<Money>,
    /// The longest term in months.
    pub plazomax: Option<i32>,
    /// The warranty.
    pub garantia: Option<String>,
    /// The codes of the branches where it stands.
    pub ubicacion: Vec<String>,
    /// The purchase order.
    pub ordencompra: Option<String>,
    /// The state of the order, as Airtable has it; decides on `listed`.
    pub ordenstatus: Option<String>,
    /// Whether somebody has reserved it.
    pub separado: bool,
    /// Sold: the state is not the listed one, or Airtable's `vendido` is checked.
    pub vendido: bool,
    /// Whether it has been in stock for long.
    pub rezago: bool,
    /// Whether it is in the workshop.
    pub en_reparacion: bool,
    /// Whether it is a utility vehicle.
    pub utilitario: bool,
    /// The number of former owners.
    pub numero_duenos: Option<i32>,
    /// The promotions it takes part in.
    pub promociones: Vec<String>,
    /// When it came into stock.
    pub ingreso_inventario: Option<DateTime<Utc>>,
    /// The main photo: given, or the first exterior one.
    pub feature_image: Option<String>,
    /// Photos from outside.
    pub fotos_exterior_url: Vec<String>,
    /// Photos from inside.
    pub fotos_interior_url: Vec<String>,
    /// Whether `GET /vehicles` shows it.
    pub listed: bool,
    /// The address that Airtable asks for (`ligawp`, `slug`), as a slug; `None`: made from title and year when first stored.
    pub slug_wanted: Option<String>,
    /// Every field as Airtable sent it.
    pub data: Fields,
}
