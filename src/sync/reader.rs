//! One batch: stamp, fetch, store, answer.
//!
//! **Invariants:** the stamp is taken before the request leaves. A record that is known here but missing in the answer is asked for once
//! more: one lost answer must not delete a vehicle. Nobody's failure is another's: a batch that is refused is split until the culprit
//! stands alone.
//!
//! **Not here:** what becomes of what was read (`store`).

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use serde_json::json;

use super::{
    Engine, SyncError, SyncResult,
    line::{Answer, Entry},
    reading::{Cause, Reading, Synced, Task, Timings, ms_since},
    store::{Manner, Read},
};
use crate::{
    airtable::Permit,
    db::logs::{LogEntry, LogStatus},
    domain::{Record, RecordId},
};

impl Engine {
    /// Syncs the records of a batch and answers all who wait for them.
    pub(super) async fn sync_batch(&self, permit: Permit, batch: Vec<Entry>) {
        let tasks = batch.iter().map(task).collect();
        let mut answers = self.sync(permit, tasks, Manner::default()).await;
        for entry in batch {
            let answer = answers.remove(&entry.first.record_id).unwrap_or(Err(SyncError::Stopping));
            entry.answer(&answer);
        }
    }

    /// Syncs records together; when the whole is refused, its halves, so that one bad record harms no other.
    pub(super) async fn sync(
        &self,
        permit: Permit,
        mut tasks: Vec<Task>,
        manner: Manner,
    ) -> HashMap<RecordId, Answer> {
        let lane = permit.lane();
        let result = self.try_sync(permit, tasks.clone(), manner).await;
        self.watch_airtable(result.as_ref().err());
        match result {
            Ok(synced) => synced
                .into_iter()
                .map(|synced| (synced.outcome.record_id.clone(), Ok(synced.outcome)))
                .collect(),
            Err(error) if tasks.len() > 1 && error.may_be_one_records_fault() => {
                tracing::warn!(error = %error, records = tasks.len(), "a batch was refused; trying its halves");
                let half = tasks.split_off(tasks.len() / 2);
                let permit = self.inner.airtable.permit(lane).await;
                let mut answers = Box::pin(self.sync(permit, tasks, manner)).await;
                let permit = self.inner.airtable.permit(lane).await;
                answers.extend(Box::pin(self.sync(permit, half, manner)).await);
                answers
            }
            Err(error) => {
                self.log_failures(&tasks, &error).await;
                tasks.into_iter().map(|task| (task.record_id, Err(error.clone()))).collect()
            }
        }
    }

    async fn try_sync(
        &self,
        permit: Permit,
        tasks: Vec<Task>,
        manner: Manner,
    ) -> Result<Vec<Synced>, SyncError> {
        let fields = self.inner.fields.plan(&self.inner.airtable, &self.inner.db).await?;
        let read = self.begin_read().await?;
        let asking = Instant::now();
        let mut found = self.fetch(permit, &tasks).await?;
        let airtable = ms_since(asking);
        let readings: Vec<Reading> = tasks
            .into_iter()
            .map(|mut task| {
                task.cause.timings.airtable = airtable;
                let record = found.remove(&task.record_id);
                Reading { task, record }
            })
            .collect();
        self.store(read, &readings, &fields, manner).await
    }

    /// The stamp of a read; what is asked of Airtable from now on belongs to it.
    pub(super) async fn begin_read(&self) -> Result<Read, SyncError> {
        let began = Instant::now();
        let stamp = self.inner.db.patiently(self.inner.db.stamp()).await?;
        Ok(Read { stamp, began })
    }

    /// Fetches the records.
    pub(super) async fn fetch(
        &self,
        permit: Permit,
        tasks: &[Task],
    ) -> Result<HashMap<RecordId, Record>, SyncError> {
        let lane = permit.lane();
        let ids: Vec<RecordId> = tasks.iter().map(|task| task.record_id.clone()).collect();
        let mut found = by_id(self.inner.airtable.records(permit, &ids).await?);
        let missing: Vec<RecordId> = ids.into_iter().filter(|id| !found.contains_key(id)).collect();
        if !missing.is_empty() {
            let db = &self.inner.db;
            let suspects = db.patiently(db.still_known(&missing)).await?;
            if !suspects.is_empty() {
                let permit = self.inner.airtable.permit(lane).await;
                found.extend(by_id(self.inner.airtable.records(permit, &suspects).await?));
            }
        }
        Ok(found)
    }

    /// A failure is an outcome too. When the database is the failure, only the log of the process has it.
    pub(super) async fn log_failures(&self, tasks: &[Task], error: &SyncError) {
        for task in tasks {
            self.inner.tally.count(task.cause.trigger, SyncResult::Failed);
            task.tell_failure(error);
        }
        let entries: Vec<LogEntry> = tasks.iter().map(|task| failure(task, error)).collect();
        let db = &self.inner.db;
        if let Err(unlogged) = db.patiently(db.log(&entries)).await {
            tracing::error!(error = %unlogged, "the failure could not be written to sync_logs");
        }
    }
}

fn task(entry: &Entry) -> Task {
    let first = &entry.first;
    Task {
        record_id: first.record_id.clone(),
        accepted: Some(first.accepted),
        delivered: Some(entry.last),
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

fn failure(task: &Task, error: &SyncError) -> LogEntry {
    let (details, http_status) = match error {
        SyncError::Airtable(error) | SyncError::Schema(error) => (
            json!({
                "from": "airtable",
                "kind": error.kind,
                "status": error.status,
                "type": error.error_type,
                "attempts": error.attempts,
                "body": super::printable(&error.body_start),
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
        message: super::printable(&error.to_string()),
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

/// The ids in order, each once.
pub fn distinct(ids: impl IntoIterator<Item = RecordId>) -> Vec<RecordId> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}
