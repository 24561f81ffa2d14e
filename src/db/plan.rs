//! What to write for one reading: decided here, without SQL.
//!
//! **Invariants:** a vehicle that was never listed is not stored: an unfinished draft in Airtable gets neither a page nor a slug.
//! `updated_at` moves only when something that the website shows changes, so notes in unmapped fields do not reorder the listing.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    feeds::Feeds,
    logs::{LogEntry, LogStatus},
    records::{Cause, Changes, Reading, Synced},
};
use crate::domain::{Action, Content, Kept, Outcome};

/// Columns that no public response contains.
const INTERNAL: [&str; 2] = ["data", "slug_wanted"];

/// What is stored of a vehicle.
pub(super) struct Stored {
    pub(super) content: Content,
    pub(super) slug: String,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) deleted: bool,
}

/// What will be done for one reading, and how it will be told.
pub(super) struct Plan {
    pub(super) outcome: Outcome,
    pub(super) cause: Cause,
    pub(super) write: Write,
    /// What is stored.
    before: Option<Content>,
}

/// What is written to `inventario_cache`.
pub(super) enum Write {
    Nothing,
    Deletion,
    Vehicle {
        content: Box<Content>,
        /// The first choice for a new address; `None`: the present one stays.
        new_slug: Option<String>,
        /// `None`: now.
        updated_at: Option<DateTime<Utc>>,
    },
}

impl Plan {
    /// For a reading that is the latest of its record.
    pub(super) fn new(reading: Reading, former: Option<Stored>, kept: &Kept) -> Self {
        let Some(found) = reading.found else {
            return Self::without_record(reading, former);
        };
        let mut content = Box::new(found.content);
        kept.apply(&mut content, former.as_ref().map(|former| &former.content));
        if let Some(former) = former.as_ref().filter(|_| !found.late.is_empty()) {
            content.keep(&found.late, &former.content);
        }
        let warnings = found.warnings;
        let (action, changed, write, slug) = match &former {
            None if !content.listed => (Action::Archived, Vec::new(), Write::Nothing, None),
            None => {
                let new_slug = Some(content.slug_base());
                (
                    Action::Created,
                    Vec::new(),
                    Write::Vehicle { content: content.clone(), new_slug, updated_at: None },
                    None,
                )
            }
            Some(former) => {
                let mut changed = content.changes_from(&former.content);
                if former.deleted {
                    changed.push("deleted_at");
                }
                let slug = Some(former.slug.clone());
                if changed.is_empty() {
                    (Action::Unchanged, changed, Write::Nothing, slug)
                } else {
                    let action = if content.listed { Action::Updated } else { Action::Archived };
                    let write = changed_vehicle(content.clone(), former, &changed);
                    (action, changed, write, slug)
                }
            }
        };
        Self {
            outcome: Outcome {
                record_id: reading.record_id,
                action,
                title: Some(content.title),
                ordencompra: content.ordencompra,
                ordenstatus: content.ordenstatus,
                slug,
                written: !matches!(write, Write::Nothing),
                changed,
                warnings,
                superseded: false,
            },
            cause: reading.cause,
            write,
            before: former.map(|former| former.content),
        }
    }

    /// For a reading that came after a later one: what is stored stands.
    pub(super) fn superseded(reading: Reading, former: Option<Stored>) -> Self {
        let action = match &former {
            None => Action::Absent,
            Some(former) if former.deleted => Action::Deleted,
            Some(_) => Action::Unchanged,
        };
        let mut plan = Self::unwritten(reading, former, action);
        plan.outcome.superseded = true;
        plan
    }

    fn without_record(reading: Reading, former: Option<Stored>) -> Self {
        let (action, newly) = match &former {
            None => (Action::Absent, false),
            Some(former) => (Action::Deleted, !former.deleted),
        };
        let mut plan = Self::unwritten(reading, former, action);
        if newly {
            plan.write = Write::Deletion;
            plan.outcome.written = true;
            plan.outcome.changed = vec!["deleted_at", "listed"];
        }
        plan
    }

    fn unwritten(reading: Reading, former: Option<Stored>, action: Action) -> Self {
        let (content, slug) = former.map(|former| (former.content, former.slug)).unzip();
        let (title, ordencompra, ordenstatus) =
            content.map_or((None, None, None), |is| (Some(is.title), is.ordencompra, is.ordenstatus));
        Self {
            outcome: Outcome {
                record_id: reading.record_id,
                action,
                title,
                ordencompra,
                ordenstatus,
                slug,
                written: false,
                changed: Vec::new(),
                warnings: Vec::new(),
                superseded: false,
            },
            cause: reading.cause,
            write: Write::Nothing,
            before: None,
        }
    }

    /// The columns in which the vehicle would change, before and after.
    pub(super) fn changes(&self, before: Option<&Content>) -> Changes {
        let (Some(before), Write::Vehicle { content, .. }) = (before, &self.write) else {
            return Changes::new();
        };
        let json = |content: &Content| serde_json::to_value(content).unwrap_or_default();
        let (before, after) = (json(before), json(content));
        let value = |of: &Value, column: &str| of.get(column).cloned().unwrap_or_default();
        self.outcome
            .changed
            .iter()
            .map(|column| (*column, (value(&before, column), value(&after, column))))
            .collect()
    }

    /// Whether what it changes may be due to a field that is gone or has another type. `seen`: the fields that some record of the batch has
    /// filled.
    pub(super) fn doubts_fields(&self, feeds: &Feeds, seen: &HashSet<&str>) -> bool {
        if matches!(self.write, Write::Nothing | Write::Deletion) {
            return false;
        }
        let unreadable =
            |column: &&str| self.outcome.warnings.iter().any(|warning| warning.column == *column);
        !self.doubted(feeds, seen).is_empty() || self.outcome.changed.iter().any(unreadable)
    }

    /// The fields whose values it would take away and that may be gone.
    pub(super) fn doubted<'a>(&self, feeds: &'a Feeds, seen: &HashSet<&str>) -> BTreeSet<&'a str> {
        match (&self.before, &self.write) {
            (Some(before), Write::Vehicle { content, .. }) => {
                feeds.doubted(before, content, &self.outcome.changed, seen)
            }
            _ => BTreeSet::new(),
        }
    }

    /// Whether a run's log mentions it by itself.
    pub(super) fn is_notable(&self) -> bool {
        self.outcome.written || !self.outcome.warnings.is_empty()
    }

    /// What will have been done when the transaction ends; its duration does so now.
    pub(super) fn synced(self, logged: bool, now: DateTime<Utc>) -> Synced {
        let Self { outcome, cause, .. } = self;
        let edited = cause.edited.filter(|_| outcome.written);
        Synced {
            duration_ms: i32::try_from(cause.since.elapsed().as_millis()).unwrap_or(i32::MAX),
            consistency_ms: edited.map(|edited| (now - edited).num_milliseconds().max(0)),
            outcome,
            cause,
            logged,
        }
    }
}

impl Synced {
    /// Its row in `sync_logs`.
    pub(super) fn log_entry(&self) -> LogEntry {
        let outcome = &self.outcome;
        LogEntry {
            record_id: Some(outcome.record_id.clone()),
            sync_type: self.cause.trigger,
            source: self.cause.source.clone(),
            status: if outcome.warnings.is_empty() { LogStatus::Success } else { LogStatus::Warning },
            message: outcome.message(),
            error_details: None,
            attempt_number: self.cause.attempt,
            duration_ms: self.duration_ms,
            http_status: Some(200),
            vehicle_title: outcome.title.clone(),
            ordencompra: outcome.ordencompra.clone(),
            ordenstatus: outcome.ordenstatus.clone(),
            metadata: self.metadata(),
        }
    }

    fn metadata(&self) -> Value {
        let outcome = &self.outcome;
        let mut metadata = json!({
            "action": outcome.action,
            "trigger": self.cause.trigger,
            "warnings": outcome.warnings,
            "changed": outcome.changed,
            "superseded": outcome.superseded,
            "deliveries": self.cause.deliveries,
            "timings": self.cause.timings,
        });
        if let Some(run) = self.cause.run {
            metadata["run"] = json!(run);
        }
        if let Some(consistency_ms) = self.consistency_ms {
            metadata["consistency_ms"] = consistency_ms.into();
        }
        metadata
    }
}

fn changed_vehicle(content: Box<Content>, former: &Stored, changed: &[&str]) -> Write {
    let wanted = content.slug_wanted.as_ref();
    let moves =
        wanted.is_some() && wanted != former.content.slug_wanted.as_ref() && wanted != Some(&former.slug);
    let new_slug = moves.then(|| content.slug_base());
    let shown = moves || changed.iter().any(|column| !INTERNAL.contains(column));
    Write::Vehicle { content, new_slug, updated_at: (!shown).then_some(former.updated_at) }
}
