//! From a finished body to a response: which form, which validators, or 304.
//!
//! **Invariants:** a hit allocates no body and builds no header but `Server-Timing`: everything else is shared with the cache. A form that
//! was not made yet is named ([`NotMade`]) instead of waited for, so that whatever is there is sent without an await.
//!
//! **Not here:** which body answers a request (`reads`), how forms are made (`catalog`).

use std::time::{Duration, Instant};

use axum::{
    body::Body as HttpBody,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::conditional::{self, Held};
use crate::catalog::{Body, Coding, Served, Source, surrogate_key};

pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
pub(super) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
pub(super) const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// The form that the client likes best has to be made first.
pub(super) struct NotMade(pub(super) Coding);

/// The body in the form that the client likes best, or 304 when it has it; waits for a form that is not made yet.
pub(super) async fn send(body: &Body, request: &HeaderMap) -> Response {
    match content(body, request) {
        Ok(response) => response,
        Err(NotMade(coding)) => {
            body.make(coding).await;
            // Made by now, or it never will be: then the client gets the JSON as it is.
            content(body, request).unwrap_or_else(|_| whole(body, Coding::Identity, body.json().clone()))
        }
    }
}

/// The same at once.
pub(super) fn content(body: &Body, request: &HeaderMap) -> Result<Response, NotMade> {
    let held = conditional::held(request, body.etags());
    if let Some(Held::Form(etag)) = held {
        return Ok(not_modified(body, etag));
    }
    let coding = conditional::coding(request);
    let (coding, bytes) = body.form(coding).ok_or(NotMade(coding))?;
    // A client that takes any form for valid is told which it would be.
    Ok(if held.is_some() { not_modified(body, body.etag(coding)) } else { whole(body, coding, bytes) })
}

fn not_modified(body: &Body, etag: &HeaderValue) -> Response {
    // Of unknown length: asked by HEAD, a length would have to be that of the whole (RFC 9110, section 8.6).
    let nothing =
        HttpBody::from_stream(futures_util::stream::empty::<Result<Bytes, std::convert::Infallible>>());
    let mut response = (StatusCode::NOT_MODIFIED, nothing).into_response();
    describe(response.headers_mut(), body, etag);
    response
}

fn whole(body: &Body, coding: Coding, bytes: Bytes) -> Response {
    let mut response = Response::new(HttpBody::from(bytes));
    let headers = response.headers_mut();
    // One allocation for all that follows, CORS and request id included.
    headers.reserve(14);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if coding != Coding::Identity {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    describe(headers, body, body.etag(coding));
    response
}

/// Sets the headers of a body that its 304 has too.
fn describe(headers: &mut HeaderMap, body: &Body, etag: &HeaderValue) {
    headers.insert(header::ETAG, etag.clone());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(SURROGATE_KEY, body.surrogate_key.clone());
}

/// A redirect to the present address of a vehicle.
pub(super) fn moved(folder: &str, slug: &str, surrogate_key: HeaderValue) -> Response {
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("{folder}/{slug}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response.headers_mut().insert(SURROGATE_KEY, surrogate_key);
    response
}

/// The key of one vehicle.
pub(super) fn key_of(id: &str) -> HeaderValue {
    surrogate_key(&[id])
}

/// Sets `X-Cache` and `Server-Timing`, which tell where an answer came from and how long the parts took.
pub(super) fn tell_source(headers: &mut HeaderMap, served: &Served, began: Instant) {
    let source = match served.source {
        Source::Hit => "hit",
        Source::Miss => "miss",
        Source::Stale => "stale",
    };
    headers.insert(X_CACHE, HeaderValue::from_static(source));
    headers.insert(SERVER_TIMING, timing(served, began.elapsed()));
}

/// In milliseconds, as integers: writing a float exactly takes longer than the whole look-up.
fn timing(served: &Served, total: Duration) -> HeaderValue {
    let ms = |duration: Duration| {
        let micros = duration.as_micros();
        (micros / 1000, micros % 1000)
    };
    let (whole, part) = ms(total);
    let parts = if served.source == Source::Miss {
        let load = served.timings();
        let ((db, db_part), (render, render_part)) = (ms(load.database), ms(load.render));
        format!("db;dur={db}.{db_part:03}, render;dur={render}.{render_part:03}, total;dur={whole}.{part:03}")
    } else {
        format!("cache;dur={whole}.{part:03}")
    };
    HeaderValue::from_maybe_shared(Bytes::from(parts)).unwrap_or(HeaderValue::from_static("total"))
}
