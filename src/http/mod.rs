//! The HTTP edge.
//!
//! A connection is driven by [`serve`]; each request on it enters by the [`Front`], which gives it an id, measures it and turns a panic
//! into a 500. Public reads, all that a website asks for, are answered by `reads`, hit or miss, without a router. Everything else goes
//! to the [`router`] below: webhooks, operators' routes, pages for people, health.
//!
//! | what | where |
//! | --- | --- |
//! | `GET /vehicles…`, `/rapid-processor…`, `/cache-stats`, `/openapi.json` | `reads`, with `conditional` and `deliver` |
//! | `POST /airtable-sync`, `/airtable-notifications` | `webhook`, `notifications` |
//! | runs, figures, logs, the queue, the cache | `runs`, `monitoring`, `ops`; at their old addresses `compat` |
//! | `/dashboard…`, the shop page, `/docs` and their files | `dashboard`, `shop`, `docs`, `pages`, `fixed` |
//! | what handlers share | `state`; who may call: `auth`; bodies: `body`; places and time: `guard`; errors: `problem` |
//!
//! **Invariants:** every response carries `x-request-id`; every error is `application/problem+json`, those of unknown routes, wrong
//! methods, bodies too large, time-outs and panics too. Handlers extract, call one use case and render. Nothing below uses this file.
//!
//! **Not here:** what is cached (`catalog`), what a sync is (`sync`).

mod auth;
mod body;
mod compat;
mod conditional;
mod cors;
mod dashboard;
mod deliver;
mod docs;
mod fixed;
mod front;
mod guard;
mod monitoring;
mod notifications;
mod openapi;
mod ops;
mod pages;
mod per_client;
mod problem;
mod reads;
mod request_id;
mod runs;
pub mod schema;
pub mod serve;
mod shop;
mod state;
mod webhook;

use axum::{Router, middleware};
use utoipa::openapi::OpenApi as Description;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::{
    auth::Credentials,
    dashboard::{Dashboard, Shown},
    front::Front,
    per_client::PerClient,
    state::{AppState, Limits},
};
use self::{cors::Cors, front::Public, reads::Reads};

/// The whole service.
pub fn front(state: AppState) -> Front {
    let reads =
        Reads::new(&state, openapi::file(&describe(state.limits.supabase_paths, !state.limits.health_apart)));
    let public = Public { reads, cors: Cors::new(&state.limits.cors_origins) };
    let monitor = state.monitor.clone();
    Front::new(router(state), Some(public), monitor)
}

/// Health, readiness and metrics alone, for `server.admin_bind`.
pub fn admin_front(state: AppState) -> Front {
    let monitor = state.monitor.clone();
    Front::new(finished(watched(health(), &state.limits), state), None, monitor)
}

/// Everything but the public reads.
fn router(state: AppState) -> Router {
    let limits = &state.limits;
    let shop = limits.shop.as_deref().map(shop::routes).unwrap_or_default();
    let (private, _) = private(limits.supabase_paths).split_for_parts();
    let mut routes = private
        .layer(middleware::from_fn(request_id::trace))
        .merge(docs::routes())
        .merge(pages::routes())
        .merge(dashboard::routes())
        .merge(shop)
        .layer(middleware::from_fn_with_state(limits.in_flight.clone(), guard::admit))
        .layer(middleware::from_fn_with_state(limits.request_timeout, guard::limit_time));
    if !limits.health_apart {
        routes = routes.merge(watched(health(), limits));
    }
    finished(routes, state)
}

/// What machines ask takes no place in flight: an instance with much to do would be restarted for not answering.
fn watched(routes: OpenApiRouter<AppState>, limits: &Limits) -> Router<AppState> {
    let (routes, _) = routes.split_for_parts();
    routes
        .layer(middleware::from_fn(request_id::trace))
        .layer(middleware::from_fn_with_state(limits.request_timeout, guard::limit_time))
}

fn finished(routes: Router<AppState>, state: AppState) -> Router {
    routes
        .fallback(problem::unknown_route)
        .method_not_allowed_fallback(problem::wrong_method)
        .with_state(state)
}

/// The description of the API.
pub fn api(supabase_paths: bool) -> Description {
    describe(supabase_paths, true)
}

/// The same, with or without the routes of machines that watch, which may have an address of their own.
fn describe(supabase_paths: bool, with_health: bool) -> Description {
    let private = private(supabase_paths);
    let private = if with_health { private.merge(health()) } else { private };
    openapi::describe(reads::routes::describe(supabase_paths), private.into_openapi())
}

/// The routes of webhooks and operators.
fn private(supabase_paths: bool) -> OpenApiRouter<AppState> {
    let routes = OpenApiRouter::new()
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
    if supabase_paths { routes.merge(compat::routes()) } else { routes }
}

/// The routes of machines that watch.
fn health() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(ops::healthz))
        .routes(routes!(ops::readyz))
        .routes(routes!(ops::metrics))
}
