//! Runs: many records at once, by one engine.
//!
//! A *full* run lists every record whose state is the listed one and then looks for vehicles that the listing lacked or showed as
//! unlisted ([`reconcile`]); a *catch-up* lists what Airtable changed since the last run; a *replay* reads given records. All store what they read
//! by the same transaction as a webhook.
//!
//! **Invariants**
//! - One run at a time on all instances ([`RunLock`]). Webhooks go on meanwhile, go first at the limiter, and win.
//! - All pages of a listing carry one stamp, taken before the first was asked for. Whether Airtable's listing is a snapshot is not
//!   documented; this way every webhook that is read meanwhile wins, whatever it is.
//! - A page is stored, in one transaction, while the next one is on its way; memory does not grow with the table.
//! - A listing that Airtable has forgotten (`LIST_RECORDS_ITERATOR_NOT_AVAILABLE`) is begun again from its first page, with a new stamp.
//!
//! **Not here:** when runs are due (`schedule`), what a run would change (`preview`).

mod error;
mod listing;
mod reconcile;
mod report;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use backon::{ExponentialBuilder, Retryable};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use tokio::sync::{Mutex, watch};

pub(super) use self::reconcile::pulls_the_brake;
pub use self::{error::RunError, report::RunReport};
use super::{
    Engine, SyncError,
    reading::{Cause, Synced, Task, Timings, ms_since},
    store::Manner,
};
use crate::{
    airtable::{Kind, Lane, formula},
    db::{
        DbError, Stamp,
        lock::RunLock,
        logs::{LogEntry, LogStatus},
        runs::{RunCounts, RunId, RunKind},
    },
    domain::{Action, Column, Outcome, RecordId, Trigger},
};

/// The span before the beginning of the last run that a catch-up reads again, for clocks that differ and changes that
/// show late.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);
/// The tries to write down the end of a run when the database does not take it at once: within some ten seconds.
const WRITING_DOWN: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(Duration::from_secs(3))
    .with_max_times(6);
/// In how many nights all vehicles are read that are no longer listed: within a month.
const UNLISTED_IN_NIGHTS: i64 = 28;
/// Requests of a replay that are under way at once: enough to hide Airtable's latency at 5 a second.
const REPLAYS_AT_ONCE: usize = 4;

/// What a run reads.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Every listed record, then the vehicles that are listed here and not there.
    Full {
        /// Unlist vehicles however many they are.
        force: bool,
    },
    /// What Airtable changed since the last run that succeeded; everything if there was none.
    CatchUp,
    /// These records.
    Records(Vec<RecordId>),
}

impl Scope {
    fn kind(&self) -> RunKind {
        match self {
            Self::Full { .. } => RunKind::Full,
            Self::CatchUp => RunKind::CatchUp,
            Self::Records(_) => RunKind::Replay,
        }
    }
}

/// A run that has the lock and a row, and has not read anything yet.
#[derive(Debug)]
pub struct Run {
    lock: Mutex<RunLock>,
    /// Its number in `sync_runs`.
    pub id: RunId,
    scope: Scope,
    trigger: Trigger,
    counts: watch::Sender<RunCounts>,
    absent: AtomicUsize,
}

impl Run {
    /// The figures as they grow.
    pub fn progress(&self) -> watch::Receiver<RunCounts> {
        self.counts.subscribe()
    }

    /// Fails when somebody else may run by now.
    async fn still_has_the_lock(&self) -> Result<(), RunError> {
        if self.lock.lock().await.is_held().await { Ok(()) } else { Err(RunError::LockLost) }
    }

    /// A record to be synced by it, from now on.
    fn task(&self, record_id: RecordId, timings: Timings) -> Task {
        Task {
            record_id,
            cause: Cause { run: Some(self.id), timings, ..Cause::new(self.trigger) },
            delivered: None,
            accepted: None,
        }
    }

    fn count(&self, outcomes: &[Outcome]) {
        self.counts.send_modify(|counts| outcomes.iter().for_each(|outcome| count(counts, outcome)));
        let absent = outcomes.iter().filter(|outcome| outcome.action == Action::Absent).count();
        self.absent.fetch_add(absent, Ordering::Relaxed);
    }

    /// The manner in which its pages are stored.
    fn manner(&self) -> Manner {
        Manner {
            notable_only: true,
            hold_back: matches!(self.scope, Scope::Full { .. }),
            first_load: self.trigger == Trigger::Bulk,
            dry_run: false,
        }
    }
}

impl Engine {
    /// Begins a run, unless another is under way.
    pub async fn begin_run(&self, scope: Scope, trigger: Trigger) -> Result<Run, RunError> {
        let db = &self.inner.db;
        let Some(lock) = db.patiently(db.try_lock_runs()).await? else {
            let other = self.inner.db.running().await?;
            return Err(RunError::Busy(
                other.map(|(id, kind, trigger)| format!(" (#{}, {kind}, {trigger})", id.0)),
            ));
        };
        self.exchange_usage().await?;
        let id = self.inner.db.begin_run(&lock, scope.kind(), trigger).await?;
        self.inner.run_moved.notify_one();
        Ok(Run {
            lock: Mutex::new(lock),
            id,
            scope,
            trigger,
            counts: watch::Sender::default(),
            absent: AtomicUsize::new(0),
        })
    }

    /// Carries a run out, writes its row and its summary, and reports. An error here is one that could not even be written down.
    pub async fn carry_out(&self, run: Run) -> Result<RunReport, RunError> {
        let started = Instant::now();
        // There is one run at a time, and only runs ask in this lane: webhooks' requests are not counted.
        let requests = || self.inner.airtable.waited(Lane::Run).permits;
        let before = requests();
        let reading = self.inner.stopping.run_until_cancelled(Box::pin(self.read_all(&run)));
        let result = reading.await.unwrap_or(Err(RunError::Stopped));
        run.counts.send_modify(|counts| {
            counts.api_calls = i32::try_from(requests() - before).unwrap_or(i32::MAX);
        });
        if let Err(RunError::Sync(SyncError::Airtable(error))) = &result {
            self.note_refusal(error);
        }
        let refused = match &result {
            Err(RunError::Sync(SyncError::Airtable(error))) => Some(error.kind),
            _ => None,
        };
        let report = RunReport {
            run: run.id,
            kind: run.scope.kind(),
            trigger: run.trigger,
            counts: *run.counts.borrow(),
            absent: run.absent.load(Ordering::Relaxed),
            duration: started.elapsed(),
            braked: matches!(result, Err(RunError::Brake { .. })),
            error: result.err().map(|error| error.to_string()),
        };
        self.write_down(&report, refused).await?;
        self.inner.run_moved.notify_one();
        run.lock.into_inner().release().await;
        self.exchange_usage_or_warn().await;
        Ok(report)
    }

    async fn read_all(&self, run: &Run) -> Result<(), RunError> {
        match &run.scope {
            Scope::Records(ids) => self.read_records(run, ids.clone()).await,
            Scope::CatchUp => {
                self.look_before_a_run(false).await?;
                let db = &self.inner.db;
                let formula = db.patiently(db.run_history(None)).await?.last_read.map(changed_since);
                Box::pin(self.read_listing(run, formula)).await.map(drop)
            }
            Scope::Full { force } => {
                let deleted = self.inner.db.delete_old_logs().await?;
                if deleted > 0 {
                    tracing::info!(deleted, "old logs were deleted");
                }
                if let Err(error) = self.tidy_listing().await {
                    tracing::warn!(error = %error, "the listing could not be tidied; the next full run tries again");
                }
                self.look_before_a_run(true).await?;
                let plan = self.inner.fields.plan(&self.inner.airtable, &self.inner.db).await?;
                let formula = plan.listed_formula(&self.inner.listing.status);
                let listed = self.inner.db.count_listed().await?;
                let listing = match Box::pin(self.read_listing(run, formula)).await {
                    Err(RunError::Sync(SyncError::Airtable(error))) if error.kind == Kind::InvalidRequest => {
                        // The formula names a field that may be gone although the schema does not say so.
                        let status = plan.mapping.fields_of(Column::Ordenstatus).take(1);
                        let doubted: Vec<String> = status.map(str::to_owned).collect();
                        let plan = Box::pin(self.look_for_fields(&doubted, Lane::Run)).await?;
                        Box::pin(self.read_listing(run, plan.listed_formula(&self.inner.listing.status)))
                            .await?
                    }
                    read => read?,
                };
                let stamp = listing.read.stamp;
                self.reconcile(run, listing, listed, *force).await?;
                if run.trigger == Trigger::Nightly { self.read_unlisted(run, stamp).await } else { Ok(()) }
            }
        }
    }

    /// Reads a share of the vehicles that are no longer listed, those first that were not read for longest: what was deleted after the
    /// sale answers 410 within a month.
    async fn read_unlisted(&self, run: &Run, stamp: Stamp) -> Result<(), RunError> {
        let db = &self.inner.db;
        let ids = db.patiently(db.longest_unread_unlisted(UNLISTED_IN_NIGHTS, stamp)).await?;
        self.read_records(run, ids).await
    }

    /// Repairs rows of the listing that are missing or were made by older rules, and forgets words that no vehicle has any more.
    async fn tidy_listing(&self) -> Result<(), DbError> {
        let repaired = self.inner.db.list_anew().await?;
        if repaired > 0 {
            tracing::info!(repaired, "rows of the listing were made anew");
        }
        self.inner.db.tidy_words().await.map(drop)
    }

    /// Reads given records, 100 in a request.
    async fn read_records(&self, run: &Run, ids: Vec<RecordId>) -> Result<(), RunError> {
        let batches: Vec<Vec<RecordId>> =
            ids.chunks(self.inner.page_size).map(<[RecordId]>::to_vec).collect();
        let mut done = stream::iter(batches)
            .map(|batch| async move {
                let waiting = Instant::now();
                let permit = self.inner.airtable.permit(Lane::Run).await;
                let timings = Timings { queue: ms_since(waiting), ..Timings::default() };
                let tasks = batch.into_iter().map(|id| run.task(id, timings)).collect();
                self.sync(permit, tasks, Manner::default()).await
            })
            .buffer_unordered(REPLAYS_AT_ONCE);
        while let Some(answers) = done.next().await {
            run.counts.send_modify(|counts| counts.pages += 1);
            run.still_has_the_lock().await?;
            for answer in answers.into_values() {
                match answer {
                    Ok(outcome) => run.count(&[outcome]),
                    Err(SyncError::Airtable(error)) if error.kind == Kind::InvalidRequest => {
                        run.counts.send_modify(|counts| counts.failed += 1);
                    }
                    Err(SyncError::Database(error)) if error.may_be_the_values() => {
                        run.counts.send_modify(|counts| counts.failed += 1);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            let counts = *run.counts.borrow();
            let db = &self.inner.db;
            db.patiently(db.update_run(run.id, &counts)).await?;
        }
        Ok(())
    }

    /// `refused`: what kind of failure of Airtable ended it, if one did.
    async fn write_down(&self, report: &RunReport, refused: Option<Kind>) -> Result<(), RunError> {
        report.tell();
        self.inner.tally.count_run(report.kind, report.error.is_some());
        let db = &self.inner.db;
        let finish = || {
            db.patiently(async {
                db.update_run(report.run, &report.counts).await?;
                db.finish_run(report.run, report.error.as_deref(), report.braked).await
            })
        };
        // A run often fails because the database went away, and a row that says `running` for ever would say nothing.
        finish.retry(WRITING_DOWN).when(DbError::is_transient).await?;
        let summary = LogEntry {
            record_id: None,
            sync_type: report.trigger,
            source: None,
            status: if report.error.is_some() { LogStatus::Error } else { LogStatus::Success },
            message: report.to_string(),
            error_details: report.error.as_ref().map(|error| match refused {
                Some(kind) => serde_json::json!({ "error": error, "from": "airtable", "kind": kind }),
                None => serde_json::json!({ "error": error }),
            }),
            attempt_number: 1,
            duration_ms: report.duration_ms(),
            http_status: None,
            vehicle_title: None,
            ordencompra: None,
            ordenstatus: None,
            metadata: serde_json::json!({ "trigger": report.trigger, "run": report.run, "counts": report.counts }),
        };
        Ok(db.patiently(db.log(&[summary])).await?)
    }
}

/// A formula for what was modified since a time, and a little before: Airtable's times have whole seconds and a clock of their own.
pub(super) fn changed_since(last: DateTime<Utc>) -> String {
    let since = (last - OVERLAP).format("%Y-%m-%d %H:%M:%S").to_string();
    format!("IS_AFTER(LAST_MODIFIED_TIME(),DATETIME_PARSE({},'YYYY-MM-DD HH:mm:ss'))", formula::text(&since))
}

fn count(counts: &mut RunCounts, outcome: &Outcome) {
    counts.seen += 1;
    counts.warnings += i32::from(!outcome.warnings.is_empty());
    match outcome.action {
        Action::Created => counts.created += 1,
        Action::Updated => counts.updated += 1,
        Action::Unchanged => counts.unchanged += 1,
        Action::Archived if outcome.written => counts.archived += 1,
        Action::Deleted if outcome.written => counts.deleted += 1,
        Action::Archived | Action::Deleted | Action::Absent => {}
    }
}
