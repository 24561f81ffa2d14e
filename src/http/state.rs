//! What handlers share: the parts of the service, and the limits of its HTTP edge.
//!
//! **Invariants:** nothing here knows a route; a handler takes only the part that it needs (`FromRef`). Header values come parsed from
//! the settings.
//!
//! **Not here:** limits of connections ([`super::serve::Limits`]).

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{extract::FromRef, http::HeaderValue};

use super::{auth::Credentials, dashboard::Dashboard, guard::InFlight, per_client::PerClient};
use crate::{
    alerts::Alerts,
    catalog::Catalog,
    config::{Config, ServerSettings, values::Origin},
    db::Db,
    monitor::Monitor,
    sync::Engine,
};

/// The parts of the service that handlers use.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The read side.
    pub catalog: Catalog,
    /// The write side.
    pub engine: Engine,
    /// Alerts: what is wrong, and who has been told.
    pub alerts: Alerts,
    /// Figures, logs, runs and the queue.
    pub monitor: Monitor,
    /// For readiness and notices to other instances.
    pub db: Db,
    /// The secrets of webhooks and operators.
    pub credentials: Credentials,
    /// Limits and headers.
    pub limits: Arc<Limits>,
    /// What the operators' page keeps between requests.
    pub dashboard: Dashboard,
}

/// Limits and headers of the HTTP edge.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest body, in bytes.
    pub max_body_bytes: usize,
    /// The longest time that a body may take.
    pub body_timeout: Duration,
    /// The longest time that an answer may take.
    pub request_timeout: Duration,
    /// The places of requests in flight.
    pub in_flight: InFlight,
    /// Records in one webhook.
    pub max_batch: usize,
    /// The origins whose browsers may read.
    pub cors_origins: Vec<HeaderValue>,
    /// `Cache-Control` of the listing.
    pub list_control: HeaderValue,
    /// `Cache-Control` of a vehicle.
    pub detail_control: HeaderValue,
    /// `Cache-Control` of the facets.
    pub facets_control: HeaderValue,
    /// `Cache-Control` of the slugs.
    pub slugs_control: HeaderValue,
    /// The longest time that a response is cached.
    pub cache_ttl: Duration,
    /// Whether health and metrics have an address of their own.
    pub health_apart: bool,
    /// Whether the old system's addresses answer.
    pub supabase_paths: bool,
    /// How often one client may use the public routes; `None`: without a limit.
    pub per_client: Option<PerClient>,
    /// The origins of the shop page's photos; `None`: there is no shop page.
    pub shop: Option<Vec<Origin>>,
}

impl Limits {
    /// From the settings.
    pub fn new(config: &Config) -> Self {
        let (server, sync, cache) = (&config.server, &config.sync, &config.cache);
        Self {
            max_body_bytes: server.max_body_bytes.get(),
            body_timeout: *server.body_timeout,
            request_timeout: *server.request_timeout,
            in_flight: InFlight::new(server.max_in_flight.get()),
            max_batch: sync.max_batch.get(),
            cors_origins: server.cors_origins.0.clone(),
            list_control: cache.list_control.0.clone(),
            detail_control: cache.detail_control.0.clone(),
            facets_control: cache.facets_control.0.clone(),
            slugs_control: cache.slugs_control.0.clone(),
            cache_ttl: cache.ttl,
            health_apart: server.admin_bind.is_some(),
            supabase_paths: config.compat.supabase_paths,
            per_client: per_client(server),
            shop: config.shop.page.then(|| config.shop.photo_origins.clone()),
        }
    }
}

fn per_client(server: &ServerSettings) -> Option<PerClient> {
    Some(PerClient {
        rate: NonZeroU32::new(server.client_requests_per_second)?,
        burst: server.client_burst,
        behind_proxy: server.behind_proxy,
    })
}
