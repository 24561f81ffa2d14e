//! The field mapping: which Airtable field fills which column.

/// Which Airtable field fills which column.
#[derive(Debug, Clone)]
pub struct Mapping;

/// What is wrong with one line of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MappingError(String);

impl Mapping {
    /// The mapping embedded in the binary.
    pub fn builtin() -> Self {
        Self
    }

    /// Reads a mapping, or says all that is wrong with it.
    pub fn parse(toml: &str) -> Result<Self, Vec<MappingError>> {
        use figment::providers::{Format as _, Toml};
        Toml::from_str::<figment::value::Dict>(toml)
            .map(|_| Self)
            .map_err(|error| vec![MappingError(error.message().to_owned())])
    }
}
