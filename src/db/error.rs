//! What the database may say, sorted by what can be done about it.

use std::time::Duration;

/// A query failed.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection, or the server is starting, stopping or full: the same query may work later.
    #[error("PostgreSQL cannot be reached ({0}); check that it runs and that DATABASE_URL is right")]
    Unreachable(#[source] sqlx::Error),
    /// No answer for longer than the server lets any statement run: the connection is dead, and nobody has said so.
    #[error(
        "PostgreSQL has not answered for {0:?}; the connection to it is lost or the server is overloaded"
    )]
    Silent(Duration),
    /// The server refused what it was given: a value or a statement is wrong, and so it stays.
    #[error("PostgreSQL refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
    /// Values vanished from these fields, or changed their kind, and nobody has looked yet whether the fields did; nothing was stored.
    #[error("a value vanished from Airtable; its field has to be looked at first")]
    FieldsMayBeGone(Vec<String>),
    /// A pooler in transaction or statement mode stands before the server.
    #[error(
        "DATABASE_URL leads to a pooler that gives each transaction another connection (PgBouncer with pool_mode = transaction, Supavisor \
         on port 6543); vitrina needs one that is its own: use the session port (Supabase: 5432), pool_mode = session, or the server itself"
    )]
    TransactionPooler,
    /// Tables of another system stand where ours belong.
    #[error(
        "the schema {schema:?} already holds {} of another system, which vitrina neither changes nor reads; give vitrina a schema of its \
         own: database.schema (VITRINA__DATABASE__SCHEMA) = vitrina; see docs/migration.md", relations.join(", ")
    )]
    ForeignTables {
        /// Where.
        schema: String,
        /// Their names.
        relations: Vec<String>,
    },
    /// The tables could not be brought to this version.
    #[error("the database could not be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl DbError {
    /// Whether the same query may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Silent(_) => true,
            Self::Migration(sqlx::migrate::MigrateError::Execute(error)) => unreachable_now(error),
            Self::Refused(_)
            | Self::FieldsMayBeGone(_)
            | Self::TransactionPooler
            | Self::ForeignTables { .. }
            | Self::Migration(_) => false,
        }
    }

    /// Whether it may be the values of one record that the server refused. Missing rights, tables and columns (SQLSTATE classes 28, 3F and 42)
    /// are refused to every record alike.
    pub fn may_be_the_values(&self) -> bool {
        match self {
            Self::Refused(sqlx::Error::Database(error)) => {
                error.code().is_none_or(|code| !matches!(code.get(..2), Some("28" | "3F" | "42")))
            }
            Self::Refused(_) => true,
            _ => false,
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        if unreachable_now(&error) { Self::Unreachable(error) } else { Self::Refused(error) }
    }
}

fn unreachable_now(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| may_work_later(&code)),
        _ => false,
    }
}

/// SQLSTATE classes of PostgreSQL's appendix A: 08 connection, 40 rollback (deadlock, serialization), 53 out of resources, 57
/// operator intervention (shutdown, crash, start-up, cancelled by a time-out), 25006 read-only during a failover.
fn may_work_later(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "40" | "53" | "57")) || code == "25006"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_told_from_what_stays_wrong() {
        for code in ["08006", "40P01", "53300", "57P01", "57P03", "57014", "25006"] {
            assert!(may_work_later(code), "{code}");
        }
        for code in ["22P05", "23505", "42P01", "42501", "", "2"] {
            assert!(!may_work_later(code), "{code}");
        }
        assert!(DbError::from(sqlx::Error::PoolTimedOut).is_transient());
        assert!(!DbError::from(sqlx::Error::RowNotFound).is_transient());
    }
}
