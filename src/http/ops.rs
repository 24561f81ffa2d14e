//! Health, readiness, the cache's figures and its invalidation.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{Problem, auth::Admin};
use crate::{
    catalog::{CacheStats, Catalog},
    db::Db,
};

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

/// The process runs.
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The service can do its work: the database answers.
pub(super) async fn readyz(State(db): State<Db>) -> Response {
    match db.ping().await {
        Ok(()) => Json(Health { status: "ready" }).into_response(),
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database is out of reach; the last known responses are still served.",
            )
            .into_response()
        }
    }
}

pub(super) async fn cache_stats(State(catalog): State<Catalog>) -> Json<CacheStats> {
    Json(catalog.stats().await)
}

#[derive(Serialize)]
pub(super) struct Invalidated {
    success: bool,
    message: &'static str,
}

/// Here at once; on the others as soon as the notice reaches them.
pub(super) async fn invalidate_cache(
    _: Admin,
    State(catalog): State<Catalog>,
    State(db): State<Db>,
) -> Result<Json<Invalidated>, Problem> {
    catalog.clear();
    db.tell_others().await.map_err(|error| Problem::from(&error))?;
    Ok(Json(Invalidated { success: true, message: "Every cached response is dropped, on every instance." }))
}
