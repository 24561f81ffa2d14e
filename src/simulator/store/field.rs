//! A field, and what may become of its cells without anybody editing a record.
//!
//! **Invariants:** what people put into a field's cells stays there. A computed field shows what its formula makes of a record's other
//! cells; a field with a trouble shows that trouble in its cells until it is over, then again what it showed before.
//!
//! **Sources:** errors in cells: `{"error":"#ERROR!"}` and `{"specialValue":"NaN"}`, see pyairtable's `is_airtable_error`.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{FieldKind, Record, Replica, Version};
use crate::simulator::{
    cells::{Cells, Slot, is_empty},
    ids,
};

/// What a computed field shows for the record's other cells by field name.
pub(in crate::simulator) type Formula = Arc<dyn Fn(&Map<String, Value>) -> Value + Send + Sync>;

#[derive(Debug)]
pub(in crate::simulator) struct Field {
    pub(in crate::simulator) slot: Slot,
    pub(in crate::simulator) id: String,
    pub(in crate::simulator) name: String,
    /// Its type while there is no trouble.
    pub(in crate::simulator) usual_kind: FieldKind,
    pub(in crate::simulator) computed: Option<Computed>,
    troubles: Vec<Trouble>,
}

/// A formula, and how much later than an edit its cell follows.
pub(in crate::simulator) struct Computed {
    pub(in crate::simulator) formula: Formula,
    pub(in crate::simulator) later: Duration,
}

impl fmt::Debug for Computed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Computed").field("later", &self.later).finish_non_exhaustive()
    }
}

/// What a field's cells show instead of their values.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::simulator) enum Instead {
    /// This, in every record: the formula is broken.
    Error(Value),
    /// The ids of records of another table: the field was turned into a link to one.
    Links,
}

#[derive(Debug)]
struct Trouble {
    instead: Instead,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

impl Field {
    pub(super) fn new(slot: Slot, id: String, name: String, kind: FieldKind) -> Self {
        Self { slot, id, name, usual_kind: kind, computed: None, troubles: Vec::new() }
    }

    /// Its type as the schema tells it now.
    pub(in crate::simulator) fn kind(&self) -> FieldKind {
        match self.troubles.last() {
            Some(Trouble { instead: Instead::Links, until: None, .. }) => FieldKind::MultipleRecordLinks,
            _ => self.usual_kind,
        }
    }

    /// Begins a trouble, ending the one before.
    pub(in crate::simulator) fn trouble(&mut self, instead: Instead, now: DateTime<Utc>) {
        self.mend(now);
        self.troubles.push(Trouble { instead, from: now, until: None });
    }

    /// Ends a trouble.
    pub(in crate::simulator) fn mend(&mut self, now: DateTime<Utc>) {
        if let Some(last) = self.troubles.last_mut() {
            last.until.get_or_insert(now);
        }
    }

    fn instead_at(&self, time: DateTime<Utc>) -> Option<&Instead> {
        let covers =
            |trouble: &&Trouble| trouble.from <= time && trouble.until.is_none_or(|until| until > time);
        self.troubles.iter().rev().find(covers).map(|trouble| &trouble.instead)
    }

    fn is_plain(&self) -> bool {
        self.computed.is_none() && self.troubles.is_empty()
    }
}

/// The cells that a replica shows of a version of the record; without a replica, those of the end, when all have followed.
pub(super) fn shown<'v>(
    fields: &[Field],
    (id, record): (&str, &Record),
    version: &'v Version,
    replica: Option<&Replica>,
) -> Cow<'v, Cells> {
    let mut cells = Cow::Borrowed(&version.cells);
    for field in fields.iter().filter(|field| !field.is_plain()) {
        if let Some(computed) = &field.computed {
            let followed = match replica {
                Some(replica) => record.followed(id, replica, computed.later),
                None => Some(version),
            };
            let value = followed.map(|version| (computed.formula)(&named(fields, &version.cells)));
            set(cells.to_mut(), field.slot, value.unwrap_or_default());
        }
        let trouble = match replica {
            Some(replica) => field.instead_at(replica.at),
            None => field.troubles.last().filter(|last| last.until.is_none()).map(|last| &last.instead),
        };
        let value = match (trouble, cells.get(&field.slot)) {
            (None, _) | (Some(Instead::Links), None) => continue,
            (Some(Instead::Error(error)), _) => error.clone(),
            (Some(Instead::Links), Some(value)) => links(value),
        };
        set(cells.to_mut(), field.slot, value);
    }
    cells
}

fn set(cells: &mut Cells, slot: Slot, value: Value) {
    if is_empty(&value) {
        cells.remove(&slot);
    } else {
        cells.insert(slot, value);
    }
}

fn named(fields: &[Field], cells: &Cells) -> Map<String, Value> {
    fields.iter().filter_map(|field| Some((field.name.clone(), cells.get(&field.slot)?.clone()))).collect()
}

/// A linked record for each value, the same for the same value.
fn links(value: &Value) -> Value {
    let one = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        json!(ids::of("rec", &text))
    };
    match value {
        Value::Array(values) => values.iter().map(one).collect(),
        value => json!([one(value)]),
    }
}
