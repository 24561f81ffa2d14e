//! The running server: started under a guard, watched, started again when it crashes, stopped.
//!
//! The guard is a small shell process between vitrina and the server. It stops the server when vitrina's end of a pipe closes:
//! at a normal stop, and just so when vitrina panics or is killed. There is no second way to stop, so this one is always tried.
//!
//! **Invariants:** a server never outlives vitrina by more than its shutdown; a crash is logged with the end of the server's log.

use std::{
    io::{self, PipeWriter},
    process::ExitStatus,
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use tokio::{
    process::Child,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    cluster::{Cluster, POLL},
    error::PrivatePgError,
    home::{Home, PORT, tail},
};

/// How long a server may take until it answers: after a crash it first replays its log.
const READY_WITHIN: Duration = Duration::from_mins(2);

/// How long a stop is waited for.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);

/// The wait before a crashed server is started again; doubles with each further crash.
const RESTART_AFTER: Duration = Duration::from_millis(100);

/// The longest such wait.
const RESTART_AFTER_AT_MOST: Duration = Duration::from_secs(30);

/// A server that ran this long starts the waits anew.
const STABLE_AFTER: Duration = Duration::from_mins(1);

/// `cannot_connect_now`: the server is starting or replaying its log.
const STARTING: &str = "57P03";

/// A server and its guard.
#[derive(Debug)]
pub(super) struct Server {
    guard: Child,
    lifeline: PipeWriter,
    /// Where this run's lines begin in the log, in bytes.
    log_begin: u64,
}

impl Server {
    /// Starts the server; it does not answer yet.
    pub(super) async fn launch(cluster: &Cluster) -> Result<Self, PrivatePgError> {
        let log = cluster.claim_log().await?;
        let shell = std::path::Path::new("/bin/sh");
        let failed = |source| PrivatePgError::Program { program: shell.into(), source };
        let (stdin, lifeline) = io::pipe().map_err(failed)?;
        let signal = if cluster.is_temporary() { "QUIT" } else { "INT" };
        let mut guard = cluster.identity.command(shell);
        guard
            .args(["-c", include_str!("guard.sh"), "vitrina-guard", signal])
            .arg(cluster.program("postgres"))
            .args(cluster.server_arguments())
            .stdin(stdin)
            .stdout(cluster.stdout().map_err(failed)?)
            .stderr(log.stderr().map_err(failed)?);
        let guard = guard.spawn().map_err(failed)?;
        Ok(Self { guard, lifeline, log_begin: log.begin() })
    }

    /// Connects to the server as soon as it answers.
    pub(super) async fn ready(&mut self, home: &Home) -> Result<PgConnection, PrivatePgError> {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(home.socket_folder())
            .port(PORT)
            .username("vitrina")
            .database("postgres")
            .ssl_mode(sqlx::postgres::PgSslMode::Disable)
            .disable_statement_logging();
        let began = Instant::now();
        loop {
            let problem = match options.connect().await {
                Ok(connection) => return Ok(connection),
                Err(problem @ sqlx::Error::Io(_)) => problem,
                Err(sqlx::Error::Database(answer)) if answer.code().as_deref() == Some(STARTING) => {
                    sqlx::Error::Database(answer)
                }
                Err(refused) => return Err(PrivatePgError::Refused(refused)),
            };
            let log = home.log();
            let tail = || tail(&home.log(), self.log_begin);
            if matches!(self.guard.try_wait(), Ok(Some(_))) {
                return Err(PrivatePgError::StartFailed { log, tail: tail() });
            }
            if began.elapsed() > READY_WITHIN {
                let problem = problem.to_string();
                return Err(PrivatePgError::NotReady { within: READY_WITHIN, problem, log, tail: tail() });
            }
            sleep(POLL).await;
        }
    }

    async fn stop(self, home: &Home) -> Result<(), PrivatePgError> {
        let Self { mut guard, lifeline, log_begin: _ } = self;
        drop(lifeline);
        timeout(STOPPED_WITHIN, guard.wait())
            .await
            .map(|_| ())
            .map_err(|_| PrivatePgError::DidNotStop { folder: home.folder().into(), within: STOPPED_WITHIN })
    }

    async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.guard.wait().await
    }
}

/// Keeps a server running until `stop`, then stops it and ends the cluster.
pub(super) async fn supervise(
    cluster: Cluster,
    mut server: Server,
    stop: CancellationToken,
) -> Result<(), PrivatePgError> {
    let mut delay = RESTART_AFTER;
    loop {
        let started = Instant::now();
        tokio::select! {
            () = stop.cancelled() => {
                server.stop(&cluster.home).await?;
                break;
            }
            status = server.ended() => {
                let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                let tail = tail(&cluster.home.log(), server.log_begin);
                warn!(postgres.status = status, postgres.log = tail, "the private PostgreSQL ended by itself, starting it again");
            }
        }
        if started.elapsed() > STABLE_AFTER {
            delay = RESTART_AFTER;
        }
        let again = tokio::select! {
            () = stop.cancelled() => break,
            again = relaunch(&cluster, &mut delay) => again,
        };
        server = again;
    }
    cluster.close().await;
    Ok(())
}

async fn relaunch(cluster: &Cluster, delay: &mut Duration) -> Server {
    loop {
        sleep(*delay).await;
        *delay = (*delay * 2).min(RESTART_AFTER_AT_MOST);
        match Server::launch(cluster).await {
            Ok(server) => {
                info!("started the private PostgreSQL again");
                return server;
            }
            Err(problem) => {
                error!(error = %problem, "the private PostgreSQL cannot be started again, trying on");
            }
        }
    }
}
