//! The state of the base that one request is shown.
//!
//! **Invariants:** pure; a replica shows every record as it was at one time, but for the records whose last edits it is said to have
//! missed. Writers see the latest state, whatever replicas show.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// A copy of the base that may be behind.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Replica {
    /// The time whose state it shows.
    pub(in crate::simulator) at: DateTime<Utc>,
    /// The number of edits that it has missed, by record.
    missed: BTreeMap<String, usize>,
}

impl Replica {
    /// A replica that shows the state of that time.
    pub(in crate::simulator) fn of(at: DateTime<Utc>) -> Self {
        Self { at, missed: BTreeMap::new() }
    }

    /// The same one, without the last edits of a record.
    pub(in crate::simulator) fn missing(mut self, id: &str, edits: usize) -> Self {
        self.missed.insert(id.to_owned(), edits);
        self
    }

    pub(super) fn missed_edits(&self, id: &str) -> usize {
        self.missed.get(id).copied().unwrap_or(0)
    }
}
