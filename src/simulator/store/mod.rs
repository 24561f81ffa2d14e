//! The base: its tables and what was done to them.
//!
//! **Invariants:** pure state; the time is an argument and ids come from a seed, so the same calls give the same base. Records
//! stand in the order of their ids, which says nothing about their age: arbitrary and stable, like Airtable's. A change made at
//! `t` is seen by readers from `t` plus the visibility delay in force at `t`; writers see the latest state.
//!
//! **Not here:** what requests and answers look like ([`super::api`]).

mod iterators;
mod record;
mod table;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub use self::table::FieldKind;
pub(super) use self::{
    iterators::{Iterators, NoPage},
    record::{Record, Version},
    table::{Field, Table},
};
use super::{cells::Cells, ids::Ids};

pub(super) struct Store {
    pub(super) tables: Vec<Table>,
    pub(super) iterators: Iterators,
    pub(super) ids: Ids,
    /// How long a change stays unseen by readers.
    pub(super) visibility_delay: Duration,
}

/// Where a record is: the place of its table, and its id.
pub(super) type Place<'a> = (usize, &'a str);

impl Store {
    /// The table of this id or name, by its place.
    pub(super) fn find_table(&self, id_or_name: &str) -> Option<usize> {
        let by = |what: fn(&Table) -> &str| self.tables.iter().position(|table| what(table) == id_or_name);
        by(|table| &table.id).or_else(|| by(|table| &table.name))
    }

    pub(super) fn table(&self, place: usize) -> Option<&Table> {
        self.tables.get(place)
    }

    /// The table a record is or was in.
    pub(super) fn table_of(&self, id: &str) -> Option<usize> {
        self.tables.iter().position(|table| table.records.contains_key(id))
    }

    /// Turns cells by name or id into cells by slot; a field the table lacks is added to it, of a kind that suits the value.
    pub(super) fn cells_adding_fields(&mut self, table: usize, fields: Map<String, Value>) -> Cells {
        let Some(table) = self.tables.get_mut(table) else { return Cells::new() };
        let mut slot = |name: &str, value: &Value| match table.field(name) {
            Some(field) => field.slot,
            None => table.add_field(self.ids.next("fld"), name.to_owned(), FieldKind::suiting(value)),
        };
        fields.into_iter().map(|(name, value)| (slot(&name, &value), value)).collect()
    }

    /// Puts a new record there, or brings back or overwrites the one that had this id.
    pub(super) fn create(&mut self, (table, id): Place<'_>, cells: Cells, now: DateTime<Utc>) {
        let visible_from = now + self.visibility_delay;
        if let Some(table) = self.tables.get_mut(table) {
            table.records.insert(id.to_owned(), Record::new(cells, now, visible_from));
        }
    }

    /// Writes `changes` over the record's cells; with `replace` all others are cleared. False if it is not there.
    pub(super) fn change(
        &mut self,
        (table, id): Place<'_>,
        changes: Cells,
        replace: bool,
        now: DateTime<Utc>,
    ) -> bool {
        let visible_from = now + self.visibility_delay;
        self.record_mut((table, id)).is_some_and(|record| record.change(changes, replace, now, visible_from))
    }

    /// Deletes the record. False if it is not there.
    pub(super) fn delete(&mut self, place: Place<'_>, now: DateTime<Utc>) -> bool {
        let visible_from = now + self.visibility_delay;
        self.record_mut(place).is_some_and(|record| record.set_deleted(true, now, visible_from))
    }

    /// Brings a deleted record back as it was, under its id. False if there is none.
    pub(super) fn restore(&mut self, place: Place<'_>, now: DateTime<Utc>) -> bool {
        let visible_from = now + self.visibility_delay;
        self.record_mut(place).is_some_and(|record| record.set_deleted(false, now, visible_from))
    }

    fn record_mut(&mut self, (table, id): Place<'_>) -> Option<&mut Record> {
        self.tables.get_mut(table)?.records.get_mut(id)
    }
}
