//! Routes and middleware on one screen.
//!
//! **Invariants:** every response carries `x-request-id`; every error is `application/problem+json`, those of unknown routes, wrong
//! methods, bodies too large, time-outs and panics too. Handlers extract, call one use case and render.
//!
//! **Not here:** sockets and header time-outs ([`serve`]), what is cached (`catalog`), what a sync is (`sync`).

mod auth;
mod compat;
mod conditional;
mod dashboard;
mod deliver;
mod docs;
mod express;
mod fixed;
mod guard;
mod measure;
mod monitoring;
mod notifications;
mod openapi;
mod ops;
mod pages;
mod per_client;
mod problem;
mod request_id;
mod runs;
pub mod schema;
pub mod serve;
mod shop;
mod vehicles;
mod webhook;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{FromRef, Request},
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
    routing::{MethodRouter, any, any_service},
};
use tower::{ServiceExt as _, service_fn};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowHeaders, AllowOrigin, CorsLayer, Vary},
};
use utoipa::{OpenApi, openapi::OpenApi as Description};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::{
    auth::Credentials,
    dashboard::{Dashboard, Shown},
    per_client::PerClient,
};
use self::{express::Express, guard::InFlight, per_client::Gate, problem::Problem, serve::Front};
use crate::{
    alerts::Alerts,
    catalog::Catalog,
    config::{Config, ServerSettings},
    db::Db,
    monitor::Monitor,
    sync::Engine,
};

/// What handlers may use; each takes the part it needs.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The read side.
    pub catalog: Catalog,
    /// The write side.
    pub engine: Engine,
    /// What is wrong, and who has been told.
    pub alerts: Alerts,
    /// Figures, logs, runs and the queue.
    pub monitor: Monitor,
    /// For readiness and notices to other instances.
    pub db: Db,
    /// Who may call what.
    pub credentials: Credentials,
    /// Limits and headers.
    pub limits: Arc<Limits>,
    /// The page for operators.
    pub dashboard: Dashboard,
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
    /// `Cache-Control` of the facets.
    pub facets_control: HeaderValue,
    /// `Cache-Control` of the slugs.
    pub slugs_control: HeaderValue,
    /// How long a response is kept at most.
    pub cache_ttl: Duration,
    /// Whether health and metrics have an address of their own.
    pub health_apart: bool,
    /// Whether the old system's addresses answer.
    pub supabase_paths: bool,
    /// What one client may ask of the public routes; `None`: anything.
    pub per_client: Option<PerClient>,
    /// Where the photos of the shop page come from; `None`: there is no shop page.
    pub shop: Option<Vec<String>>,
}

impl Limits {
    /// From the settings.
    pub fn new(config: &Config) -> Result<Self, header::InvalidHeaderValue> {
        let (server, sync, cache) = (&config.server, &config.sync, &config.cache);
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
            facets_control: cache.facets_control.parse()?,
            slugs_control: cache.slugs_control.parse()?,
            cache_ttl: cache.ttl,
            health_apart: server.admin_bind.is_some(),
            supabase_paths: config.compat.supabase_paths,
            per_client: per_client(server),
            shop: config.shop.page.then(|| config.shop.photo_origins.clone()),
        })
    }
}

fn per_client(server: &ServerSettings) -> Option<PerClient> {
    Some(PerClient {
        rate: NonZeroU32::new(server.client_requests_per_second)?,
        burst: NonZeroU32::new(server.client_burst)?,
        behind_proxy: server.behind_proxy,
    })
}

/// The whole service.
fn router(state: AppState) -> Router {
    let (public, private) = routes(state.limits.supabase_paths);
    let health = if state.limits.health_apart { OpenApiRouter::new() } else { health() };
    let (public, public_api) = public.split_for_parts();
    let (private, mut private_api) = private.split_for_parts();
    let (health, health_api) = health.split_for_parts();
    private_api.merge(health_api);
    let folders = public_api.paths.paths.keys().filter_map(|path| path.strip_suffix("{slug}"));
    let nothing = nothing(folders.map(str::to_owned).collect(), cors(&state.limits.cors_origins));
    // A wrong method is told here and not at the edge: what is set there would take the place of the layers around it, and so of the
    // answer to the question that a browser asks first (OPTIONS).
    let mut public = public
        .merge(openapi::route(&describe(public_api, private_api)))
        .method_not_allowed_fallback(problem::wrong_method);
    if let Some(limit) = &state.limits.per_client {
        public = public.layer(middleware::from_fn_with_state(Gate::new(limit), per_client::gate));
    }
    let shop = state.limits.shop.as_deref().map(shop::routes).unwrap_or_default();
    let others = private
        .layer(middleware::from_fn(request_id::trace))
        .merge(docs::routes())
        .merge(pages::routes())
        .merge(dashboard::routes())
        .merge(shop);
    let in_flight = InFlight::new(state.limits.max_in_flight, state.limits.request_timeout);
    let routes = guarded(public, &in_flight)
        .layer(cors(&state.limits.cors_origins))
        .merge(guarded(others, &in_flight))
        .merge(watched(health, &state.limits));
    edge(routes.fallback_service(nothing), state)
}

/// Health, readiness and metrics alone, for `server.admin_bind`.
pub fn admin_router(state: AppState) -> Router {
    let routes = watched(health().split_for_parts().0, &state.limits);
    edge(routes.fallback(problem::unknown_route), state)
}

/// What answers unknown routes: that there is nothing. Browsers of other origins may read it below the folders that are for them.
fn nothing(folders: Vec<String>, cors: CorsLayer) -> MethodRouter {
    let closed = any(problem::unknown_route);
    let open = closed.clone().layer(cors);
    any_service(service_fn(move |request: Request| {
        let is_below = folders.iter().any(|folder| request.uri().path().starts_with(folder));
        if is_below { open.clone() } else { closed.clone() }.oneshot(request)
    }))
}

/// What takes a place among the requests in flight.
fn guarded<S>(routes: Router<S>, in_flight: &InFlight) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn_with_state(in_flight.clone(), guard::guard))
}

/// What machines ask to see how it is. It takes no place: who asks in the busiest minute must be answered, or an instance with much to do
/// is restarted for it.
fn watched(routes: Router<AppState>, limits: &Limits) -> Router<AppState> {
    routes
        .layer(middleware::from_fn(request_id::trace))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn_with_state(limits.request_timeout, guard::patience))
}

/// What every request passes on its way in and out.
fn edge(routes: Router<AppState>, state: AppState) -> Router {
    routes
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(middleware::from_fn_with_state(state.monitor.clone(), request_id::identify))
        .with_state(state)
}

/// The whole service, with the short way of its hits.
pub fn front(state: AppState) -> Front {
    let express = Express::new(&state);
    Front::new(router(state), express)
}

/// The description of the API.
pub fn api(supabase_paths: bool) -> Description {
    let (public, private) = routes(supabase_paths);
    describe(public.into_openapi(), private.merge(health()).into_openapi())
}

fn describe(public: Description, private: Description) -> Description {
    let mut api = openapi::Api::openapi();
    let for_browsers: Vec<String> = public.paths.paths.keys().cloned().collect();
    api.merge(public);
    api.merge(private);
    openapi::finish(api, &for_browsers)
}

/// What browsers may read from anywhere, and the rest.
fn routes(supabase_paths: bool) -> (OpenApiRouter<AppState>, OpenApiRouter<AppState>) {
    let public = OpenApiRouter::new()
        .routes(routes!(vehicles::list))
        .routes(routes!(vehicles::facets))
        .routes(routes!(vehicles::slugs))
        .routes(routes!(vehicles::one))
        .routes(routes!(ops::cache_stats));
    let private = OpenApiRouter::new()
        .routes(routes!(webhook::airtable_sync))
        .routes(routes!(notifications::airtable_notifications))
        .routes(routes!(ops::invalidate_cache))
        .routes(routes!(monitoring::kpis))
        .routes(routes!(monitoring::sync_logs))
        .routes(routes!(monitoring::sync_stats))
        .routes(routes!(monitoring::runs))
        .routes(routes!(monitoring::run))
        .routes(routes!(monitoring::queue))
        .routes(routes!(runs::sync))
        .routes(routes!(runs::replay));
    if !supabase_paths {
        return (public, private);
    }
    let functions = compat::private().merge(compat::webhook());
    (
        public.merge(compat::public()).nest(compat::FUNCTIONS, compat::public()),
        private.merge(compat::private()).nest(compat::FUNCTIONS, functions),
    )
}

/// What machines ask.
fn health() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(ops::healthz))
        .routes(routes!(ops::readyz))
        .routes(routes!(ops::metrics))
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    // What any may read is the same for all: a CDN need not tell them apart. What a browser asks first is not kept by one.
    let (origin, vary) = if origins.iter().any(|origin| origin == "*") {
        (AllowOrigin::any(), None)
    } else {
        (AllowOrigin::list(origins.iter().cloned()), Some(header::ORIGIN))
    };
    CorsLayer::new()
        .allow_origin(origin)
        .vary(Vary::list(vary))
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        .max_age(PREFLIGHT_HOLDS)
}

/// How long a browser may remember that it may ask: the longest that Chromium does.
const PREFLIGHT_HOLDS: Duration = Duration::from_hours(2);

/// What browsers may see of an answer beside its body.
const EXPOSED: [HeaderName; 4] =
    [header::ETAG, deliver::X_CACHE, deliver::SERVER_TIMING, request_id::X_REQUEST_ID];

fn exposed_headers() -> HeaderValue {
    let names = EXPOSED.map(|name| name.to_string()).join(",");
    names.parse().unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        routing::get,
    };

    use super::*;

    fn mistake() -> &'static str {
        panic!("told to nobody")
    }

    #[tokio::test]
    async fn a_panic_becomes_a_problem_and_gives_its_place_back() {
        let in_flight = InFlight::new(1, Duration::from_secs(20));
        let app = guarded(Router::new().route("/", get(|| async { mistake() })), &in_flight);
        for _ in 0..3 {
            let response = app.clone().oneshot(Request::new(Body::empty())).await.unwrap();
            assert_eq!(response.status(), 500);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
            let body = to_bytes(response.into_body(), 10_000).await.unwrap();
            let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(problem["status"], 500);
            assert!(!problem.to_string().contains("told to nobody"), "{problem}");
        }
    }
}
