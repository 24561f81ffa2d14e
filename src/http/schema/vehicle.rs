//! The shape of a vehicle, and of one with its old names.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A vehicle. Unknown is null; lists are always lists; money is in pesos.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a checkbox of its own in Airtable")]
pub struct Vehicle {
    /// The Airtable id.
    #[schema(example = json!("recA1b2C3d4E5f6G7"))]
    pub id: String,
    /// The same.
    #[schema(example = json!("recA1b2C3d4E5f6G7"))]
    pub record_id: String,
    /// The last part of its address.
    #[schema(example = json!("mazda-3-sport-2-5-2020"))]
    pub slug: String,
    /// The headline.
    #[schema(example = json!("Mazda 3 Sport 2.5"))]
    pub title: String,
    /// The same.
    #[schema(example = json!("Mazda 3 Sport 2.5"))]
    pub titulo: String,
    /// The page's title for search engines.
    #[schema(required)]
    pub titulometa: Option<String>,
    /// The description.
    #[schema(required)]
    pub descripcion: Option<String>,
    /// The brand.
    #[schema(example = json!("Mazda"), required)]
    pub marca: Option<String>,
    /// The model with its version.
    #[schema(example = json!("3 Sport 2.5"), required)]
    pub modelo: Option<String>,
    /// The model year.
    #[schema(example = json!(2020), required)]
    pub autoano: Option<i32>,
    /// The price in pesos.
    #[schema(example = json!(329_900), required)]
    pub precio: Option<f64>,
    /// The reduced price in pesos.
    #[schema(example = json!(309_900.5), required)]
    pub oferta: Option<f64>,
    /// Whether the reduced price is on.
    pub con_oferta: bool,
    /// The mileage in kilometres.
    #[schema(example = json!(45_000), required)]
    pub kilometraje: Option<i32>,
    /// The gearbox.
    #[schema(example = json!("Automática"), required)]
    pub transmision: Option<String>,
    /// The fuel.
    #[schema(example = json!("Gasolina"), required)]
    pub combustible: Option<String>,
    /// The first body type.
    #[schema(example = json!("Hatchback"), required)]
    pub carroceria: Option<String>,
    /// The body types.
    pub clasificacionid: Vec<String>,
    /// The engine.
    #[schema(example = json!("2.5 L"), required)]
    #[serde(rename = "AutoMotor")]
    pub auto_motor: Option<String>,
    /// The number of cylinders.
    #[schema(example = json!(4), required)]
    pub cilindros: Option<i32>,
    /// The lowest down payment in pesos.
    #[schema(example = json!(65_980), required)]
    pub enganchemin: Option<f64>,
    /// The recommended down payment in pesos.
    #[schema(required)]
    pub enganche_recomendado: Option<f64>,
    /// The lowest monthly payment in pesos.
    #[schema(required)]
    pub mensualidad_minima: Option<f64>,
    /// The monthly payment that goes with the recommended down payment, in pesos.
    #[schema(required)]
    pub mensualidad_recomendada: Option<f64>,
    /// The longest term in months.
    #[schema(example = json!(60), required)]
    pub plazomax: Option<i32>,
    /// The warranty.
    #[schema(required)]
    pub garantia: Option<String>,
    /// The codes of the branches where it stands.
    pub ubicacion: Vec<String>,
    /// Their display names.
    pub sucursal: Vec<String>,
    /// The purchase order.
    #[schema(required)]
    pub ordencompra: Option<String>,
    /// The state of the order.
    #[schema(example = json!("Comprado"), required)]
    pub ordenstatus: Option<String>,
    /// Whether somebody has reserved it.
    pub separado: bool,
    /// Whether it is sold.
    pub vendido: bool,
    /// Whether it has been in stock for long.
    pub rezago: bool,
    /// Whether it is in the workshop.
    pub en_reparacion: bool,
    /// Whether it is a utility vehicle.
    pub utilitario: bool,
    /// The number of former owners.
    #[schema(required)]
    pub numero_duenos: Option<i32>,
    /// The promotions it takes part in.
    pub promociones: Vec<String>,
    /// When it came into stock.
    #[schema(required)]
    pub ingreso_inventario: Option<DateTime<Utc>>,
    /// The main photo.
    #[schema(required)]
    pub feature_image: Option<String>,
    /// Photos from outside.
    pub fotos_exterior_url: Vec<String>,
    /// Photos from inside.
    pub fotos_interior_url: Vec<String>,
    /// When the record was created in Airtable.
    pub created_at: DateTime<Utc>,
    /// When something that the website shows last changed.
    pub updated_at: DateTime<Utc>,
    /// When the row was last written.
    pub last_synced_at: DateTime<Utc>,
}

/// A vehicle with the names it had in the old system too.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OldVehicle {
    /// The vehicle.
    #[serde(flatten)]
    pub vehicle: Vehicle,
    /// The main photo.
    #[schema(required)]
    pub thumbnail: Option<String>,
    /// Photos from outside.
    #[serde(rename = "galeriaExterior")]
    pub galeria_exterior: Vec<String>,
    /// Photos from inside.
    #[serde(rename = "galeriaInterior")]
    pub galeria_interior: Vec<String>,
    /// The photos once more.
    pub public_urls: PublicUrls,
    /// The main photo.
    #[schema(required)]
    pub raw_feature_image: Option<String>,
    /// Photos from outside.
    pub raw_fotos_exterior: Vec<String>,
    /// Photos from inside.
    pub raw_fotos_interior: Vec<String>,
}

/// Photos under their old names.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicUrls {
    /// The main photo.
    #[schema(required)]
    pub feature_image: Option<String>,
    /// Photos from outside.
    #[serde(rename = "galeriaExterior")]
    pub galeria_exterior: Vec<String>,
    /// Photos from inside.
    #[serde(rename = "galeriaInterior")]
    pub galeria_interior: Vec<String>,
}
