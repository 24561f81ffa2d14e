//! `POST /airtable-notifications`: Airtable's native webhook says that there is something to read.
//!
//! **Invariants:** nothing is done and nothing is told before the MAC was found right, over the bytes as they came and in constant time. The
//! answer waits for no reading. A ping carries no data, so one that is repeated, late or lost does no harm.
//!
//! **Not here:** what is read, and when (`sync::native`).

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{body, problem::Problem, state::Limits};
use crate::{airtable::ContentMac, sync::Engine};

const HEADER: &str = "x-airtable-content-mac";

/// What Airtable sends.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Ping {
    webhook: PingOf,
}

/// The webhook that has something to tell.
#[derive(Debug, Deserialize, ToSchema)]
struct PingOf {
    /// Its id.
    #[schema(example = "achA1b2C3d4E5f6G7")]
    id: String,
}

/// Hear of changes by Airtable's native webhook
#[utoipa::path(
    post, path = "/airtable-notifications", tag = "sync",
    params(("X-Airtable-Content-MAC" = String, Header, description = "`hmac-sha256=` and the HMAC-SHA256 of the body under the webhook's secret, in hex")),
    request_body(content = Ping, description = "Which webhook has something to tell; at most 64 KiB"),
    responses(
        (status = 200, description = "Heard; it is being read"),
        (status = 400, description = "The body is not a notification", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The MAC is missing or wrong, or the webhook is not ours", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is out of reach; notify again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn airtable_notifications(
    State(engine): State<Engine>,
    State(limits): State<Arc<Limits>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let mac = headers.get(HEADER).and_then(|value| ContentMac::parse(value.as_bytes()));
    let mac = mac.ok_or_else(not_airtable)?;
    let bytes = body::read(body, &limits, "a notification of Airtable is shorter").await?;
    let ping: Ping = serde_json::from_slice(&bytes).map_err(|_| not_a_ping())?;
    if !is_id(&ping.webhook.id) {
        return Err(not_a_ping());
    }
    let heard =
        engine.hear_ping(&ping.webhook.id, &bytes, mac).await.map_err(|error| Problem::from(&error))?;
    heard.then_some(StatusCode::OK).ok_or_else(not_airtable)
}

/// Whether a text may be the id of a webhook. Any other, such as one with a NUL, never reaches the database.
fn is_id(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn not_airtable() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "This is for Airtable's native webhook, whose X-Airtable-Content-MAC has to fit the body.",
    )
}

fn not_a_ping() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        r#"The body is not what it should be, such as {"base":{"id":"app…"},"webhook":{"id":"ach…"},"timestamp":"…"}."#,
    )
}
