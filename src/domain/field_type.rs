//! Which of Airtable's field types a column can be read from.
//!
//! **Invariants:** a type that is not known passes, for new ones may appear at any time and cells are read tolerantly anyway. What is refused
//! can never give a value, or only a wrong one: the ids of linked records are no words, a date is no price.
//!
//! **Sources:** <https://airtable.com/developers/web/api/field-model>.
//!
//! **Not here:** whether a single value can be read ([`super::value`]).

use super::Kind;

impl Kind {
    /// Whether values of a field of this type can stand in a column of this kind. `field_type` as in
    /// [`KnownField`](super::KnownField): for a computed field the type of what it gives stands in brackets.
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
