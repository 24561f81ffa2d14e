//! Airtable's formula language, as far as `filterByFormula` needs it.
//!
//! A formula is compiled once per request against the table's fields and then asked record by record. Its functions are in
//! [`functions::TABLE`]; there are no others.
//!
//! **Invariants:** pure, the time is part of the [`Row`]. No formula can exhaust the stack: nesting is bounded by
//! [`parser::DEPTH_LIMIT`], and chains of operators and arguments are lists, not trees. Text compares by case, as in Airtable.
//!
//! **Sources:** <https://support.airtable.com/docs/formula-field-reference>; what makes a result false:
//! <https://airtable.com/developers/web/api/list-records>.

mod dates;
mod functions;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use self::parser::Node;
use super::cells::{Cells, Slot};

/// A formula ready to be asked.
#[derive(Debug)]
pub(super) struct Formula(Node);

/// Why a formula is refused; the text is the second half of Airtable's message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Invalid {
    #[error("Invalid formula. Please check your formula text.")]
    Syntax,
    #[error("Unknown field names: {}", .0.join(", "))]
    UnknownFields(Vec<String>),
}

/// A field as a formula sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference {
    pub(super) slot: Slot,
    /// Its text is a date or a time.
    pub(super) temporal: bool,
}

/// What a formula may know of one record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) created: DateTime<Utc>,
    pub(super) modified: DateTime<Utc>,
    /// When a single field was last changed; one that is missing was never changed since the creation.
    pub(super) touched: &'a BTreeMap<Slot, DateTime<Utc>>,
    pub(super) cells: &'a Cells,
    pub(super) now: DateTime<Utc>,
}

impl Formula {
    /// Reads `text`; `field` finds a field by its name or id.
    pub(super) fn compile(text: &str, field: impl Fn(&str) -> Option<Reference>) -> Result<Self, Invalid> {
        let tokens = lexer::tokens(text)?;
        parser::parse(tokens, &field).map(Self)
    }

    /// Whether `filterByFormula` keeps the record.
    pub(super) fn keeps(&self, row: &Row<'_>) -> bool {
        self.0.eval(row).is_truthy()
    }

    /// The only records that the formula can keep, if it says so by `RECORD_ID()='rec…'`.
    ///
    /// It spares a table of 100,000 records from being searched for the hundred that were asked for.
    pub(super) fn candidates(&self) -> Option<Vec<&str>> {
        self.0.candidates()
    }
}
