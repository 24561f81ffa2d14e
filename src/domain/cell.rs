//! What stands in an Airtable cell, whatever shape it comes in.
//!
//! A cell may be a scalar, an array (lookup, rollup, multiple select) with nulls and further arrays inside, such an array
//! written out as a string, or an object that stands for a value (collaborator, barcode, AI text, attachment) or for none
//! (a formula error). Here all of them become a row of [`Atom`]s.
//!
//! **Invariants:** `null`, `""`, blanks and `[]` give no atom at all, at any depth. Text is trimmed and never empty.
//! Reading is linear in the size of the cell; it recurses no deeper than twice what a JSON parser lets through.
//!
//! **Sources:** <https://airtable.com/developers/web/api/field-model>; the objects of formula errors are not described
//! there, see `pyairtable/api/types.py` (`is_airtable_error`).
//!
//! **Not here:** what an atom means to a column, see [`super::value`].

use std::ops::ControlFlow::{self, Break, Continue};

use serde_json::{Map, Number, Value};

use super::{Fields, Warning};

/// One scalar in a cell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Atom<'a> {
    Text(&'a str),
    Number(&'a Number),
    Flag(bool),
}

/// What could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// The part of the cell as JSON, cut.
    pub(super) value: String,
    /// As in [`Warning::problem`].
    pub(super) problem: String,
}

/// Which member of an object stands for it; the first that is there counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member {
    /// Its words: of a collaborator or choice, a barcode, an AI text, a button.
    Words,
    /// Its address: of an attachment or a button.
    Address,
}

impl Member {
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Words => &["name", "text", "value", "label"],
            Self::Address => &["url", "value", "text"],
        }
    }
}

/// Reads the first thing in a cell that is not empty; `None` if everything is.
pub(super) fn first<T>(
    cell: &Value,
    member: Member,
    read: impl Fn(Atom<'_>) -> Result<T, String>,
) -> Result<Option<T>, Unreadable> {
    let mut found = Ok(None);
    let _ = visit(cell, member, &mut |atom| {
        found = atom.and_then(|atom| read(atom).map_err(|problem| atom.unreadable(problem)).map(Some));
        Break(())
    });
    found
}

/// Reads everything in a cell with `read`, which adds what it finds to the list. What is unreadable is left out; the first
/// such thing is told.
pub(super) fn all(
    cell: &Value,
    member: Member,
    read: impl Fn(Atom<'_>, &mut Vec<String>) -> Result<(), Unreadable>,
) -> (Vec<String>, Option<Unreadable>) {
    let mut found = Vec::new();
    let mut unreadable = None;
    let _ = visit(cell, member, &mut |atom| {
        if let Err(what) = atom.and_then(|atom| read(atom, &mut found)) {
            unreadable.get_or_insert(what);
        }
        Continue(())
    });
    (found, unreadable)
}

/// The entries of a JSON array written out as a string.
pub(super) fn written_array(text: &str) -> Option<Vec<Value>> {
    let text = text.trim();
    if !(text.starts_with('[') && text.ends_with(']')) {
        return None;
    }
    let entries: Vec<Value> = serde_json::from_str(text).ok()?;
    Some(if text.contains("\\u0000") { entries.into_iter().map(without_nul).collect() } else { entries })
}

/// The fields without U+0000, which PostgreSQL takes in neither `text` nor `jsonb`.
pub(super) fn fields_without_nul(fields: &Fields) -> Fields {
    if fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)) {
        fields.clone().into_iter().map(|(name, value)| (name.replace('\0', ""), without_nul(value))).collect()
    } else {
        fields.clone()
    }
}

/// Shows every atom of a cell to `take`, until it has enough.
fn visit(
    cell: &Value,
    member: Member,
    take: &mut dyn FnMut(Result<Atom<'_>, Unreadable>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if let Value::String(text) = cell
        && let Some(entries) = written_array(text)
    {
        return entries.iter().try_for_each(|entry| visit_written(entry, member, take));
    }
    match cell {
        Value::Array(entries) => entries.iter().try_for_each(|entry| visit(entry, member, take)),
        cell => visit_written(cell, member, take),
    }
}

/// As [`visit`], but an array written out as a string stays text, so that the depth is bounded by that of one array.
fn visit_written(
    cell: &Value,
    member: Member,
    take: &mut dyn FnMut(Result<Atom<'_>, Unreadable>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match cell {
        Value::Null => Continue(()),
        Value::Bool(flag) => take(Ok(Atom::Flag(*flag))),
        Value::Number(number) => take(Ok(Atom::Number(number))),
        Value::String(text) => match text.trim() {
            "" => Continue(()),
            text => take(Ok(Atom::Text(text))),
        },
        Value::Array(entries) => entries.iter().try_for_each(|entry| visit_written(entry, member, take)),
        Value::Object(members) => match stand_in(members, member) {
            Ok(value) => visit_written(value, member, take),
            Err(problem) => take(Err(Unreadable { value: quote(cell), problem: problem.to_owned() })),
        },
    }
}

/// Whether Airtable is still working the cell out: an AI text, or one in a lookup, that has no words yet.
pub(super) fn is_being_computed(cell: &Value) -> bool {
    match cell {
        Value::Array(entries) => entries.iter().any(is_being_computed),
        Value::Object(members) => {
            members.get("state").is_some_and(|state| state == "loading")
                && members.get("value").is_none_or(Value::is_null)
        }
        _ => false,
    }
}

fn stand_in(members: &Map<String, Value>, member: Member) -> Result<&Value, &'static str> {
    if members.contains_key("error") || members.contains_key("specialValue") {
        return Err("the formula gives an error instead of a value; mend it in Airtable");
    }
    if members.get("state").is_some_and(|state| state == "error") {
        return Err("the AI field failed; run it again in Airtable");
    }
    let found = member.names().iter().find_map(|name| members.get(*name));
    found.ok_or(match member {
        Member::Words => "an object without words in it, where a plain value is expected",
        Member::Address => {
            "an object without an address in it, where an attachment or an address is expected"
        }
    })
}

impl Atom<'_> {
    pub(super) fn unreadable(self, problem: impl Into<String>) -> Unreadable {
        let value = match self {
            Self::Text(text) => quote_text(text),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        };
        Unreadable { value, problem: problem.into() }
    }
}

/// A text as JSON, cut to what a warning quotes.
pub(super) fn quote_text(text: &str) -> String {
    quote(&Value::String(text.chars().take(Warning::VALUE_CHARS).collect()))
}

fn quote(value: &Value) -> String {
    value.to_string().chars().take(Warning::VALUE_CHARS).collect()
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(entries) => entries.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "")),
        Value::Array(entries) => entries.into_iter().map(without_nul).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name.replace('\0', ""), without_nul(value))).collect()
        }
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is in a cell, as text; unreadable parts as `!` and their quotation.
    fn atoms(cell: &Value, member: Member) -> Vec<String> {
        let mut seen = Vec::new();
        let _ = visit(cell, member, &mut |atom| {
            seen.push(match atom {
                Ok(Atom::Text(text)) => text.to_owned(),
                Ok(Atom::Number(number)) => number.to_string(),
                Ok(Atom::Flag(flag)) => flag.to_string(),
                Err(what) => format!("!{}", what.value),
            });
            Continue(())
        });
        seen
    }

    #[test]
    fn every_shape_of_a_cell_becomes_a_row_of_atoms() {
        for (cell, expected) in [
            (json!(null), vec![]),
            (json!(""), vec![]),
            (json!(" \n\u{a0}"), vec![]),
            (json!([]), vec![]),
            (json!([null, "", [" "], [[]]]), vec![]),
            (json!("[]"), vec![]),
            (json!("[null, \"\"]"), vec![]),
            (json!(" Mazda "), vec!["Mazda"]),
            (json!(0), vec!["0"]),
            (json!(false), vec!["false"]),
            (json!([null, "a", ["b", [3]], true]), vec!["a", "b", "3", "true"]),
            (json!(" [\"a\", \" b \", 3] "), vec!["a", "b", "3"]),
            (json!(["[\"a\", \"b\"]"]), vec!["a", "b"]),
            (json!("[\"a\\u0000b\"]"), vec!["ab"]),
            (json!("[\"[1, 2]\"]"), vec!["[1, 2]"]),
            (json!("[[\"[1, 2]\"]]"), vec!["[1, 2]"]),
            (json!("[sic]"), vec!["[sic]"]),
            (json!({"id": "usrA1b2C3d4E5f6G7", "email": "a@b.mx", "name": "Ana"}), vec!["Ana"]),
            (json!({"text": "3N1AB7", "type": "code39"}), vec!["3N1AB7"]),
            (json!({"state": "generated", "isStale": false, "value": "Un auto"}), vec!["Un auto"]),
            (json!({"state": "loading", "isStale": true, "value": null}), vec![]),
            (json!({"label": "Ver", "url": null}), vec!["Ver"]),
            (json!({"error": "#ERROR!"}), vec!["!{\"error\":\"#ERROR!\"}"]),
            (json!([{"specialValue": "NaN"}, 4]), vec!["!{\"specialValue\":\"NaN\"}", "4"]),
            (json!({"state": "error", "value": null}), vec!["!{\"state\":\"error\",\"value\":null}"]),
            (json!({"id": "attA1b2C3d4E5f6G7"}), vec!["!{\"id\":\"attA1b2C3d4E5f6G7\"}"]),
            (json!({}), vec!["!{}"]),
        ] {
            assert_eq!(atoms(&cell, Member::Words), expected, "{cell}");
        }
        for (cell, expected) in [
            (
                json!([{"id": "attA1b2C3d4E5f6G7", "url": "https://a/1", "filename": "1.jpg"}]),
                vec!["https://a/1"],
            ),
            (json!({"label": "Ver", "url": null}), vec![]),
            (json!({"name": "Ana"}), vec!["!{\"name\":\"Ana\"}"]),
        ] {
            assert_eq!(atoms(&cell, Member::Address), expected, "{cell}");
        }
    }

    #[test]
    fn a_failed_formula_is_told_from_an_object_that_says_nothing() {
        for (cell, says) in [
            (json!({"error": "#ERROR!", "value": 3}), "formula"),
            (json!({"specialValue": "NaN", "value": 3}), "formula"),
            (json!({"state": "error", "value": "viejo"}), "AI field"),
            (json!({"id": "attA1b2C3d4E5f6G7"}), "without words"),
        ] {
            let what = first(&cell, Member::Words, |_| Ok(())).unwrap_err();
            assert!(what.problem.contains(says), "{cell}: {}", what.problem);
        }
    }

    #[test]
    fn a_quotation_is_cut_by_characters() {
        let long = "ñ".repeat(100_000);
        for quoted in [quote_text(&long), quote(&json!([{ "error": long }]))] {
            assert_eq!(quoted.chars().count(), Warning::VALUE_CHARS);
        }
        assert_eq!(quote_text("a\"b"), "\"a\\\"b\"");
    }

    #[test]
    fn nul_is_taken_out_of_names_and_texts_at_any_depth() {
        let Value::Object(fields) = json!({"a\0": ["b\0c", {"d\0": "\0"}], "e": 1}) else { unreachable!() };
        let clean = fields_without_nul(&fields);
        assert_eq!(Value::Object(clean), json!({"a": ["bc", {"d": ""}], "e": 1}));
    }
}
