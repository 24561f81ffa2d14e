//! The short way of a hit: answered before the router is asked, without a task, a lock, a layer or a copy.
//!
//! **Invariants:** it answers only plain GETs of the public reading routes whose body, in the form that the client takes, is cached; what
//! it answers is, header for header, what the long way would. Everything else goes the long way, errors too.
//!
//! **Not here:** what a hit is (`catalog`), how it is dressed (`deliver`).

use std::{sync::Arc, time::Instant};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, header},
    response::Response,
};

use super::{
    AppState, Limits,
    deliver::{Wrapping, ready},
    exposed_headers, request_id,
    vehicles::{FOLDER, is_slug},
};
use crate::{
    catalog::{Catalog, ListQuery, Query, Shape, parse_filter},
    monitor::Monitor,
};

/// The short way of one service. A clone shares it.
#[derive(Clone)]
pub(super) struct Express(Arc<Inner>);

struct Inner {
    catalog: Catalog,
    limits: Arc<Limits>,
    exposed: HeaderValue,
    monitor: Monitor,
}

/// A route and what is asked of it.
struct Question<'a> {
    query: Query,
    control: &'a HeaderValue,
    /// The router's pattern, for the metrics.
    route: &'static str,
}

impl Express {
    /// `None` where the long way does more than look up: when it counts clients, or tells origins apart.
    pub(super) fn new(state: &AppState) -> Option<Self> {
        let any_origin = state.limits.cors_origins.iter().any(|origin| origin == "*");
        let counts_clients = state.limits.per_client.is_some();
        (any_origin && !counts_clients).then(|| {
            Self(Arc::new(Inner {
                catalog: state.catalog.clone(),
                limits: Arc::clone(&state.limits),
                exposed: exposed_headers(),
                monitor: state.monitor.clone(),
            }))
        })
    }

    /// The answer, if it can be given at once.
    pub(super) fn answer<B>(&self, request: &Request<B>) -> Option<Response> {
        if request.method() != Method::GET {
            return None;
        }
        let started = Instant::now();
        let Question { query, control, route } =
            self.question(request.uri().path(), request.uri().query())?;
        let served = self.0.catalog.peek(query, started)?;
        let wrapping = Wrapping { control, folder: FOLDER, slug: "", started };
        let mut response = ready(&served, request.headers(), &wrapping)?;
        self.0.catalog.took();
        let headers = response.headers_mut();
        headers.insert(request_id::X_REQUEST_ID, request_id::of(request.headers()));
        self.open_to_browsers(headers);
        self.0.monitor.request(route, "GET", response.status().as_u16(), started.elapsed());
        Some(response)
    }

    fn question(&self, path: &str, query: Option<&str>) -> Option<Question<'_>> {
        let (limits, locations) = (&self.0.limits, self.0.catalog.locations());
        let rest = path.strip_prefix(FOLDER)?;
        let asked = query.unwrap_or_default();
        let (query, control, route) = match rest.strip_prefix('/') {
            None if rest.is_empty() => {
                let list = ListQuery::parse(asked, locations).ok()?.unwrap_or_default();
                (Query::List(list, Shape::Plain), &limits.list_control, FOLDER)
            }
            Some("facets") => {
                let filter = parse_filter(asked, locations).ok()?;
                (Query::Facets(filter), &limits.facets_control, "/vehicles/facets")
            }
            Some("slugs") => (Query::Slugs, &limits.slugs_control, "/vehicles/slugs"),
            Some(slug) if is_slug(slug) => {
                (Query::Vehicle(slug.into(), Shape::Plain), &limits.detail_control, "/vehicles/{slug}")
            }
            _ => return None,
        };
        Some(Question { query, control, route })
    }

    /// What the layer for other origins adds when any may read.
    fn open_to_browsers(&self, headers: &mut HeaderMap) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, self.0.exposed.clone());
    }
}
