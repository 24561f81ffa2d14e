//! A record as Airtable writes it.
//!
//! **Invariants:** `createdTime` has whole seconds and `.000Z`; a field without a value is left out; attachments get their URLs here, at
//! the time they are read.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::simulator::{
    attachments::Links,
    cells::Slot,
    store::{Shown, Table},
};

/// How records are to be shown.
pub(super) struct Shape<'a> {
    /// Field ids for keys instead of names.
    pub(super) by_id: bool,
    /// `None`: all fields.
    pub(super) only: Option<&'a [Slot]>,
    pub(super) links: &'a Links,
    pub(super) now: DateTime<Utc>,
}

impl Shape<'_> {
    pub(super) fn record(&self, table: &Table, id: &str, shown: &Shown<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        for field in &table.fields {
            if let Some(cell) = shown.cells.get(&field.slot)
                && self.only.is_none_or(|only| only.contains(&field.slot))
            {
                let key = if self.by_id { &field.id } else { &field.name };
                fields.insert(key.clone(), self.links.dress(cell, self.now));
            }
        }
        let created = shown.created.to_rfc3339_opts(SecondsFormat::Secs, true).replace('Z', ".000Z");
        Map::from_iter([
            ("id".to_owned(), json!(id)),
            ("createdTime".to_owned(), json!(created)),
            ("fields".to_owned(), Value::Object(fields)),
        ])
    }
}
