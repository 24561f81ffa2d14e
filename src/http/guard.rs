//! How many requests may be in flight, and for how long.
//!
//! **Invariants:** more requests than `server.max_in_flight` are refused at once with 503, never queued. A request with a body takes its
//! place when the body is there ([`super::body`]), so a client that sends none keeps nobody out. An answer that takes longer than
//! `server.request_timeout` becomes a 503. Public reads take no place: their loads stand in a line of their own (`catalog`), so readers
//! never stop writers. Work that must not be lost does not depend on the request: syncs and loads have tasks of their own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use super::problem::Problem;

/// The places of requests in flight. A clone shares them.
#[derive(Debug, Clone)]
pub struct InFlight {
    taken: Arc<AtomicUsize>,
    places: usize,
}

/// A place that is given back when it is dropped.
pub(super) struct Place(Arc<AtomicUsize>);

impl InFlight {
    pub(super) fn new(places: usize) -> Self {
        Self { taken: Arc::default(), places }
    }

    /// A place, or the 503 of a service that has none left.
    pub(super) fn place(&self) -> Result<Place, Problem> {
        let place = Place(Arc::clone(&self.taken));
        if self.taken.fetch_add(1, Relaxed) < self.places {
            return Ok(place);
        }
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many requests are in flight; try again in a few seconds.",
        ))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Takes a place for a request without a body.
pub(super) async fn admit(State(in_flight): State<InFlight>, request: Request, next: Next) -> Response {
    if request.method() == Method::POST {
        return next.run(request).await;
    }
    match in_flight.place() {
        Ok(_place) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Answers in time, if need be with 503.
pub(super) async fn limit_time(State(longest): State<Duration>, request: Request, next: Next) -> Response {
    match timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => too_long().into_response(),
    }
}

/// The 503 of an answer that took too long.
pub(super) fn too_long() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The answer took too long; try again in a few seconds.")
}
