//! What alerts are judged by: the figures that the tables show.
//!
//! **Invariants:** three queries, each answered from an index or a small table, whatever the tables hold: every instance asks once a minute.
//!
//! **Units:** durations in milliseconds, as in `sync_logs`. As in `GET /kpis`, every row of a record counts as a sync, and the summaries of runs
//! do not: with those of catch-ups that found nothing to do, failures would not show.

use chrono::{DateTime, TimeDelta, Utc};

use super::AlertCheck;
use crate::db::DbError;

/// The figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlertFigures {
    /// Of the syncs.
    pub syncs: SyncFigures,
    /// Of the durable queue.
    pub queue: QueueFigures,
    /// Of the runs.
    pub runs: RunFigures,
}

/// Figures of `sync_logs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SyncFigures {
    /// Syncs in the window.
    pub total: i64,
    /// Those without a warning or an error.
    pub successes: i64,
    /// Those that failed.
    pub errors: i64,
    /// How long the successful ones took on average.
    pub average_ms: Option<f64>,
    /// Those that failed in the last hour.
    pub errors_in_an_hour: i64,
    /// The last of these, in its own words.
    pub last_error: Option<String>,
}

/// Figures of `sync_queue`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueueFigures {
    /// Records that wait.
    pub waiting: i64,
    /// Since when the oldest of them waits.
    pub oldest: Option<DateTime<Utc>>,
    /// Why it was not synced at its last try.
    pub oldest_error: Option<String>,
    /// Records that were given up.
    pub dead: i64,
    /// Why one of them was.
    pub dead_error: Option<String>,
}

/// Figures of `sync_runs`; times are those at which a run began.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFigures {
    /// The first run of all.
    pub first: Option<DateTime<Utc>>,
    /// The last full run that succeeded.
    pub full: Option<DateTime<Utc>>,
    /// A full run that is under way.
    pub full_under_way: Option<DateTime<Utc>>,
    /// The last nightly that failed after that.
    pub failed_nightly: Option<DateTime<Utc>>,
    /// Why it did.
    pub failed_nightly_error: Option<String>,
    /// The last run that the brake ended after that.
    pub braked: Option<DateTime<Utc>>,
    /// What the brake said.
    pub braked_error: Option<String>,
}

impl AlertCheck {
    /// The figures at `now`; syncs are looked at that far back.
    pub async fn figures(&mut self, window: TimeDelta, now: DateTime<Utc>) -> Result<AlertFigures, DbError> {
        Ok(AlertFigures {
            syncs: self.sync_figures(now - window, now - TimeDelta::hours(1)).await?,
            queue: self.queue_figures().await?,
            runs: self.run_figures().await?,
        })
    }

    async fn sync_figures(
        &mut self,
        window: DateTime<Utc>,
        hour: DateTime<Utc>,
    ) -> Result<SyncFigures, DbError> {
        let figures = sqlx::query_as!(
            SyncFigures,
            r#"select
                   count(*) filter (where created_at > $1) as "total!",
                   count(*) filter (where created_at > $1 and status = 'success') as "successes!",
                   count(*) filter (where created_at > $1 and status = 'error') as "errors!",
                   avg(duration_ms) filter (where created_at > $1 and status = 'success')::float8 as average_ms,
                   count(*) filter (where created_at > $2 and status = 'error') as "errors_in_an_hour!",
                   (select message from sync_logs where status = 'error' and record_id is not null and created_at > $2
                    order by created_at desc limit 1) as last_error
               from sync_logs where created_at > least($1, $2) and record_id is not null"#,
            window,
            hour
        )
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(figures)
    }

    async fn queue_figures(&mut self) -> Result<QueueFigures, DbError> {
        let figures = sqlx::query_as!(
            QueueFigures,
            r#"select
                   count(*) filter (where status = 'waiting' and not settling) as "waiting!",
                   min(enqueued_at) filter (where status = 'waiting' and not settling) as oldest,
                   (select last_error from sync_queue where status = 'waiting' and not settling order by enqueued_at limit 1) as oldest_error,
                   count(*) filter (where status = 'dead') as "dead!",
                   (select last_error from sync_queue where status = 'dead' order by enqueued_at desc limit 1) as dead_error
               from sync_queue"#
        )
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(figures)
    }

    async fn run_figures(&mut self) -> Result<RunFigures, DbError> {
        let figures = sqlx::query_as!(
            RunFigures,
            r#"with succeeded as (
                   select max(started_at) as at from (
                       select started_at from sync_runs where kind = 'full' and status = 'succeeded' order by started_at desc limit 1
                   ) last
               ), since as (
                   select * from sync_runs where started_at > coalesce((select at from succeeded), '-infinity')
               )
               select
                   (select min(started_at) from sync_runs) as first,
                   succeeded.at as "full",
                   (select max(started_at) from since where kind = 'full' and status = 'running') as full_under_way,
                   failed.started_at as "failed_nightly?",
                   failed.error as "failed_nightly_error?",
                   braked.started_at as "braked?",
                   braked.error as "braked_error?"
               from succeeded
               left join lateral (
                   select started_at, error from since where trigger = 'nightly' and status = 'failed' order by started_at desc limit 1
               ) failed on true
               left join lateral (select started_at, error from since where braked order by started_at desc limit 1) braked on true"#
        )
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(figures)
    }
}
