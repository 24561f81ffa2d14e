//! The report on the fields that the mapping names, for operators.
//!
//! **Invariants:** pure; two looks that found the same give equal reports, so that a change is told once.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::plan::{State, lost, present, readable, state};
use crate::domain::{Column, Kind, KnownField, Mapping, closest};

/// Stands for `listing.visible_field` where a column would be named.
const LISTED: &str = "listed";

/// The fields of the mapping, as far as there is something to tell of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FieldReport {
    /// When the schema was last read.
    pub looked_at: Option<DateTime<Utc>>,
    /// Why the schema cannot be read, so that what is told here may be out of date.
    pub unreadable_schema: Option<String>,
    /// Set when the schema could be read before, so that names and types are known as they were then.
    #[serde(skip)]
    pub schema_was_readable: bool,
    /// Columns with the ids by which the mapping names their fields, where no id can be read for want of the schema.
    #[serde(skip)]
    pub ids_without_schema: Vec<(String, String)>,
    /// Fields that have another name in Airtable than the one by which they are known; they go on being read.
    pub renamed: Vec<Renamed>,
    /// Fields that were there and are gone.
    pub missing: Vec<Missing>,
    /// Fields whose type has changed, or that a column cannot be read from.
    pub retyped: Vec<Retyped>,
    /// Columns none of whose fields was ever seen.
    pub unfed: Vec<Unfed>,
    /// Fields that came into use since the first start.
    pub appeared: Vec<Appeared>,
}

/// A field with another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// Its id.
    pub id: String,
    /// The name by which it is known.
    pub field: String,
    /// Its name in Airtable.
    pub present_name: String,
    /// What it feeds.
    pub columns: Vec<String>,
    /// Set when another field has taken the name by which this one is known.
    pub name_is_taken: bool,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// A field that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Its id; `None` for a field that was never seen but that a setting cannot do without.
    pub id: Option<String>,
    /// The name by which it was known.
    pub field: String,
    /// What it fed.
    pub columns: Vec<String>,
    /// Those of them that stay as they are until it is mended.
    pub frozen: Vec<String>,
    /// Fields with a name like it.
    pub closest: Vec<String>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// A field of another type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retyped {
    /// Its id.
    pub id: String,
    /// The name by which it is known.
    pub field: String,
    /// Its type before; `None`: it was of this type from the beginning.
    pub from: Option<String>,
    /// Its type.
    pub to: String,
    /// What it feeds.
    pub columns: Vec<String>,
    /// Those of them that cannot be read from it and stay as they are.
    pub unreadable: Vec<String>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// A column without a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfed {
    /// The column.
    pub column: String,
    /// The fields that the mapping names.
    pub fields: Vec<String>,
    /// Fields with a name like one of them.
    pub closest: Vec<String>,
}

/// A field that came into use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Appeared {
    /// Its id.
    pub id: String,
    /// Its name.
    pub field: String,
    /// What it feeds.
    pub columns: Vec<String>,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A name in the mapping or the settings, with what is read from it.
struct Use<'a> {
    source: &'a str,
    columns: Vec<(&'a str, Kind)>,
}

/// The report on the fields that `mapping` and `listing.visible_field` name.
pub fn report(mapping: &Mapping, visible: Option<&str>, known: &[KnownField]) -> FieldReport {
    let uses = uses(mapping, visible);
    let meant: Vec<&str> =
        uses.iter().filter_map(|name| present(name.source, known)).map(|field| field.id.as_str()).collect();
    let free: Vec<&str> = known
        .iter()
        .filter(|field| field.is_present() && !meant.contains(&field.id.as_str()))
        .map(|field| field.present_name.as_str())
        .collect();
    let mut report = FieldReport::default();
    for name in &uses {
        let columns: Vec<String> = name.columns.iter().map(|(column, _)| (*column).to_owned()).collect();
        if let Some(field) = present(name.source, known) {
            tell_present(&mut report, field, name, &columns, known);
        } else if let Some(field) = lost(name.source, known) {
            report.missing.push(Missing {
                id: Some(field.id.clone()),
                field: field.name.clone(),
                frozen: frozen(mapping, &columns, known),
                columns,
                closest: owned(closest(name.source, free.iter().copied())),
                since: field.missing_since,
            });
        } else if visible == Some(name.source) {
            report.missing.push(Missing {
                id: None,
                field: name.source.to_owned(),
                frozen: vec![LISTED.to_owned()],
                columns: vec![LISTED.to_owned()],
                closest: owned(closest(name.source, free.iter().copied())),
                since: None,
            });
        }
    }
    report.unfed = mapping.columns().filter_map(|column| unfed(mapping, column, known, &free)).collect();
    report
}

/// The same where fields are read by name: only those for which Airtable was `asked` can be told to be missing.
pub(super) fn report_by_name(
    mapping: &Mapping,
    visible: Option<&str>,
    asked: &[KnownField],
    plan: &super::FieldPlan,
) -> FieldReport {
    let stays =
        |name: &String| *name == LISTED || plan.kept.frozen.iter().any(|column| column.as_str() == name);
    let mut missing = report(mapping, visible, asked).missing;
    missing.retain(|missing| missing.id.is_some());
    for missing in &mut missing {
        missing.frozen = missing.columns.iter().filter(|name| stays(name)).cloned().collect();
    }
    let ids = uses(mapping, visible).into_iter().filter(|name| KnownField::is_id(name.source));
    let ids_without_schema = ids
        .flat_map(|name| {
            name.columns.into_iter().map(move |(column, _)| (column.to_owned(), name.source.to_owned()))
        })
        .collect();
    FieldReport { ids_without_schema, missing, ..FieldReport::default() }
}

fn tell_present(
    report: &mut FieldReport,
    field: &KnownField,
    name: &Use<'_>,
    columns: &[String],
    known: &[KnownField],
) {
    let told = |id: &String| *id == field.id;
    if field.renamed_at.is_some() && !report.renamed.iter().any(|renamed| told(&renamed.id)) {
        let taken = known
            .iter()
            .any(|other| other.id != field.id && other.is_present() && other.present_name == field.name);
        report.renamed.push(Renamed {
            id: field.id.clone(),
            field: field.name.clone(),
            present_name: field.present_name.clone(),
            columns: columns.to_vec(),
            name_is_taken: taken,
            since: field.renamed_at,
        });
    }
    let unreadable: Vec<String> = name
        .columns
        .iter()
        .filter(|(_, kind)| !readable(*kind, field))
        .map(|(column, _)| (*column).to_owned())
        .collect();
    if field.retyped_at.is_some() || !unreadable.is_empty() {
        report.retyped.push(Retyped {
            id: field.id.clone(),
            field: field.name.clone(),
            from: field.former_type.clone(),
            to: field.field_type.clone().unwrap_or_default(),
            columns: columns.to_vec(),
            unreadable,
            since: field.retyped_at,
        });
    }
    if let Some(since) = field.feeds_since
        && field.retyped_at != field.feeds_since
    {
        let (id, name) = (field.id.clone(), field.name.clone());
        report.appeared.push(Appeared { id, field: name, columns: columns.to_vec(), since });
    }
}

/// Every name that the mapping and the settings use, with the columns that are read from it.
fn uses<'a>(mapping: &'a Mapping, visible: Option<&'a str>) -> Vec<Use<'a>> {
    let mut uses: Vec<Use<'a>> =
        mapping.field_names().map(|source| Use { source, columns: Vec::new() }).collect();
    for column in mapping.columns() {
        for name in &mut uses {
            if mapping.fields_of(column).any(|field| field == name.source) {
                name.columns.push((column.as_str(), column.kind()));
            }
        }
    }
    if let Some(source) = visible {
        match uses.iter_mut().find(|name| name.source == source) {
            Some(name) => name.columns.push((LISTED, Kind::Checkbox)),
            None => uses.push(Use { source, columns: vec![(LISTED, Kind::Checkbox)] }),
        }
    }
    uses
}

fn frozen(mapping: &Mapping, columns: &[String], known: &[KnownField]) -> Vec<String> {
    let plan = super::FieldPlan::new(mapping, None, known.to_vec());
    let stays = |name: &&String| {
        *name == LISTED || plan.kept.frozen.iter().any(|column| column.as_str() == name.as_str())
    };
    columns.iter().filter(stays).cloned().collect()
}

fn unfed(mapping: &Mapping, column: Column, known: &[KnownField], free: &[&str]) -> Option<Unfed> {
    let sources = mapping.sources(column);
    let never = sources.iter().all(|source| state(column.kind(), source, known) == State::Unknown);
    let nothing = mapping.fields_of(column).all(|field| present(field, known).is_none());
    (never && nothing).then(|| {
        let mut alike: Vec<&str> =
            mapping.fields_of(column).flat_map(|field| closest(field, free.iter().copied())).collect();
        let mut seen = std::collections::BTreeSet::new();
        alike.retain(|name| seen.insert(*name));
        Unfed {
            column: column.as_str().to_owned(),
            fields: mapping.fields_of(column).map(str::to_owned).collect(),
            closest: owned(alike),
        }
    })
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

impl FieldReport {
    /// The changes since `before` that need no repair, as one sentence for each field.
    pub fn news(&self, before: &Self) -> Vec<String> {
        let renamed = self.renamed.iter().filter(|field| !before.renamed.contains(field));
        let retyped = self.retyped.iter().filter(|field| field.unreadable.is_empty());
        let retyped = retyped.filter(|field| !before.retyped.contains(field));
        let appeared = self.appeared.iter().filter(|field| !before.appeared.contains(field));
        renamed
            .map(ToString::to_string)
            .chain(retyped.map(ToString::to_string))
            .chain(appeared.map(ToString::to_string))
            .collect()
    }

    /// The faults that an operator has to mend, as one sentence for each field; empty when there is none.
    pub fn troubles(&self) -> Vec<String> {
        let gone = self.missing.iter().map(ToString::to_string);
        let unreadable =
            self.retyped.iter().filter(|field| !field.unreadable.is_empty()).map(ToString::to_string);
        let undecided = self
            .unfed
            .iter()
            .filter(|unfed| unfed.column == Column::Ordenstatus.as_str())
            .map(ToString::to_string);
        let hidden = self.unreadable_schema.iter().filter(|_| self.schema_was_readable).map(|problem| {
            format!(
                "the base's schema can no longer be read ({problem}), so new fields and other types go unnoticed; give the token the scope \
                 schema.bases:read again"
            )
        });
        let by_id = self.ids_without_schema.iter().map(|(column, id)| {
            format!("{column} is read from a field that the mapping names by its id, {id}, which needs the scope schema.bases:read")
        });
        hidden.chain(by_id).chain(gone).chain(unreadable).chain(undecided).collect()
    }

    /// Since when there is something to mend, where that is known.
    pub(super) fn troubled_since(&self) -> Option<DateTime<Utc>> {
        let gone = self.missing.iter().filter_map(|field| field.since);
        let unreadable =
            self.retyped.iter().filter(|field| !field.unreadable.is_empty()).filter_map(|field| field.since);
        gone.chain(unreadable).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: &str = "2026-11-23T05:00:00Z";

    fn field(name: &str, present_name: &str, field_type: &str) -> KnownField {
        KnownField {
            id: format!("fld{name}"),
            name: name.to_owned(),
            present_name: present_name.to_owned(),
            field_type: Some(field_type.to_owned()),
            renamed_at: (name != present_name).then(|| HOUR.parse().unwrap()),
            former_type: None,
            retyped_at: None,
            missing_since: None,
            feeds_since: None,
        }
    }

    fn mapping() -> Mapping {
        Mapping::parse(
            r#"
            title = { from = ["Auto"], as = "text", or = "Sin título" }
            ordenstatus = { from = ["OrdenStatus"], as = "text" }
            precio = { from = ["Precio", "precio"], as = "money" }
            utilitario = { from = ["Utilitario"], as = "checkbox" }
            "#,
        )
        .unwrap()
    }

    #[test]
    fn each_kind_of_drift_is_told_with_columns_and_candidates() {
        let mut known = vec![
            field("Auto", "Vehículo", "singleLineText"),
            field("OrdenStatus", "OrdenStatus", "multipleAttachments"),
            field("Precio", "Precio", "currency"),
            field("Precio de lista", "Precio de lista", "currency"),
            field("Utilitarios", "Utilitarios", "checkbox"),
            field("Otro", "Auto", "singleLineText"),
        ];
        known[1].former_type = Some("singleSelect".to_owned());
        known[1].retyped_at = HOUR.parse().ok();
        known[2].missing_since = HOUR.parse().ok();
        let report = report(&mapping(), Some("Publicar"), &known);
        let told: Vec<String> = report
            .renamed
            .iter()
            .map(ToString::to_string)
            .chain(report.troubles())
            .chain(report.unfed.iter().map(ToString::to_string))
            .collect();
        insta::assert_debug_snapshot!(told, @r#"
        [
            "the field \"Auto\" is now called \"Vehículo\" in Airtable and goes on feeding title; another field is called \"Auto\" by now, which is not the one that is read",
            "the field \"Precio\" is gone from Airtable, so precio stays as before; closest: \"Precio de lista\"",
            "the field \"Publicar\" is gone from Airtable, so listed stays as before",
            "the field \"OrdenStatus\" has changed its type from singleSelect to multipleAttachments, which cannot be read as ordenstatus, so ordenstatus stays as before",
            "no field feeds utilitario: Airtable has none called \"Utilitario\"; closest: \"Utilitarios\"",
        ]
        "#);
        assert!(report.missing.iter().any(|missing| missing.field == "Precio" && missing.since.is_some()));
    }

    #[test]
    fn what_has_changed_is_news_once() {
        let mut known = vec![
            field("Auto", "Vehículo", "singleLineText"),
            field("OrdenStatus", "OrdenStatus", "singleSelect"),
            field("Precio", "Precio", "number"),
        ];
        known[1].feeds_since = HOUR.parse().ok();
        known[2].former_type = Some("currency".to_owned());
        known[2].retyped_at = HOUR.parse().ok();
        let now = report(&mapping(), None, &known);
        assert_eq!(now.news(&FieldReport::default()).len(), 3);
        assert_eq!(now.news(&report(&mapping(), None, &known)), [""; 0]);
    }

    #[test]
    fn a_table_as_it_should_be_has_nothing_to_tell() {
        let known = ["Auto", "OrdenStatus", "Precio", "precio", "Utilitario"]
            .map(|name| field(name, name, "singleLineText"));
        assert_eq!(report(&mapping(), None, &known), FieldReport::default());
    }
}
