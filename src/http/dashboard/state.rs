//! What the dashboard keeps between requests.
//!
//! **Invariants:** sessions live in signed cookies; kept here are only those that were ended early, the allowance of wrong log-ins and
//! the last snapshot. All of it is bounded.

use std::{net::SocketAddr, sync::Arc};

use axum::{extract::ConnectInfo, http::HeaderMap};
use chrono_tz::Tz;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{
    session::Sessions,
    snapshot::{Shown, Watch},
    throttle::Throttle,
};
use crate::{
    config::Config,
    http::{pages::Policy, per_client},
};

/// Streams of events open at once.
const STREAMS: usize = 100;

/// The page's address.
pub(super) const HOME: &str = "/dashboard";

/// What the dashboard needs beside the parts that it shows. Cheap to clone.
#[derive(Clone)]
pub struct Dashboard {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) sessions: Sessions,
    pub(super) throttle: Throttle,
    pub(super) policy: Policy,
    pub(super) zone: Tz,
    behind_proxy: bool,
    pub(super) watch: Watch,
    pub(super) streams: Arc<Semaphore>,
    pub(super) stop: CancellationToken,
}

impl Dashboard {
    /// From the settings and the parts that it shows; what it keeps open ends with `stop`.
    pub fn new(config: &Config, shown: Shown, stop: CancellationToken) -> Self {
        Self {
            inner: Arc::new(Inner {
                sessions: Sessions::new(&config.auth.admin_token.newest(), *config.auth.session_for),
                throttle: Throttle::default(),
                policy: Policy::with_pictures_from(&[]),
                zone: config.sync.time_zone,
                behind_proxy: config.server.behind_proxy,
                watch: Watch::new(shown),
                streams: Arc::new(Semaphore::new(STREAMS)),
                stop,
            }),
        }
    }

    /// The client's address: the other end of the connection, or what the proxy in front names last.
    pub(super) fn client(
        &self,
        ConnectInfo(peer): ConnectInfo<SocketAddr>,
        headers: &HeaderMap,
    ) -> std::net::IpAddr {
        per_client::client(headers, peer.ip(), self.inner.behind_proxy)
    }
}
