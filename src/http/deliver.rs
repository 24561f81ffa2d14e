//! From the catalog's answer to a response.
//!
//! **Invariants:** a hit allocates no body and builds no header but `Server-Timing`: everything else is shared with the cache.

use std::time::{Duration, Instant};

use axum::{
    body::Body as HttpBody,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use bytes::Bytes;

use super::{
    Problem,
    conditional::{self, Held},
};
use crate::catalog::{Answer, Body, Coding, From, Served, surrogate_key};

pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
pub(super) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
pub(super) const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// How an answer is wrapped.
pub(super) struct Wrapping<'a> {
    /// Its `Cache-Control`.
    pub(super) control: &'a HeaderValue,
    /// The folder of the vehicles' addresses, without a slash at its end.
    pub(super) folder: &'a str,
    /// The slug that was asked for.
    pub(super) slug: &'a str,
    /// When the request came.
    pub(super) started: Instant,
}

pub(super) async fn deliver(served: Served, request: &HeaderMap, wrapping: Wrapping<'_>) -> Response {
    let mut response = match served.answer() {
        Answer::Body(body) => send(body, request).await,
        Answer::Moved { slug, id } => moved(wrapping.folder, slug, id),
        Answer::Gone => Problem::new(
            StatusCode::GONE,
            format!("The vehicle {} was taken out of the inventory for good.", wrapping.slug),
        )
        .into_response(),
        Answer::Unknown => unknown(wrapping.slug).into_response(),
    };
    let control = matches!(served.answer(), Answer::Body(_) | Answer::Moved { .. });
    dress(&mut response, &served, &wrapping, control);
    response
}

/// The same for a body that can be sent as it is; `None`: the long way has something to do.
pub(super) fn ready(served: &Served, request: &HeaderMap, wrapping: &Wrapping<'_>) -> Option<Response> {
    let Answer::Body(body) = served.answer() else { return None };
    let mut response = match conditional::held(request, body.etags()) {
        Some(Held::Form(etag)) => not_modified(body, etag),
        held => {
            let (coding, bytes) = body.ready(conditional::coding(request))?;
            chosen(body, held.is_some(), coding, bytes)
        }
    };
    dress(&mut response, served, wrapping, true);
    Some(response)
}

/// What every answer of the catalog says beside its content.
fn dress(response: &mut Response, served: &Served, wrapping: &Wrapping<'_>, control: bool) {
    let headers = response.headers_mut();
    if control {
        headers.insert(header::CACHE_CONTROL, wrapping.control.clone());
    }
    let from = match served.from {
        From::Hit => "hit",
        From::Miss => "miss",
        From::Stale => "stale",
    };
    headers.insert(X_CACHE, HeaderValue::from_static(from));
    headers.insert(SERVER_TIMING, timing(served, wrapping.started.elapsed()));
}

/// That there is no such vehicle.
pub(super) fn unknown(slug: &str) -> Problem {
    let slug: String = slug.chars().take(100).collect();
    Problem::new(StatusCode::NOT_FOUND, format!("No vehicle is or was at {slug:?}."))
}

/// The body in the form that the client likes best, or 304 when it has it.
pub(super) async fn send(body: &Body, request: &HeaderMap) -> Response {
    match conditional::held(request, body.etags()) {
        Some(Held::Form(etag)) => not_modified(body, etag),
        held => {
            let (coding, bytes) = body.encoded(conditional::coding(request)).await;
            chosen(body, held.is_some(), coding, bytes)
        }
    }
}

/// The form that was chosen; a client that takes anything for it is told which it would be.
fn chosen(body: &Body, held: bool, coding: Coding, bytes: Bytes) -> Response {
    if held { not_modified(body, body.etag(coding)) } else { whole(body, coding, bytes) }
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

/// What a 304 says too.
fn describe(headers: &mut HeaderMap, body: &Body, etag: &HeaderValue) {
    headers.insert(header::ETAG, etag.clone());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(SURROGATE_KEY, body.surrogate_key.clone());
}

fn moved(folder: &str, slug: &str, id: &str) -> Response {
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("{folder}/{slug}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response.headers_mut().insert(SURROGATE_KEY, surrogate_key(&[id]));
    response
}

/// In milliseconds, as integers: writing a float exactly takes longer than the whole look-up.
fn timing(served: &Served, total: Duration) -> HeaderValue {
    let ms = |duration: Duration| {
        let micros = duration.as_micros();
        (micros / 1000, micros % 1000)
    };
    let (whole, part) = ms(total);
    let parts = if served.from == From::Miss {
        let load = served.timings();
        let ((db, db_part), (render, render_part)) = (ms(load.database), ms(load.render));
        format!("db;dur={db}.{db_part:03}, render;dur={render}.{render_part:03}, total;dur={whole}.{part:03}")
    } else {
        format!("cache;dur={whole}.{part:03}")
    };
    HeaderValue::from_maybe_shared(Bytes::from(parts)).unwrap_or(HeaderValue::from_static("total"))
}
