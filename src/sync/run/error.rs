//! Why a run did not happen or did not get to its end.

use crate::{db::DbError, sync::SyncError};

/// Why a run did not happen or did not get to its end. What it stored until then stays.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Somebody else runs.
    #[error("another run is under way{}; wait for it to end", .0.as_deref().unwrap_or_default())]
    Busy(Option<String>),
    /// The brake.
    #[error(
        "{leaving} of {listed} listed vehicles would leave the listing, more than sync.max_unlist_share allows, so none was taken out; \
         if they are really sold, run `vitrina sync --full --force`"
    )]
    Brake {
        /// Vehicles that would have left.
        leaving: usize,
        /// Vehicles that were listed.
        listed: i64,
    },
    /// PostgreSQL has ended the connection that held the lock.
    #[error(
        "the lock on runs was lost, because PostgreSQL ended its connection; the next run makes up for it"
    )]
    LockLost,
    /// The service is stopping.
    #[error("stopped before its end; the next run makes up for it")]
    Stopped,
    /// Airtable or the database failed.
    #[error(transparent)]
    Sync(#[from] SyncError),
}

impl From<DbError> for RunError {
    fn from(error: DbError) -> Self {
        Self::Sync(error.into())
    }
}
