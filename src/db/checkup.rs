//! The questions that `doctor` asks a database.
//!
//! **Invariants:** nothing is written, made or prepared, so it may be asked of any server, also behind a pooler that mixes connections up. No
//! answer holds the password.
//!
//! **Not here:** what the answers mean to an operator (`cli::doctor`).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{Connection, PgConnection, Row};
use tokio::time::timeout;

use super::{Db, DbError, MIGRATOR, migrate::OURS};

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoConnection {
    /// Nobody answers there: the host is unknown, the port is closed, or the way is blocked.
    Unreachable(String),
    /// Somebody answers who does not speak PostgreSQL, or not with this encryption.
    Encryption(String),
    /// The password is wrong, or there is none.
    Password,
    /// The server does not let this user in from here.
    User(String),
    /// There is no such database.
    Database,
    /// The server has no connection left.
    Full(String),
    /// The server is starting or stopping.
    NotYet(String),
    /// Anything else that the server says.
    Other(String),
}

/// Where the address leads, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Host and port, or the socket's folder.
    pub server: String,
    /// The port; with 6543 a pooler of Supabase is likely.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The database.
    pub database: String,
}

/// A server's properties, and what vitrina may do there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Checkup {
    /// Such as 150018.
    pub version_number: i32,
    /// Such as `15.18 (Debian …)`.
    pub version: String,
    /// Such as `UTF8`.
    pub encoding: String,
    /// Connections that this user may have in this database at once.
    pub connection_limit: i64,
    /// Whether it takes no changes: a standby, or a setting.
    pub read_only: bool,
    /// Its time.
    pub now: DateTime<Utc>,
    /// Whether the schema of the settings exists.
    pub schema_exists: bool,
    /// Whether tables may be made there: in the schema, or the schema itself.
    pub may_create: bool,
    /// Tables of ours that belong to somebody else, and to whom.
    pub owned_by_others: Vec<String>,
    /// Tables and views of our names.
    pub ours: Vec<String>,
    /// Whether migrations have been noted there.
    pub migrated: bool,
}

/// The migrations of the tables, compared with this version's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrations {
    /// Steps that were taken.
    pub applied: usize,
    /// Steps of this version that were not.
    pub pending: Vec<i64>,
    /// Steps that this version does not know: a newer one has been here.
    pub unknown: Vec<i64>,
    /// Steps that broke off or were taken in another wording.
    pub broken: Vec<i64>,
}

impl Db {
    /// Where the address leads.
    pub fn place(&self) -> Place {
        let options = &self.options;
        let server = match options.get_socket() {
            Some(folder) => format!("{} (socket)", folder.display()),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        Place {
            server,
            port: options.get_port(),
            user: options.get_username().to_owned(),
            database: options.get_database().unwrap_or(options.get_username()).to_owned(),
        }
    }

    /// The server's answers, or why there are none.
    pub async fn check_up(&self, patience: Duration) -> Result<Checkup, NoConnection> {
        match timeout(patience, self.look_at_server()).await {
            Ok(found) => found.map_err(|error: sqlx::Error| no_connection(&error)),
            Err(_) => Err(NoConnection::Unreachable(format!("no answer within {} s", patience.as_secs()))),
        }
    }

    /// What the server says.
    pub(super) async fn look_at_server(&self) -> Result<Checkup, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        let found = checkup(&mut connection, &self.schema).await?;
        connection.close().await?;
        Ok(found)
    }

    /// The migrations of the tables, compared with this version's. Only for a schema where migrations have been noted.
    pub async fn check_migrations(&self) -> Result<Migrations, DbError> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        let query = format!(
            r#"select coalesce(json_agg(json_build_array(version, success, encode(checksum, 'base64')) order by version), '[]')::text
               from "{}"._sqlx_migrations"#,
            self.schema
        );
        let applied: Vec<(i64, bool, String)> = ask(&mut connection, query).await?;
        connection.close().await?;
        let steps = || MIGRATOR.iter().filter(|step| step.migration_type.is_up_migration());
        let taken = |version: i64| applied.iter().find(|(other, ..)| *other == version);
        let broken = |(version, success, checksum): &&(i64, bool, String)| {
            let ours = steps().find(|step| step.version == *version);
            !success || ours.is_some_and(|step| BASE64.encode(&step.checksum) != *checksum)
        };
        Ok(Migrations {
            applied: applied.len(),
            pending: steps().map(|step| step.version).filter(|version| taken(*version).is_none()).collect(),
            unknown: applied
                .iter()
                .map(|(version, ..)| *version)
                .filter(|version| steps().all(|step| step.version != *version))
                .collect(),
            broken: applied.iter().filter(broken).map(|(version, ..)| *version).collect(),
        })
    }

    /// Tests whether a session keeps its advisory locks and hears notices.
    pub async fn check_session(&self) -> Result<(), DbError> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        for statement in [
            "select pg_try_advisory_lock(7625)",
            "select pg_advisory_unlock(7625)",
            "listen vitrina_doctor",
            "unlisten *",
        ] {
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }
}

/// One question, answered as JSON. The schema's name has been checked to be a plain one.
async fn checkup(connection: &mut PgConnection, schema: &str) -> Result<Checkup, sqlx::Error> {
    let ours: Vec<String> = OURS.iter().map(|name| format!("'{name}'")).collect();
    let ours = ours.join(", ");
    let query = format!(
        "with place as (select oid from pg_namespace where nspname = '{schema}'),
              relation as (select relname::text as name, relowner from pg_class where relnamespace = (select oid from place))
         select json_build_object(
             'version_number', current_setting('server_version_num')::int,
             'version', current_setting('server_version'),
             'encoding', current_setting('server_encoding'),
             'connection_limit', (
                 select case when r.rolsuper then s.total else least(s.total, nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1)) end
                 from pg_roles r, pg_database d, (select current_setting('max_connections')::int) s(total)
                 where r.rolname = session_user and d.datname = current_database()),
             'read_only', pg_is_in_recovery() or current_setting('transaction_read_only')::bool,
             'now', now(),
             'schema_exists', exists (select from place),
             'may_create', coalesce(
                 (select has_schema_privilege(oid, 'create') and has_schema_privilege(oid, 'usage') from place),
                 has_database_privilege(current_database(), 'create')),
             'owned_by_others', (select coalesce(json_agg(name || ' (' || pg_get_userbyid(relowner) || ')' order by name), '[]')
                                 from relation where name in ({ours}, '_sqlx_migrations') and not pg_has_role(relowner, 'usage')),
             'ours', (select coalesce(json_agg(name order by name), '[]') from relation where name in ({ours})),
             'migrated', exists (select from relation where name = '_sqlx_migrations'))::text"
    );
    ask(connection, query).await
}

async fn ask<T: for<'de> Deserialize<'de>>(
    connection: &mut PgConnection,
    query: String,
) -> Result<T, sqlx::Error> {
    let row = sqlx::raw_sql(sqlx::AssertSqlSafe(query)).fetch_one(connection).await?;
    let answer: String = row.try_get(0)?;
    serde_json::from_str(&answer).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn no_connection(error: &sqlx::Error) -> NoConnection {
    match error {
        sqlx::Error::Io(cause) => NoConnection::Unreachable(cause.to_string()),
        sqlx::Error::Tls(cause) => NoConnection::Encryption(cause.to_string()),
        sqlx::Error::Protocol(said) => NoConnection::Encryption(said.clone()),
        sqlx::Error::Database(refusal) => {
            let said = refusal.message().to_owned();
            match refusal.code().as_deref().unwrap_or_default() {
                "28P01" => NoConnection::Password,
                "3D000" => NoConnection::Database,
                // PgBouncer and Supavisor have codes of their own taste.
                _ if said.contains("password authentication failed")
                    || said.contains("no password supplied") =>
                {
                    NoConnection::Password
                }
                code if code.starts_with("28") => NoConnection::User(said),
                "42501" => NoConnection::User(said),
                code if code.starts_with("53") => NoConnection::Full(said),
                "57P03" => NoConnection::NotYet(said),
                _ => NoConnection::Other(said),
            }
        }
        other => NoConnection::Other(other.to_string()),
    }
}
