//! Tests whether the database takes writes at the moment, for `/readyz`.
//!
//! A standby, a database that was set to read-only and a server whose disk is full answer every question and store nothing, so only a write proves
//! anything. This one goes to a temporary table, which each commit empties: it needs a page of disk, and leaves neither rows nor write-ahead log.
//!
//! **Invariants:** the connection is not one of the pool's, so a pool that is busy is ready.

use std::time::Duration;

use super::{Db, DbError, error::INSUFFICIENT_PRIVILEGE, within};

/// The longest time for the write.
const PATIENCE: Duration = Duration::from_secs(5);

/// One message, hence one transaction.
const WRITE: &str =
    "create temporary table if not exists vitrina_ready (written boolean) on commit delete rows;
                     insert into vitrina_ready values (true)";

impl Db {
    /// Tests whether something can be written. Where the role may not make temporary tables, only whether the
    /// database is read-only.
    pub async fn takes_writes(&self) -> Result<(), DbError> {
        let written = within(PATIENCE, async { Ok(sqlx::raw_sql(WRITE).execute(&self.turns).await?) });
        match written.await {
            Err(DbError::Refused(error))
                if error
                    .as_database_error()
                    .is_some_and(|error| error.code().as_deref() == Some(INSUFFICIENT_PRIVILEGE)) =>
            {
                Ok(())
            }
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }
}
