//! One batch: stamp, fetch, normalize, store, invalidate, answer.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    Engine, SyncError, SyncResult,
    consistency::believable,
    fields::FieldPlan,
    intake::{Answer, Entry},
    recheck::shows_no_change,
};
use crate::{
    airtable::{Kind, Lane, Permit},
    db::{
        DbError, Stamp,
        logs::{LogEntry, LogStatus},
        records::{Cause, Fields, Logged, Reading, Synced, Timings, ms_since},
    },
    domain::{Outcome, Record, RecordId, normalize},
};

/// A record to be synced and why.
#[derive(Clone)]
pub(super) struct Task {
    pub(super) record_id: RecordId,
    pub(super) cause: Cause,
    /// When somebody said that it changed, for want of a better time of the edit.
    pub(super) accepted: Option<DateTime<Utc>>,
}

impl Engine {
    /// Syncs the records of a batch and answers all who wait for them.
    pub(super) async fn sync_batch(&self, permit: Permit, batch: Vec<Entry>) {
        let tasks = batch.iter().map(task).collect();
        let mut answers = self.sync(permit, tasks).await;
        let mut unchanged = Vec::new();
        for entry in batch {
            let answer = answers.remove(&entry.first.record_id).unwrap_or(Err(SyncError::Stopping));
            if shows_no_change(&entry.first, &answer) {
                unchanged.push(entry.first.clone());
            }
            entry.answer(&answer);
        }
        self.recheck_later(unchanged);
    }

    /// Syncs records together; when the whole is refused, its halves, so that one bad record harms no other.
    pub(super) async fn sync(&self, permit: Permit, mut tasks: Vec<Task>) -> HashMap<RecordId, Answer> {
        let lane = permit.lane();
        let result = self.try_sync(permit, tasks.clone()).await;
        self.watch_airtable(result.as_ref().err());
        match result {
            Ok(outcomes) => {
                outcomes.into_iter().map(|outcome| (outcome.record_id.clone(), Ok(outcome))).collect()
            }
            Err(error) if tasks.len() > 1 && may_be_one_records_fault(&error) => {
                tracing::warn!(error = %error, records = tasks.len(), "a batch was refused; trying its halves");
                let half = tasks.split_off(tasks.len() / 2);
                let permit = self.inner.airtable.permit(lane).await;
                let mut answers = Box::pin(self.sync(permit, tasks)).await;
                let permit = self.inner.airtable.permit(lane).await;
                answers.extend(Box::pin(self.sync(permit, half)).await);
                answers
            }
            Err(error) => {
                self.log_failures(&tasks, &error).await;
                tasks.into_iter().map(|task| (task.record_id, Err(error.clone()))).collect()
            }
        }
    }

    async fn try_sync(&self, permit: Permit, mut tasks: Vec<Task>) -> Result<Vec<Outcome>, SyncError> {
        let plan = self.inner.fields.plan(&self.inner.airtable, &self.inner.db).await?;
        let stamp = self.inner.db.patiently(self.inner.db.stamp()).await?;
        let asking = Instant::now();
        let mut found = self.fetch(permit, &tasks).await?;
        let airtable = ms_since(asking);
        let readings = tasks
            .drain(..)
            .map(|mut task| {
                task.cause.timings.airtable = airtable;
                let record = found.remove(&task.record_id);
                self.reading(task, record, &plan)
            })
            .collect();
        self.store(stamp, readings, &plan, Logged::All).await
    }

    /// Fetches the records. Those that are known here but missing in the answer are asked for once more: one lost answer must
    /// not delete a vehicle.
    async fn fetch(&self, permit: Permit, tasks: &[Task]) -> Result<HashMap<RecordId, Record>, SyncError> {
        let lane = permit.lane();
        let ids: Vec<RecordId> = tasks.iter().map(|task| task.record_id.clone()).collect();
        let mut found = by_id(self.inner.airtable.records(permit, &ids).await?);
        let missing: Vec<RecordId> = ids.into_iter().filter(|id| !found.contains_key(id)).collect();
        if !missing.is_empty() {
            let suspects = self.inner.db.still_known(&missing).await?;
            if !suspects.is_empty() {
                let permit = self.inner.airtable.permit(lane).await;
                found.extend(by_id(self.inner.airtable.records(permit, &suspects).await?));
            }
        }
        Ok(found)
    }

    /// Normalizes what was found.
    pub(super) fn reading(&self, task: Task, record: Option<Record>, plan: &FieldPlan) -> Reading {
        let Task { record_id, mut cause, accepted } = task;
        let started = Instant::now();
        let modified = record.as_ref().and_then(|record| plan.modified(record));
        cause.edited = cause.edited.or_else(|| believable(modified?, crate::clock::now())).or(accepted);
        let found = record.map(|record| normalize(&record, &plan.mapping, &self.rules(plan)));
        cause.timings.normalize = ms_since(started);
        Reading { record_id, found, cause }
    }

    /// The same reading, as another plan understands it: fields that it knows and the former did not still have their ids for names.
    fn read_anew(&self, reading: Reading, plan: &FieldPlan) -> Reading {
        let names = plan.names().unwrap_or_default();
        let record = reading.found.map(|found| Record {
            id: found.content.record_id,
            created_time: found.content.created_at,
            fields: names.translate(found.content.data),
        });
        let task = Task { record_id: reading.record_id, cause: reading.cause, accepted: None };
        self.reading(task, record, plan)
    }

    /// Stores readings and, if something was written, now or by a commit that nobody answered, makes older responses unreachable.
    pub(super) async fn store(
        &self,
        stamp: Stamp,
        readings: Vec<Reading>,
        plan: &FieldPlan,
        logged: Logged,
    ) -> Result<Vec<Outcome>, SyncError> {
        let ids: Vec<RecordId> = readings.iter().map(|reading| reading.record_id.clone()).collect();
        let stored = self.store_surely(stamp, readings, plan, logged).await;
        let db = &self.inner.db;
        let Ok(synced) = stored else {
            // It may be in force without anybody having said so.
            if db.doubts(ids.iter()) {
                self.inner.catalog.suspect();
            }
            return stored.map(|_| Vec::new());
        };
        let written = || synced.iter().map(|synced| &synced.outcome).filter(|outcome| outcome.written);
        // A vehicle that moved was also known under its former address, which is not at hand.
        let moved = written().any(|outcome| outcome.changed.contains(&"slug"));
        if db.dispel_doubts(ids.iter()) || moved {
            self.inner.catalog.invalidate();
        } else if written().next().is_some() {
            self.inner.catalog.changed(written().filter_map(|outcome| outcome.slug.as_deref())).await;
        }
        for synced in &synced {
            self.inner.tally.count(synced.cause.trigger, synced.outcome.action.into());
            if synced.logged {
                tell(synced);
            }
        }
        Ok(synced.into_iter().map(|synced| synced.outcome).collect())
    }

    /// Stores readings; a value that vanished is believed only when its field is still there.
    async fn store_surely(
        &self,
        stamp: Stamp,
        readings: Vec<Reading>,
        plan: &FieldPlan,
        logged: Logged,
    ) -> Result<Vec<Synced>, SyncError> {
        let fields = Fields::Unsure(&plan.feeds);
        let db = &self.inner.db;
        let stored = db.patiently(db.store(stamp, readings.clone(), &plan.kept, logged, fields));
        match stored.await {
            Err(DbError::FieldsMayBeGone(doubted)) => {
                let looked = self.look_for_fields(&doubted, Lane::Webhook).await;
                let plan = looked.map_err(SyncError::without_the_schema)?;
                let readings = readings.into_iter().map(|reading| self.read_anew(reading, &plan)).collect();
                Ok(db.patiently(db.store(stamp, readings, &plan.kept, logged, Fields::Sure)).await?)
            }
            stored => Ok(stored?),
        }
    }

    /// A failure is an outcome too. When the database is the failure, only the log of the process has it.
    pub(super) async fn log_failures(&self, tasks: &[Task], error: &SyncError) {
        for task in tasks {
            self.inner.tally.count(task.cause.trigger, SyncResult::Failed);
            tell_failure(task, error);
        }
        let entries: Vec<LogEntry> = tasks.iter().map(|task| failure(task, error)).collect();
        if let Err(unlogged) = self.inner.db.log(&entries).await {
            tracing::error!(error = %unlogged, "the failure could not be written to sync_logs");
        }
    }
}

/// The line of a sync in the log.
fn tell(synced: &Synced) {
    let Synced { outcome, cause, duration_ms, consistency_ms, .. } = synced;
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

fn tell_failure(task: &Task, error: &SyncError) {
    let Task { record_id, cause, .. } = task;
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

fn in_tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

fn task(entry: &Entry) -> Task {
    let first = &entry.first;
    Task {
        record_id: first.record_id.clone(),
        accepted: Some(first.accepted),
        cause: Cause {
            trigger: first.trigger,
            source: first.source.clone(),
            attempt: first.attempt,
            deliveries: entry.waiters.len(),
            since: first.since,
            edited: first.edited,
            run: None,
            timings: Timings { queue: ms_since(first.since), ..Timings::default() },
        },
    }
}

fn by_id(records: Vec<Record>) -> HashMap<RecordId, Record> {
    records.into_iter().map(|record| (record.id.clone(), record)).collect()
}

/// Whether a part of the batch may succeed where the whole failed.
fn may_be_one_records_fault(error: &SyncError) -> bool {
    match error {
        SyncError::Airtable(error) => matches!(error.kind, Kind::InvalidRequest | Kind::TooLarge),
        SyncError::Database(error) => error.may_be_the_values(),
        // The part without the record whose value vanished needs no look at the schema.
        SyncError::Schema(_) => true,
        SyncError::Stopping => false,
    }
}

fn failure(task: &Task, error: &SyncError) -> LogEntry {
    let (details, http_status) = match error {
        SyncError::Airtable(error) | SyncError::Schema(error) => (
            json!({
                "from": "airtable",
                "kind": error.kind,
                "status": error.status,
                "type": error.error_type,
                "attempts": error.attempts,
                "body": printable(&error.body_start),
                "remedy": error.kind.remedy(),
            }),
            error.status.map(i32::from),
        ),
        SyncError::Database(_) => (json!({ "from": "database" }), None),
        SyncError::Stopping => (json!({ "from": "vitrina" }), None),
    };
    let mut metadata = json!({ "trigger": task.cause.trigger, "deliveries": task.cause.deliveries, "timings": task.cause.timings });
    if let Some(run) = task.cause.run {
        metadata["run"] = json!(run);
    }
    LogEntry {
        record_id: Some(task.record_id.clone()),
        sync_type: task.cause.trigger,
        source: task.cause.source.clone(),
        status: LogStatus::Error,
        message: printable(&error.to_string()),
        error_details: Some(details),
        attempt_number: task.cause.attempt,
        duration_ms: i32::try_from(task.cause.since.elapsed().as_millis()).unwrap_or(i32::MAX),
        http_status,
        vehicle_title: None,
        ordencompra: None,
        ordenstatus: None,
        metadata,
    }
}

/// PostgreSQL takes no NUL in a text.
fn printable(text: &str) -> String {
    text.replace('\0', "")
}

/// The ids in order, each once.
pub fn distinct(ids: impl IntoIterator<Item = RecordId>) -> Vec<RecordId> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}
