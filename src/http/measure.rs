//! How long each request took, for the metrics.
//!
//! **Invariants:** what is noted is the router's pattern, never the path that a caller wrote. It is no layer of its own, since each layer
//! costs every hit of the cache something.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
};

use crate::monitor::Monitor;

/// A request under way.
pub(super) struct Stopwatch {
    began: Instant,
    route: Option<MatchedPath>,
    method: Method,
}

impl Stopwatch {
    pub(super) fn start(request: &Request) -> Self {
        Self {
            began: Instant::now(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            method: request.method().clone(),
        }
    }

    /// The answer begins.
    pub(super) fn stop(self, monitor: &Monitor, status: StatusCode) {
        let route = self.route.as_ref().map_or("unknown", MatchedPath::as_str);
        monitor.request(route, self.method.as_str(), status.as_u16(), self.began.elapsed());
    }
}
