//! The only SQL.
//!
//! One file per table, one function per query, absence is `Ok(None)`. A vehicle travels as JSON both ways
//! (`jsonb_populate_recordset` in, `to_json` out): its columns have the same names in Rust, SQL and the API, and a test sends
//! every column there and back.
//!
//! **Invariants:** statements are checked against the migrations at build time (`.sqlx`), run in the schema `database.schema` (by
//! `search_path`) and in UTC. Vehicles are written by [`Db::store`] alone.
//!
//! **Not here:** what a change means (`domain`), when the cache is dropped (`sync`).

pub mod alerts;
mod error;
pub mod fields;
pub mod figures;
pub mod lock;
pub mod logs;
pub mod notify;
mod plan;
mod pooler;
pub mod queue;
pub mod records;
pub mod runs;
mod slugs;
pub mod usage;
pub mod vehicles;

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgPool,
    migrate::Migrate,
    postgres::{PgConnectOptions, PgPoolOptions, types::PgInterval},
};
use uuid::Uuid;

pub use self::error::DbError;
use crate::config::DatabaseSettings;

/// The migrations, shared by the service and the tests.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The order of a read among all deliveries and reads of all instances: the higher number began later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(i64);

/// A pool of connections and this instance's name. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    instance: Uuid,
    options: PgConnectOptions,
    schema: String,
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
        let schema = settings.schema.clone();
        let session = session_settings(&schema, settings.statement_timeout);
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(settings.acquire_timeout)
            .after_connect(move |connection, _| {
                let session = session.clone();
                Box::pin(async move {
                    sqlx::raw_sql(sqlx::AssertSqlSafe(session)).execute(connection).await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options.clone());
        Ok(Self { pool, instance: Uuid::now_v7(), options, schema })
    }

    /// Brings the tables to this version; does nothing when they are. Safe on several instances at once (advisory lock).
    pub async fn migrate(&self) -> Result<(), DbError> {
        let schema = format!(r#"create schema if not exists "{}""#, self.schema);
        let exists: Option<String> =
            sqlx::query_scalar("select nspname::text from pg_namespace where nspname = $1")
                .bind(&self.schema)
                .fetch_optional(&self.pool)
                .await?;
        if exists.is_none() {
            sqlx::raw_sql(sqlx::AssertSqlSafe(schema)).execute(&self.pool).await?;
        }
        MIGRATOR.run(&self.pool).await?;
        Ok(())
    }

    /// Takes the newest migration back; does nothing when there is none.
    pub async fn revert_last(&self) -> Result<(), DbError> {
        let Some(version) = self.version().await? else { return Ok(()) };
        let before =
            MIGRATOR.iter().map(|migration| migration.version).filter(|other| *other < version).max();
        MIGRATOR.undo(&self.pool, before.unwrap_or(0)).await?;
        Ok(())
    }

    /// The newest migration that was applied.
    pub async fn version(&self) -> Result<Option<i64>, DbError> {
        let mut connection = self.pool.acquire().await?;
        let table = &MIGRATOR.table_name;
        connection.ensure_migrations_table(table).await?;
        let applied = connection.list_applied_migrations(table).await?;
        Ok(applied.iter().map(|migration| migration.version).max())
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        sqlx::query_scalar!("select 1").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// The next number of the order of deliveries and reads. Take it *before* the read begins.
    pub async fn stamp(&self) -> Result<Stamp, DbError> {
        let number =
            sqlx::query_scalar!(r#"select nextval('sync_seq') as "number!""#).fetch_one(&self.pool).await?;
        Ok(Stamp(number))
    }

    /// Ends all connections; waits for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The pool, for figures.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}

/// What every connection is told first. Not as start-up options, which session poolers refuse. A plan for all values at once would
/// know neither which filters of the listing are given nor how common their values are.
fn session_settings(schema: &str, statement_timeout: Duration) -> String {
    format!(
        r#"set search_path = "{schema}", public, extensions; set timezone = 'UTC'; set statement_timeout = {};
           set plan_cache_mode = force_custom_plan"#,
        statement_timeout.as_millis()
    )
}
