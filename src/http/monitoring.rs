//! Figures, logs, runs and the queue, for operators.
//!
//! **Invariants:** no answer is kept by a browser or proxy. A wrong parameter is named, as in the listing; unknown ones and empty values are ignored.
//!
//! **Not here:** what the figures mean and what may be asked for (`monitor`), health and the cache (`ops`), starting runs (`runs`).

use axum::{
    Json,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    auth::Admin,
    problem::Problem,
    schema::{
        AdminProblems, FilteredProblems, LogParameters, PageOfRunParameters, QueueParameters, RunParameters,
        RunProblems, StatsParameters,
    },
};
use crate::{
    db::DbError,
    monitor::{
        Kpis, Monitor,
        history::{self, LogPage, QueuePage, RunDetails, RunPage, SyncStats},
    },
};

/// The key figures, each with its target and whether it holds
///
/// Those of syncs, runs and the queue are of all instances, those of the cache of this one.
#[utoipa::path(get, path = "/kpis", tag = "monitoring", security(("admin" = [])),
    responses((status = 200, description = "Of the last 24 hours, and as things stand now", body = Kpis), AdminProblems))]
pub(super) async fn kpis(_: Admin, State(monitor): State<Monitor>) -> Result<Fresh<Kpis>, Problem> {
    answer(monitor.kpis().await)
}

/// What was synced, record by record
#[utoipa::path(get, path = "/sync-logs", tag = "monitoring", security(("admin" = [])), params(LogParameters),
    responses((status = 200, description = "Newest first", body = LogPage), FilteredProblems))]
pub(super) async fn sync_logs(
    _: Admin,
    State(monitor): State<Monitor>,
    RawQuery(query): RawQuery,
) -> Result<Fresh<LogPage>, Problem> {
    let filter = history::log_filter(query.as_deref().unwrap_or_default())?;
    answer(monitor.logs(filter).await)
}

/// The syncs of the last hours, summed up by hour, reason and how they went
#[utoipa::path(get, path = "/sync-stats", tag = "monitoring", security(("admin" = [])), params(StatsParameters),
    responses((status = 200, description = "Newest first", body = SyncStats), FilteredProblems))]
pub(super) async fn sync_stats(
    _: Admin,
    State(monitor): State<Monitor>,
    RawQuery(query): RawQuery,
) -> Result<Fresh<SyncStats>, Problem> {
    let hours = history::hours(query.as_deref().unwrap_or_default())?;
    answer(monitor.sync_stats(hours).await)
}

/// Full, catch-up and replay syncs
#[utoipa::path(get, path = "/runs", tag = "monitoring", security(("admin" = [])), params(RunParameters),
    responses((status = 200, description = "Newest first", body = RunPage), FilteredProblems))]
pub(super) async fn runs(
    _: Admin,
    State(monitor): State<Monitor>,
    RawQuery(query): RawQuery,
) -> Result<Fresh<RunPage>, Problem> {
    let filter = history::run_filter(query.as_deref().unwrap_or_default())?;
    answer(monitor.runs(filter).await)
}

/// A run with its report and the records that it logged
#[utoipa::path(get, path = "/runs/{id}", tag = "monitoring", security(("admin" = [])),
    params(("id" = i64, Path, description = "Its number", minimum = 1, example = 1), PageOfRunParameters),
    responses((status = 200, description = "With a page of its records, newest first", body = RunDetails), RunProblems))]
pub(super) async fn run(
    _: Admin,
    State(monitor): State<Monitor>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Fresh<RunDetails>, Problem> {
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "There is no run with this number; see /runs.");
    let id = id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(unknown)?;
    let logged = history::log_filter(query.as_deref().unwrap_or_default())?;
    let run = monitor.run(id, logged).await.map_err(|error| Problem::from(&error))?;
    run.map(Fresh).ok_or_else(unknown)
}

/// What waits to be synced, and what was given up
#[utoipa::path(get, path = "/queue", tag = "monitoring", security(("admin" = [])), params(QueueParameters),
    responses((status = 200, description = "Oldest first", body = QueuePage), FilteredProblems))]
pub(super) async fn queue(
    _: Admin,
    State(monitor): State<Monitor>,
    RawQuery(query): RawQuery,
) -> Result<Fresh<QueuePage>, Problem> {
    let filter = history::queue_filter(query.as_deref().unwrap_or_default())?;
    answer(monitor.queue(filter).await)
}

/// JSON that holds for this moment, which nobody on the way keeps.
pub(super) struct Fresh<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Fresh<T> {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, "no-store")], Json(self.0)).into_response()
    }
}

fn answer<T>(found: Result<T, DbError>) -> Result<Fresh<T>, Problem> {
    found.map(Fresh).map_err(|error| Problem::from(&error))
}
