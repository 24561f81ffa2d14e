//! What one request may take of the service.
//!
//! **Invariants:** more requests than `server.max_in_flight` are refused at once with 503, never queued; an answer that takes longer than
//! `server.request_timeout` becomes a 503. Health, readiness and metrics take no place and are never refused ([`patience`]). Work that must not be lost does not depend on the request: syncs and loads have tasks
//! of their own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use super::Problem;

/// A plain count: a semaphore takes a lock whenever a place is given back.
#[derive(Clone)]
pub(super) struct InFlight {
    taken: Arc<AtomicUsize>,
    places: usize,
    longest: Duration,
}

/// A place that is given back when the request ends, in whatever way.
struct Place<'a>(&'a AtomicUsize);

impl InFlight {
    pub(super) fn new(places: usize, longest: Duration) -> Self {
        Self { taken: Arc::default(), places, longest }
    }

    fn place(&self) -> Option<Place<'_>> {
        let place = Place(&self.taken);
        (self.taken.fetch_add(1, Relaxed) < self.places).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

pub(super) async fn guard(State(in_flight): State<InFlight>, request: Request, next: Next) -> Response {
    let Some(_place) = in_flight.place() else {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many requests are in flight; try again in a few seconds.",
        )
        .into_response();
    };
    within(in_flight.longest, request, next).await
}

/// The time limit alone.
pub(super) async fn patience(State(longest): State<Duration>, request: Request, next: Next) -> Response {
    within(longest, request, next).await
}

async fn within(longest: Duration, request: Request, next: Next) -> Response {
    match timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The answer took too long; try again in a few seconds.",
        )
        .into_response(),
    }
}
