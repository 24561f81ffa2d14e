//! What was synced, what ran, and what waits: pages for operators.
//!
//! **Invariants:** one page is bounded ([`MAX_LIMIT`]); `next` leads to the following one, `null` says that there is none.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Monitor,
    parameters::{Parameters, cursor},
};
use crate::{
    db::{
        DbError,
        failures::Unsettled,
        figures::QueueFigures,
        history::{LogFilter, LogRow, QueueFilter, QueueRow, RunFilter, RunRow, StatsRow},
        run_logs::{OfRun, RunSums},
        runs::{RunCounts, RunKind},
    },
    domain::{Trigger, WrongParameter},
    sync::RunReport,
};

/// Rows on a page unless said otherwise.
pub const DEFAULT_LIMIT: i64 = 50;
/// Rows on a page at most.
pub const MAX_LIMIT: i64 = 500;
/// Hours of `sync_stats` unless said otherwise.
pub const DEFAULT_HOURS: i64 = 24;
/// Hours that `sync_stats` knows.
pub const MAX_HOURS: i64 = 168;

/// What a row of the log may say of how it went.
const STATUSES: [&str; 3] = ["success", "error", "warning"];
/// What may be the reason of a sync.
const TRIGGERS: [&str; 6] = ["webhook", "bulk", "manual", "nightly", "catch_up", "replay"];
const RUN_KINDS: [&str; 3] = ["full", "catch_up", "replay"];
const RUN_STATUSES: [&str; 3] = ["running", "succeeded", "failed"];
const QUEUE_STATUSES: [&str; 2] = ["waiting", "dead"];

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LogPage {
    /// Newest first.
    pub logs: Vec<LogRow>,
    /// The `cursor` of the next page; `null`: this is the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// The syncs of the last hours.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SyncStats {
    /// How many hours.
    pub hours: i64,
    /// By hour, reason and how they went; newest first.
    pub stats: Vec<StatsRow>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = SyncRun)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// `full`, `catch_up` or `replay`.
    pub kind: String,
    /// Why it ran: `bulk`, `manual`, `nightly`, `catch_up` or `replay`.
    pub trigger: String,
    /// `running`, `succeeded` or `failed`.
    pub status: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    #[schema(required)]
    pub finished_at: Option<DateTime<Utc>>,
    /// How long it took, or has taken so far, in milliseconds.
    pub duration_ms: i64,
    /// What it counted.
    #[serde(flatten)]
    pub counts: RunCounts,
    /// Why it failed.
    #[schema(required)]
    pub error: Option<String>,
    /// Whether the brake ended it: more vehicles would have left the listing than allowed.
    pub braked: bool,
    /// The same in a sentence; `null` while it is under way.
    #[schema(required)]
    pub report: Option<String>,
}

impl Run {
    fn new(row: RunRow, now: DateTime<Utc>) -> Self {
        let duration = row.finished_at.unwrap_or(now) - row.started_at;
        let kinds = [RunKind::Full, RunKind::CatchUp, RunKind::Replay];
        let kind = kinds.into_iter().find(|kind| kind.as_str() == row.kind);
        let report = kind.zip(Trigger::parse(&row.trigger)).filter(|_| row.status != "running").map(
            |(kind, trigger)| {
                let report = RunReport {
                    run: row.id,
                    kind,
                    trigger,
                    counts: row.counts,
                    absent: 0,
                    duration: duration.to_std().unwrap_or_default(),
                    error: row.error.clone(),
                    braked: row.braked,
                };
                report.to_string()
            },
        );
        Self {
            id: row.id.0,
            kind: row.kind,
            trigger: row.trigger,
            status: row.status,
            started_at: row.started_at,
            finished_at: row.finished_at,
            duration_ms: duration.num_milliseconds().max(0),
            counts: row.counts,
            error: row.error,
            braked: row.braked,
            report,
        }
    }
}

/// A page of the runs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RunPage {
    /// Newest first.
    pub runs: Vec<Run>,
    /// The `cursor` of the next page; `null`: this is the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// A run with what it logged.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RunDetails {
    /// The run.
    pub run: Run,
    /// The records that it wrote, warned of or failed with, newest first.
    pub logs: Vec<LogRow>,
    /// The `cursor` of the next page of them; `null`: this is the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// A run with a page of what it logged, the worst first.
#[derive(Debug, Clone, PartialEq)]
pub struct RunByWorst {
    /// The run.
    pub run: Run,
    /// How much it logged.
    pub sums: RunSums,
    /// Failures before warnings before successes.
    pub logs: Vec<LogRow>,
}

/// A page of the queue, and how much there is of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QueuePage {
    /// Records that wait for their next try.
    pub waiting: i64,
    /// Records that were given up.
    pub dead: i64,
    /// How long the first of those that wait has waited, in seconds.
    #[schema(required)]
    pub oldest_seconds: Option<f64>,
    /// Oldest first.
    pub records: Vec<QueueRow>,
    /// The `cursor` of the next page; `null`: this is the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// The filters that a URL's query asks for.
pub fn log_filter(query: &str) -> Result<LogFilter, WrongParameter> {
    let given = Parameters::parse(query);
    Ok(LogFilter {
        status: given.any_of("status", &STATUSES)?,
        sync_type: given.any_of("sync_type", &TRIGGERS)?,
        record_id: given.record_id("record_id")?,
        source: given.text("source")?,
        from: given.time("from")?,
        to: given.time("to")?,
        text: given.text("text")?,
        run: None,
        after: given.cursor("cursor")?,
        limit: limit(&given)?,
    })
}

/// The filters of runs.
pub fn run_filter(query: &str) -> Result<RunFilter, WrongParameter> {
    let given = Parameters::parse(query);
    Ok(RunFilter {
        kind: given.any_of("kind", &RUN_KINDS)?,
        trigger: given.any_of("trigger", &TRIGGERS)?,
        status: given.any_of("status", &RUN_STATUSES)?,
        id: None,
        after: given.whole("cursor", i64::MAX)?,
        limit: limit(&given)?,
    })
}

/// The filters of the queue.
pub fn queue_filter(query: &str) -> Result<QueueFilter, WrongParameter> {
    let given = Parameters::parse(query);
    Ok(QueueFilter {
        status: given.any_of("status", &QUEUE_STATUSES)?,
        record_id: given.record_id("record_id")?,
        text: given.text("text")?,
        after: given.cursor::<crate::domain::RecordId>("cursor")?.map(|(time, id)| (time, id.to_string())),
        limit: limit(&given)?,
    })
}

/// The hours that a query asks for.
pub fn hours(query: &str) -> Result<i64, WrongParameter> {
    Ok(Parameters::parse(query).whole("hours", MAX_HOURS)?.unwrap_or(DEFAULT_HOURS))
}

fn limit(given: &Parameters) -> Result<i64, WrongParameter> {
    Ok(given.whole("limit", MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT))
}

/// The page proper, of one row more than was asked for, and the cursor of the next.
fn page<T>(mut rows: Vec<T>, limit: i64, keys: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(keys);
    (rows, next)
}

impl Monitor {
    /// A page of the log.
    pub async fn logs(&self, filter: LogFilter) -> Result<LogPage, DbError> {
        let limit = filter.limit;
        let rows = self.inner.db.logs(&LogFilter { limit: limit + 1, ..filter }).await?;
        let (logs, next) = page(rows, limit, |row| cursor(row.created_at, row.id));
        Ok(LogPage { logs, next })
    }

    /// The syncs of the last hours, at most [`MAX_HOURS`].
    pub async fn sync_stats(&self, hours: i64) -> Result<SyncStats, DbError> {
        let stats = self.inner.db.sync_stats(i32::try_from(hours).unwrap_or(i32::MAX)).await?;
        Ok(SyncStats { hours, stats })
    }

    /// The same of records alone, without the summaries of runs: what charts show.
    pub async fn record_stats(&self, hours: i64) -> Result<SyncStats, DbError> {
        let stats = self.inner.db.record_stats(i32::try_from(hours).unwrap_or(i32::MAX)).await?;
        Ok(SyncStats { hours, stats })
    }

    /// A page of the runs.
    pub async fn runs(&self, filter: RunFilter) -> Result<RunPage, DbError> {
        let (limit, now) = (filter.limit, crate::clock::now());
        let rows = self.inner.db.runs(&RunFilter { limit: limit + 1, ..filter }).await?;
        let (rows, next) = page(rows, limit, |row| row.id.0.to_string());
        Ok(RunPage { runs: rows.into_iter().map(|row| Run::new(row, now)).collect(), next })
    }

    /// A run with a page of what it logged; `None` when there is none with this number.
    pub async fn run(&self, id: i64, logged: LogFilter) -> Result<Option<RunDetails>, DbError> {
        let rows = self.inner.db.runs(&RunFilter { id: Some(id), limit: 1, ..RunFilter::default() }).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let of_run = LogFilter {
            run: Some(id),
            sync_type: vec![row.trigger.clone()],
            from: Some(row.started_at),
            // What a run writes before its end is not dated after it.
            to: row.finished_at,
            after: logged.after,
            limit: logged.limit,
            ..LogFilter::default()
        };
        let LogPage { logs, next } = self.logs(of_run).await?;
        Ok(Some(RunDetails { run: Run::new(row, crate::clock::now()), logs, next }))
    }

    /// A run with what it logged, the worst first, without the first `skipped` rows; `None` when there is none with this number.
    pub async fn run_by_worst(
        &self,
        id: i64,
        limit: i64,
        skipped: i64,
    ) -> Result<Option<RunByWorst>, DbError> {
        let db = &self.inner.db;
        let rows = db.runs(&RunFilter { id: Some(id), limit: 1, ..RunFilter::default() }).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let of = OfRun { run: id, trigger: row.trigger.clone(), from: row.started_at, to: row.finished_at };
        let sums = db.run_sums(&of).await?;
        let logs = db.run_records(&of, limit, skipped).await?;
        Ok(Some(RunByWorst { run: Run::new(row, crate::clock::now()), sums, logs }))
    }

    /// What failed and is not settled, one for each record or kind of run, the newest first.
    pub async fn unsettled(&self, limit: i64) -> Result<Vec<Unsettled>, DbError> {
        self.inner.db.unsettled(limit).await
    }

    /// A page of the queue.
    pub async fn queue(&self, filter: QueueFilter) -> Result<QueuePage, DbError> {
        let limit = filter.limit;
        let QueueFigures { waiting, dead, oldest_seconds, .. } = self.inner.db.queue_figures().await?;
        let rows = self.inner.db.queue(&QueueFilter { limit: limit + 1, ..filter }).await?;
        let (records, next) = page(rows, limit, |row| cursor(row.enqueued_at, &row.record_id));
        Ok(QueuePage { waiting, dead, oldest_seconds, records, next })
    }
}
