//! Health, readiness, metrics, and dropping the cache.
//!
//! **Invariants:** all of it holds for this moment; nobody on the way keeps it.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{auth::Admin, monitoring::Fresh, problem::Problem, schema::AdminProblems};
use crate::{catalog::Catalog, db::Db, monitor::Monitor};

/// How it is.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// In a word.
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// The process runs
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "It does", body = Health)))]
pub(super) async fn healthz() -> Fresh<Health> {
    Fresh(Health { status: "ok" })
}

/// The service can do its work: the database takes writes
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, description = "It does", body = Health),
    (status = 503, description = "It does not", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn readyz(State(db): State<Db>) -> Response {
    match db.takes_writes().await {
        Ok(()) => Fresh(Health { status: "ready" }).into_response(),
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database is out of reach or takes no writes; the last known responses are still served.",
            )
            .into_response()
        }
    }
}

/// Everything that a Prometheus collects
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "In Prometheus' text format", body = String, content_type = "text/plain")))]
pub(super) async fn metrics(State(monitor): State<Monitor>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, monitor.metrics().await)
}

/// That the cache is empty.
#[derive(Serialize, ToSchema)]
pub(super) struct Invalidated {
    /// Always true.
    success: bool,
    /// The same in words.
    #[schema(value_type = String)]
    message: &'static str,
}

/// Drop every cached response, on every instance
///
/// Here at once; on the others as soon as the notice reaches them.
#[utoipa::path(post, path = "/invalidate-cache", tag = "operations", security(("admin" = [])),
    responses((status = 200, description = "Dropped", body = Invalidated), AdminProblems))]
pub(super) async fn invalidate_cache(
    _: Admin,
    State(catalog): State<Catalog>,
    State(db): State<Db>,
) -> Result<Fresh<Invalidated>, Problem> {
    // First the others: when the database is away nothing is dropped, for the last known responses are all there is then.
    db.announce_invalidation().await.map_err(|error| Problem::from(&error))?;
    catalog.clear();
    Ok(Fresh(Invalidated { success: true, message: "Every cached response is dropped, on every instance." }))
}
