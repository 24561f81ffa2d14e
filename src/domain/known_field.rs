//! A field of the Airtable table as vitrina remembers it, also when it has been renamed, retyped or deleted since.
//!
//! **Invariants:** `name` is the one under which the field was first seen; it stands for it in the mapping, in `data` and in warnings, for
//! ever. Of two fields one at most has a name.
//!
//! **Not here:** how the memory is kept up (`sync::fields`).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is known of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownField {
    /// `fld…`, which nothing changes; the name, as long as nobody could tell the id.
    pub id: String,
    /// The name under which vitrina knows it.
    pub name: String,
    /// The name that it has, or last had, in Airtable.
    pub present_name: String,
    /// Its type, such as `currency` or `formula (number)`; `None`: remembered by a version that did not look.
    pub field_type: Option<String>,
    /// Since when its name is another than the one it is known by.
    pub renamed_at: Option<DateTime<Utc>>,
    /// The type that it had before.
    pub former_type: Option<String>,
    /// Since when its type is another one.
    pub retyped_at: Option<DateTime<Utc>>,
    /// Since when it is gone from the table.
    pub missing_since: Option<DateTime<Utc>>,
    /// Since when its values are of use although they were not before: it is new, came back or changed its type.
    pub feeds_since: Option<DateTime<Utc>>,
}

impl KnownField {
    /// Whether the table has it.
    pub fn is_present(&self) -> bool {
        self.missing_since.is_none()
    }

    /// Whether it was asked for by its name while the schema could not be read, so that its id is not known.
    pub fn is_only_a_name(&self) -> bool {
        self.id == self.name && !Self::is_id(&self.id)
    }

    /// Whether a source of the mapping is an id instead of a name.
    pub fn is_id(source: &str) -> bool {
        source.len() == 17
            && source.starts_with("fld")
            && source.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// The one of `known` that a mapping means by `source`: a name that vitrina knows, an id, or the present name of a renamed field.
    pub fn meant_by<'k>(source: &str, known: &[&'k Self]) -> Option<&'k Self> {
        let by = |is: fn(&Self) -> &str| known.iter().copied().find(|field| is(field) == source);
        by(|field| &field.name).or_else(|| by(|field| &field.id)).or_else(|| by(|field| &field.present_name))
    }
}
