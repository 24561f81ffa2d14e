//! The parameters of the listing and of its facets, with their limits.
//!
//! **Not here:** reading them (`domain::Filter`, `catalog::ListQuery`), which decides.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// Which vehicles are meant.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParameters {
    /// Brands, such as `Mazda`.
    #[param(max_length = 200, example = json!([]))]
    pub marca: Option<Vec<String>>,
    /// Model years.
    #[param(value_type = Option<Vec<u16>>, maximum = 9999, example = json!([2020]))]
    pub autoano: Option<Vec<u16>>,
    /// Gearboxes.
    #[param(max_length = 200, example = json!([]))]
    pub transmision: Option<Vec<String>>,
    /// Fuels.
    #[param(max_length = 200, example = json!([]))]
    pub combustible: Option<Vec<String>>,
    /// Warranties.
    #[param(max_length = 200, example = json!([]))]
    pub garantia: Option<Vec<String>>,
    /// Body types: `carroceria` or any of `clasificacionid`.
    #[param(max_length = 200, example = json!([]))]
    pub carroceria: Option<Vec<String>>,
    /// Branches, by code or display name: `MTY` or `Monterrey`.
    #[param(max_length = 200, example = json!([]))]
    pub ubicacion: Option<Vec<String>>,
    /// Promotions.
    #[param(max_length = 200, example = json!([]))]
    pub promociones: Option<Vec<String>>,
    /// The lowest `precio`, in pesos.
    #[param(rename = "minPrice", minimum = 0, maximum = 999_999_999_999.0, multiple_of = 0.01)]
    pub min_price: Option<f64>,
    /// The highest `precio`, in pesos.
    #[param(rename = "maxPrice", minimum = 0, maximum = 999_999_999_999.0, multiple_of = 0.01)]
    pub max_price: Option<f64>,
    /// The lowest `enganchemin`, in pesos.
    #[param(rename = "enganchemin", minimum = 0, maximum = 999_999_999_999.0, multiple_of = 0.01)]
    pub enganchemin: Option<f64>,
    /// The highest `enganchemin`, in pesos.
    #[param(rename = "maxEnganche", minimum = 0, maximum = 999_999_999_999.0, multiple_of = 0.01)]
    pub max_enganche: Option<f64>,
    /// Leaves reserved vehicles out.
    #[param(rename = "hideSeparado")]
    pub hide_separado: Option<bool>,
    /// Words that all must be found in title, brand, model, year or description; beginnings suffice, a typo is forgiven, and `cx-5` is
    /// CX5 too. At most 12; nothing is found by signs alone.
    #[param(max_length = 200, example = "mazda 3")]
    pub search: Option<String>,
}

/// Which of them, in what order.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// What comes first. Not given: what fits the search best, without a search the most recently updated.
    #[param(inline)]
    pub orderby: Option<OrderBy>,
    /// The page. One past the end is empty; 4294967295 stands for all that are further off.
    #[param(value_type = Option<i64>, minimum = 1, default = 1)]
    pub page: Option<u32>,
    /// Vehicles on a page.
    #[param(rename = "pageSize", minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u32>,
}
