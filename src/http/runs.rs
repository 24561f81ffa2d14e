//! `POST /sync` and `POST /replay`: operators start runs.
//!
//! **Invariants:** a 202 means that the run has begun and has a row in `sync_runs`; it goes on without the caller.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::{IntoResponses, ToSchema};

use super::{auth::Admin, body, monitoring::Fresh, problem::Problem, state::Limits};
use crate::{
    domain::{MOMENT, RecordId, Trigger, moment, no_span, wrong},
    sync::{Engine, RunError, Scope, distinct},
};

/// What `POST /sync` takes; without a body, a full run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    default,
    expecting = "an object such as {\"kind\":\"catch_up\"}"
)]
#[schema(example = json!({ "kind": "catch_up" }))]
pub(super) struct SyncRequest {
    kind: Kind,
    /// Take vehicles out of the listing however many they are; of a full run only.
    force: bool,
    /// Sync these records instead, at least one.
    #[schema(value_type = Option<Vec<String>>, min_items = 1, pattern = "^rec[A-Za-z0-9]{14}$")]
    record_ids: Option<Vec<RecordId>>,
    /// Also lift the stop that follows when the month's Airtable requests are used up.
    resume: bool,
}

/// What kind of run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RunKind)]
enum Kind {
    /// Every listed record, then the vehicles that Airtable no longer lists.
    #[default]
    Full,
    /// What Airtable changed since the last run.
    CatchUp,
}

/// What `POST /replay` takes: one of the three.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    default,
    expecting = "an object such as {\"failed\":true}"
)]
#[schema(example = json!({ "failed": true }))]
pub(super) struct ReplayRequest {
    /// These records.
    #[schema(value_type = Vec<String>, pattern = "^rec[A-Za-z0-9]{14}$")]
    record_ids: Vec<RecordId>,
    /// Records whose sync was logged from this time on, or from the beginning of this day in UTC.
    #[schema(value_type = Option<String>, example = "2026-11-23T08:00:00Z")]
    from: Option<Value>,
    /// The end of the span, after `from`; now unless given.
    #[schema(value_type = Option<String>, example = "2026-11-23T09:00:00Z")]
    to: Option<Value>,
    /// All records whose last sync failed, and all that the queue has given up.
    failed: bool,
}

/// A run that has begun.
#[derive(Serialize, ToSchema)]
#[schema(as = RunStarted)]
pub(super) struct Started {
    success: bool,
    /// The same in words.
    message: String,
    /// Its number in `sync_runs`.
    run: i64,
}

/// What starting a run may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what handlers answer by other means")]
pub(super) enum RunProblems {
    /// The body is not what it should be
    #[response(status = 400, content_type = "application/problem+json")]
    Wrong(Problem),
    /// The token is missing or wrong
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The body did not arrive in time
    #[response(status = 408, content_type = "application/problem+json")]
    Late(Problem),
    /// Another run is under way
    #[response(status = 409, content_type = "application/problem+json")]
    Busy(Problem),
    /// The body is too large
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
}

/// Start a run
///
/// It goes on without the caller; one at a time, on all instances.
#[utoipa::path(post, path = "/sync", tag = "operations", security(("admin" = [])),
    request_body(content = ref("#/components/schemas/SyncRequest"), description = "Without one, a full run"),
    responses((status = 202, description = "It has begun", body = Started), RunProblems))]
pub(super) async fn sync(
    _: Admin,
    State(engine): State<Engine>,
    State(limits): State<Arc<Limits>>,
    body: Body,
) -> Result<Response, Problem> {
    let body = body::read(body, &limits, body::FEWER_IDS).await?;
    let request: SyncRequest = parse(&body)?;
    if request.force && (request.kind == Kind::CatchUp || request.record_ids.is_some()) {
        return Err(Problem::parameter(
            "force",
            "force belongs to a full run: no other takes many vehicles out of the listing.",
        ));
    }
    if request.record_ids.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::parameter("recordIds", "recordIds is empty; leave it out to sync all."));
    }
    if request.resume {
        engine.resume_airtable().await.map_err(|error| Problem::from(&error))?;
    }
    let scope = match (request.record_ids, request.kind) {
        (Some(ids), _) => Scope::Records(distinct(ids)),
        (None, Kind::Full) => Scope::Full { force: request.force },
        (None, Kind::CatchUp) => Scope::CatchUp,
    };
    start(&engine, scope, Trigger::Manual).await
}

/// Sync records once more
///
/// Given ones, those of a span of time, or all that failed.
#[utoipa::path(post, path = "/replay", tag = "operations", security(("admin" = [])), request_body = ReplayRequest,
    responses((status = 202, description = "It has begun", body = Started), RunProblems))]
pub(super) async fn replay(
    _: Admin,
    State(engine): State<Engine>,
    State(limits): State<Arc<Limits>>,
    body: Body,
) -> Result<Response, Problem> {
    let body = body::read(body, &limits, body::FEWER_IDS).await?;
    let request: ReplayRequest = parse(&body)?;
    let found = match request.asked(crate::clock::now())? {
        Asked::Records(records) => Ok(records),
        Asked::Span(from, to) => engine.synced_between(from, to).await,
        Asked::Failed => engine.failed_records().await,
    };
    let records = found.map_err(|error| Problem::from(&error))?;
    start(&engine, Scope::Records(records), Trigger::Replay).await
}

/// What a replay is of.
enum Asked {
    Records(Vec<RecordId>),
    Span(DateTime<Utc>, DateTime<Utc>),
    Failed,
}

impl ReplayRequest {
    /// Which of the three it is; half of one beside another is a mistake, not an ornament.
    fn asked(self, now: DateTime<Utc>) -> Result<Asked, Problem> {
        let (from, to) = (time("from", self.from.as_ref())?, time("to", self.to.as_ref())?);
        match (self.record_ids.is_empty(), from, self.failed) {
            (_, None, _) if to.is_some() => {
                Err(Problem::parameter("to", "to is the end of a span, so from has to be given, too."))
            }
            (false, None, false) => Ok(Asked::Records(distinct(self.record_ids))),
            (true, Some(from), false) => match no_span(from, to, now) {
                None => Ok(Asked::Span(from, to.unwrap_or(now))),
                Some((param, detail)) => Err(Problem::parameter(param, detail)),
            },
            (true, None, true) => Ok(Asked::Failed),
            _ => {
                let detail = r#"Send one of {"recordIds":["rec…"]}, {"from":"2026-11-23T08:00:00Z","to":"…"} and {"failed":true}."#;
                Err(Problem::new(StatusCode::BAD_REQUEST, detail))
            }
        }
    }
}

fn time(param: &'static str, given: Option<&Value>) -> Result<Option<DateTime<Utc>>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let shown = || given.as_str().map_or_else(|| given.to_string(), str::to_owned);
    let time = given.as_str().and_then(moment);
    time.map(Some).ok_or_else(|| wrong(param, &shown(), MOMENT).into())
}

fn parse<T: DeserializeOwned + Default>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    body::object(bytes).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, format!("The body is not what it should be: {error}."))
    })
}

async fn start(engine: &Engine, scope: Scope, trigger: Trigger) -> Result<Response, Problem> {
    match engine.start_run(scope, trigger).await {
        Ok(run) => {
            let message = format!("Run {} has begun.", run.0);
            Ok((StatusCode::ACCEPTED, Fresh(Started { success: true, message, run: run.0 })).into_response())
        }
        Err(RunError::Sync(crate::sync::SyncError::Database(error))) => Err(Problem::from(&*error)),
        Err(error @ RunError::Busy(_)) => Err(Problem::new(StatusCode::CONFLICT, format!("{error}."))),
        Err(error) => {
            tracing::error!(error = %error, "a run could not be begun");
            Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The run could not be begun; the log has the reason.",
            ))
        }
    }
}
