//! Which browsers of other origins may read the public routes (CORS).
//!
//! **Invariants:** only GET and HEAD, never with credentials. Where any origin may read, all get the same headers, so a CDN need not tell
//! them apart; where origins are listed, `Vary: Origin` says that they differ. What a browser asks first (a preflight) is answered here
//! for every public path, also where there is nothing.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    deliver::{SERVER_TIMING, X_CACHE},
    request_id::X_REQUEST_ID,
};

/// The headers that scripts may read beside those that they always may.
const EXPOSED: [HeaderName; 4] = [header::ETAG, X_CACHE, SERVER_TIMING, X_REQUEST_ID];

/// How long a browser may remember a preflight, in seconds: the two hours that are the longest in Chromium.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The rules for one service.
pub(super) struct Cors {
    /// `None`: any.
    origins: Option<Vec<HeaderValue>>,
    exposed: HeaderValue,
}

impl Cors {
    pub(super) fn new(origins: &[HeaderValue]) -> Self {
        let any = origins.iter().any(|origin| origin == "*");
        let exposed = EXPOSED.map(|name| name.to_string()).join(",");
        Self {
            origins: (!any).then(|| origins.to_vec()),
            exposed: exposed.parse().unwrap_or(HeaderValue::from_static("")),
        }
    }

    /// Marks a response to a request with these headers.
    pub(super) fn mark(&self, request: &HeaderMap, response: &mut HeaderMap) {
        response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, self.exposed.clone());
        let Some(origins) = &self.origins else {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return;
        };
        response.append(header::VARY, HeaderValue::from_static("origin"));
        let origin = request.get(header::ORIGIN).filter(|origin| origins.contains(origin));
        if let Some(origin) = origin {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }

    /// The answer to a preflight, still to be marked.
    pub(super) fn preflight(request: &HeaderMap) -> Response {
        let mut response = StatusCode::OK.into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,HEAD"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        response
    }
}
