//! Updates the memory of fields from a look at the schema.
//!
//! **Invariants:** pure; the same schema, memory and time give the same. An id is bound for ever to the name under which it was first seen. A
//! name is given to another field only when its former field is gone. What has not changed keeps its times, so whoever looks second
//! learns nothing new.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    airtable::{FieldSchema, TableSchema},
    domain::KnownField,
};

/// The memory after a look at the schema at `now`.
pub fn bind(schema: &TableSchema, remembered: &[KnownField], now: DateTime<Utc>) -> Vec<KnownField> {
    let former = |field: &FieldSchema| remembered.iter().find(|known| known.id == field.id);
    let mut known: Vec<KnownField> =
        schema.fields.iter().filter_map(|field| Some(seen_again(former(field)?, field, now))).collect();
    let mut used: BTreeSet<String> = known.iter().map(|field| field.name.clone()).collect();
    // The first look ever finds nothing that is new, except for what was missed before the schema could be read.
    let was_seen = remembered.iter().any(|known| !known.is_only_a_name());
    let missed = |name: &str| remembered.iter().any(|known| known.is_only_a_name() && known.name == name);
    for field in schema.fields.iter().filter(|field| former(field).is_none()) {
        let name = if used.insert(field.name.clone()) { &field.name } else { &field.id };
        known.push(KnownField {
            id: field.id.clone(),
            name: name.clone(),
            present_name: field.name.clone(),
            field_type: Some(field.shown_type()),
            renamed_at: None,
            former_type: None,
            retyped_at: None,
            missing_since: None,
            feeds_since: (was_seen || missed(&field.name)).then_some(now),
        });
    }
    for lost in remembered {
        // A name that was given to another field means that one from now on.
        if schema.fields.iter().all(|field| field.id != lost.id) && used.insert(lost.name.clone()) {
            known.push(KnownField { missing_since: lost.missing_since.or(Some(now)), ..lost.clone() });
        }
    }
    known.sort_by(|one, other| one.id.cmp(&other.id));
    known
}

/// A field that was known before, as it is now.
fn seen_again(known: &KnownField, field: &FieldSchema, now: DateTime<Utc>) -> KnownField {
    let mut seen = known.clone();
    if known.missing_since.is_some() {
        seen.missing_since = None;
        seen.feeds_since = Some(now);
    }
    if seen.present_name != field.name {
        seen.present_name.clone_from(&field.name);
        seen.renamed_at = Some(now);
    }
    if seen.present_name == seen.name || known.name == known.id {
        seen.renamed_at = None;
    } else if seen.renamed_at.is_none() {
        seen.renamed_at = Some(now);
    }
    let shown = field.shown_type();
    if let Some(before) = known.field_type.as_ref().filter(|before| **before != shown) {
        seen.former_type = Some(before.clone());
        seen.retyped_at = Some(now);
        seen.feeds_since = Some(now);
    }
    seen.field_type = Some(shown);
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &[(&str, &str, &str)]) -> TableSchema {
        let field = |(id, name, field_type): &(&str, &str, &str)| FieldSchema {
            id: (*id).into(),
            name: (*name).into(),
            field_type: (*field_type).into(),
            ..FieldSchema::default()
        };
        TableSchema {
            id: "tblInventario0000".into(),
            name: "Inventario".into(),
            fields: fields.iter().map(field).collect(),
        }
    }

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-11-23T{hour:02}:00:00Z").parse().unwrap()
    }

    fn names(known: &[KnownField]) -> Vec<(&str, &str)> {
        known.iter().map(|field| (field.id.as_str(), field.name.as_str())).collect()
    }

    /// Looks at one schema after the other, an hour apart from one o'clock on.
    fn looks(schemas: &[TableSchema]) -> Vec<KnownField> {
        (1..).zip(schemas).fold(Vec::new(), |known, (hour, schema)| bind(schema, &known, at(hour)))
    }

    #[test]
    fn a_renamed_field_keeps_the_name_it_was_first_seen_under() {
        let known = looks(&[
            schema(&[("fldA", "Precio", "number")]),
            schema(&[("fldA", "Precio MXN", "number")]),
            schema(&[("fldA", "Precio MXN", "number")]),
        ]);
        assert_eq!(names(&known), [("fldA", "Precio")]);
        assert_eq!((known[0].present_name.as_str(), known[0].renamed_at), ("Precio MXN", Some(at(2))));
        let back = bind(&schema(&[("fldA", "Precio", "number")]), &known, at(9));
        assert_eq!(back[0].renamed_at, None);
    }

    #[test]
    fn a_new_field_that_takes_a_renamed_fields_name_does_not_take_its_place() {
        let known = looks(&[
            schema(&[("fldA", "Precio", "number")]),
            schema(&[("fldB", "Precio", "number"), ("fldA", "Precio viejo", "number")]),
        ]);
        assert_eq!(names(&known), [("fldA", "Precio"), ("fldB", "fldB")]);
        assert_eq!(known[1].renamed_at, None, "it never had another name");
    }

    #[test]
    fn the_name_of_a_deleted_field_is_free_again() {
        let known =
            looks(&[schema(&[("fldA", "Precio", "number")]), schema(&[("fldB", "Precio", "number")])]);
        assert_eq!(names(&known), [("fldB", "Precio")]);
        assert_eq!(known[0].feeds_since, Some(at(2)));
    }

    #[test]
    fn a_deleted_field_is_remembered_and_is_itself_again_when_it_is_restored() {
        let there = schema(&[("fldA", "Precio", "number")]);
        let gone = schema(&[("fldC", "Km", "number")]);
        let known = looks(&[there.clone(), gone.clone(), gone]);
        assert_eq!(names(&known), [("fldA", "Precio"), ("fldC", "Km")]);
        assert_eq!(known[0].missing_since, Some(at(2)));
        let back = bind(&there, &known, at(9));
        assert_eq!((back[0].missing_since, back[0].feeds_since), (None, Some(at(9))));
    }

    #[test]
    fn another_type_is_told_with_the_former_one() {
        let known = looks(&[
            schema(&[("fldA", "Precio", "number")]),
            schema(&[("fldA", "Precio", "multipleAttachments")]),
            schema(&[("fldA", "Precio", "multipleAttachments")]),
        ]);
        assert_eq!(known[0].former_type.as_deref(), Some("number"));
        assert_eq!((known[0].retyped_at, known[0].feeds_since), (Some(at(2)), Some(at(2))));
    }

    #[test]
    fn the_first_look_finds_nothing_new_and_the_second_of_the_same_changes_nothing() {
        let schema = schema(&[("fldA", "Precio", "number"), ("fldB", "Km", "number")]);
        let first = bind(&schema, &[], at(1));
        assert!(first.iter().all(|field| field.feeds_since.is_none() && field.renamed_at.is_none()));
        assert_eq!(bind(&schema, &first, at(2)), first);
    }

    #[test]
    fn what_an_older_version_remembered_is_completed() {
        let old = KnownField {
            field_type: None,
            present_name: "Precio".into(),
            ..bind(&schema(&[("fldA", "Precio", "number")]), &[], at(1))[0].clone()
        };
        let known = bind(&schema(&[("fldA", "Precio MXN", "currency")]), &[old], at(2));
        assert_eq!((known[0].renamed_at, known[0].retyped_at), (Some(at(2)), None));
        assert_eq!(known[0].field_type.as_deref(), Some("currency"));
    }
}
