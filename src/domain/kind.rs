//! The kinds of value that columns hold, and the Airtable field types each can be read from.
//!
//! **Invariants:** an unknown field type passes, for new ones may appear at any time and cells are read tolerantly anyway. A type is
//! refused when it can never give a value, or only a wrong one: the ids of linked records are no words, a date is no price.
//!
//! **Sources:** <https://airtable.com/developers/web/api/field-model>.
//!
//! **Not here:** reading a single value ([`super::value`]).

use std::fmt;

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Words.
    Text,
    /// Several words, each once.
    List,
    /// A whole number from 0.
    Whole,
    /// A model year.
    Year,
    /// An amount in pesos.
    Money,
    /// Yes or no; absent is no.
    Checkbox,
    /// A date or a time.
    Time,
    /// An `http(s)` address.
    Url,
    /// Several `http(s)` addresses, each once.
    Urls,
    /// The address of a page, as a slug.
    Slug,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Text,
        Self::List,
        Self::Whole,
        Self::Year,
        Self::Money,
        Self::Checkbox,
        Self::Time,
        Self::Url,
        Self::Urls,
        Self::Slug,
    ];

    /// Its word in `config/fields.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::List => "list",
            Self::Whole => "whole",
            Self::Year => "year",
            Self::Money => "money",
            Self::Checkbox => "checkbox",
            Self::Time => "time",
            Self::Url => "url",
            Self::Urls => "urls",
            Self::Slug => "slug",
        }
    }

    /// Whether values of a field of this type can stand in a column of this kind. `field_type` as in
    /// [`KnownField`](super::KnownField): of a computed field, the type of its result stands in brackets.
    pub fn reads(self, field_type: &str) -> bool {
        let given = field_type.split_once(" (").map_or(field_type, |(_, given)| given.trim_end_matches(')'));
        match given {
            "multipleRecordLinks" => false,
            "multipleAttachments" => matches!(self, Self::Url | Self::Urls),
            "checkbox" => self == Self::Checkbox,
            "number" | "currency" | "percent" | "duration" | "rating" | "autoNumber" | "count" => {
                !matches!(self, Self::Time | Self::Url | Self::Urls)
            }
            "date" | "dateTime" | "createdTime" | "lastModifiedTime" => {
                matches!(self, Self::Time | Self::Text | Self::List | Self::Slug)
            }
            "button" => matches!(self, Self::Text | Self::List | Self::Slug | Self::Url | Self::Urls),
            "singleCollaborator" | "multipleCollaborators" | "createdBy" | "lastModifiedBy" => {
                matches!(self, Self::Text | Self::List | Self::Slug)
            }
            // Words may stand for anything.
            _ => true,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_like_can_stand_for_anything() {
        for field_type in [
            "singleLineText",
            "multilineText",
            "richText",
            "singleSelect",
            "multipleSelects",
            "formula",
            "multipleLookupValues (singleLineText)",
            "aiText",
            "barcode",
            "somethingNew",
            "formula (somethingNew)",
        ] {
            assert!(Kind::ALL.iter().all(|kind| kind.reads(field_type)), "{field_type}");
        }
    }

    #[test]
    fn what_can_never_be_right_is_refused() {
        for (kind, reads, refuses) in [
            (
                Kind::Money,
                ["number", "currency", "rollup (number)"],
                ["multipleAttachments", "checkbox", "date"],
            ),
            (Kind::Whole, ["count", "rating", "autoNumber"], ["multipleRecordLinks", "button", "createdBy"]),
            (
                Kind::Year,
                ["number", "formula (number)", "singleSelect"],
                ["dateTime", "checkbox", "multipleCollaborators"],
            ),
            (
                Kind::Text,
                ["number", "date", "createdBy"],
                ["multipleAttachments", "checkbox", "multipleRecordLinks"],
            ),
            (
                Kind::List,
                ["multipleSelects", "number", "button"],
                ["multipleAttachments", "checkbox", "multipleLookupValues (multipleRecordLinks)"],
            ),
            (
                Kind::Checkbox,
                ["checkbox", "number", "formula (checkbox)"],
                ["date", "multipleAttachments", "button"],
            ),
            (Kind::Time, ["date", "dateTime", "lastModifiedTime"], ["number", "checkbox", "duration"]),
            (Kind::Url, ["url", "button", "multipleAttachments"], ["number", "checkbox", "date"]),
            (
                Kind::Urls,
                ["multilineText", "multipleAttachments", "multipleLookupValues (multipleAttachments)"],
                ["count", "checkbox", "multipleRecordLinks"],
            ),
            (
                Kind::Slug,
                ["url", "autoNumber", "date"],
                ["multipleAttachments", "checkbox", "multipleRecordLinks"],
            ),
        ] {
            for field_type in reads {
                assert!(kind.reads(field_type), "{kind} from {field_type}");
            }
            for field_type in refuses {
                assert!(!kind.reads(field_type), "{kind} from {field_type}");
            }
        }
    }
}
