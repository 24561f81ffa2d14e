//! A page of records as the mapping reads it, for `doctor`.
//!
//! **Invariants:** pure; the records are read as a sync would.

use std::collections::{BTreeMap, BTreeSet};

use super::FieldPlan;
use crate::domain::{KnownField, Mapping, Record, Rules, normalize};

/// The figures of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// Records on it.
    pub records: usize,
    /// Those that would be listed.
    pub listed: usize,
    /// The states of the orders, with how many have each.
    pub states: BTreeMap<String, usize>,
    /// Fields with values that cannot be read: how many, and one of them with what is wrong with it.
    pub unreadable: BTreeMap<String, (usize, String)>,
    /// Mapped fields that some record has filled.
    pub filled: BTreeSet<String>,
}

/// Reads the records of a page. `known`: the fields, if the schema may be read.
pub fn sample(mapping: &Mapping, known: Option<&[KnownField]>, records: &[Record], rules: &Rules) -> Sample {
    let visible = rules.visible_field.as_deref();
    let plan = known.map_or_else(
        || FieldPlan::by_name(mapping, visible, &[]),
        |known| FieldPlan::new(mapping, visible, known.to_vec()),
    );
    let rules = Rules { visible_field: plan.visible_field.clone(), ..rules.clone() };
    let mut sample = Sample { records: records.len(), ..Sample::default() };
    for record in records {
        sample.filled.extend(
            plan.mapping.field_names().filter(|field| record.fields.contains_key(*field)).map(str::to_owned),
        );
        let read = normalize(record, &plan.mapping, &rules);
        sample.listed += usize::from(read.content.listed);
        let state = read.content.ordenstatus.unwrap_or_else(|| "(empty)".to_owned());
        *sample.states.entry(state).or_default() += 1;
        for warning in read.warnings {
            let example = || format!("{}: {}", warning.value, warning.problem);
            sample.unreadable.entry(warning.field).or_insert_with(|| (0, example())).0 += 1;
        }
    }
    sample
}
