//! The routes of public reads: what each asks of the catalog, and its description.
//!
//! **Invariants:** a function here is both what [`super`] calls and what the description of the API is made from.

use std::time::Duration;

use utoipa::{OpenApi, openapi::OpenApi as Description};

use super::{
    FUNCTIONS,
    old::{self, OldCacheStats},
};
use crate::{
    catalog::{CacheStats, Catalog, ListQuery, Query, Shape, parse_filter},
    domain::WrongParameter,
    http::schema::{
        Facets, FilterParameters, OldList, OldVehicle, PageParameters, ReadProblems, Slugs, Vehicle,
        VehicleList, VehicleProblems,
    },
};

/// The present routes.
#[derive(OpenApi)]
#[openapi(paths(list, facets, slugs, one, cache_stats))]
struct Present;

/// The old system's routes.
#[derive(OpenApi)]
#[openapi(paths(old_list, old_one, old_cache_stats))]
struct Old;

/// The description of all of them; `old`: those of the old system too.
pub(in crate::http) fn describe(old: bool) -> Description {
    let present = Present::openapi();
    if old { present.merge_from(Old::openapi()).nest(FUNCTIONS, Old::openapi()) } else { present }
}

/// Listed vehicles: filters, search, sort, pages
///
/// Repeatable parameters mean OR within and AND across; more than 50 different values of one are refused, where a branch that is known
/// counts as two. Text is compared without case and accents.
#[utoipa::path(
    get, path = "/vehicles", tag = "website", params(FilterParameters, PageParameters),
    responses((status = 200, description = "A page; one past the end is empty", body = VehicleList),
        (status = 304, description = "The client has it: its If-None-Match still holds"), ReadProblems)
)]
pub(super) fn list(catalog: &Catalog, query: &str) -> Result<Query, WrongParameter> {
    let list = ListQuery::parse(query, catalog.locations())?;
    Ok(Query::List(list.unwrap_or_default(), Shape::Plain))
}

/// Counts per filter option and ranges of prices
///
/// Each facet is counted under all the other filters, so choosing a brand does not hide the other brands. They are
/// read by the rules of `GET /vehicles`.
#[utoipa::path(
    get, path = "/vehicles/facets", tag = "website", params(FilterParameters),
    responses((status = 200, description = "The highest count first, then by name", body = Facets),
        (status = 304, description = "The client has it: its If-None-Match still holds"), ReadProblems)
)]
pub(super) fn facets(catalog: &Catalog, query: &str) -> Result<Query, WrongParameter> {
    parse_filter(query, catalog.locations()).map(Query::Facets)
}

/// All listed slugs, for static pages and sitemaps
#[utoipa::path(
    get, path = "/vehicles/slugs", tag = "website",
    responses((status = 200, description = "In alphabetical order", body = Slugs),
        (status = 304, description = "The client has it: its If-None-Match still holds"), ReadProblems)
)]
pub(super) fn slugs() -> Query {
    Query::Slugs
}

/// One vehicle
///
/// A sold one too, with `vendido` true. Other spellings of its slug (capitals, accents, `_`, a slash at the end) lead to it.
#[utoipa::path(
    get, path = "/vehicles/{slug}", tag = "website",
    params(("slug" = String, Path, description = "The address of the vehicle", example = "mazda-3-sport-2-5-2020")),
    responses((status = 200, description = "The vehicle", body = Vehicle),
        (status = 304, description = "The client has it: its If-None-Match still holds"), VehicleProblems)
)]
pub(super) fn one(slug: &str) -> Query {
    Query::Vehicle(slug.into(), Shape::Plain)
}

/// What the cache did since the start, and what it holds
#[utoipa::path(get, path = "/cache-stats", tag = "operations",
    responses((status = 200, description = "The figures of this instance", body = CacheStats)))]
pub(super) async fn cache_stats(catalog: &Catalog) -> CacheStats {
    catalog.stats().await
}

/// All listed vehicles, or a page of them
///
/// Without parameters all of them, as `data` and `count`; with parameters the pages of `GET /vehicles`, by its rules, but that a bound
/// of 0 is none. Vehicles carry their old names too.
#[utoipa::path(
    get, path = "/rapid-processor", tag = "old addresses", params(FilterParameters, PageParameters),
    responses((status = 200, description = "All listed vehicles, or a page", body = OldList),
        (status = 304, description = "The client has it: its If-None-Match still holds"), ReadProblems)
)]
pub(super) fn old_list(catalog: &Catalog, query: &str) -> Result<Query, WrongParameter> {
    let list = ListQuery::parse(query, catalog.locations())?;
    Ok(list.map_or(Query::All, |mut list| {
        list.filter.forget_zero_bounds();
        Query::List(list, Shape::Old)
    }))
}

/// One vehicle, with its old names too
#[utoipa::path(
    get, path = "/rapid-processor/{slug}", tag = "old addresses",
    params(("slug" = String, Path, description = "The address of the vehicle", example = "mazda-3-sport-2-5-2020")),
    responses((status = 200, description = "The vehicle", body = OldVehicle),
        (status = 304, description = "The client has it: its If-None-Match still holds"), VehicleProblems)
)]
pub(super) fn old_one(slug: &str) -> Query {
    Query::Vehicle(slug.into(), Shape::Old)
}

/// The cache's figures under their old names
#[utoipa::path(get, path = "/rapid-processor/cache-stats", tag = "old addresses",
    responses((status = 200, description = "The figures", body = OldCacheStats)))]
pub(super) async fn old_cache_stats(catalog: &Catalog, ttl: Duration) -> OldCacheStats {
    old::stats(catalog, ttl).await
}
