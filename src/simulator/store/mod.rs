//! The base: its tables and what was done to them.
//!
//! **Invariants:** pure state; the time is an argument and ids come from a seed, so the same calls give the same base. Records
//! stand in the order of their ids, which says nothing about their age: arbitrary and stable, like Airtable's. A change made at
//! `t` is seen by readers whose replica shows `t` or later; writers see the latest state.
//!
//! **Not here:** what requests and answers look like ([`super::api`]).

mod field;
mod iterators;
mod journal;
mod record;
mod replica;
mod table;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

pub use self::table::FieldKind;
pub(super) use self::{
    field::{Computed, Field, Instead},
    iterators::{Iterators, NoPage},
    journal::{Event, Happened, differing},
    record::{Record, Version},
    replica::Replica,
    table::{Shown, Table},
};
use super::{
    cells::{Cells, Slot},
    ids::Ids,
};

pub(super) struct Store {
    pub(super) tables: Vec<Table>,
    pub(super) iterators: Iterators,
    pub(super) ids: Ids,
    /// What was done since it was last taken.
    pub(super) journal: Vec<Event>,
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
        let mut cells = Cells::new();
        for (name, value) in fields {
            let Some(known) = self.tables.get(table) else { break };
            let slot = match known.field(&name) {
                Some(field) => Some(field.slot),
                None => self.add_field(table, &name, FieldKind::suiting(&value)).map(|(slot, _)| slot),
            };
            cells.extend(slot.map(|slot| (slot, value)));
        }
        cells
    }

    /// Adds a field; gives its slot and id.
    pub(super) fn add_field(&mut self, place: usize, name: &str, kind: FieldKind) -> Option<(Slot, String)> {
        let id = self.ids.next("fld");
        let slot = self.tables.get_mut(place)?.add_field(id.clone(), name.to_owned(), kind);
        self.note(place, Happened::FieldCreated { id: id.clone(), name: name.to_owned(), kind: json!(kind) });
        Some((slot, id))
    }

    /// Changes a field's name or type. False if there is none.
    pub(super) fn change_field(&mut self, place: usize, name: &str, change: impl FnOnce(&mut Field)) -> bool {
        let Some(field) = self.tables.get_mut(place).and_then(|table| table.field_mut(name)) else {
            return false;
        };
        let look = |field: &Field| json!({"name": field.name, "type": field.kind()});
        let before = look(field);
        change(field);
        let (id, after) = (field.id.clone(), look(field));
        if before != after {
            self.note(place, Happened::FieldChanged { id, before, after });
        }
        true
    }

    /// Removes a field with all its cells. False if there is none.
    pub(super) fn remove_field(&mut self, place: usize, name: &str) -> bool {
        let Some(table) = self.tables.get_mut(place) else { return false };
        let Some(id) = table.field(name).map(|field| field.id.clone()) else { return false };
        table.remove_field(&id);
        self.note(place, Happened::FieldDestroyed { id });
        true
    }

    /// Puts a new record there.
    pub(super) fn create(&mut self, (table, id): Place<'_>, cells: Cells, now: DateTime<Utc>) {
        if let Some(found) = self.tables.get_mut(table) {
            found.records.insert(id.to_owned(), Record::new(cells, now));
            self.note_creation((table, id));
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
        let before = self.latest((table, id));
        let Some(record) = self.record_mut((table, id)) else { return false };
        let done = record.change(changes, replace, now);
        let after = self.latest((table, id));
        if before != after {
            self.note(table, Happened::Changed { id: id.to_owned(), before, after });
        }
        done
    }

    /// Deletes the record. False if it is not there.
    pub(super) fn delete(&mut self, (table, id): Place<'_>, now: DateTime<Utc>) -> bool {
        let done = self.record_mut((table, id)).is_some_and(|record| record.set_deleted(true, now));
        if done {
            self.note(table, Happened::Destroyed { id: id.to_owned() });
        }
        done
    }

    /// Brings a deleted record back as it was, under its id. False if there is none.
    pub(super) fn restore(&mut self, place: Place<'_>, now: DateTime<Utc>) -> bool {
        let done = self.record_mut(place).is_some_and(|record| record.set_deleted(false, now));
        if done {
            self.note_creation(place);
        }
        done
    }

    fn note_creation(&mut self, (table, id): Place<'_>) {
        let cells = self.latest((table, id));
        self.note(table, Happened::Created { id: id.to_owned(), cells });
    }

    fn note(&mut self, table: usize, what: Happened) {
        self.journal.push(Event { table, what });
    }

    fn latest(&self, (table, id): Place<'_>) -> Cells {
        let record = self.tables.get(table).and_then(|table| table.records.get(id));
        record.and_then(Record::latest).map(|version| version.cells.clone()).unwrap_or_default()
    }

    fn record_mut(&mut self, (table, id): Place<'_>) -> Option<&mut Record> {
        self.tables.get_mut(table)?.records.get_mut(id)
    }
}
