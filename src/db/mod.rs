//! The only SQL.
//!
//! One function per query, absence is `Ok(None)`. A vehicle travels as JSON both ways
//! (`jsonb_populate_recordset` in, `to_json` out): its columns have the same names in Rust, SQL and the API, and a test sends
//! every column there and back.
//!
//! **Invariants:** statements are checked against the migrations at build time (`.sqlx`), those of `columns` and of the listing, which are built
//! for what is asked, by tests; all run in the schema `database.schema` (by `search_path`) and in UTC. Vehicles are written by
//! [`records::Storing`] alone.
//!
//! **Not here:** what a change means (`domain`), when the cache is dropped (`sync`).

pub mod alerts;
pub mod checkup;
mod columns;
mod error;
pub mod failures;
pub mod fields;
pub mod figures;
pub mod history;
mod listing;
pub mod lock;
pub mod logs;
mod migrate;
pub mod notify;
mod pooler;
mod prepare;
pub mod queue;
mod ready;
pub mod records;
mod repeat;
pub mod requirements;
pub mod run_logs;
pub mod runs;
pub mod search;
mod secure;
mod session;
pub mod slugs;
mod turns;
pub mod usage;
pub mod vehicles;
pub mod webhooks;

use std::{str::FromStr, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, types::PgInterval},
};
use uuid::Uuid;

pub use self::error::DbError;
use crate::config::DatabaseSettings;

/// The migrations, shared by the service and the tests.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// When a read began, by the database alone: its number among the reads of all instances, and the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The higher number began later.
    seq: i64,
    at: DateTime<Utc>,
}

/// A pool of connections and this instance's name. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    turns: PgPool,
    instance: Uuid,
    options: PgConnectOptions,
    schema: String,
    patience: Duration,
}

impl Db {
    /// A pool that connects when first used; nothing is sent yet.
    pub fn new(url: &str, settings: &DatabaseSettings) -> Result<Self, DbError> {
        // sqlx logs parameters that it does not know with their values, which may be secrets.
        let options =
            tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || {
                PgConnectOptions::from_str(url)
            })?
            .application_name("vitrina");
        let schema = settings.schema.to_string();
        let connect = |connections| {
            let path = format!(r#""{schema}", public, extensions"#);
            let session = session::begin(&path, Some(*settings.statement_timeout));
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(*settings.acquire_timeout)
                .test_before_acquire(false)
                .before_acquire(|connection, its| {
                    Box::pin(async move { Ok(session::may_be_used(connection, its).await) })
                })
                .after_connect(move |connection, _| {
                    let session = session.clone();
                    Box::pin(async move {
                        sqlx::raw_sql(sqlx::AssertSqlSafe(session)).execute(connection).await?;
                        Ok(())
                    })
                })
                .connect_lazy_with(options.clone())
        };
        let pool = connect(settings.max_connections.get());
        // Of its own: a burst that has all the others must not hold up whose turn it is, nor whether the service is ready.
        let turns = connect(1);
        let patience = settings.statement_timeout.saturating_add(NETWORK);
        Ok(Self { pool, turns, instance: Uuid::now_v7(), options, schema, patience })
    }

    /// The database's answer, or [`DbError::Silent`] when it takes longer than a statement may. The server ends such
    /// a statement, so longer silence means that the connection died unseen, as behind a gateway that forgets it.
    /// Loops that wait for the database wait inside this.
    pub async fn patiently<T>(&self, answer: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
        within(self.patience, answer).await
    }

    /// The stamp of a read. Take it *before* the read begins.
    pub async fn stamp(&self) -> Result<Stamp, DbError> {
        let stamp =
            sqlx::query_as!(Stamp, r#"select nextval('sync_seq') as "seq!", clock_timestamp() as "at!""#)
                .fetch_one(&self.pool)
                .await?;
        Ok(stamp)
    }

    /// The time by the database's clock, which all times that are compared come from.
    pub async fn now(&self) -> Result<DateTime<Utc>, DbError> {
        Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(&self.pool).await?)
    }

    /// Ends all connections; waits for those in use.
    pub async fn close(&self) {
        tokio::join!(self.pool.close(), self.turns.close());
    }

    /// The pool, for figures.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

/// The time that an answer may take beyond `database.statement_timeout`.
const NETWORK: Duration = Duration::from_secs(5);

/// An answer that comes in time, else [`DbError::Silent`].
pub async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, DbError>>,
) -> Result<T, DbError> {
    tokio::time::timeout(limit, answer).await.unwrap_or(Err(DbError::Silent(limit)))
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}
