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

    /// The mapped columns none of whose fields exist. They are to be left as they were, see
    /// [`Content::keep`](super::Content::keep).
    pub fn columns_without(&self, exists: impl Fn(&str) -> bool) -> Vec<Column> {
        let lost = self.readings.iter().filter(|(_, reading)| !reading.fields().any(&exists));
        lost.map(|(column, _)| *column).collect()
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
    pub(super) fn sources(&self, column: Column) -> &[Source] {
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
    fn a_column_is_lost_when_none_of_its_fields_exist() {
        let mapping = small();
        assert_eq!(mapping.columns_without(|_| true), []);
        assert_eq!(mapping.columns_without(|field| field != "Marca"), [Column::Marca]);
        assert_eq!(mapping.columns_without(|field| field != "Oferta"), []);
        assert_eq!(
            mapping.columns_without(|field| !["Oferta", "oferta", "Estado"].contains(&field)),
            [Column::Oferta, Column::Ordenstatus]
        );
        // A column that is left out of the mapping was never there, so it is not lost.
        assert_eq!(mapping.columns_without(|_| false).len(), 4);
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
