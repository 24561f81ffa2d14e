//! Airtable formulas, written so that no name or value can break out of its place.
//!
//! **Sources:** <https://support.airtable.com/docs/formula-field-reference>; the escapes are those of pyairtable's
//! `formulas.py` (`quoted`, `field_name`), which tests them against Airtable. Two or more `}` in one field's name cannot be
//! written at all: that is a limit of Airtable, met by naming the field by its id.

use crate::domain::RecordId;

/// True for the records with these ids, of this table only. No ids: never true.
pub fn any_of(ids: &[RecordId]) -> String {
    if ids.is_empty() {
        return "FALSE()".to_owned();
    }
    let conditions: Vec<String> = ids.iter().map(|id| format!("RECORD_ID()='{id}'")).collect();
    format!("OR({})", conditions.join(","))
}

/// A field by its name or its `fld…` id, such as `{OrdenStatus}`.
pub fn field(name_or_id: &str) -> String {
    format!("{{{}}}", name_or_id.replace('}', r"\}"))
}

/// A text, such as `'Comprado'`.
pub fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_stay_in_their_places() {
        assert_eq!(field("OrdenStatus"), "{OrdenStatus}");
        assert_eq!(field("En Reparación"), "{En Reparación}");
        assert_eq!(field("odd}name"), r"{odd\}name}");
        assert_eq!(text("Comprado"), "'Comprado'");
        assert_eq!(text("d'Or"), r"'d\'Or'");
        assert_eq!(text(r"a\"), r"'a\\'");
    }

    #[test]
    fn records_are_named_by_their_ids() {
        let ids: Vec<RecordId> =
            ["recA1b2C3d4E5f6G7", "recB1b2C3d4E5f6G7"].map(|id| id.parse().unwrap()).into();
        assert_eq!(any_of(&ids), "OR(RECORD_ID()='recA1b2C3d4E5f6G7',RECORD_ID()='recB1b2C3d4E5f6G7')");
        assert_eq!(any_of(&ids[..1]), "OR(RECORD_ID()='recA1b2C3d4E5f6G7')");
        assert_eq!(any_of(&[]), "FALSE()");
    }
}
