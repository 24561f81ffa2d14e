//! `GET /vehicles` and `GET /vehicles/{slug}`.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body as HttpBody,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Limits, Problem};
use crate::catalog::{Answer, Body, Catalog, From, ListQuery, Query, Served};

pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

pub(super) async fn list(
    State(catalog): State<Catalog>,
    State(limits): State<Arc<Limits>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default())
        .map_err(|wrong| Problem::parameter(wrong.param, wrong.detail))?;
    let started = Instant::now();
    let served = catalog.get(Query::List(query)).await.map_err(|error| Problem::from(&*error))?;
    Ok(render(served, &limits.list_control, &headers, started))
}

pub(super) async fn one(
    State(catalog): State<Catalog>,
    State(limits): State<Arc<Limits>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !is_slug(&slug) {
        return Err(unknown(&slug));
    }
    let started = Instant::now();
    let served =
        catalog.get(Query::Vehicle(slug.as_str().into())).await.map_err(|error| Problem::from(&*error))?;
    match &served.answer {
        Answer::Unknown => Err(unknown(&slug)),
        Answer::Gone => Err(Problem::new(
            StatusCode::GONE,
            format!("The vehicle {slug} was taken out of the inventory for good."),
        )),
        _ => Ok(render(served, &limits.detail_control, &headers, started)),
    }
}

fn unknown(slug: &str) -> Problem {
    let slug: String = slug.chars().take(100).collect();
    Problem::new(StatusCode::NOT_FOUND, format!("No vehicle is or was at {slug:?}."))
}

/// What cannot be a slug need not be looked for.
fn is_slug(text: &str) -> bool {
    (1..=200).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn render(served: Served, control: &HeaderValue, request: &HeaderMap, started: Instant) -> Response {
    let mut response = match served.answer {
        Answer::Body(body) => deliver(body, request),
        Answer::Moved(slug) => moved(&slug),
        Answer::Gone | Answer::Unknown => StatusCode::NOT_FOUND.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, control.clone());
    let (from, what) = match served.from {
        From::Hit => ("hit", "cache"),
        From::Miss => ("miss", "load"),
        From::Stale => ("stale", "cache"),
    };
    headers.insert(X_CACHE, HeaderValue::from_static(from));
    let timing = format!("{what};dur={:.3}", started.elapsed().as_secs_f64() * 1000.0);
    if let Ok(timing) = HeaderValue::from_str(&timing) {
        headers.insert(SERVER_TIMING, timing);
    }
    response
}

/// The body, or 304 when the client has it.
fn deliver(body: Body, request: &HeaderMap) -> Response {
    let mut response = if has(request, &body.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(HttpBody::from(body.json));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    };
    response.headers_mut().insert(header::ETAG, body.etag);
    response.headers_mut().insert(SURROGATE_KEY, body.surrogate_key);
    response
}

fn moved(slug: &str) -> Response {
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/vehicles/{slug}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// `If-None-Match` by weak comparison, as RFC 9110, section 13.1.2 asks for.
fn has(request: &HeaderMap, etag: &HeaderValue) -> bool {
    request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|list| {
        list.trim() == "*"
            || list.split(',').any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == etag.as_bytes())
    })
}
