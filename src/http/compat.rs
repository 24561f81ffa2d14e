//! The old system's addresses for automation and operators, so that they only change the host.
//!
//! **Invariants:** the addresses exist twice: as they are, and below `/functions/v1`, where Supabase had them. Errors have `error` beside
//! the problem members.
//!
//! **Not here:** what websites read there (`reads`).

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::Admin,
    monitoring::Fresh,
    ops::{self, Invalidated},
    problem::Problem,
    reads::FUNCTIONS,
    schema::AdminProblems,
    state::AppState,
    webhook,
};
use crate::{catalog::Catalog, db::Db};

/// The routes at both places.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    let at_both = || OpenApiRouter::new().routes(routes!(invalidate_cache));
    at_both().nest(FUNCTIONS, at_both().routes(routes!(webhook::airtable_sync)))
}

/// That the cache is empty, as the old system said it.
#[derive(Serialize, ToSchema)]
struct OldInvalidated {
    #[serde(flatten)]
    present: Invalidated,
    /// When it was dropped.
    timestamp: DateTime<Utc>,
    /// How many responses this instance dropped.
    cleared: u64,
}

/// Drop every cached response, on every instance
#[utoipa::path(post, path = "/rapid-processor/invalidate-cache", tag = "old addresses", security(("admin" = [])),
    responses((status = 200, description = "Dropped", body = OldInvalidated), AdminProblems))]
async fn invalidate_cache(
    admin: Result<Admin, Problem>,
    State(catalog): State<Catalog>,
    State(db): State<Db>,
) -> Result<Fresh<OldInvalidated>, Problem> {
    let admin = admin.map_err(Problem::with_error)?;
    let cleared = catalog.stats().await.entries;
    let Fresh(present) =
        ops::invalidate_cache(admin, State(catalog), State(db)).await.map_err(Problem::with_error)?;
    Ok(Fresh(OldInvalidated { present, timestamp: crate::clock::now(), cleared }))
}
