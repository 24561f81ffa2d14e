//! What stands in a record's cells.
//!
//! **Invariants:** an empty value (`""`, `[]`, `false`, `null`) is never kept, as Airtable never sends one; zero is a value.
//! Cells are keyed by [`Slot`], which belongs to a field for ever, so that renaming a field touches no record and a field
//! added later under an old name does not inherit the old one's cells.

use std::collections::BTreeMap;

use serde_json::Value;

/// A field's place in its table; given once and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub(super) u32);

/// The filled cells of a record.
pub(super) type Cells = BTreeMap<Slot, Value>;

/// Whether Airtable takes `value` for an empty cell.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Writes `changes` over `cells`, an empty value clearing its cell; gives the slots whose value is another one now.
pub(super) fn overwrite(cells: &mut Cells, changes: Cells) -> Vec<Slot> {
    let mut other = Vec::new();
    for (slot, value) in changes {
        let differs = if is_empty(&value) {
            cells.remove(&slot).is_some()
        } else {
            cells.get(&slot) != Some(&value) && {
                cells.insert(slot, value);
                true
            }
        };
        if differs {
            other.push(slot);
        }
    }
    other
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn empty_values_clear_a_cell_and_zero_fills_it() {
        let mut cells = Cells::from([(Slot(0), json!("x")), (Slot(1), json!(5)), (Slot(2), json!(true))]);
        let changes = Cells::from([
            (Slot(0), json!("")),
            (Slot(1), json!(0)),
            (Slot(2), json!(false)),
            (Slot(3), json!([])),
            (Slot(4), json!(null)),
        ]);
        assert_eq!(overwrite(&mut cells, changes), [Slot(0), Slot(1), Slot(2)]);
        assert_eq!(cells, Cells::from([(Slot(1), json!(0))]));
    }
}
