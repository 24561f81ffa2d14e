//! What handlers share: the parts of the service, and the limits of its HTTP edge.
//!
//! **Invariants:** nothing here knows a route; a handler takes only the part that it needs (`FromRef`). Header values from the settings
//! are parsed once, at the start.
//!
//! **Not here:** limits of connections ([`super::serve::Limits`]).

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    extract::FromRef,
    http::{HeaderValue, header},
};

use super::{auth::Credentials, dashboard::Dashboard, guard::InFlight, per_client::PerClient};
use crate::{
    alerts::Alerts,
    catalog::Catalog,
    config::{Config, ServerSettings},
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
            in_flight: InFlight::new(server.max_in_flight),
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
