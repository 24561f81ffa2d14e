//! The Airtable fields that each column is read from.
//!
//! **Invariants:** every source names at least one field; only text columns join fields or have a fallback; `title` has a
//! fallback, so no vehicle is without one; `ordenstatus` is mapped, for it decides what is listed.
//!
//! **Not here:** `config/fields.toml`, its syntax and mistakes ([`super::mapping_file`]); reading cells ([`super::normalize()`]).

use std::collections::{BTreeMap, BTreeSet};

use super::Column;

/// The fields of every column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub(super) readings: BTreeMap<Column, Reading>,
}

/// The fields of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// In order of preference.
    pub(super) sources: Vec<Source>,
    /// The text of the column when no source is filled.
    pub(super) fallback: Option<String>,
}

/// One field, or several that are joined by a space and count only together.
pub(super) type Source = Vec<String>;

impl Mapping {
    /// Every Airtable field that is read, by name or `fld…` id as written, each once, sorted.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.readings.values().flat_map(Reading::fields).collect::<BTreeSet<_>>().into_iter()
    }

    /// The columns that are mapped.
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        self.readings.keys().copied()
    }

    /// The same mapping without the sources that name a field which `refuses` holds for.
    #[must_use]
    pub fn without(&self, refuses: impl Fn(Column, &str) -> bool) -> Self {
        let mut left = self.clone();
        for (column, reading) in &mut left.readings {
            reading.sources.retain(|source| !source.iter().any(|field| refuses(*column, field)));
        }
        left
    }

    /// The same mapping with each field replaced by the name under which records carry it, so that `fld…` ids become names.
    /// A field for which `name_of` knows none stays as written.
    #[must_use]
    pub fn resolve(&self, name_of: impl Fn(&str) -> Option<String>) -> Self {
        let mut resolved = self.clone();
        for field in resolved.readings.values_mut().flat_map(|reading| reading.sources.iter_mut().flatten()) {
            if let Some(name) = name_of(field) {
                *field = name;
            }
        }
        resolved
    }

    /// The fields that a column is read from, in order of preference.
    pub fn fields_of(&self, column: Column) -> impl Iterator<Item = &str> {
        self.sources(column).iter().flatten().map(String::as_str)
    }

    /// The sources of a column in order of preference; none if it is not mapped.
    pub fn sources(&self, column: Column) -> &[Vec<String>] {
        self.readings.get(&column).map_or(&[], |reading| &reading.sources)
    }

    /// The text of a column when no source is filled.
    pub(super) fn fallback(&self, column: Column) -> Option<&str> {
        self.readings.get(&column)?.fallback.as_deref()
    }
}

impl Reading {
    fn fields(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Mapping {
        Mapping::parse(
            r#"
            title = { from = [["Marca", "fldAAAAAAAAAAAAAA"], "Auto"], as = "text", or = "Sin título" }
            ordenstatus = { from = ["Estado"], as = "text" }
            marca = { from = ["Marca"], as = "text" }
            oferta = { from = ["Oferta", "oferta"], as = "money" }
            "#,
        )
        .unwrap()
    }

    #[test]
    fn the_built_in_mapping_is_right_and_maps_every_column() {
        let mapped: Vec<Column> = Mapping::builtin().readings.keys().copied().collect();
        assert_eq!(mapped, Column::ALL);
    }

    #[test]
    fn every_field_is_named_once() {
        let names: Vec<String> = small().field_names().map(str::to_owned).collect();
        assert_eq!(names, ["Auto", "Estado", "Marca", "Oferta", "fldAAAAAAAAAAAAAA", "oferta"]);
    }

    #[test]
    fn a_source_goes_with_any_of_its_fields_and_only_where_it_is_refused() {
        let left = small().without(|column, field| column == Column::Title && field == "Marca");
        assert_eq!(left.sources(Column::Title), [["Auto"]]);
        assert_eq!(left.sources(Column::Marca), [["Marca"]]);
        assert!(small().without(|_, _| true).fields_of(Column::Oferta).next().is_none());
    }

    #[test]
    fn resolving_replaces_what_is_known_and_leaves_the_rest() {
        let resolved = small().resolve(|field| match field {
            "fldAAAAAAAAAAAAAA" => Some("Versión".to_owned()),
            "Marca" => Some("Marca nueva".to_owned()),
            _ => None,
        });
        let names: Vec<&str> = resolved.field_names().collect();
        assert_eq!(names, ["Auto", "Estado", "Marca nueva", "Oferta", "Versión", "oferta"]);
        assert_eq!(resolved.fallback(Column::Title), Some("Sin título"));
    }
}
