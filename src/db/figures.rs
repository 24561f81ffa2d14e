//! Sums over `sync_logs`, `sync_runs` and `sync_queue`: what operators judge the service by.
//!
//! **Invariants:** what counts as a success, and what durations are measured by, is the same as in the operators' own queries, which stand in
//! the specification: durations are those of successes. Other than there only rows of records count: a run's summary is no sync, and a
//! catch-up every quarter of an hour that finds nothing to do would be 96 successes a day beside which failures do not show.
//!
//! **Not here:** targets and whether they hold (`monitor`).

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Db, DbError, interval};

/// What was logged in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SyncFigures {
    /// Rows of records.
    pub syncs: i64,
    /// Rows of success.
    pub successes: i64,
    /// Records that were stored without what could not be read.
    pub warnings: i64,
    /// Failures.
    pub errors: i64,
    /// The average duration of successes.
    pub average_ms: Option<f64>,
    /// What 95 of 100 successes took at most.
    pub p95_ms: Option<f64>,
}

/// From an edit in Airtable to the committed row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Consistency {
    /// The average.
    pub average_ms: Option<f64>,
    /// What 95 of 100 took at most.
    pub p95_ms: Option<f64>,
}

/// What waits in the durable queue.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct QueueFigures {
    /// Records that wait for their next try.
    pub waiting: i64,
    /// Records that were given up.
    pub dead: i64,
    /// How long the first of those that wait has waited.
    pub oldest_seconds: Option<f64>,
}

/// A full run, as far as a night is judged by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullRun {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// `running`, `succeeded` or `failed`.
    pub status: String,
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

impl Db {
    /// What was logged during the last `span`.
    pub async fn sync_figures(&self, span: Duration) -> Result<SyncFigures, DbError> {
        let figures = sqlx::query_as!(
            SyncFigures,
            r#"select
                   count(*) as "syncs!",
                   count(*) filter (where status = 'success') as "successes!",
                   count(*) filter (where status = 'warning') as "warnings!",
                   count(*) filter (where status = 'error') as "errors!",
                   avg(duration_ms) filter (where status = 'success')::float8 as average_ms,
                   percentile_cont(0.95) within group (order by duration_ms) filter (where status = 'success') as p95_ms
               from sync_logs where created_at > now() - $1::interval and record_id is not null"#,
            interval(span)
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(figures)
    }

    /// How long edits of the last `span` took to be stored.
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

    /// What waits in the durable queue.
    pub async fn queue_figures(&self) -> Result<QueueFigures, DbError> {
        let figures = sqlx::query_as!(
            QueueFigures,
            r#"select
                   count(*) filter (where status = 'waiting' and not settling) as "waiting!",
                   count(*) filter (where status = 'dead') as "dead!",
                   extract(epoch from now() - min(enqueued_at) filter (where status = 'waiting' and not settling))::float8 as oldest_seconds
               from sync_queue"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(figures)
    }

    /// Full runs that began after `since`, oldest first.
    pub async fn full_runs_since(&self, since: DateTime<Utc>) -> Result<Vec<FullRun>, DbError> {
        let runs = sqlx::query_as!(
            FullRun,
            "select started_at, status from sync_runs where kind = 'full' and started_at >= $1 order by started_at",
            since
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(runs)
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

    /// When the first run of all began.
    pub async fn first_run(&self) -> Result<Option<DateTime<Utc>>, DbError> {
        Ok(sqlx::query_scalar!("select min(started_at) from sync_runs").fetch_one(&self.pool).await?)
    }
}
