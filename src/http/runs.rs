//! `POST /sync` and `POST /replay`: operators start runs.
//!
//! **Invariants:** a 202 means that the run has begun and has a row in `sync_runs`; it goes on without the caller.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Problem, auth::Admin};
use crate::{
    domain::{RecordId, Trigger},
    sync::{Engine, RunError, Scope, distinct},
};

/// What `POST /sync` takes; without a body, a full run.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct SyncRequest {
    kind: Kind,
    force: bool,
    record_ids: Vec<RecordId>,
    /// Also lift the stop that follows when the month's Airtable requests are used up.
    resume: bool,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Full,
    CatchUp,
}

/// What `POST /replay` takes: one of the three.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ReplayRequest {
    record_ids: Vec<RecordId>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    failed: bool,
}

#[derive(Serialize)]
struct Started {
    success: bool,
    message: String,
    run: i64,
}

pub(super) async fn sync(_: Admin, State(engine): State<Engine>, body: Bytes) -> Result<Response, Problem> {
    let request: SyncRequest = parse(&body)?;
    if request.resume {
        engine.resume_airtable();
    }
    let scope = match request.kind {
        _ if !request.record_ids.is_empty() => Scope::Records(distinct(request.record_ids)),
        Kind::Full => Scope::Full { force: request.force },
        Kind::CatchUp => Scope::CatchUp,
    };
    start(&engine, scope, Trigger::Manual).await
}

pub(super) async fn replay(_: Admin, State(engine): State<Engine>, body: Bytes) -> Result<Response, Problem> {
    let request: ReplayRequest = parse(&body)?;
    let records = match request {
        ReplayRequest { failed: true, from: None, ref record_ids, .. } if record_ids.is_empty() => {
            engine.failed_records().await.map_err(|error| Problem::from(&error))?
        }
        ReplayRequest { failed: false, from: Some(from), to, ref record_ids } if record_ids.is_empty() => {
            let to = to.unwrap_or_else(crate::clock::now);
            engine.synced_between(from, to).await.map_err(|error| Problem::from(&error))?
        }
        ReplayRequest { failed: false, from: None, to: None, record_ids } if !record_ids.is_empty() => {
            distinct(record_ids)
        }
        _ => {
            let detail = r#"Send one of {"recordIds":["rec…"]}, {"from":"2026-11-23T08:00:00Z","to":"…"} and {"failed":true}."#;
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
        }
    };
    start(&engine, Scope::Records(records), Trigger::Replay).await
}

fn parse<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, format!("The body is not what it should be: {error}."))
    })
}

async fn start(engine: &Engine, scope: Scope, trigger: Trigger) -> Result<Response, Problem> {
    match engine.start_run(scope, trigger).await {
        Ok(run) => {
            let message = format!("Run {} has begun.", run.0);
            Ok((StatusCode::ACCEPTED, Json(Started { success: true, message, run: run.0 })).into_response())
        }
        Err(RunError::Sync(crate::sync::SyncError::Database(error))) => Err(Problem::from(&*error)),
        Err(error @ RunError::Busy(_)) => Err(Problem::new(StatusCode::CONFLICT, format!("{error}."))),
        Err(error) => Err(Problem::new(StatusCode::BAD_GATEWAY, format!("{error}."))),
    }
}
