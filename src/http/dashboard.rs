//! `/dashboard`: the page on which operators see at a glance how it is, and act.
//!
//! It is rendered here, in Spanish or English, and works without JavaScript; a small script keeps it up to date by the events of
//! [`live`], which bring the parts that have changed.
//!
//! **Invariants**
//! - Nothing but the log-in page is shown to those without a session ([`session`]); nothing is done by a `GET`.
//! - What is done needs a session, that session's token in the form, and a browser that says the form is ours ([`actions`]).
//! - Errors are pages too, for those who read pages ([`trouble`]).
//! - Whatever comes from Airtable, a log or an address is escaped by the templates; none of them says `safe` but for parts that
//!   templates made.
//!
//! **Not here:** the figures (`monitor`), troubles (`alerts`), what a run does (`sync`).

mod actions;
mod chart;
mod cookie;
mod format;
mod language;
mod live;
mod login;
mod news;
mod page;
mod parts;
mod run;
mod session;
mod snapshot;
mod texts;
mod throttle;
mod trouble;
mod visitor;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::ConnectInfo,
    http::HeaderMap,
    middleware,
    response::Redirect,
    routing::{any, get, post},
};
use chrono_tz::Tz;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use self::snapshot::Shown;
use self::{session::Sessions, snapshot::Watch, throttle::Throttle};
use super::{AppState, pages::Policy, per_client, problem};
use crate::config::Config;

/// The page's address.
const HOME: &str = "/dashboard";

/// What the dashboard needs beside the parts that it shows. Cheap to clone.
#[derive(Clone)]
pub struct Dashboard {
    inner: Arc<Inner>,
}

struct Inner {
    sessions: Sessions,
    throttle: Throttle,
    policy: Policy,
    zone: Tz,
    behind_proxy: bool,
    watch: Watch,
    streams: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Dashboard {
    /// From the settings and the parts that it shows; what it keeps open ends with `stop`.
    pub fn new(config: &Config, shown: Shown, stop: CancellationToken) -> Self {
        Self {
            inner: Arc::new(Inner {
                sessions: Sessions::new(&config.auth.admin_token, config.auth.session_for),
                throttle: Throttle::default(),
                policy: Policy::with_pictures_from(&[]),
                zone: config.sync.time_zone,
                behind_proxy: config.server.behind_proxy,
                watch: Watch::new(shown),
                streams: Arc::new(Semaphore::new(live::STREAMS)),
                stop,
            }),
        }
    }

    /// Who is asking: the other end of the connection, or whom the proxy in front names last.
    fn client(&self, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: &HeaderMap) -> std::net::IpAddr {
        per_client::client(headers, Some(peer.ip()), self.inner.behind_proxy).unwrap_or_else(|| peer.ip())
    }
}

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/dashboard", get(page::show))
        .route("/dashboard/", get(|| async { Redirect::permanent(HOME) }))
        .route("/dashboard/live", get(live::stream))
        .route("/dashboard/runs/{id}", get(run::show))
        .route("/dashboard/confirm/{action}", get(actions::ask))
        .route("/dashboard/actions/{action}", post(actions::act))
        .route("/dashboard/login", get(login::show).post(login::log_in))
        .route("/dashboard/logout", post(login::log_out))
        .route("/dashboard/language/{code}", get(login::choose_language))
        .route("/dashboard/{*rest}", any(problem::unknown_route))
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(middleware::from_fn(trouble::in_words))
}
