//! The figures that the service is judged by: sums over `sync_logs`, `sync_runs` and `sync_queue`.
//!
//! **Invariants**
//! - There is one query for each figure, which `GET /kpis`, `/metrics`, the dashboard and the alerts share, so their numbers agree.
//! - Outcomes are counted by record: a record counts once, by its last outcome. Rows without a record, the summaries of runs, do not count:
//!   those of catch-ups that found nothing to do would hide failures. Durations are those of successful syncs, as in the operators' queries.
//! - Spans are measured by the database's clock. Every query is answered from an index or a small table, as alerts ask once a minute.
//!
//! **Not here:** targets and thresholds (`monitor`, `alerts`).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::{Db, DbError, alerts::AlertCheck, interval};

/// The span in which full runs are looked at.
const RUNS_SINCE: TimeDelta = TimeDelta::days(62);

/// The outcomes and durations of a span of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SyncFigures {
    /// Records that were synced.
    pub records: i64,
    /// Those whose last outcome is a success.
    pub successes: i64,
    /// Those whose last outcome is a warning: stored without what could not be read.
    pub warnings: i64,
    /// Those whose last outcome is an error.
    pub errors: i64,
    /// The average duration of successful syncs, in milliseconds.
    pub average_ms: Option<f64>,
    /// The duration that 95 of 100 successful syncs did not exceed.
    pub p95_ms: Option<f64>,
    /// Records whose last outcome is an error of the last hour.
    pub errors_in_an_hour: i64,
    /// The message of the latest of these.
    pub last_error: Option<String>,
}

/// From an edit in Airtable to the committed row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Consistency {
    /// The average.
    pub average_ms: Option<f64>,
    /// The time that 95 of 100 edits did not exceed.
    pub p95_ms: Option<f64>,
}

/// The durable queue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueueFigures {
    /// Records that wait to be synced, not those that were answered and only wait for a settling read.
    pub waiting: i64,
    /// When the oldest of them was queued.
    pub oldest: Option<DateTime<Utc>>,
    /// The time for which it has waited.
    pub oldest_seconds: Option<f64>,
    /// Why its last try failed.
    pub oldest_error: Option<String>,
    /// Records that were given up.
    pub dead: i64,
    /// Why the latest of them was.
    pub dead_error: Option<String>,
}

/// The runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunFigures {
    /// When the first run of all began.
    pub first: Option<DateTime<Utc>>,
    /// When the last full run that succeeded began.
    pub succeeded: Option<DateTime<Utc>>,
    /// The full runs of the last two months, newest first.
    pub full: Vec<FullRun>,
}

/// A full run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FullRun {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Its status, as in `sync_runs`.
    pub status: String,
    /// Set when the brake ended it.
    pub braked: bool,
    /// Why it failed.
    pub error: Option<String>,
}

/// When the last run of each kind that succeeded ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastSuccesses {
    /// A full run.
    pub full: Option<DateTime<Utc>>,
    /// A catch-up.
    pub catch_up: Option<DateTime<Utc>>,
    /// A replay.
    pub replay: Option<DateTime<Utc>>,
}

/// The figures by which alerts are judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlertFigures {
    /// The outcomes of the alerts' window.
    pub syncs: SyncFigures,
    /// The durable queue.
    pub queue: QueueFigures,
    /// The runs.
    pub runs: RunFigures,
}

impl Db {
    /// The outcomes and durations of the last `span`.
    pub async fn sync_figures(&self, span: Duration) -> Result<SyncFigures, DbError> {
        sync_figures(&self.pool, span).await
    }

    /// The average and the 95th percentile of the time from edit to commit in the last `span`.
    pub async fn consistency(&self, span: Duration) -> Result<Consistency, DbError> {
        let consistency = sqlx::query_as!(
            Consistency,
            "select avg(ms) as average_ms, percentile_cont(0.95) within group (order by ms) as p95_ms
             from (
                 select case jsonb_typeof(metadata->'consistency_ms') when 'number' then (metadata->>'consistency_ms')::float8 end
                 from sync_logs where created_at > now() - $1::interval
             ) measured(ms)",
            interval(span)
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(consistency)
    }

    /// The durable queue.
    pub async fn queue_figures(&self) -> Result<QueueFigures, DbError> {
        queue_figures(&self.pool).await
    }

    /// The runs.
    pub async fn run_figures(&self, now: DateTime<Utc>) -> Result<RunFigures, DbError> {
        run_figures(&mut *self.pool.acquire().await?, now).await
    }

    /// When the last run of each kind that succeeded ended.
    pub async fn last_successes(&self) -> Result<LastSuccesses, DbError> {
        let last = sqlx::query_as!(
            LastSuccesses,
            "select
                 (select finished_at from sync_runs where status = 'succeeded' and kind = 'full' order by id desc limit 1) as full,
                 (select finished_at from sync_runs where status = 'succeeded' and kind = 'catch_up' order by id desc limit 1) as catch_up,
                 (select finished_at from sync_runs where status = 'succeeded' and kind = 'replay' order by id desc limit 1) as replay"
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(last)
    }
}

impl AlertCheck {
    /// The figures that alerts are judged by; outcomes of the last `window`.
    pub async fn figures(&mut self, window: Duration, now: DateTime<Utc>) -> Result<AlertFigures, DbError> {
        let connection = self.connection();
        Ok(AlertFigures {
            syncs: sync_figures(&mut *connection, window).await?,
            queue: queue_figures(&mut *connection).await?,
            runs: run_figures(connection, now).await?,
        })
    }
}

async fn sync_figures(executor: impl PgExecutor<'_>, span: Duration) -> Result<SyncFigures, DbError> {
    let figures = sqlx::query_as!(
        SyncFigures,
        r#"with logged as materialized (
               select id, created_at, record_id, status, duration_ms, created_at > now() - $1::interval as in_span
               from sync_logs
               where created_at > now() - greatest($1::interval, interval '1 hour') and record_id is not null
           ), outcome as (
               select distinct on (record_id) id, created_at, status, in_span
               from logged order by record_id, created_at desc, id desc
           ), failed as (
               select id, created_at from outcome where status = 'error' and created_at > now() - interval '1 hour'
           )
           select
               count(*) filter (where in_span) as "records!",
               count(*) filter (where in_span and status = 'success') as "successes!",
               count(*) filter (where in_span and status = 'warning') as "warnings!",
               count(*) filter (where in_span and status = 'error') as "errors!",
               (select avg(duration_ms)::float8 from logged where in_span and status = 'success') as average_ms,
               (select percentile_cont(0.95) within group (order by duration_ms)
                from logged where in_span and status = 'success') as p95_ms,
               (select count(*) from failed) as "errors_in_an_hour!",
               (select message from sync_logs
                where id = (select id from failed order by created_at desc, id desc limit 1)) as last_error
           from outcome"#,
        interval(span)
    )
    .fetch_one(executor)
    .await?;
    Ok(figures)
}

async fn queue_figures(executor: impl PgExecutor<'_>) -> Result<QueueFigures, DbError> {
    let figures = sqlx::query_as!(
        QueueFigures,
        r#"select
               count(*) filter (where status = 'waiting' and not settling) as "waiting!",
               min(enqueued_at) filter (where status = 'waiting' and not settling) as oldest,
               extract(epoch from now() - min(enqueued_at) filter (where status = 'waiting' and not settling))::float8 as oldest_seconds,
               (select last_error from sync_queue where status = 'waiting' and not settling order by enqueued_at limit 1) as oldest_error,
               count(*) filter (where status = 'dead') as "dead!",
               (select last_error from sync_queue where status = 'dead' order by enqueued_at desc limit 1) as dead_error
           from sync_queue"#
    )
    .fetch_one(executor)
    .await?;
    Ok(figures)
}

async fn run_figures(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<RunFigures, DbError> {
    let full = sqlx::query_as!(
        FullRun,
        "select started_at, status, braked, error from sync_runs
         where kind = 'full' and started_at > $1 order by started_at desc",
        now - RUNS_SINCE
    )
    .fetch_all(&mut *connection)
    .await?;
    let ends = sqlx::query!(
        r#"select
               (select min(started_at) from sync_runs) as first,
               (select started_at from sync_runs where kind = 'full' and status = 'succeeded'
                order by started_at desc limit 1) as succeeded"#
    )
    .fetch_one(connection)
    .await?;
    Ok(RunFigures { first: ends.first, succeeded: ends.succeeded, full })
}
