//! The front of the service: what every request passes, whoever answers it.
//!
//! **Invariants:** public reads are answered by [`Reads`] and by nobody else; the router has the rest. Every response carries
//! `x-request-id`; every request is measured under its route's pattern, never under a path that a caller wrote; a panic becomes a 500. A
//! request with two `Host` lines is refused, since a proxy may have gone by the other one.
//!
//! **Not here:** sockets (`serve`), routes ([`super::router`]).

use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{ConnectInfo, MatchedPath, Request},
    http::{Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use tower::ServiceExt as _;

use super::{
    cors::Cors,
    problem::{self, Problem},
    reads::Reads,
    request_id::{self, X_REQUEST_ID},
    serve::Respond,
};
use crate::monitor::Monitor;

/// Answers every request. A clone shares it.
#[derive(Clone)]
pub struct Front(Arc<Inner>);

struct Inner {
    public: Option<Public>,
    router: Router,
    monitor: Monitor,
}

/// The public reads, and who may make them from a browser.
pub(super) struct Public {
    pub(super) reads: Reads,
    pub(super) cors: Cors,
}

impl Front {
    pub(super) fn new(router: Router, public: Option<Public>, monitor: Monitor) -> Self {
        Self(Arc::new(Inner { public, router: router.layer(middleware::from_fn(remember_route)), monitor }))
    }
}

impl Respond for Front {
    async fn respond(&self, mut request: hyper::Request<Incoming>, peer: SocketAddr) -> Response {
        let began = Instant::now();
        let Inner { public, router, monitor } = &*self.0;
        let id = request_id::of(request.headers());
        let read =
            public.as_ref().and_then(|public| Some((public, public.reads.find(request.uri().path())?)));
        let method = request.method().clone();
        let matched;
        let (route, mut response) = if request.headers().get_all(header::HOST).iter().nth(1).is_some() {
            let detail = "The request has more than one Host line.";
            ("unknown", Problem::new(StatusCode::BAD_REQUEST, detail).into_response())
        } else if let Some((Public { reads, cors }, read)) = read {
            let mut response = if method == Method::OPTIONS {
                Cors::preflight(request.headers())
            } else {
                without_panic(reads.answer(read, &request, peer.ip(), &id, began)).await
            };
            cors.mark(request.headers(), response.headers_mut());
            (read.route(), response)
        } else {
            request.headers_mut().insert(X_REQUEST_ID, id.clone());
            request.extensions_mut().insert(ConnectInfo(peer));
            let mut response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
            matched = response.extensions_mut().remove::<MatchedPath>();
            (matched.as_ref().map_or("unknown", MatchedPath::as_str), response)
        };
        monitor.request(route, method.as_str(), response.status().as_u16(), began.elapsed());
        if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(request.id = request_id::text(&id), "a request was answered with 500");
        }
        response.headers_mut().insert(X_REQUEST_ID, id);
        response
    }
}

/// Leaves the pattern of its route in a response of the router.
async fn remember_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = without_panic(next.run(request)).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// The answer, or the 500 of one that panicked.
async fn without_panic(answer: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => problem::panicked(panic.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_problem_that_tells_nothing() {
        let response = without_panic(async { panic!("told to nobody") }).await;
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["status"], 500);
        assert!(!problem.to_string().contains("told to nobody"), "{problem}");
    }
}
