//! Why a record was not synced.
//!
//! **Not here:** what an operator should do, see `airtable::Kind::remedy`.

use std::sync::Arc;

use crate::{
    airtable::{AirtableError, Kind},
    db::DbError,
};

/// Why a record was not synced.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SyncError {
    /// Airtable did not give the record.
    #[error(transparent)]
    Airtable(#[from] Arc<AirtableError>),
    /// Airtable gave the record but not the schema, without which nobody can tell an emptied cell from a field that is gone.
    #[error("a value vanished, and whether its field did cannot be seen: {0}")]
    Schema(#[source] Arc<AirtableError>),
    /// The database did not take it.
    #[error(transparent)]
    Database(#[from] Arc<DbError>),
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopping,
}

impl SyncError {
    /// Tells whether one record may have caused the failure: then parts of a batch may succeed, and a single record
    /// is at fault.
    pub(super) fn may_be_one_records_fault(&self) -> bool {
        match self {
            Self::Airtable(error) => matches!(error.kind, Kind::InvalidRequest | Kind::TooLarge),
            Self::Database(error) => error.may_be_the_values(),
            // The part without the record whose value vanished needs no look at the schema.
            Self::Schema(_) | Self::Stopping => false,
        }
    }

    /// The same of a look at the schema.
    pub(super) fn without_the_schema(self) -> Self {
        match self {
            Self::Airtable(error) => Self::Schema(error),
            other => other,
        }
    }
}

impl From<AirtableError> for SyncError {
    fn from(error: AirtableError) -> Self {
        Self::Airtable(Arc::new(error))
    }
}

impl From<DbError> for SyncError {
    fn from(error: DbError) -> Self {
        Self::Database(Arc::new(error))
    }
}
