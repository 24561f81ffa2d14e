//! The composition root: every part is built here, once, and told when to stop.
//!
//! **Invariants**
//! - The port is bound when the tables are up to date and the database answers, not before; nothing waits for Airtable.
//! - Everything that runs is a task of the [`Lifecycle`], so a stop waits for all of it, and the database goes last.
//!
//! **Not here:** the command line (`cli`), what the parts do.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use tokio::{
    net::{TcpListener, TcpSocket},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    airtable::{AirtableClient, Others, SetUpError},
    alerts::{Alerts, ChannelError},
    catalog::{Catalog, News},
    config::{Config, DatabaseSettings},
    db::{Db, DbError},
    http::{self, AppState, Credentials, Dashboard, Limits, Shown},
    lifecycle::{Ending, Lifecycle},
    monitor::Monitor,
    private_pg::{Keep, Options, PrivatePg, PrivatePgError},
    signals::Signal,
    sync::Engine,
};

/// How long a database that hangs may hold up the end.
const CLOSING: Duration = Duration::from_secs(5);

/// The running service.
pub struct App {
    addr: SocketAddr,
    admin_addr: Option<SocketAddr>,
    state: AppState,
    lifecycle: Lifecycle,
    postgres: Option<PrivatePg>,
}

/// The service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The private PostgreSQL did not come up.
    #[error(transparent)]
    PrivatePostgres(#[from] PrivatePgError),
    /// The database refused us for a reason that waiting does not mend.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The client for Airtable could not be built.
    #[error(transparent)]
    Client(#[from] SetUpError),
    /// A channel of the alerts could not be built.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The port is taken or not ours.
    #[error("{addr} cannot be bound ({source}); choose another BIND_ADDR or stop what uses it")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A header in the settings is not a header.
    #[error("a setting does not fit into an HTTP header: {0}")]
    Header(#[from] axum::http::header::InvalidHeaderValue),
    /// Asked to stop before the start was over.
    #[error("stopped while starting")]
    Stopped,
}

impl App {
    /// Starts everything; returns when the port is open.
    pub async fn start(config: &Config, lifecycle: Lifecycle) -> Result<Self, StartError> {
        let stop = lifecycle.soft();
        let (url, postgres) = if let Some(url) = &config.database.url {
            (url.expose_secret().to_owned(), None)
        } else {
            let starting = PrivatePg::start(private_postgres(&config.database));
            let postgres = stop.run_until_cancelled(starting).await.ok_or(StartError::Stopped)??;
            (postgres.url(), Some(postgres))
        };
        let db = Db::new(&url, &config.database)?;
        stop.run_until_cancelled(Box::pin(db.prepare(&config.listing.private)))
            .await
            .ok_or(StartError::Stopped)??;
        let state = build(config, db, stop.clone())?;
        let (listener, addr) = bind(config.server.bind_addr)?;
        let admin = match config.server.admin_bind {
            Some(addr) => Some(bind(addr)?),
            None => None,
        };
        let admin_addr = admin.as_ref().map(|(_, addr)| *addr);
        let app = Self { addr, admin_addr, state, lifecycle, postgres };
        app.spawn(listener, admin.map(|(listener, _)| listener), config);
        tracing::info!("listening on http://{addr}");
        if let Some(addr) = admin_addr {
            tracing::info!("health and metrics are on http://{addr}");
        }
        Ok(app)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where health and metrics are, if they are apart.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin_addr
    }

    /// The parts, for whoever drives the service from inside: the demo and the tests.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Waits until a stop is asked for and everything has ended.
    pub async fn finish(self) -> Ending {
        let ending = self.lifecycle.wait().await;
        if timeout(CLOSING, self.state.db.close()).await.is_err() {
            tracing::warn!("the database does not let its connections go; leaving them");
        }
        match self.postgres {
            None => {}
            Some(postgres) => match timeout(CLOSING, postgres.stop()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(error = %error, "the private PostgreSQL did not stop as it should");
                }
                Err(_) => {
                    tracing::error!("the private PostgreSQL does not stop; it is ended with this process");
                }
            },
        }
        ending
    }

    fn spawn(&self, listener: TcpListener, admin: Option<TcpListener>, config: &Config) {
        let lifecycle = &self.lifecycle;
        let front = http::front(self.state.clone());
        let limits = http::serve::Limits {
            header_timeout: *config.server.header_timeout,
            write_timeout: *config.server.write_timeout,
            max_connections: config.server.max_connections.get(),
        };
        let (soft, hard) = (lifecycle.soft(), lifecycle.hard());
        lifecycle.spawn_essential("http", http::serve::serve(listener, front, limits, soft, hard));
        if let Some(admin) = admin {
            let (front, soft, hard) =
                (http::admin_front(self.state.clone()), lifecycle.soft(), lifecycle.hard());
            lifecycle.spawn_essential("admin http", http::serve::serve(admin, front, limits, soft, hard));
        }
        let (monitor, stop) = (self.state.monitor.clone(), lifecycle.soft());
        lifecycle.spawn("metrics", async move {
            stop.run_until_cancelled(monitor.keep_metrics()).await;
        });
        let (engine, stop) = (self.state.engine.clone(), lifecycle.soft());
        lifecycle.spawn_essential("sync", async move { engine.run(stop).await });
        let (alerts, stop) = (self.state.alerts.clone(), lifecycle.soft());
        lifecycle.spawn("alerts", async move { alerts.run(stop).await });
        let (state, stop) = (self.state.clone(), lifecycle.soft());
        lifecycle.spawn("listener", async move {
            let listening = state.catalog.listen(|news| heed(&state.engine, news));
            Box::pin(stop.run_until_cancelled(listening)).await;
        });
    }
}

/// How our own PostgreSQL is run when there is no `DATABASE_URL`.
pub fn private_postgres(settings: &DatabaseSettings) -> Options {
    Options {
        programs_dir: settings.programs_dir.clone(),
        ..Options::new(Keep::Data(settings.private_data_dir.to_path_buf()))
    }
}

/// The write side alone, for commands that sync without serving; running instances hear of what it stores.
pub fn engine(config: &Config, db: Db) -> Result<Engine, StartError> {
    let catalog = Catalog::new(db.clone(), config.locations.clone(), &config.cache);
    let airtable = AirtableClient::new(&config.airtable)?;
    airtable.share_turns(others(&db, &config.airtable.base_id));
    Ok(Engine::new(db, airtable, catalog, config))
}

/// Those on the same database, who ask the same base. Without the database each goes by its own count.
fn others(db: &Db, base_id: &str) -> Others {
    let base: Arc<str> = base_id.into();
    let (turns, to_turn) = (db.clone(), Arc::clone(&base));
    let (pauses, to_pause) = (db.clone(), base);
    Others {
        take_turn: Box::new(move |per_window, window| {
            let (db, base) = (turns.clone(), Arc::clone(&to_turn));
            Box::pin(async move {
                db.take_turn(&base, per_window, window).await.unwrap_or_else(|error| {
                    tracing::debug!(error = %error, "turns of the base cannot be shared at the moment");
                    None
                })
            })
        }),
        pause: Box::new(move |pause| {
            let (db, base) = (pauses.clone(), Arc::clone(&to_pause));
            Box::pin(async move {
                if let Err(error) = db.pause_turns(&base, pause).await {
                    tracing::warn!(error = %error, "the other instances could not be told to leave the base alone");
                }
            })
        }),
    }
}

fn build(config: &Config, db: Db, stop: CancellationToken) -> Result<AppState, StartError> {
    let engine = engine(config, db.clone())?;
    let catalog = engine.catalog().clone();
    let monitor = Monitor::new(db.clone(), engine.clone(), config);
    let alerts = Alerts::new(db.clone(), engine.clone(), config)?;
    let shown = Shown {
        db: db.clone(),
        catalog: catalog.clone(),
        monitor: monitor.clone(),
        alerts: alerts.clone(),
        signals: engine.signals().clone(),
    };
    Ok(AppState {
        dashboard: Dashboard::new(config, shown, stop),
        catalog,
        alerts,
        monitor,
        engine,
        db,
        credentials: Credentials::new(&config.auth),
        limits: Arc::new(Limits::new(config)),
    })
}

/// Connections that may wait to be accepted: a burst of webhooks arrives faster than a busy machine accepts. The system may allow fewer
/// (`net.core.somaxconn`).
const BACKLOG: u32 = 4_096;

fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Bind { addr, source };
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
    // Else a port that was just given up could not be had again for minutes.
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.bind(addr).map_err(failed)?;
    let listener = socket.listen(BACKLOG).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Acts on the news of the listener that are no commits.
fn heed(engine: &Engine, news: News) {
    match news {
        News::Pinged => engine.webhook_pinged(),
        News::Listening { after_outage } => {
            engine.signals().clear(Signal::ListenerDown);
            if after_outage {
                engine.want_catch_up();
            }
        }
        News::Deaf(reason) => engine.signals().raise(Signal::ListenerDown, reason),
    }
}
