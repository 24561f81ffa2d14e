//! The bodies of requests: read whole, bounded in size and time.
//!
//! **Invariants:** a body takes its request's place in flight only once it is there, and keeps it as long as it is held. What announces
//! that it is too large is not waited for. Callers check who sends it before they read it.

use std::ops::Deref;

use axum::{
    body::{Body, HttpBody as _},
    http::StatusCode,
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::{guard::Place, problem::Problem, state::Limits};

/// The remedy for a body of record ids that is too large.
pub(super) const FEWER_IDS: &str = "send fewer record ids";

/// A whole body, with its request's place in flight.
pub(super) struct Whole {
    bytes: Bytes,
    _place: Place,
}

impl Deref for Whole {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads the whole body; a sender of too much is told the remedy.
pub(super) async fn read(body: Body, limits: &Limits, remedy: &str) -> Result<Whole, Problem> {
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body is larger than {} bytes; {remedy}.", limits.max_body_bytes),
        )
    };
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > limits.max_body_bytes) {
        return Err(too_large());
    }
    let whole = Limited::new(body, limits.max_body_bytes).collect();
    match timeout(limits.body_timeout, whole).await {
        Ok(Ok(body)) => Ok(Whole { bytes: body.to_bytes(), _place: limits.in_flight.place()? }),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(StatusCode::BAD_REQUEST, "The body broke off.")),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("The body did not arrive within {}.", humantime::format_duration(limits.body_timeout)),
        )),
    }
}

/// Reads a JSON object. A struct alone would also take a list for its fields in their order.
pub(super) fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let object: Map<String, Value> = serde_json::from_slice(bytes)?;
    serde_json::from_value(Value::Object(object))
}
