//! What was done to the base since somebody last looked: what webhooks tell of.
//!
//! **Invariants:** only what changed something is noted, in the order in which it was done.
//!
//! **Not here:** who is told ([`crate::simulator::webhooks`]).

use serde_json::Value;

use crate::simulator::cells::{Cells, Slot};

/// Something that was done to a table, by its place in the base.
#[derive(Debug)]
pub(in crate::simulator) struct Event {
    pub(in crate::simulator) table: usize,
    pub(in crate::simulator) what: Happened,
}

#[derive(Debug)]
pub(in crate::simulator) enum Happened {
    /// A record came into the table, or back.
    Created { id: String, cells: Cells },
    /// Cells of a record changed.
    Changed { id: String, before: Cells, after: Cells },
    /// A record was deleted.
    Destroyed { id: String },
    /// A field was added: id, name, type.
    FieldCreated { id: String, name: String, kind: Value },
    /// A field has another name or type: id, and what it was and is.
    FieldChanged { id: String, before: Value, after: Value },
    /// A field was deleted.
    FieldDestroyed { id: String },
}

/// The slots whose value is another one.
pub(in crate::simulator) fn differing(before: &Cells, after: &Cells) -> Vec<Slot> {
    let mut slots: Vec<Slot> = before.keys().chain(after.keys()).copied().collect();
    slots.sort_unstable();
    slots.dedup();
    slots.retain(|slot| before.get(slot) != after.get(slot));
    slots
}
