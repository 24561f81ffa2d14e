//! vitrina's own PostgreSQL, for `demo`, tests and installations without `DATABASE_URL`.
//!
//! It finds PostgreSQL's programs or fetches them, makes a cluster in a folder, runs it on a Unix socket, starts it again when it
//! crashes, and stops it with vitrina.
//!
//! **Invariants:** one owner per folder; nobody but vitrina's own user can connect (a private socket and the kernel's word on who
//! is there, so there is no password to keep); a temporary cluster leaves no process and no folder behind, in whatever way
//! vitrina ends; a kept one loses nothing that was committed.
//!
//! The story in order: [`identity`] (who runs it), [`programs`] and [`fetch`] (what is run), [`janitor`] (the folder of a
//! temporary cluster), [`home`] (the folder and its locks), [`cluster`] (`initdb` and settings), [`server`] (running).
//!
//! Under systemd, `KillMode=mixed` lets vitrina stop first and its server after it; the default works too, but the server then
//! turns new connections away while vitrina is still finishing.
//!
//! **Not here:** the pool, the schema, migrations: to them this is a `DATABASE_URL` like any other.

mod cluster;
mod error;
mod fetch;
mod home;
mod identity;
mod janitor;
mod programs;
mod server;
#[cfg(test)]
mod tests;

use std::{
    fmt::Write,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use sqlx::{Connection, PgConnection};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::info;

use self::{
    cluster::Cluster, home::Home, identity::Identity, janitor::Janitor, programs::Places, server::Server,
};

pub use error::PrivatePgError;

/// The database that vitrina works in.
const DATABASE: &str = "vitrina";

/// Where the cluster lives, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// In this folder, made where needed, for good.
    Data(PathBuf),
    /// In the system's temporary folder, until the [`PrivatePg`] or its process ends. Fast, and not safe against power cuts.
    Nothing,
}

/// How to run a private PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the cluster lives, and how long.
    pub keep: Keep,
    /// The folder of `initdb`, `pg_ctl` and `postgres`; `None`: looked for, else fetched.
    pub programs_dir: Option<PathBuf>,
    /// Connections at most.
    pub max_connections: u32,
}

impl Options {
    /// The usual options: programs are looked for, up to 100 connections.
    pub fn new(keep: Keep) -> Self {
        Self { keep, programs_dir: None, max_connections: 100 }
    }
}

/// A running server of our own.
///
/// [`PrivatePg::stop`] stops it and waits; dropping it does the same without waiting.
#[derive(Debug)]
pub struct PrivatePg {
    socket_folder: PathBuf,
    stop: DropGuard,
    supervisor: JoinHandle<Result<(), PrivatePgError>>,
}

impl PrivatePg {
    /// Starts the server; when this returns, it answers and the database `vitrina` is there.
    ///
    /// A server that a killed vitrina left behind in the same folder is stopped first. Dropping the future leaves nothing running.
    pub async fn start(options: Options) -> Result<Self, PrivatePgError> {
        let data = match &options.keep {
            Keep::Data(folder) => Some(home::data_in(folder)),
            Keep::Nothing => None,
        };
        let identity = Identity::find(data.as_deref()).await?;
        let (home, janitor) = match &options.keep {
            Keep::Data(folder) => (Home::open(folder, &identity).await?, None),
            Keep::Nothing => {
                let janitor = Janitor::start(&identity).await?;
                (Home::open(janitor.folder(), &identity).await?, Some(janitor))
            }
        };
        let cache = fetch::cache_folder(identity.is_root());
        let places = Places::usual(options.programs_dir.clone(), &cache);
        let programs = programs::find(&places, home.cluster_version(), &identity, async |major| {
            fetch::fetch(&cache, major).await
        })
        .await?;
        let major = programs.major;

        let cluster = Cluster::open(home, identity, programs, janitor, &options).await?;
        let mut server = Server::launch(&cluster).await?;
        make_database(server.ready(&cluster.home).await?).await.map_err(PrivatePgError::Refused)?;

        let socket_folder = cluster.home.socket_folder();
        info!(
            postgres.major = major,
            postgres.folder = %cluster.home.folder().display(),
            "the private PostgreSQL {major} is ready"
        );
        let stop = CancellationToken::new();
        let supervisor = tokio::spawn(server::supervise(cluster, server, stop.clone()));
        Ok(Self { socket_folder, stop: stop.drop_guard(), supervisor })
    }

    /// The address of the database `vitrina` of a server that another process of this user runs in the folder.
    pub fn url_in(folder: &Path) -> String {
        url(&home::socket_in(folder), DATABASE)
    }

    /// The address of the database `vitrina`. It holds no secret: only this operating system's user can use it.
    pub fn url(&self) -> String {
        self.url_for(DATABASE)
    }

    /// The address of another database of the server; `psql` takes it too.
    pub fn url_for(&self, database: &str) -> String {
        url(&self.socket_folder, database)
    }

    /// Stops the server and waits until it has; a temporary cluster's folder is gone then.
    pub async fn stop(self) -> Result<(), PrivatePgError> {
        self.stop.disarm().cancel();
        // A supervisor that was aborted with its runtime has closed the guard's pipe already.
        self.supervisor.await.unwrap_or(Ok(()))
    }
}

async fn make_database(mut connection: PgConnection) -> Result<(), sqlx::Error> {
    let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(DATABASE)
        .fetch_one(&mut connection)
        .await?;
    if !there {
        sqlx::query("create database vitrina").execute(&mut connection).await?;
    }
    connection.close().await
}

/// Port and `sslmode` are spelled out so that `PGPORT` and `PGSSLMODE` in the environment change nothing.
fn url(socket_folder: &Path, database: &str) -> String {
    let database = percent_encoded(database.as_bytes());
    let host = percent_encoded(socket_folder.as_os_str().as_bytes());
    format!("postgres://vitrina@localhost:{}/{database}?host={host}&sslmode=disable", home::PORT)
}

/// Not form encoding: `libpq` takes a `+` for a plus, not for a space.
fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
