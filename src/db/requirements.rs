//! Requirements that a database must meet for vitrina to work in it.
//!
//! **Invariants:** nothing is written before all of it holds; the start and `doctor` judge by the same rules and say the same.
//!
//! **Not here:** what passes by itself (a server that is away, a standby), what migrations find (`migrate`).

use std::fmt;

use super::{Db, DbError, checkup::Checkup};
use crate::config::LEAST_CONNECTIONS;

/// The oldest version that has all that the queries need.
const OLDEST: i32 = 140_000;

/// Connections beside the pool: for turns and readiness, the lock of a run, the lock of the native webhook, and maintenance.
pub const CONNECTIONS_BESIDE: u32 = 4;

/// A requirement that a database does not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmet {
    /// The server is too old.
    Version(String),
    /// The database cannot hold every letter.
    Encoding(String),
    /// The server gives too few connections.
    Connections(i64),
}

impl Unmet {
    /// What it is about, in a word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Version(_) => "version",
            Self::Encoding(_) => "encoding",
            Self::Connections(_) => "connections",
        }
    }

    /// What was found.
    pub fn found(&self) -> String {
        match self {
            Self::Version(version) => format!("PostgreSQL {version}"),
            Self::Encoding(encoding) => format!("the database is in {encoding}"),
            Self::Connections(limit) => format!("at most {limit} connections are allowed"),
        }
    }

    /// Why vitrina cannot work with it.
    pub fn why(&self) -> String {
        match self {
            Self::Version(_) => "vitrina's SQL needs PostgreSQL 14 or newer.".to_owned(),
            Self::Encoding(_) => "Not every name and description could be stored.".to_owned(),
            Self::Connections(_) => format!(
                "vitrina needs {} for one instance: to read, to write, to hear of other instances, and for locks.",
                LEAST_CONNECTIONS + CONNECTIONS_BESIDE
            ),
        }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Version(_) => "Upgrade the server, or use another one.",
            Self::Encoding(_) => {
                "Make a database with: create database … encoding 'UTF8' template template0."
            }
            Self::Connections(_) => {
                "Raise the limit: alter role … connection limit, alter database … connection limit, or max_connections of the server."
            }
        }
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}. {} {}", self.found(), self.why(), self.remedy())
    }
}

impl Checkup {
    /// The requirements that this database does not meet.
    pub fn unmet(&self) -> Vec<Unmet> {
        let least = i64::from(LEAST_CONNECTIONS + CONNECTIONS_BESIDE);
        let version = (self.version_number < OLDEST).then(|| Unmet::Version(self.version.clone()));
        let encoding = (self.encoding != "UTF8").then(|| Unmet::Encoding(self.encoding.clone()));
        let limit = (self.connection_limit < least).then_some(Unmet::Connections(self.connection_limit));
        [version, encoding, limit].into_iter().flatten().collect()
    }
}

impl Db {
    /// Fails in a database where vitrina cannot work, however long it waits. Writes nothing.
    pub async fn refuse_unsuitable(&self) -> Result<(), DbError> {
        self.refuse_transaction_pooler().await?;
        match self.look_at_server().await?.unmet().into_iter().next() {
            Some(unmet) => Err(DbError::Unsuitable(unmet)),
            None => Ok(()),
        }
    }
}
