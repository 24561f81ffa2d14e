//! What demo and tests do to the fields of the vehicles.
//!
//! **Invariants:** nothing here edits a record: cells look different, or are out of reach, and are again what they were when the
//! trouble ends.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::BY_HAND;
use crate::simulator::{
    FieldKind, Simulator, VEHICLES,
    store::{Computed, Field, Instead},
};

impl Simulator {
    /// The id of a field of the vehicles.
    pub fn field_id(&self, name: &str) -> Option<String> {
        Some(self.shared.lock().store.table(VEHICLES)?.field(name)?.id.clone())
    }

    /// Adds a field to the vehicles; gives its id.
    pub fn add_field(&self, name: &str, kind: FieldKind) -> String {
        let mut state = self.shared.lock();
        let added = state.store.add_field(VEHICLES, name, kind);
        state.publish(BY_HAND);
        added.map(|(_, id)| id).unwrap_or_default()
    }

    /// Gives a field of the vehicles another name; its id and cells stay. False if there is none.
    pub fn rename_field(&self, old: &str, new: &str) -> bool {
        let mut state = self.shared.lock();
        let done = state.store.change_field(VEHICLES, old, |field| new.clone_into(&mut field.name));
        state.publish(BY_HAND);
        done
    }

    /// Removes a field of the vehicles with all its cells. False if there is none.
    pub fn remove_field(&self, name: &str) -> bool {
        let mut state = self.shared.lock();
        let done = state.store.remove_field(VEHICLES, name);
        state.publish(BY_HAND);
        done
    }

    /// Gives a field of the vehicles another type; its cells stay as they are. False if there is none.
    pub fn retype_field(&self, name: &str, kind: FieldKind) -> bool {
        let mut state = self.shared.lock();
        let done = state.store.change_field(VEHICLES, name, |field| field.usual_kind = kind);
        state.publish(BY_HAND);
        done
    }

    /// Makes a field of the vehicles a computed one, adding it if there is none: it shows what `formula` makes of a record's other cells,
    /// and follows an edit this much `later`. Nobody is told when it follows, and it does not count as a modification.
    pub fn compute(
        &self,
        name: &str,
        later: Duration,
        formula: impl Fn(&Map<String, Value>) -> Value + Send + Sync + 'static,
    ) {
        let mut state = self.shared.lock();
        if state.store.table(VEHICLES).is_some_and(|table| table.field(name).is_none()) {
            state.store.add_field(VEHICLES, name, FieldKind::Formula);
        }
        state.store.change_field(VEHICLES, name, |field| {
            field.usual_kind = FieldKind::Formula;
            field.computed = Some(Computed { formula: Arc::new(formula), later });
        });
        state.publish(BY_HAND);
    }

    /// Shows this in the field's cells of every vehicle, as a broken formula does: `{"error":"#ERROR!"}`, `[{"error":…}]`,
    /// `{"specialValue":"NaN"}`. No record is modified. False if there is no such field.
    pub fn break_field(&self, name: &str, error: Value) -> bool {
        self.change_look(name, |field, now| field.trouble(Instead::Error(error), now))
    }

    /// Turns a field into a link to another table: the schema says so, and its filled cells hold ids of records there. No record is
    /// modified. False if there is no such field.
    pub fn link_field(&self, name: &str) -> bool {
        self.change_look(name, |field, now| field.trouble(Instead::Links, now))
    }

    /// Ends [`Self::break_field`] or [`Self::link_field`]: type and cells are again what they were. False if there is no such field.
    pub fn mend_field(&self, name: &str) -> bool {
        self.change_look(name, Field::mend)
    }

    fn change_look(&self, name: &str, change: impl FnOnce(&mut Field, DateTime<Utc>)) -> bool {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        let done = state.store.change_field(VEHICLES, name, |field| change(field, now));
        state.publish(BY_HAND);
        done
    }
}
