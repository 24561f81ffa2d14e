//! The durable queue's worker.
//!
//! **Invariants:** a queued record goes through the same line as a webhook, so it shares reads with fresh deliveries, and the read
//! that settles it deletes its row in the same transaction. The worker only hands rows in and gives failed ones back. While Airtable
//! refuses us nothing dies in the queue: it waits for the operator.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{
    Engine, SyncError,
    intake::{Answer, Delivery},
};
use crate::db::queue::Claimed;

/// Records claimed at once.
const CLAIM: i64 = 500;
/// How long a claim lasts when its holder does not renew it: what a crash costs.
const LEASE: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// How long the worker sleeps at most, since other instances fill the queue too.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Engine {
    /// Works the queue off until told to stop. Claimed rows go on in tasks of their own.
    pub(super) async fn work_queue(&self, stop: &CancellationToken) {
        // What a former process waited for may be mended: a restart is how a new token comes in.
        self.hurry().await;
        loop {
            let db = &self.inner.db;
            let claimed = match self.inner.airtable.stopped_until() {
                // The month's requests are used up: what waits would only fail without being sent.
                Some(_) => Ok(Vec::new()),
                None => db.patiently(db.claim_due(CLAIM, LEASE)).await,
            };
            let pause = match claimed {
                Ok(claimed) if claimed.is_empty() => self.until_next().await,
                Ok(claimed) => {
                    let (engine, stop) = (self.clone(), stop.clone());
                    self.inner.tracker.spawn(async move { engine.work_off(claimed, stop).await });
                    continue;
                }
                Err(error) => {
                    tracing::warn!(error = %error, "the queue cannot be read; trying again");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = self.inner.enqueued.notified() => {}
                () = self.inner.airtable_is_back.notified() => self.hurry().await,
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// What waits for Airtable need not wait any longer.
    async fn hurry(&self) {
        let db = &self.inner.db;
        if let Err(error) = db.patiently(db.make_due()).await {
            tracing::warn!(error = %error, "the queue could not be hurried; it goes on in its own time");
        }
    }

    async fn until_next(&self) -> Duration {
        if self.inner.airtable.stopped_until().is_some() {
            return LOOK_EVERY;
        }
        let db = &self.inner.db;
        let due = db.patiently(db.next_due_in()).await.ok().flatten().unwrap_or(LOOK_EVERY);
        // Never a busy loop, also when a row is due but another instance's claim keeps it from us.
        due.clamp(Duration::from_millis(100), LOOK_EVERY)
    }

    async fn work_off(&self, claimed: Vec<Claimed>, stop: CancellationToken) {
        let outcomes = join_all(claimed.iter().map(|row| {
            self.inner.intake.put(Delivery {
                record_id: row.record_id.clone(),
                trigger: row.trigger,
                source: row.source.clone(),
                attempt: row.attempts,
                since: Instant::now(),
                accepted: row.edited,
                edited: None,
            })
        }));
        tokio::pin!(outcomes);
        let answers = loop {
            tokio::select! {
                answers = &mut outcomes => break answers,
                () = tokio::time::sleep(RENEW_EVERY) => self.renew(&claimed).await,
                () = stop.cancelled() => break outcomes.await,
            }
        };
        for (row, answer) in claimed.iter().zip(answers) {
            self.after_try(row, answer.unwrap_or(Err(SyncError::Stopping))).await;
        }
        // The worker has looked at the times while these were claimed.
        self.inner.enqueued.notify_one();
    }

    async fn renew(&self, claimed: &[Claimed]) {
        let db = &self.inner.db;
        if let Err(error) = db.patiently(db.renew_claims(claimed, LEASE)).await {
            tracing::warn!(error = %error, "claims on the queue could not be renewed");
        }
    }

    /// A settled row is gone already. Others come back later, or die after the last try.
    async fn after_try(&self, row: &Claimed, answer: Answer) {
        let Err(error) = answer else { return };
        let delay = match &error {
            SyncError::Stopping => Some(Duration::ZERO),
            SyncError::Airtable(refusal) if refusal.kind.is_configuration() => {
                Some(self.inner.settings.queue_backoff_max)
            }
            _ if row.attempts >= self.inner.settings.queue_max_attempts => None,
            _ => Some(self.backoff(row.attempts)),
        };
        if delay.is_none() {
            tracing::error!(
                record.id = %row.record_id, attempts = row.attempts, error = %error,
                "a record is given up after its last try; replay it when the cause is mended"
            );
        }
        let (db, said) = (&self.inner.db, error.to_string().replace('\0', ""));
        if let Err(unsaved) = db.patiently(db.give_back(&row.record_id, delay, &said)).await {
            tracing::warn!(record.id = %row.record_id, error = %unsaved, "a queued record will be due again when its claim ends");
        }
    }

    /// Doubles with every try up to the longest; a random part of the upper half, so that records do not come back all at once.
    fn backoff(&self, attempts: i32) -> Duration {
        let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
        let settings = &self.inner.settings;
        let longest =
            settings.queue_backoff_base.saturating_mul(1 << doublings).min(settings.queue_backoff_max);
        longest.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}
