//! Errors of the database, sorted by what can be done about them.

use std::time::Duration;

use sqlx::migrate::MigrateError;

use super::requirements::Unmet;

/// A query failed.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection, or the server is starting, stopping or full: the same query may work later.
    #[error("{}", unreachable(.0))]
    Unreachable(#[source] sqlx::Error),
    /// No answer for longer than the server lets any statement run: the connection is dead, and nobody has said so.
    #[error(
        "PostgreSQL has not answered for {0:?}; the connection to it is lost or the server is overloaded"
    )]
    Silent(Duration),
    /// The server refused what it was given: a value or a statement is wrong, and so it stays.
    #[error("PostgreSQL refused a statement: {}", refused(.0))]
    Refused(#[source] sqlx::Error),
    /// A pooler in transaction or statement mode stands before the server.
    #[error(
        "DATABASE_URL leads to a pooler that gives each transaction another connection (PgBouncer with pool_mode = transaction, Supavisor \
         on port 6543); vitrina needs one that is its own: use the session port (Supabase: 5432), pool_mode = session, or the server itself"
    )]
    TransactionPooler,
    /// The database lacks what vitrina cannot work without.
    #[error("vitrina cannot work in the database of DATABASE_URL: {0}")]
    Unsuitable(Unmet),
    /// A pooler refuses what every connection begins with.
    #[error(
        "DATABASE_URL leads to a PgBouncer that refuses the connection ({0}); let it lead to the server itself (Supabase: the session port 5432), \
         or to a pool with pool_mode = session and ignore_startup_parameters = extra_float_digits"
    )]
    StartupParameter(String),
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
    /// The tables are ours, but the user may not see which version they are of.
    #[error(
        "the tables in the schema {schema:?} belong to the user {owner:?}, and {user:?} may not read which version they are of; let DATABASE_URL \
         name {owner:?}"
    )]
    NotTheOwner {
        /// Where.
        schema: String,
        /// Whose they are.
        owner: String,
        /// Who asked.
        user: String,
    },
    /// The tables could not be brought to this version.
    #[error("the database could not be migrated: {}", not_migrated(.0))]
    Migration(#[from] MigrateError),
}

/// The SQLSTATE of what the user may not do.
pub(super) const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// The beginning of PgBouncer's error for a parameter that it does not know (its `src/client.c`).
const STARTUP_PARAMETER: &str = "unsupported startup parameter";

impl DbError {
    /// Tells whether `DATABASE_URL` has to be changed.
    pub fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::TransactionPooler
                | Self::Unsuitable(_)
                | Self::StartupParameter(_)
                | Self::ForeignTables { .. }
                | Self::NotTheOwner { .. }
        )
    }

    /// Tells whether the same query may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Silent(_) => true,
            Self::Migration(error) => statement_of(error).is_some_and(unreachable_now),
            Self::Refused(_)
            | Self::TransactionPooler
            | Self::Unsuitable(_)
            | Self::StartupParameter(_)
            | Self::ForeignTables { .. }
            | Self::NotTheOwner { .. } => false,
        }
    }

    /// Tells whether another transaction was in the way, so that the same one should be begun anew at once: a
    /// deadlock, a serialization failure, or a slug that another transaction gave meanwhile.
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Unreachable(error) | Self::Refused(error) => {
                code(error).is_some_and(|code| code.starts_with("40") || code == "23505")
            }
            _ => false,
        }
    }

    /// Tells whether the server may have refused the values of one record. Missing rights, tables and columns
    /// (SQLSTATE classes 28, 3F and 42) would be refused to every record alike.
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
        if let Some(refused) =
            error.as_database_error().filter(|error| error.message().starts_with(STARTUP_PARAMETER))
        {
            return Self::StartupParameter(refused.message().to_owned());
        }
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

fn unreachable(error: &sqlx::Error) -> String {
    match code(error).as_deref() {
        Some("25006") => "PostgreSQL is read-only, as a standby is, or with default_transaction_read_only; let DATABASE_URL lead to the \
                          server that takes writes"
            .to_owned(),
        Some(_) => format!("PostgreSQL cannot do it now: {}", said(error)),
        None => format!(
            "PostgreSQL cannot be reached ({error}); check that it runs and that DATABASE_URL is right"
        ),
    }
}

fn refused(error: &sqlx::Error) -> String {
    match code(error).as_deref() {
        Some(INSUFFICIENT_PRIVILEGE) => format!(
            "{}; let DATABASE_URL name the owner of vitrina's tables, or grant its user select, insert, update and delete on them",
            said(error)
        ),
        Some("42P01" | "42703" | "42883") => {
            format!("{}; the tables are not of this version: run `vitrina migrate`", said(error))
        }
        _ => said(error),
    }
}

fn not_migrated(error: &MigrateError) -> String {
    match error {
        MigrateError::VersionMissing(version) => format!(
            "a newer version of vitrina has been here, or one from before the first release (its migration {version} is unknown to this one): \
             run the newer version, or let it take its migrations back first (`vitrina migrate --revert`); after one from before the first \
             release give this one a schema of its own (VITRINA__DATABASE__SCHEMA) and let its first load fill it"
        ),
        MigrateError::VersionMismatch(version) => format!(
            "another version of vitrina made these tables (its migration {version} differs): run that version, or give this one a schema of its \
             own (VITRINA__DATABASE__SCHEMA) and let its first load fill it"
        ),
        error => statement_of(error).map_or_else(|| error.to_string(), refused),
    }
}

/// The error of a migration's statement.
fn statement_of(error: &MigrateError) -> Option<&sqlx::Error> {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Some(error),
        _ => None,
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(Into::into)
}

/// The server's message, without the place in our statement.
fn said(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(database) => match database.code() {
            Some(code) => format!("{} (SQLSTATE {code})", database.message()),
            None => database.message().to_owned(),
        },
        None => error.to_string(),
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
    fn a_refusal_says_what_to_do_and_not_where_in_our_statement() {
        let text = DbError::from(sqlx::Error::PoolTimedOut).to_string();
        assert!(
            text.starts_with("PostgreSQL cannot be reached (") && text.contains("DATABASE_URL"),
            "{text}"
        );
    }

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
