//! The worker of `sync_queue`: retries and settling reads are one mechanism with two reasons.
//!
//! **Invariants**
//! - The read that settles a record deletes its row in the transaction that stores it. The worker only reads what is due and gives failed
//!   ones back.
//! - Due records are read after webhooks and before runs, up to a page in one request. After a request that was not
//!   full, the next one leaves `sync.recheck_after` later at the earliest, so that records gather.
//! - Only failures that may be the record's own fault count. While Airtable refuses us or is away, no record is given
//!   up.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::{
    Engine, SyncError,
    reading::{Cause, Task},
    store::Manner,
};
use crate::{
    airtable::{Lane, Permit},
    db::queue::{Due, Retry},
};

/// The life of a claim that its holder does not renew: what a crash costs.
const LEASE: Duration = Duration::from_secs(5);
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// The worker's longest sleep, since webhooks and other instances fill the queue too.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The worker's shortest wait before it looks again, also when another instance's claim keeps a row from it.
const LOOK_NOT_BEFORE: Duration = Duration::from_millis(20);

impl Engine {
    /// Reads what is due until told to stop. Batches go on in tasks of their own.
    pub(super) async fn work_queue(&self, stop: &CancellationToken) {
        // The fault that a former process waited for may be mended: a new token comes in by a restart.
        self.hurry().await;
        let mut gather_until = tokio::time::Instant::now();
        loop {
            let pause = self.until_next_due().await;
            let gathered = tokio::time::sleep_until(gather_until);
            tokio::select! {
                () = async { tokio::join!(tokio::time::sleep(pause), gathered); } => {}
                () = self.inner.enqueued.notified() => continue,
                () = self.inner.airtable_is_back.notified() => { self.hurry().await; continue }
                () = stop.cancelled() => return,
            }
            if !pause.is_zero() {
                continue;
            }
            let permit = tokio::select! {
                permit = self.inner.airtable.permit(Lane::Queue) => permit,
                () = stop.cancelled() => return,
            };
            let due = self.claim_due().await;
            if due.is_empty() {
                continue;
            }
            if due.len() < self.inner.page_size {
                gather_until = tokio::time::Instant::now() + self.inner.settings.recheck_after;
            }
            let engine = self.clone();
            self.inner.tracker.spawn(async move { engine.read_due(permit, due).await });
        }
    }

    async fn claim_due(&self) -> Vec<Due> {
        let db = &self.inner.db;
        let limit = i64::try_from(self.inner.page_size).unwrap_or(i64::MAX);
        match db.patiently(db.claim_due(limit, LEASE, self.longest_wait())).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(error = %error, "the queue cannot be read; trying again");
                Vec::new()
            }
        }
    }

    /// Makes the records due that wait for Airtable.
    pub(super) async fn hurry(&self) {
        let db = &self.inner.db;
        if let Err(error) = db.patiently(db.make_due()).await {
            tracing::warn!(error = %error, "the queue could not be hurried; it goes on in its own time");
        }
    }

    /// The time until a record is due. Zero: one is due now, and Airtable may be asked for it.
    async fn until_next_due(&self) -> Duration {
        if self.inner.airtable.stopped_until().is_some() {
            return LOOK_EVERY;
        }
        let db = &self.inner.db;
        match db.patiently(db.next_due_in()).await {
            Ok(Some(due)) if due.is_zero() => Duration::ZERO,
            // The clock may have been set back since it was written down.
            Ok(Some(due)) if due > self.longest_wait() => Duration::ZERO,
            Ok(Some(due)) => due.clamp(LOOK_NOT_BEFORE, LOOK_EVERY),
            Ok(None) | Err(_) => LOOK_EVERY,
        }
    }

    /// No record waits longer than this. One that is due later was queued before the database's clock was set back.
    fn longest_wait(&self) -> Duration {
        let settings = &self.inner.settings;
        settings.queue_backoff_max.max(super::native::HELD_FOR).saturating_add(settings.recheck_after)
    }

    async fn read_due(&self, permit: Permit, due: Vec<Due>) {
        let reading = self.sync(permit, due.iter().map(task).collect(), Manner::default());
        tokio::pin!(reading);
        let mut answers = loop {
            tokio::select! {
                answers = &mut reading => break answers,
                () = tokio::time::sleep(RENEW_EVERY) => self.renew(&due).await,
            }
        };
        for row in &due {
            if let Some(Err(error)) = answers.remove(&row.record_id) {
                self.give_back(row, &error).await;
            }
        }
        self.inner.enqueued.notify_one();
    }

    async fn renew(&self, due: &[Due]) {
        let db = &self.inner.db;
        if let Err(error) = db.patiently(db.renew_claims(due, LEASE)).await {
            tracing::warn!(error = %error, "claims on the queue could not be renewed");
        }
    }

    /// Schedules the next try of a record, or gives it up after the last one that failed by its own fault.
    async fn give_back(&self, row: &Due, error: &SyncError) {
        let settings = &self.inner.settings;
        let counts = error.may_be_one_records_fault();
        let is_last = counts && row.attempts + 1 >= i32::from(settings.queue_max_attempts.get());
        let (min, max) = match error {
            SyncError::Stopping => (Duration::ZERO, Duration::ZERO),
            SyncError::Airtable(refusal) if refusal.kind.is_configuration() => {
                (settings.queue_backoff_max, settings.queue_backoff_max)
            }
            _ => (*settings.queue_backoff_base, settings.queue_backoff_max),
        };
        if is_last {
            tracing::error!(
                record.id = %row.record_id, attempts = row.attempts + 1, error = %error,
                "a record is given up after its last try; replay it when the cause is mended"
            );
        }
        let retry = Retry { counts, is_last, min, max };
        let (db, said) = (&self.inner.db, super::printable(&error.to_string()));
        if let Err(unsaved) = db.patiently(db.give_back(&row.record_id, retry, &said)).await {
            tracing::warn!(record.id = %row.record_id, error = %unsaved, "a queued record will be due again when its claim ends");
        }
    }
}

fn task(row: &Due) -> Task {
    Task {
        record_id: row.record_id.clone(),
        cause: Cause {
            source: row.source.clone(),
            attempt: row.attempts + 1,
            edited: Some(row.edited),
            since: Instant::now(),
            ..Cause::new(row.trigger)
        },
        delivered: None,
        accepted: None,
    }
}
