//! Routes and middleware on one screen.
//!
//! **Invariants:** every response carries `x-request-id`; every error is `application/problem+json`, those of unknown routes, wrong
//! methods, bodies too large, time-outs and panics too. Handlers extract, call one use case and render.
//!
//! **Not here:** sockets and header time-outs ([`serve`]), what is cached (`catalog`), what a sync is (`sync`).

mod auth;
mod guard;
mod ops;
mod problem;
mod request_id;
mod runs;
pub mod serve;
mod vehicles;
mod webhook;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::FromRef,
    http::{HeaderValue, Method, header},
    middleware,
    routing::{get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
};

pub use self::auth::Credentials;
use self::{guard::InFlight, problem::Problem};
use crate::{
    catalog::Catalog,
    config::{CacheSettings, ServerSettings, SyncSettings},
    db::Db,
    sync::Engine,
};

/// What handlers may use; each takes the part it needs.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The read side.
    pub catalog: Catalog,
    /// The write side.
    pub engine: Engine,
    /// For readiness and notices to other instances.
    pub db: Db,
    /// Who may call what.
    pub credentials: Credentials,
    /// Limits and headers.
    pub limits: Arc<Limits>,
}

/// Limits and headers of the HTTP edge.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest body, in bytes.
    pub max_body_bytes: usize,
    /// How long a body may take.
    pub body_timeout: Duration,
    /// How long an answer may take.
    pub request_timeout: Duration,
    /// Requests in flight.
    pub max_in_flight: usize,
    /// Records in one webhook.
    pub max_batch: usize,
    /// Who may read from a browser.
    pub cors_origins: Vec<HeaderValue>,
    /// `Cache-Control` of the listing.
    pub list_control: HeaderValue,
    /// `Cache-Control` of a vehicle.
    pub detail_control: HeaderValue,
}

impl Limits {
    /// From the settings.
    pub fn new(
        server: &ServerSettings,
        sync: &SyncSettings,
        cache: &CacheSettings,
    ) -> Result<Self, header::InvalidHeaderValue> {
        Ok(Self {
            max_body_bytes: server.max_body_bytes,
            body_timeout: server.body_timeout,
            request_timeout: server.request_timeout,
            max_in_flight: server.max_in_flight,
            max_batch: sync.max_batch,
            cors_origins: server
                .cors_origins
                .iter()
                .map(|origin| origin.parse())
                .collect::<Result<_, _>>()?,
            list_control: cache.list_control.parse()?,
            detail_control: cache.detail_control.parse()?,
        })
    }
}

/// The whole service.
pub fn router(state: AppState) -> Router {
    let public = Router::new()
        .route("/vehicles", get(vehicles::list))
        .route("/vehicles/{slug}", get(vehicles::one))
        .route("/cache-stats", get(ops::cache_stats))
        .layer(cors(&state.limits.cors_origins));
    let private = Router::new()
        .route("/airtable-sync", post(webhook::airtable_sync))
        .route("/invalidate-cache", post(ops::invalidate_cache))
        .route("/sync", post(runs::sync))
        .route("/replay", post(runs::replay))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz));
    let in_flight = InFlight::new(&state.limits);
    public
        .merge(private)
        .fallback(problem::unknown_route)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn_with_state(in_flight, guard::guard))
        .layer(middleware::from_fn(request_id::identify))
        .with_state(state)
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().cloned())
    };
    CorsLayer::new().allow_origin(origin).allow_methods([Method::GET, Method::HEAD]).expose_headers([
        header::ETAG,
        vehicles::X_CACHE,
        request_id::X_REQUEST_ID,
    ])
}
