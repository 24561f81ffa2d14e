//! The write side: a delivery's way from acceptance to commit.
//!
//! 1. [`Engine::deliver`] puts the records in [the line](mod@line) and waits for their outcomes, for `sync.reply_within` at most.
//! 2. The dispatcher waits until the base has a turn to give ([`AirtableClient::permit`]), takes all that wait by then, up to one
//!    page, and goes on to the next turn while the batch is on its way.
//! 3. The batch is stamped and fetched in one request ([`reader`]), normalized, planned ([`plan`]) and stored in one transaction
//!    ([`store`]); the catalog makes older responses unreachable, and every waiter gets its own outcome.
//! 4. What was not answered by then, and what was answered by a read that Airtable's lag may have spoilt, stands in `sync_queue` until a
//!    later read settles it ([`owed`]).
//!
//! Records that Airtable's native webhook names ([`native`]) are queued first and then go the same way.
//!
//! **Invariants**
//! - The stamp is taken after the last delivery of the batch was accepted and before its request is sent: a read never misses an
//!   edit that was announced before it.
//! - Older responses are unreachable before the first waiter hears of the commit.
//!
//! **Not here:** HTTP answers (`http::webhook`), SQL (`db`).

mod away;
mod consistency;
mod error;
mod feeds;
mod fields;
mod line;
mod native;
mod owed;
mod plan;
mod preview;
mod reader;
mod reading;
mod run;
mod schedule;
mod scheduler;
mod store;
mod tally;
mod usage;

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{
    sync::{Mutex, Notify},
    time::{Instant, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    consistency::believable,
    error::SyncError,
    fields::{
        Appeared, FieldReport, Missing, Renamed, Retyped, Sample, Unfed, bind, report as field_report,
        sample, table_key,
    },
    line::Delivery,
    native::{FoundWebhook, WebhookError},
    preview::{Difference, PreviewReport},
    reader::distinct,
    run::{Run, RunError, RunReport, Scope},
    schedule::Nightly,
    tally::{Result as SyncResult, Tallied},
};
use self::{
    fields::{FieldPlan, Fields},
    line::Line,
    native::Native,
    tally::Tally,
};
use crate::{
    airtable::{AirtableClient, AirtableError, Lane},
    catalog::Catalog,
    config::{Config, ListingSettings, SyncSettings},
    db::{
        Db, DbError,
        queue::Owed,
        runs::{RunId, RunKind},
    },
    domain::{Outcome, RecordId, Rules, Trigger},
    signals::Signals,
};

/// Syncs records. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    airtable: AirtableClient,
    catalog: Catalog,
    fields: Fields,
    line: Line,
    native: Native,
    enqueued: Notify,
    stopping: CancellationToken,
    catch_up_wanted: Notify,
    /// Requests that the database knows of.
    told_calls: Mutex<u64>,
    used_up: Notify,
    /// Failures of Airtable in a row; see `away`.
    airtable_fails: AtomicU32,
    airtable_is_back: Notify,
    run_moved: Notify,
    tracker: TaskTracker,
    signals: Signals,
    tally: Tally,
    listing: ListingSettings,
    settings: SyncSettings,
    page_size: usize,
}

/// The state of a delivery at the end of the time that its sender waits.
#[derive(Debug, Clone)]
pub enum Delivered {
    /// It is stored.
    Settled(Outcome),
    /// It is in the durable queue; the reason is for people.
    Queued(String),
    /// It is in the durable queue, and will stay there until an operator mends what Airtable refuses.
    Refused(Arc<AirtableError>),
}

impl Engine {
    /// An engine that does nothing yet; see [`Engine::run`].
    pub fn new(db: Db, airtable: AirtableClient, catalog: Catalog, config: &Config) -> Self {
        let signals = Signals::default();
        Self {
            inner: Arc::new(Inner {
                db,
                airtable,
                catalog,
                fields: Fields::new(config, signals.clone()),
                line: Line::default(),
                native: Native::new(config),
                enqueued: Notify::new(),
                stopping: CancellationToken::new(),
                catch_up_wanted: Notify::new(),
                told_calls: Mutex::new(0),
                used_up: Notify::new(),
                airtable_fails: AtomicU32::new(0),
                airtable_is_back: Notify::new(),
                run_moved: Notify::new(),
                tracker: TaskTracker::new(),
                signals,
                tally: Tally::default(),
                listing: config.listing.clone(),
                settings: config.sync.clone(),
                page_size: config.airtable.page_size.get(),
            }),
        }
    }

    /// Syncs what is delivered and queued, and runs what is due, until told to stop; then lets the batches under way finish.
    pub async fn run(&self, stop: CancellationToken) {
        let cut_off = async {
            stop.cancelled().await;
            self.cut_off_runs();
        };
        self.exchange_usage_or_warn().await;
        tokio::join!(
            self.dispatch(&stop),
            self.work_queue(&stop),
            Box::pin(self.schedule(&stop)),
            self.keep_usage(&stop),
            self.watch_fields(&stop),
            Box::pin(self.keep_webhook(&stop)),
            cut_off
        );
        self.inner.line.close();
        self.inner.tracker.close();
        self.inner.tracker.wait().await;
        self.exchange_usage_or_warn().await;
    }

    /// Syncs records and says what became of each, in their order; each at most once. What cannot be settled in time is kept
    /// in the durable queue before this returns, so the sender may forget it. Fails when the database is out of reach: nothing is
    /// accepted then, and the sender has to come again.
    pub async fn deliver(&self, deliveries: Vec<Delivery>) -> Result<Vec<Delivered>, SyncError> {
        let deadline = Instant::now() + self.inner.settings.reply_within;
        let waiting: Vec<_> =
            deliveries.iter().cloned().map(|delivery| self.inner.line.put(delivery)).collect();
        let mut delivered = Vec::with_capacity(waiting.len());
        let mut unsettled = Vec::new();
        for (answer, delivery) in waiting.into_iter().zip(deliveries) {
            let state = match timeout_at(deadline, answer).await {
                Ok(Ok(Ok(outcome))) => Delivered::Settled(outcome),
                Ok(Ok(Err(SyncError::Database(error)))) if error.is_transient() => return Err(error.into()),
                Ok(Ok(Err(SyncError::Airtable(error)))) if error.kind.is_configuration() => {
                    Delivered::Refused(error)
                }
                Ok(Ok(Err(error))) => Delivered::Queued(error.to_string()),
                Ok(Err(_)) => Delivered::Queued(SyncError::Stopping.to_string()),
                Err(_) => Delivered::Queued("it was not finished in time".to_owned()),
            };
            let reason = match &state {
                Delivered::Settled(_) => None,
                Delivered::Queued(reason) => Some(reason.clone()),
                Delivered::Refused(error) => Some(error.to_string()),
            };
            if let Some(reason) = reason {
                unsettled.push(Owed {
                    record_id: delivery.record_id,
                    trigger: delivery.trigger,
                    source: delivery.source,
                    edited: delivery.edited.unwrap_or(delivery.accepted),
                    reason: Some(reason),
                });
            }
            delivered.push(state);
        }
        if !unsettled.is_empty() {
            let db = &self.inner.db;
            db.patiently(db.enqueue(&unsettled, FIRST_TRY_AFTER, self.inner.settings.recheck_after)).await?;
            self.inner.enqueued.notify_one();
        }
        Ok(delivered)
    }

    /// Begins a run that goes on by itself, unless another is under way; a stop cuts it off.
    pub async fn start_run(&self, scope: Scope, trigger: Trigger) -> Result<RunId, RunError> {
        let run = self.begin_run(scope, trigger).await?;
        let (id, engine) = (run.id, self.clone());
        self.inner.tracker.spawn(async move {
            if let Err(error) = engine.carry_out(run).await {
                tracing::error!(run.id = id.0, error = %error, "a run could not be written down");
            }
        });
        Ok(id)
    }

    /// Ends runs before their end; their rows say so.
    pub fn cut_off_runs(&self) {
        self.inner.stopping.cancel();
    }

    /// Records whose last sync failed, and those that the queue has given up.
    pub async fn failed_records(&self) -> Result<Vec<RecordId>, DbError> {
        self.inner.db.failed_records().await
    }

    /// Records whose sync was logged in a span of time.
    pub async fn synced_between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<RecordId>, DbError> {
        self.inner.db.synced_between(from, to).await
    }

    /// The read side, whose responses this engine makes old.
    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    /// Counts of syncs by their result since the start.
    pub fn tallied(&self) -> impl Iterator<Item = Tallied> {
        self.inner.tally.read()
    }

    /// Counts of runs by kind and result since the start.
    pub fn tallied_runs(&self) -> impl Iterator<Item = (RunKind, &'static str, u64)> {
        self.inner.tally.runs()
    }

    /// The client, for its figures.
    pub fn airtable(&self) -> &AirtableClient {
        &self.inner.airtable
    }

    /// What this process knows to be wrong.
    pub fn signals(&self) -> &Signals {
        &self.inner.signals
    }

    /// Waits until a run of this process begins or ends. For one listener; what happens while it does not wait is not lost to it.
    pub async fn run_moved(&self) {
        self.inner.run_moved.notified().await;
    }

    /// Gives every waiting record its turn.
    async fn dispatch(&self, stop: &CancellationToken) {
        loop {
            let turn = async {
                self.inner.line.arrival().await;
                self.inner.airtable.permit(Lane::Webhook).await
            };
            let permit = tokio::select! {
                permit = turn => permit,
                () = stop.cancelled() => return,
            };
            let batch = self.inner.line.take(self.inner.page_size);
            if !batch.is_empty() {
                let engine = self.clone();
                self.inner.tracker.spawn(async move { engine.sync_batch(permit, batch).await });
            }
        }
    }

    fn rules(&self, plan: &FieldPlan) -> Rules {
        use chrono::Datelike;
        Rules {
            listed_status: self.inner.listing.status.to_string(),
            visible_field: plan.visible_field.clone(),
            this_year: crate::clock::now().year(),
        }
    }
}

/// The wait before the queue reads a record whose sender got 202: most are settled by the read that is still under way.
const FIRST_TRY_AFTER: Duration = Duration::from_secs(2);

/// The text without NUL, which PostgreSQL does not take.
fn printable(text: &str) -> String {
    text.replace('\0', "")
}
