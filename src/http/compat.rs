//! The old system's addresses and shapes, so that its users only change the host.
//!
//! **Invariants:** what the old system said is said under the same names; whatever is new is said too. The addresses exist twice: as they
//! are, and below `/functions/v1`, where Supabase had them.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Path, RawQuery, State, rejection::PathRejection},
    http::HeaderMap,
    response::Response,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    AppState, Limits, Problem,
    monitoring::Fresh,
    ops,
    schema::{FilterParameters, OldList, OldVehicle, PageParameters, ReadProblems, VehicleProblems},
    vehicles::{answer, readable, vehicle},
    webhook,
};
use crate::catalog::{Catalog, ListQuery, Query, Shape};

/// Where Supabase had its functions.
pub(super) const FUNCTIONS: &str = "/functions/v1";

/// What the website reads; browsers may come from elsewhere.
pub(super) fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one)).routes(routes!(cache_stats))
}

/// What only automation and operators call.
pub(super) fn private() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(invalidate_cache))
}

/// The webhook, at its old address.
pub(super) fn webhook() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(webhook::airtable_sync))
}

/// All listed vehicles, or a page of them
///
/// Without parameters all of them, as `data` and `count`; with parameters the pages of `GET /vehicles`, by its rules.
/// Vehicles carry their old names too.
#[utoipa::path(
    get, path = "/rapid-processor", tag = "old addresses", params(FilterParameters, PageParameters),
    responses((status = 200, description = "All listed vehicles, or a page", body = OldList),
        (status = 304, description = "The client has it: its If-None-Match still holds"), ReadProblems)
)]
async fn list(
    State(catalog): State<Catalog>,
    State(limits): State<Arc<Limits>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let list = ListQuery::parse(query.as_deref().unwrap_or_default(), catalog.locations())?;
    let query = list.map_or(Query::All, |list| Query::List(list, Shape::Old));
    answer(&catalog, query, &headers, &limits.list_control).await
}

/// One vehicle, with its old names too
#[utoipa::path(
    get, path = "/rapid-processor/{slug}", tag = "old addresses",
    params(("slug" = String, Path, description = "The address of the vehicle", example = "mazda-3-sport-2-5-2020")),
    responses((status = 200, description = "The vehicle", body = OldVehicle),
        (status = 304, description = "The client has it: its If-None-Match still holds"), VehicleProblems)
)]
async fn one(
    State(catalog): State<Catalog>,
    State(limits): State<Arc<Limits>>,
    route: MatchedPath,
    slug: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let slug = readable(slug)?;
    let folder = route.as_str().trim_end_matches("/{slug}");
    vehicle(&catalog, &slug, Shape::Old, folder, &headers, &limits.detail_control).await
}

/// The cache's figures as the old system gave them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OldCacheStats {
    /// Whether the whole listing is cached.
    cached_all: bool,
    /// Single vehicles cached.
    cached_one: usize,
    /// When the cache was dropped last.
    #[schema(required)]
    last_invalidation: Option<DateTime<Utc>>,
    /// How long a response is kept at most, in ms; freshness does not depend on it.
    cache_ttl_ms: u64,
}

/// The cache's figures under their old names
#[utoipa::path(get, path = "/rapid-processor/cache-stats", tag = "old addresses",
    responses((status = 200, description = "The figures", body = OldCacheStats)))]
async fn cache_stats(
    State(catalog): State<Catalog>,
    State(limits): State<Arc<Limits>>,
) -> Fresh<OldCacheStats> {
    let (cached_all, cached_one) = catalog.old_stats().await;
    let last_invalidation = catalog.stats().await.last_invalidation;
    let cache_ttl_ms = u64::try_from(limits.cache_ttl.as_millis()).unwrap_or(u64::MAX);
    Fresh(OldCacheStats { cached_all, cached_one, last_invalidation, cache_ttl_ms })
}

/// Drop every cached response, on every instance
#[utoipa::path(post, path = "/rapid-processor/invalidate-cache", tag = "old addresses", security(("admin" = [])),
    responses((status = 200, description = "Dropped", body = ops::Invalidated), super::schema::AdminProblems))]
async fn invalidate_cache(
    admin: super::auth::Admin,
    catalog: State<Catalog>,
    db: State<crate::db::Db>,
) -> Result<Fresh<ops::Invalidated>, Problem> {
    ops::invalidate_cache(admin, catalog, db).await
}
