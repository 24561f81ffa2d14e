//! Figures for operators.
//!
//! **Not here:** what the figures mean (`monitor`), health and the cache (`ops`).

use axum::{Json, extract::State};

use super::{Problem, auth::Admin, schema::AdminProblems};
use crate::monitor::{Kpis, Monitor};

/// The key figures, each with its target and whether it holds
///
/// Those of syncs, runs and the queue are of all instances, those of the cache of this one.
#[utoipa::path(get, path = "/kpis", tag = "monitoring", security(("admin" = [])),
    responses((status = 200, description = "Of the last 24 hours, and as things stand now", body = Kpis), AdminProblems))]
pub(super) async fn kpis(_: Admin, State(monitor): State<Monitor>) -> Result<Json<Kpis>, Problem> {
    Ok(Json(monitor.kpis().await.map_err(|error| Problem::from(&error))?))
}
