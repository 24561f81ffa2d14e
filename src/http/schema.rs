//! What the description of the API says of parameters, responses and problems.
//!
//! **Invariants:** these types describe; PostgreSQL writes the JSON of vehicles and `catalog` reads the parameters. A test reads real
//! responses with them, unknown names refused, so they cannot drift apart.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, IntoResponses, ToSchema};

use super::Problem;

/// A vehicle. Unknown is null; lists are always lists; money is in pesos.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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
    #[schema(example = json!(329900), required)]
    pub precio: Option<f64>,
    /// The reduced price in pesos.
    #[schema(example = json!(309900.5), required)]
    pub oferta: Option<f64>,
    /// Whether the reduced price is on.
    pub con_oferta: bool,
    /// The mileage in kilometres.
    #[schema(example = json!(45000), required)]
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
    #[schema(example = json!(65980), required)]
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

/// A page of listed vehicles.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VehicleList {
    /// The vehicles, in the order asked for.
    pub vehicles: Vec<Vehicle>,
    /// Matching vehicles on all pages.
    pub total_count: u64,
    /// This page, from 1.
    pub page: u32,
    /// Vehicles on a page.
    pub page_size: u32,
    /// Pages.
    pub total_pages: u64,
}

/// The old system's answer: everything, or a page.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum OldList {
    /// Without parameters.
    Everything {
        /// All listed vehicles.
        data: Vec<OldVehicle>,
        /// How many they are.
        count: u64,
    },
    /// With parameters.
    #[serde(rename_all = "camelCase")]
    Page {
        /// The vehicles, in the order asked for.
        vehicles: Vec<OldVehicle>,
        /// Matching vehicles on all pages.
        total_count: u64,
        /// This page, from 1.
        page: u32,
        /// Vehicles on a page.
        page_size: u32,
        /// Pages.
        total_pages: u64,
    },
}

/// An option of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// As most vehicles spell it.
    pub name: String,
    /// Vehicles that have it.
    pub count: u64,
}

/// A model year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YearChoice {
    /// The year.
    #[schema(example = 2020)]
    pub name: i32,
    /// Vehicles of that year.
    pub count: u64,
}

/// Counts per filter option, each under all the other filters.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Facets {
    /// For `marca`.
    pub marcas: Vec<Choice>,
    /// For `autoano`.
    pub years: Vec<YearChoice>,
    /// For `carroceria`.
    pub classifications: Vec<Choice>,
    /// For `transmision`.
    pub transmissions: Vec<Choice>,
    /// For `combustible`.
    pub combustibles: Vec<Choice>,
    /// For `ubicacion`, by display name.
    pub sucursales: Vec<Choice>,
    /// For `garantia`.
    pub warranties: Vec<Choice>,
    /// For `promociones`.
    pub promotions: Vec<Choice>,
    /// The lowest price.
    #[schema(required)]
    pub min_price: Option<f64>,
    /// The highest price.
    #[schema(required)]
    pub max_price: Option<f64>,
    /// The lowest `enganchemin`.
    #[schema(required)]
    pub min_enganche: Option<f64>,
    /// The highest `enganchemin`.
    #[schema(required)]
    pub max_enganche: Option<f64>,
    /// Vehicles that match all filters.
    pub total_count: u64,
}

/// The address of a listed vehicle.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slug {
    /// The last part of its address.
    pub slug: String,
    /// When something that the website shows last changed.
    pub updated_at: DateTime<Utc>,
}

/// The addresses of all listed vehicles.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Slugs {
    /// In alphabetical order.
    pub slugs: Vec<Slug>,
    /// How many they are.
    pub total_count: u64,
}

/// What comes first.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderBy {
    /// The cheapest.
    PriceAsc,
    /// The dearest.
    PriceDesc,
    /// The oldest model.
    YearAsc,
    /// The newest model.
    YearDesc,
    /// The least driven.
    MileageAsc,
    /// The most driven.
    MileageDesc,
    /// The latest to come into stock.
    Newest,
    /// What fits the search best.
    Relevance,
}

/// The parameters of `GET /vehicles`.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParameters {
    /// Brands, such as `Mazda`.
    #[param(max_items = 50, example = json!([]))]
    pub marca: Option<Vec<String>>,
    /// Model years.
    #[param(value_type = Option<Vec<u16>>, max_items = 50, maximum = 9999, example = json!([2020]))]
    pub autoano: Option<Vec<u16>>,
    /// Gearboxes.
    #[param(max_items = 50, example = json!([]))]
    pub transmision: Option<Vec<String>>,
    /// Fuels.
    #[param(max_items = 50, example = json!([]))]
    pub combustible: Option<Vec<String>>,
    /// Warranties.
    #[param(max_items = 50, example = json!([]))]
    pub garantia: Option<Vec<String>>,
    /// Body types: `carroceria` or any of `clasificacionid`.
    #[param(max_items = 50, example = json!([]))]
    pub carroceria: Option<Vec<String>>,
    /// Branches, by code or display name: `MTY` or `Monterrey`.
    #[param(max_items = 50, example = json!([]))]
    pub ubicacion: Option<Vec<String>>,
    /// Promotions.
    #[param(max_items = 50, example = json!([]))]
    pub promociones: Option<Vec<String>>,
    /// The lowest `precio`, in pesos.
    #[param(rename = "minPrice", minimum = 0, maximum = 999999999999.0, multiple_of = 0.01)]
    pub min_price: Option<f64>,
    /// The highest `precio`, in pesos.
    #[param(rename = "maxPrice", minimum = 0, maximum = 999999999999.0, multiple_of = 0.01)]
    pub max_price: Option<f64>,
    /// The lowest `enganchemin`, in pesos.
    #[param(rename = "enganchemin", minimum = 0, maximum = 999999999999.0, multiple_of = 0.01)]
    pub enganchemin: Option<f64>,
    /// The highest `enganchemin`, in pesos.
    #[param(rename = "maxEnganche", minimum = 0, maximum = 999999999999.0, multiple_of = 0.01)]
    pub max_enganche: Option<f64>,
    /// Leaves reserved vehicles out.
    #[param(rename = "hideSeparado")]
    pub hide_separado: Option<bool>,
    /// Words that all must be found in title, brand, model, year or description; beginnings suffice, a typo is forgiven. At most 12.
    #[param(max_length = 200, example = "mazda 3")]
    pub search: Option<String>,
    /// What comes first. Not given: what fits the search best, without a search the most recently updated.
    #[param(inline)]
    pub orderby: Option<OrderBy>,
    /// The page.
    #[param(minimum = 1, maximum = 4_294_967_295_u32, default = 1)]
    pub page: Option<u32>,
    /// Vehicles on a page.
    #[param(rename = "pageSize", minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u32>,
}

/// The parameters of `GET /vehicles/facets`.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParameters {
    /// Brands, such as `Mazda`.
    #[param(max_items = 50, example = json!([]))]
    pub marca: Option<Vec<String>>,
    /// Model years.
    #[param(value_type = Option<Vec<u16>>, max_items = 50, maximum = 9999, example = json!([2020]))]
    pub autoano: Option<Vec<u16>>,
    /// Gearboxes.
    #[param(max_items = 50, example = json!([]))]
    pub transmision: Option<Vec<String>>,
    /// Fuels.
    #[param(max_items = 50, example = json!([]))]
    pub combustible: Option<Vec<String>>,
    /// Warranties.
    #[param(max_items = 50, example = json!([]))]
    pub garantia: Option<Vec<String>>,
    /// Body types: `carroceria` or any of `clasificacionid`.
    #[param(max_items = 50, example = json!([]))]
    pub carroceria: Option<Vec<String>>,
    /// Branches, by code or display name: `MTY` or `Monterrey`.
    #[param(max_items = 50, example = json!([]))]
    pub ubicacion: Option<Vec<String>>,
    /// Promotions.
    #[param(max_items = 50, example = json!([]))]
    pub promociones: Option<Vec<String>>,
    /// The lowest `precio`, in pesos.
    #[param(rename = "minPrice", minimum = 0, maximum = 999999999999.0, multiple_of = 0.01)]
    pub min_price: Option<f64>,
    /// The highest `precio`, in pesos.
    #[param(rename = "maxPrice", minimum = 0, maximum = 999999999999.0, multiple_of = 0.01)]
    pub max_price: Option<f64>,
    /// The lowest `enganchemin`, in pesos.
    #[param(rename = "enganchemin", minimum = 0, maximum = 999999999999.0, multiple_of = 0.01)]
    pub enganchemin: Option<f64>,
    /// The highest `enganchemin`, in pesos.
    #[param(rename = "maxEnganche", minimum = 0, maximum = 999999999999.0, multiple_of = 0.01)]
    pub max_enganche: Option<f64>,
    /// Leaves reserved vehicles out.
    #[param(rename = "hideSeparado")]
    pub hide_separado: Option<bool>,
    /// Words that all must be found in title, brand, model, year or description; beginnings suffice, a typo is forgiven. At most 12.
    #[param(max_length = 200, example = "mazda 3")]
    pub search: Option<String>,
}

/// What reading may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what handlers answer by other means")]
pub(super) enum ReadProblems {
    /// A parameter is wrong; `param` names it
    #[response(status = 400, content_type = "application/problem+json")]
    Wrong(Problem),
    /// A mistake in vitrina; its log says more under the request's id
    #[response(status = 500, content_type = "application/problem+json")]
    Mistake(Problem),
    /// The database is out of reach and no last known answer is there, or there are too many requests; try again
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What reading one vehicle may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what handlers answer by other means")]
pub(super) enum VehicleProblems {
    /// The vehicle has moved to the address in `Location`
    #[response(status = 308)]
    Moved,
    /// No vehicle is or was there
    #[response(status = 404, content_type = "application/problem+json")]
    Unknown(Problem),
    /// The vehicle was deleted for good
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(Problem),
    /// A mistake in vitrina; its log says more under the request's id
    #[response(status = 500, content_type = "application/problem+json")]
    Mistake(Problem),
    /// The database is out of reach and no last known answer is there, or there are too many requests; try again
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What operators may be answered instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what handlers answer by other means")]
pub(super) enum AdminProblems {
    /// The token is missing or wrong
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// A mistake in vitrina; its log says more under the request's id
    #[response(status = 500, content_type = "application/problem+json")]
    Mistake(Problem),
    /// The database is out of reach and no last known answer is there, or there are too many requests; try again
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What Airtable's automation sends: `recordId` or `recordIds`. Anything else that it sends is ignored.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum WebhookBody {
    /// One record.
    #[serde(rename_all = "camelCase")]
    One {
        /// The record.
        #[schema(pattern = "^rec[A-Za-z0-9]{14}$", example = "recA1b2C3d4E5f6G7")]
        record_id: String,
        /// Who sends it.
        source: Option<String>,
        /// Which try this is, from 1.
        attempt: Option<u32>,
        /// When it was sent.
        timestamp: Option<String>,
    },
    /// Several.
    #[serde(rename_all = "camelCase")]
    Several {
        /// The records.
        #[schema(min_items = 1, max_items = 1000, example = json!(["recA1b2C3d4E5f6G7"]))]
        record_ids: Vec<String>,
    },
}

/// What a webhook is answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SyncAnswer {
    /// To a batch.
    Batch {
        /// Whether all are synced or queued.
        success: bool,
        /// One for each record, in the order of the request.
        results: Vec<SyncResult>,
        /// Milliseconds.
        duration_ms: u64,
        /// Which try this is.
        attempt: u32,
    },
    /// To one record.
    One(SyncResult),
}

/// What became of one record.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SyncResult {
    /// Whether it is synced or queued.
    pub success: bool,
    /// In words.
    pub message: String,
    /// `created`, `updated`, `unchanged`, `archived`, `deleted`, `absent` or `queued`.
    #[schema(example = "updated")]
    pub action: String,
    /// Which record.
    pub data: SyncedRecord,
    /// What could not be read.
    pub warnings: Vec<serde_json::Value>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Which try this is.
    pub attempt: u32,
}

/// Which record was synced.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SyncedRecord {
    /// The record.
    pub record_id: String,
    /// Its headline.
    #[schema(required)]
    pub title: Option<String>,
    /// Its purchase order.
    #[schema(required)]
    pub ordencompra: Option<String>,
    /// Its address.
    #[schema(required)]
    pub slug: Option<String>,
}
