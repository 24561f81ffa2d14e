//! The mapping against the fields that there are, and against a page of records.

use std::collections::BTreeSet;

use super::report::{Area, Report};
use crate::{
    airtable::FieldSchema,
    config::Config,
    domain::{Column, KnownField, closest},
    sync::{FieldReport, Sample, field_report},
};

const AREA: Area = Area::Fields;

/// What to do about a field that is not there.
const NAME_IT: &str = "Rename or restore the field in Airtable, or name the right one in the field mapping (listing.fields_file).";

/// Checks the mapping against the fields; `seen`: as the schema has them, if it may be read.
pub(super) fn check(config: &Config, seen: &[FieldSchema], known: &[KnownField], report: &mut Report) {
    let found = field_report(&config.mapping, config.listing.visible_field.as_deref(), known);
    let columns = config.mapping.columns().count();
    let frozen = found.missing.iter().flat_map(|missing| &missing.frozen);
    let unreadable = found.retyped.iter().flat_map(|retyped| &retyped.unreadable);
    let unfed = found.unfed.iter().map(|unfed| &unfed.column);
    let lacking: BTreeSet<&str> = frozen.chain(unreadable).chain(unfed).map(String::as_str).collect();
    let fed = config.mapping.columns().filter(|column| !lacking.contains(column.as_str())).count();
    let whose = if seen.is_empty() { "that the service remembers" } else { "of the table" };
    report.ok(AREA, "mapping", format!("{fed} of {columns} columns are fed by fields {whose}"));
    troubles(&found, report);
    notes(&found, known, report);
    for field in seen.iter().filter(|field| field.broken && is_mapped(config, known, &field.id)) {
        report.warning(
            AREA,
            &field.name,
            format!(
                "Airtable says that the computed field {:?} ({}) does not work",
                field.name,
                field.shown_type()
            ),
            "Its cells are empty or errors, and so are the columns that it feeds.",
            "Mend its formula or its link in Airtable.",
        );
    }
}

fn is_mapped(config: &Config, known: &[KnownField], id: &str) -> bool {
    let field = known.iter().find(|field| field.id == id);
    let means = |field: &KnownField| {
        config
            .mapping
            .field_names()
            .any(|source| [&field.name, &field.id, &field.present_name].iter().any(|name| *name == source))
    };
    field.is_some_and(means)
}

/// What is missing or cannot be read.
fn troubles(found: &FieldReport, report: &mut Report) {
    for missing in &found.missing {
        report.problem(
            AREA,
            &missing.field,
            missing.to_string(),
            "What people change in Airtable no longer reaches these columns.",
            NAME_IT,
        );
    }
    for retyped in found.retyped.iter().filter(|field| !field.unreadable.is_empty()) {
        report.problem(
            AREA,
            &retyped.field,
            retyped.to_string(),
            "A column of another kind cannot hold such values.",
            "Give the field a type that can be read, or name another field in the field mapping (listing.fields_file).",
        );
    }
    for unfed in &found.unfed {
        if [Column::Ordenstatus, Column::Title].iter().any(|column| column.as_str() == unfed.column) {
            let why =
                "Without the state of its order no vehicle is listed, and without a title none has a name.";
            report.problem(AREA, &unfed.column, unfed.to_string(), why, NAME_IT);
        } else {
            let why = "The column stays empty for every vehicle.";
            let remedy = "Name the right field in the field mapping (listing.fields_file), or leave the column out of it.";
            report.warning(AREA, &unfed.column, unfed.to_string(), why, remedy);
        }
    }
}

/// What has changed and goes on working.
fn notes(found: &FieldReport, known: &[KnownField], report: &mut Report) {
    for renamed in &found.renamed {
        let is_new = |field: &&KnownField| {
            field.is_present() && field.present_name == renamed.field && field.id != renamed.id
        };
        if let Some(new) = known.iter().find(is_new) {
            report.warning(
                AREA,
                &renamed.field,
                renamed.to_string(),
                "A name in the field mapping means the field that had it first, not the one that has it now.",
                format!(
                    "If the new one is meant, name it by its id, {}, in the field mapping (listing.fields_file); the old one is {}.",
                    new.id, renamed.id
                ),
            );
        } else {
            report.ok(AREA, &renamed.field, renamed.to_string());
        }
    }
    for retyped in found.retyped.iter().filter(|field| field.unreadable.is_empty()) {
        report.ok(AREA, &retyped.field, retyped.to_string());
    }
}

/// Without the schema: names that no record of the page has filled may be wrong, or only empty.
pub(super) fn check_by_name(config: &Config, sample: Option<&Sample>, report: &mut Report) {
    let Some(sample) = sample else {
        return report.skipped(AREA, "mapping", "neither the schema nor records can be read");
    };
    let unseen: Vec<&str> = config
        .mapping
        .columns()
        .filter(|column| !config.mapping.fields_of(*column).any(|field| sample.filled.contains(field)))
        .map(Column::as_str)
        .collect();
    let by_id: Vec<&str> = config.mapping.field_names().filter(|source| KnownField::is_id(source)).collect();
    if !by_id.is_empty() {
        report.problem(
            AREA,
            "ids",
            format!("the field mapping names fields by id: {}", by_id.join(", ")),
            "Without the schema fields are read by name, so these feed nothing.",
            "Give the token the scope schema.bases:read, or name the fields by name in the field mapping (listing.fields_file).",
        );
    }
    if unseen.is_empty() {
        return report.ok(AREA, "mapping", "fields are read by name, and every column is filled somewhere");
    }
    report.warning(
        AREA,
        "mapping",
        format!(
            "fields are read by name; in the first {} records nothing fills {}",
            sample.records,
            unseen.join(", ")
        ),
        "Their fields may be called otherwise, or only be empty there: without the schema nobody can tell.",
        "Give the token the scope schema.bases:read.",
    );
}

/// How many records are in the listed state, if some are.
fn in_state(sample: &Sample, wanted: &str) -> Option<usize> {
    let same = |state: &str| state.trim().to_lowercase() == wanted.trim().to_lowercase();
    let count = sample.states.iter().filter(|(state, _)| same(state)).map(|(_, count)| count).sum();
    (count > 0).then_some(count)
}

/// What a page of records shows.
pub(super) fn check_sample(config: &Config, sample: &Sample, report: &mut Report) {
    let wanted = &config.listing.status;
    if sample.records == 0 {
        report.warning(
            AREA,
            "listed",
            "the table has no records",
            "The website is empty.",
            "Is it the right table? See AIRTABLE_TABLE_ID.",
        );
    } else if sample.listed > 0 {
        report.ok(
            AREA,
            "listed",
            format!("{} of the first {} records are listed", sample.listed, sample.records),
        );
    } else if let Some(checkbox) = config.listing.visible_field.as_deref()
        && let Some(in_state) = in_state(sample, wanted)
    {
        report.warning(
            AREA,
            "listed",
            format!(
                "{in_state} of the first {} records are {wanted:?}, but {checkbox:?} (listing.visible_field) is ticked for none of them",
                sample.records
            ),
            "If that is so of all records, the website is empty.",
            "Tick it in Airtable for the vehicles that may be shown, or leave listing.visible_field unset.",
        );
    } else {
        let states: Vec<String> =
            sample.states.iter().map(|(state, count)| format!("{state} ({count})")).collect();
        let alike = closest(wanted, sample.states.keys().map(String::as_str));
        let hint = alike.first().map(|state| format!(" Is {state:?} meant?")).unwrap_or_default();
        report.warning(
            AREA,
            "listed",
            format!(
                "none of the first {} records is {wanted:?}; their states: {}",
                sample.records,
                states.join(", ")
            ),
            "If that is so of all records, the website is empty.",
            format!("See listing.status and listing.visible_field.{hint}"),
        );
    }
    for (field, (count, example)) in &sample.unreadable {
        report.warning(
            AREA,
            field,
            format!(
                "{count} of the first {} records have a value that cannot be read, such as {example}",
                sample.records
            ),
            "The column is empty for these vehicles, and each sync of them is logged as a warning.",
            "Correct the values in Airtable.",
        );
    }
}
