//! What one request may take of the service.
//!
//! **Invariants:** more requests than `server.max_in_flight` are refused at once with 503, never queued; an answer that takes longer than
//! `server.request_timeout` becomes a 503. Work that must not be lost does not depend on the request: syncs and loads have tasks
//! of their own.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::{sync::Semaphore, time::timeout};

use super::{Limits, Problem};

#[derive(Clone)]
pub(super) struct InFlight {
    places: Arc<Semaphore>,
    longest: Duration,
}

impl InFlight {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { places: Arc::new(Semaphore::new(limits.max_in_flight)), longest: limits.request_timeout }
    }
}

pub(super) async fn guard(State(in_flight): State<InFlight>, request: Request, next: Next) -> Response {
    let Ok(_place) = in_flight.places.try_acquire() else {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many requests are in flight; try again in a few seconds.",
        )
        .into_response();
    };
    match timeout(in_flight.longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The answer took too long; try again in a few seconds.",
        )
        .into_response(),
    }
}
