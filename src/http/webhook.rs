//! `POST /airtable-sync`: the way in for changes.
//!
//! **Invariants:** the secret is checked before the body is read. Every error has the problem members and, for the automation's script,
//! `success`, `error` and `retryable`. A 200 or 202 means that the sender may forget the delivery.

use std::{sync::Arc, time::Instant};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    auth::Automation,
    body,
    problem::{self, Problem},
    schema::{SyncAnswer, WebhookBody},
    state::Limits,
};
use crate::{
    airtable::AirtableError,
    domain::{Outcome, RecordId, Trigger},
    sync::{Delivered, Delivery, Engine, SyncError},
};

mod notice;

use self::notice::Notice;

/// A problem with what the script reads.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Refusal {
    /// Always false.
    success: bool,
    /// What is wrong and what would be right.
    error: String,
    /// Whether the same request may work later.
    retryable: bool,
    #[serde(flatten)]
    problem: Problem,
}

impl Refusal {
    fn new(problem: Problem, retryable: bool) -> Self {
        Self { success: false, error: problem.detail.clone(), retryable, problem }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let retryable = problem.status().is_server_error() || problem.status() == StatusCode::REQUEST_TIMEOUT;
        Self::new(problem, retryable)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        problem::respond(self.problem.status(), self)
    }
}

/// Sync one record or a batch
#[utoipa::path(
    post, path = "/airtable-sync", tag = "sync", security(("webhook" = [])),
    request_body(content = WebhookBody, description = "The record or records that changed; at most 64 KiB"),
    responses(
        (status = 200, description = "Synced", body = SyncAnswer),
        (status = 202, description = "In the durable queue; the sender may forget it", body = SyncAnswer),
        (status = 400, description = "The body or a record id is wrong, or there are too many", body = Refusal, content_type = "application/problem+json"),
        (status = 401, description = "The secret is missing or wrong", body = Refusal, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = Refusal, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Refusal, content_type = "application/problem+json"),
        (status = 502, description = "Airtable refuses our token; the record is queued. To a batch `results` say more", body = Refusal, content_type = "application/problem+json"),
        (status = 503, description = "The database is out of reach, which `success`, `error` and `retryable` say too; or there are too many requests, or it took too long. Nothing was accepted, so send it again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn airtable_sync(
    caller: Result<Automation, Problem>,
    State(engine): State<Engine>,
    State(limits): State<Arc<Limits>>,
    body: Body,
) -> Result<Response, Refusal> {
    let Automation = caller?;
    let (accepted, now) = (Instant::now(), crate::clock::now());
    let body = body::read(body, &limits, body::FEWER_IDS).await?;
    let notice = Notice::parse(&body, limits.max_batch, now)?;
    let deliveries = notice.record_ids.iter().map(|id| delivery(id, &notice, accepted, now)).collect();
    let delivered = engine.deliver(deliveries).await.map_err(|error| unreachable(&error))?;
    Ok(answer(&notice, &delivered, accepted))
}

fn delivery(id: &RecordId, notice: &Notice, since: Instant, accepted: DateTime<Utc>) -> Delivery {
    Delivery {
        record_id: id.clone(),
        trigger: Trigger::Webhook,
        source: notice.source.clone(),
        attempt: notice.attempt,
        since,
        accepted,
        edited: notice.edited,
    }
}

/// Nothing was accepted: the sender has to come again.
fn unreachable(error: &SyncError) -> Refusal {
    tracing::warn!(error = %error, "a webhook could not be accepted");
    let detail =
        "The database is out of reach at the moment, so nothing was accepted; try again in a few seconds.";
    Refusal::new(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail), true)
}

fn answer(notice: &Notice, delivered: &[Delivered], accepted: Instant) -> Response {
    let duration_ms = u64::try_from(accepted.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = delivered.iter().map(status).max_by_key(|status| rank(*status)).unwrap_or(StatusCode::OK);
    let timed = |mut result: Value| {
        result["duration_ms"] = duration_ms.into();
        result["attempt"] = notice.attempt.into();
        result
    };
    let each = || notice.record_ids.iter().zip(delivered);
    let mut results = each().map(|(id, delivered)| timed(result(id, delivered)));
    let body = if notice.is_batch {
        // The problem of the first that was refused is that of the batch.
        let refused = each().find_map(|(id, delivered)| match delivered {
            Delivered::Refused(error) => Some(refused(id, error)),
            _ => None,
        });
        let mut batch = refused.unwrap_or_else(|| json!({ "success": true }));
        batch["results"] = results.collect();
        timed(batch)
    } else {
        results.next().unwrap_or_default()
    };
    if status == StatusCode::BAD_GATEWAY {
        problem::respond(status, body)
    } else {
        (status, Json(body)).into_response()
    }
}

fn status(delivered: &Delivered) -> StatusCode {
    match delivered {
        Delivered::Settled(_) => StatusCode::OK,
        Delivered::Queued(_) => StatusCode::ACCEPTED,
        Delivered::Refused(_) => StatusCode::BAD_GATEWAY,
    }
}

/// The status of a batch is that of its worst record.
fn rank(status: StatusCode) -> u16 {
    status.as_u16()
}

fn result(id: &RecordId, delivered: &Delivered) -> Value {
    match delivered {
        Delivered::Settled(outcome) => settled(outcome),
        Delivered::Queued(reason) => json!({
            "success": true,
            "message": format!("{id} is in the queue and will be synced: {reason}"),
            "action": "queued",
            "data": { "record_id": id, "title": null, "ordencompra": null, "slug": null },
            "warnings": [],
        }),
        Delivered::Refused(error) => {
            let mut body = refused(id, error);
            body["action"] = "queued".into();
            body["data"] = json!({ "record_id": id, "title": null, "ordencompra": null, "slug": null });
            body
        }
    }
}

fn refused(id: &RecordId, error: &AirtableError) -> Value {
    let detail = format!("{error}. {} {id} is kept in the queue until then.", error.kind.remedy());
    let refusal = Refusal::new(Problem::new(StatusCode::BAD_GATEWAY, detail), false);
    serde_json::to_value(refusal).unwrap_or_default()
}

fn settled(outcome: &Outcome) -> Value {
    json!({
        "success": true,
        "message": outcome.message(),
        "action": outcome.action,
        "data": {
            "record_id": outcome.record_id,
            "title": outcome.title,
            "ordencompra": outcome.ordencompra,
            "slug": outcome.slug,
        },
        "warnings": outcome.warnings,
    })
}
