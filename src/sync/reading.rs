//! One reading of a record: its reason, what it found, and how its outcome is told in `sync_logs` and in the log.
//!
//! **Units:** milliseconds.

use std::time::Instant;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::SyncResult;
use crate::{
    db::{
        logs::{LogEntry, LogStatus},
        runs::RunId,
    },
    domain::{Changes, Outcome, Record, RecordId, Trigger},
};

/// A record that was read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// The record and why it was read.
    pub(super) task: Task,
    /// As Airtable has it; `None` when the table does not have it.
    pub(super) record: Option<Record>,
}

/// A record to be read, and why.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) record_id: RecordId,
    pub(super) cause: Cause,
    /// When the last delivery that this read answers was accepted; `None` for a read that answers none.
    pub(super) delivered: Option<Instant>,
    /// When somebody said that it changed, for want of a better time of the edit.
    pub(super) accepted: Option<DateTime<Utc>>,
}

/// Why and since when a record is being synced; goes into its log.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub(super) trigger: Trigger,
    /// Who asked, such as `airtable_automation`.
    pub(super) source: Option<String>,
    /// Which delivery of the sender this is, from 1.
    pub(super) attempt: i32,
    /// Deliveries that this read answers.
    pub(super) deliveries: usize,
    /// When the first of them was accepted.
    pub(super) since: Instant,
    /// When the record was edited in Airtable, as far as that is known: what the time to consistency begins with.
    pub(super) edited: Option<DateTime<Utc>>,
    /// The run that it is part of.
    pub(super) run: Option<RunId>,
    pub(super) timings: Timings,
}

impl Cause {
    /// Of a read that somebody or something asked for just now.
    pub(super) fn new(trigger: Trigger) -> Self {
        Self {
            trigger,
            source: None,
            attempt: 1,
            deliveries: 0,
            since: Instant::now(),
            edited: None,
            run: None,
            timings: Timings::default(),
        }
    }
}

/// How long the parts of a sync took.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Timings {
    /// Waiting for the base's turn.
    pub(super) queue: f64,
    /// Airtable's answer, retries included.
    pub(super) airtable: f64,
    /// Normalizing.
    pub(super) normalize: f64,
    /// Storing, up to the log.
    pub(super) upsert: f64,
    /// Announcing the change to the instances.
    pub(super) invalidate: f64,
}

/// A record that was synced, and how.
#[derive(Debug, Clone)]
pub(super) struct Synced {
    pub(super) outcome: Outcome,
    pub(super) cause: Cause,
    /// The columns that changed, before and after.
    pub(super) changes: Changes,
    /// Set when a full run left the vehicle listed because it first has to count how many would leave.
    pub(super) held_back: bool,
    /// From acceptance to the log.
    pub(super) duration_ms: i32,
    /// From the edit in Airtable to the stored row; only for what was written.
    pub(super) consistency_ms: Option<i64>,
    /// Set when it gets a row in `sync_logs`.
    pub(super) logged: bool,
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
            "changes": self.changes,
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

    /// Writes its line in the log.
    pub(super) fn tell(&self) {
        let Self { outcome, cause, duration_ms, consistency_ms, .. } = self;
        let Timings { queue, airtable, normalize, upsert, invalidate } = cause.timings;
        tracing::info!(
            record.id = %outcome.record_id,
            sync.action = outcome.action.as_str(),
            sync.trigger = cause.trigger.as_str(),
            sync.duration_ms = duration_ms,
            sync.queue_ms = in_tenths(queue),
            sync.airtable_ms = in_tenths(airtable),
            sync.normalize_ms = in_tenths(normalize),
            sync.upsert_ms = in_tenths(upsert),
            sync.invalidate_ms = in_tenths(invalidate),
            sync.consistency_ms = consistency_ms,
            sync.warnings = outcome.warnings.len(),
            run.id = cause.run.map(|run| run.0),
            "{}",
            outcome.message()
        );
    }
}

impl Task {
    /// Writes the line of a failure in the log.
    pub(super) fn tell_failure(&self, error: &super::SyncError) {
        let Self { record_id, cause, .. } = self;
        tracing::error!(
            record.id = %record_id,
            sync.action = SyncResult::Failed.as_str(),
            sync.trigger = cause.trigger.as_str(),
            sync.duration_ms = i64::try_from(cause.since.elapsed().as_millis()).unwrap_or(i64::MAX),
            sync.queue_ms = in_tenths(cause.timings.queue),
            run.id = cause.run.map(|run| run.0),
            error = %error,
            "{record_id} could not be synced: {error}"
        );
    }
}

fn in_tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

/// The milliseconds since `start`, as in [`Timings`].
pub(super) fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}
