//! What the description of the API says of parameters, responses and problems.
//!
//! **Invariants:** these types describe; PostgreSQL writes the JSON of vehicles and `catalog` reads the parameters. A test reads real
//! responses with them and misses no name, so they cannot drift apart.

mod monitoring;
mod parameters;
mod sync;
mod vehicle;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

pub(super) use self::{
    monitoring::{
        FilteredProblems, LogParameters, PageOfRunParameters, QueueParameters, RunParameters, RunProblems,
        StatsParameters,
    },
    sync::{SyncAnswer, WebhookBody},
};
pub use self::{
    parameters::{FilterParameters, OrderBy, PageParameters},
    vehicle::{OldVehicle, PublicUrls, Vehicle},
};
use super::problem::Problem;

/// A page of listed vehicles.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VehicleList {
    /// The vehicles, in the order asked for.
    pub vehicles: Vec<Vehicle>,
    /// Matching vehicles on all pages.
    pub total_count: u64,
    /// This page, from 1.
    #[schema(value_type = i64, minimum = 1, maximum = 4_294_967_295_i64)]
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
        #[schema(value_type = i64, minimum = 1, maximum = 4_294_967_295_i64)]
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
    /// For `modelo`.
    pub models: Vec<Choice>,
    /// The oldest model year.
    #[schema(required)]
    pub min_year: Option<i32>,
    /// The newest model year.
    #[schema(required)]
    pub max_year: Option<i32>,
    /// The lowest mileage.
    #[schema(required)]
    pub min_mileage: Option<i32>,
    /// The highest mileage.
    #[schema(required)]
    pub max_mileage: Option<i32>,
    /// The lowest `precio_final`.
    #[schema(required)]
    pub min_price: Option<f64>,
    /// The highest `precio_final`.
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

/// What reading may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what handlers answer by other means")]
pub(super) enum ReadProblems {
    /// A parameter is wrong; `param` names it
    #[response(status = 400, content_type = "application/problem+json")]
    Wrong(Problem),
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
}

/// What operators may be answered instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what handlers answer by other means")]
pub(super) enum AdminProblems {
    /// The token is missing or wrong
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
}
