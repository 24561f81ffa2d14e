//! A record as Airtable gave it, and what may be said against a value in it.
//!
//! **Invariants:** the keys of [`Record::fields`] are field *names*, those under which vitrina knows the fields: the
//! Airtable client reads by id and translates, so nothing below it knows ids. A field that Airtable left out is empty.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::RecordId;

/// The cells of a record by field name, as Airtable sent them.
pub type Fields = Map<String, Value>;

/// One Airtable row.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id, stable for ever.
    pub id: RecordId,
    /// When the row was created in Airtable; never changes.
    pub created_time: DateTime<Utc>,
    /// Its filled cells.
    pub fields: Fields,
}

/// A value that could not be read. It costs its column, never the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The Airtable field.
    pub field: String,
    /// The column that became null or empty.
    pub column: String,
    /// The value as JSON, cut to [`Warning::VALUE_CHARS`].
    pub value: String,
    /// What was wrong and what would be right, as a sentence without a full stop.
    pub problem: String,
}

impl Warning {
    /// How much of a value a warning quotes, in characters.
    pub const VALUE_CHARS: usize = 120;
}
