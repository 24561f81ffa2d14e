//! Which Airtable fields each column is read from: `config/fields.toml`, checked.
//!
//! **Invariants:** every source names at least one field; only text columns join fields or have a fallback; `title` has a
//! fallback, so no vehicle is without one; `ordenstatus` is mapped, for it decides what is listed.
//!
//! **Not here:** the file's syntax and what can be wrong with it, see [`super::mapping_file`]; the reading itself, see
//! [`super::normalize()`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use super::{Column, MappingError, mapping_file};

/// Where every column comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub(super) readings: BTreeMap<Column, Reading>,
}

/// Where one column comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// In order of preference.
    pub(super) sources: Vec<Source>,
    /// What stands there when no source is filled.
    pub(super) fallback: Option<String>,
}

/// One field, or several that are joined by a space and count only together.
pub(super) type Source = Vec<String>;

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the file.
    pub fn parse(toml: &str) -> Result<Self, Vec<MappingError>> {
        mapping_file::parse(toml).map(|readings| Self { readings })
    }

    /// The mapping in `config/fields.toml`, which is part of the binary.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Mapping> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "the file is compiled in, and a test parses it")]
            Mapping::parse(include_str!("../../config/fields.toml")).expect("config/fields.toml is right")
        });
        &BUILTIN
    }

    /// Every Airtable field it reads, by name or `fld…` id as written, each once, sorted.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.readings.values().flat_map(Reading::fields).collect::<BTreeSet<_>>().into_iter()
    }

    /// The columns it maps.
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

    /// What stands in a column when no source is filled.
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
