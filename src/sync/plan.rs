//! Decides what to write for one reading; pure.
//!
//! **Invariants**
//! - A vehicle that was never listed is not stored: an unfinished draft in Airtable gets neither a page nor a slug, nor does one without
//!   title, brand and model.
//! - Whether a vehicle is shown is never guessed: while the fields that decide it cannot be read, it stays as it is
//!   stored.
//! - `updated_at` moves only when something that the website shows changes, so notes in unmapped fields do not reorder the listing.
//! - A full run unlists nothing by itself ([`Plan::is_held_back`]): it counts first.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{
    db::{records::Stored, slugs::SlugRequest},
    domain::{Action, Change, Changes, Column, Content, Kept, Normalized, Outcome, RecordId, Warning},
};

/// Characters of a value that a log quotes.
const QUOTED_CHARS: usize = 200;

/// The plan for one reading: what is written, and the outcome that is told.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) outcome: Outcome,
    pub(super) write: Write,
    /// What is stored, and what was read.
    before: Option<Content>,
    after: Option<Box<Content>>,
    request: Option<SlugRequest>,
    held_back: bool,
}

/// What is written to `inventario_cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Nothing,
    Deletion,
    Vehicle {
        /// `None`: now.
        updated_at: Option<DateTime<Utc>>,
    },
}

impl Plan {
    /// For a reading that is the latest of its record. `hold_back`: a listed vehicle is not unlisted.
    pub(super) fn new(
        id: &RecordId,
        found: Option<Normalized>,
        former: Option<&Stored>,
        kept: &Kept,
        hold_back: bool,
    ) -> Self {
        let Some(found) = found else { return Self::without_record(id, former) };
        let name = found.name.clone();
        let (content, warnings) = decided(found, former, kept);
        let mut plan = match former {
            None if !content.listed || name.is_none() => Self::with_content(id, &content, Action::Archived),
            None => {
                let mut plan = Self::with_content(id, &content, Action::Created);
                plan.write = Write::Vehicle { updated_at: None };
                plan
            }
            Some(former) => {
                let mut changed = content.changes_from(&former.content);
                if former.deleted {
                    changed.push("deleted_at");
                }
                let mut plan = Self::with_content(id, &content, Action::Unchanged);
                plan.outcome.slug = Some(former.slug.clone());
                if former.content.listed && !content.listed && hold_back {
                    plan.held_back = true;
                } else if !changed.is_empty() {
                    plan.outcome.action = if content.listed { Action::Updated } else { Action::Archived };
                    let shown = changed.iter().any(|column| !Content::is_internal(column));
                    plan.write = Write::Vehicle { updated_at: (!shown).then_some(former.updated_at) };
                    plan.outcome.changed = changed;
                }
                plan
            }
        };
        plan.outcome.warnings = warnings;
        if former.is_none() && content.listed && name.is_none() {
            plan.outcome.warnings.push(nameless());
        }
        plan.request = plan.needs_slug(&content, name.as_deref(), former);
        let may_write = plan.write != Write::Nothing || plan.request.is_some();
        plan.before = former.filter(|_| may_write).map(|former| former.content.clone());
        plan.after = Some(content);
        plan
    }

    /// For a reading that came after a later one: what is stored stands.
    pub(super) fn superseded(id: &RecordId, former: Option<&Stored>) -> Self {
        let action = match former {
            None => Action::Absent,
            Some(former) if former.deleted => Action::Deleted,
            Some(_) => Action::Unchanged,
        };
        let mut plan = Self::unwritten(id, former, action);
        plan.outcome.superseded = true;
        plan
    }

    fn without_record(id: &RecordId, former: Option<&Stored>) -> Self {
        let (action, newly) = match former {
            None => (Action::Absent, false),
            Some(former) => (Action::Deleted, !former.deleted),
        };
        let mut plan = Self::unwritten(id, former, action);
        if newly {
            plan.write = Write::Deletion;
            plan.outcome.changed = vec!["deleted_at", "listed"];
        }
        plan
    }

    fn unwritten(id: &RecordId, former: Option<&Stored>, action: Action) -> Self {
        let Some(former) = former else { return Self::empty(id, action) };
        let mut plan = Self::with_content(id, &former.content, action);
        plan.outcome.slug = Some(former.slug.clone());
        plan
    }

    fn with_content(id: &RecordId, content: &Content, action: Action) -> Self {
        let mut plan = Self::empty(id, action);
        plan.outcome.title = Some(content.title.clone());
        plan.outcome.ordencompra.clone_from(&content.ordencompra);
        plan.outcome.ordenstatus.clone_from(&content.ordenstatus);
        plan
    }

    fn empty(id: &RecordId, action: Action) -> Self {
        Self {
            outcome: Outcome {
                record_id: id.clone(),
                action,
                title: None,
                ordencompra: None,
                ordenstatus: None,
                slug: None,
                written: false,
                changed: Vec::new(),
                warnings: Vec::new(),
                superseded: false,
            },
            write: Write::Nothing,
            before: None,
            after: None,
            request: None,
            held_back: false,
        }
    }

    /// A new vehicle needs an address, one that asks for another since its last read, and one in stock that has not got what it asks for.
    fn needs_slug(
        &self,
        content: &Content,
        name: Option<&str>,
        former: Option<&Stored>,
    ) -> Option<SlugRequest> {
        let wanted = content.slug_wanted.as_ref();
        let needs = match former {
            None => self.write != Write::Nothing,
            Some(former) => {
                let is_unmet = wanted.is_some_and(|wanted| *wanted != former.slug);
                let is_new = wanted != former.content.slug_wanted.as_ref();
                !self.held_back && is_unmet && (is_new || content.listed)
            }
        };
        needs.then(|| SlugRequest {
            record_id: content.record_id.clone(),
            base: content.slug_base(name.unwrap_or(&content.title)),
            wished: wanted.is_some(),
            present: former.map(|former| former.slug.clone()),
        })
    }

    /// The address that the vehicle needs, if it needs another one.
    pub(super) fn slug_request(&self) -> Option<SlugRequest> {
        self.request.clone()
    }

    /// Takes the address that was given.
    pub(super) fn take_slug(&mut self, slug: String) {
        let former = self.outcome.slug.replace(slug);
        if former.is_some() && former != self.outcome.slug {
            self.outcome.changed.push("slug");
            self.write = Write::Vehicle { updated_at: None };
            if self.outcome.action == Action::Unchanged {
                self.outcome.action = Action::Updated;
            }
        }
    }

    /// The vehicle to be written.
    pub(super) fn vehicle(&self) -> Option<(&Content, &str, Option<DateTime<Utc>>)> {
        let Write::Vehicle { updated_at } = self.write else { return None };
        Some((self.after.as_deref()?, self.outcome.slug.as_deref()?, updated_at))
    }

    /// What was read.
    pub(super) fn content(&self) -> Option<&Content> {
        self.after.as_deref()
    }

    /// The stored content and the one that was read, of a known vehicle that is to be written.
    pub(super) fn change(&self) -> Option<(&Content, &Content)> {
        matches!(self.write, Write::Vehicle { .. })
            .then_some(self.before.as_ref().zip(self.after.as_deref()))
            .flatten()
    }

    /// The columns in which a known vehicle changes, before and after; long values are cut.
    pub(super) fn changes(&self) -> Changes {
        let Some((before, after)) = self.change() else { return Changes::new() };
        let (before, after) = (before.json(), after.json());
        let value = |of: &Map<String, Value>, column: &str| cut(of.get(column).cloned().unwrap_or_default());
        let told = self.outcome.changed.iter().filter(|column| **column != "data");
        told.map(|column| {
            let change = Change { before: value(&before, column), after: value(&after, column) };
            (*column, change)
        })
        .collect()
    }

    /// Tells whether the vehicle would leave the listing but stays until the run has counted how many would.
    pub(super) fn is_held_back(&self) -> bool {
        self.held_back
    }

    /// Tells whether a run logs it in a row of its own.
    pub(super) fn is_notable(&self) -> bool {
        self.write != Write::Nothing || !self.outcome.warnings.is_empty()
    }
}

/// The content with what is kept of the former one, and its warnings.
fn decided(found: Normalized, former: Option<&Stored>, kept: &Kept) -> (Box<Content>, Vec<Warning>) {
    let former = former.map(|former| &former.content);
    let mut content = Box::new(found.content);
    kept.apply(&mut content, former);
    if let Some(former) = former {
        content.keep(&found.undecided, former);
    }
    match found.visible {
        Some(visible) => content.listed &= visible,
        None => content.listed &= former.is_some_and(|former| former.listed),
    }
    if former.is_none() && found.undecided.contains(&Column::Ordenstatus) {
        content.listed = false;
    }
    (content, found.warnings)
}

/// Why a new vehicle that could be listed is not shown.
fn nameless() -> Warning {
    Warning {
        field: "title".to_owned(),
        column: "title".to_owned(),
        value: "null".to_owned(),
        problem: "neither title nor brand nor model yet; the vehicle is shown as soon as it has one"
            .to_owned(),
    }
}

fn cut(value: Value) -> Value {
    let text = match &value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        _ => return value,
    };
    if text.chars().nth(QUOTED_CHARS).is_none() {
        return value;
    }
    let cut: String = text.chars().take(QUOTED_CHARS).collect();
    Value::String(format!("{cut}…"))
}
