//! `sync_runs`: full, catch-up and replay syncs.
//!
//! **Invariants:** a run is `running` until it is finished by [`Db::finish_run`]; what a process that died left `running` is closed as
//! failed when the next run begins.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Db, DbError, Stamp, lock::RunLock};
use crate::domain::{RecordId, Trigger};

/// What a run did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunCounts {
    /// Pages fetched.
    pub pages: i32,
    /// Records seen in Airtable.
    pub seen: i32,
    /// Vehicles stored for the first time.
    pub created: i32,
    /// Vehicles written because something changed.
    pub updated: i32,
    /// Vehicles that were as stored.
    pub unchanged: i32,
    /// Vehicles that left the listing.
    pub archived: i32,
    /// Vehicles gone from Airtable.
    pub deleted: i32,
    /// Records with values that could not be read.
    pub warnings: i32,
    /// Records that could not be stored.
    pub failed: i32,
    /// Requests sent to Airtable.
    pub api_calls: i32,
}

/// The former runs, as far as they decide what is due; times are the database's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunHistory {
    /// When the last full run that succeeded began.
    pub last_full: Option<DateTime<Utc>>,
    /// When the last run that read every change began: a catch-up or the first load. A full run reads listed records alone, so it
    /// does not stand in for a catch-up.
    pub last_read: Option<DateTime<Utc>>,
    /// When the last run that failed, of any kind, ended.
    pub last_failure: Option<DateTime<Utc>>,
    /// Tries of this night's run.
    pub nightly_tries: i64,
}

/// The number of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

/// What kind of run it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Every listed record, then what is missing.
    Full,
    /// What Airtable changed since the last run.
    CatchUp,
    /// Given records.
    Replay,
}

impl RunKind {
    /// As it stands in `sync_runs.kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::CatchUp => "catch_up",
            Self::Replay => "replay",
        }
    }
}

impl Db {
    /// Opens a run's row, and closes those that a process which died has left open.
    pub async fn begin_run(&self, _: &RunLock, kind: RunKind, trigger: Trigger) -> Result<RunId, DbError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "update sync_runs set status = 'failed', finished_at = now(), error = 'the process ended before the run did'
             where status = 'running'"
        )
        .execute(&mut *tx)
        .await?;
        let id = sqlx::query_scalar!(
            "insert into sync_runs (kind, trigger) values ($1, $2) returning id",
            kind.as_str(),
            trigger.as_str()
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(RunId(id))
    }

    /// Brings a run's figures up to date.
    pub async fn update_run(&self, id: RunId, counts: &RunCounts) -> Result<(), DbError> {
        sqlx::query!(
            "update sync_runs set pages = $2, seen = $3, created = $4, updated = $5, unchanged = $6, archived = $7,
                 deleted = $8, warnings = $9, failed = $10, api_calls = $11
             where id = $1",
            id.0,
            counts.pages,
            counts.seen,
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.archived,
            counts.deleted,
            counts.warnings,
            counts.failed,
            counts.api_calls
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Closes a run: it succeeded, or failed for a reason, which may be the brake.
    pub async fn finish_run(&self, id: RunId, error: Option<&str>, braked: bool) -> Result<(), DbError> {
        sqlx::query!(
            "update sync_runs set finished_at = now(), error = $2, braked = $3,
                 status = case when $2::text is null then 'succeeded' else 'failed' end
             where id = $1",
            id.0,
            error,
            braked
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The former runs, as far as they decide what is due; `tonight` is when the last nightly was to begin.
    pub async fn run_history(&self, tonight: Option<DateTime<Utc>>) -> Result<RunHistory, DbError> {
        let row = sqlx::query_as!(
            RunHistory,
            r#"select
                   max(started_at) filter (where status = 'succeeded' and kind = 'full') as last_full,
                   max(started_at) filter (where status = 'succeeded' and (kind = 'catch_up' or trigger = 'bulk')) as last_read,
                   max(finished_at) filter (where status = 'failed') as last_failure,
                   count(*) filter (where trigger = 'nightly' and started_at >= $1) as "nightly_tries!"
               from sync_runs"#,
            tonight
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row)
    }

    /// When the last full run ended that failed after `since`, unless a run has succeeded since then; what the brake has stopped, no other
    /// run makes good.
    pub async fn full_run_failed(&self, since: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbError> {
        let failed = sqlx::query_scalar!(
            "select max(finished_at) from sync_runs
             where status = 'failed' and kind = 'full' and started_at > $1
               and (braked or finished_at > coalesce((select max(finished_at) from sync_runs where status = 'succeeded'), '-infinity'))",
            since
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(failed)
    }

    /// The run that is under way, by its last row: number, kind and trigger.
    pub async fn running(&self) -> Result<Option<(RunId, String, String)>, DbError> {
        let row = sqlx::query!(
            "select id, kind, trigger from sync_runs where status = 'running' order by id desc limit 1"
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| (RunId(row.id), row.kind, row.trigger)))
    }

    /// Listed vehicles that no read with this stamp or a later one has seen, after the given id, in the order of ids.
    /// A run asks this instead of remembering the ids it has seen, which would grow with the table.
    pub async fn unseen_since(
        &self,
        stamp: Stamp,
        after: &str,
        limit: i64,
    ) -> Result<Vec<RecordId>, DbError> {
        let ids = sqlx::query_scalar!(
            "select v.record_id from inventario_cache v left join record_reads r using (record_id)
             where v.listed and v.record_id > $2 and (r.read_seq is null or r.read_seq < $1)
             order by v.record_id limit $3",
            stamp.seq,
            after,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Vehicles that are neither listed nor deleted, those first that were not read for longest: as many as are all of them in so many
    /// `nights`, without those that were read since the stamp.
    pub async fn longest_unread_unlisted(&self, nights: i64, stamp: Stamp) -> Result<Vec<RecordId>, DbError> {
        let ids = sqlx::query_scalar!(
            "with unlisted as (
                 select v.record_id, r.read_seq from inventario_cache v left join record_reads r using (record_id)
                 where not v.listed and v.deleted_at is null
             )
             select record_id from unlisted where read_seq is null or read_seq < $2 order by read_seq nulls first, record_id
             limit (select (count(*) + $1 - 1) / $1 from unlisted)",
            nights,
            stamp.seq
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Records whose sync was logged in a span of time.
    pub async fn synced_between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<RecordId>, DbError> {
        let ids = sqlx::query_scalar!(
            r#"select distinct record_id as "record_id!" from sync_logs
               where created_at >= $1 and created_at < $2 and record_id is not null"#,
            from,
            to
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Records whose last sync failed, and those that the queue has given up.
    pub async fn failed_records(&self) -> Result<Vec<RecordId>, DbError> {
        let ids = sqlx::query_scalar!(
            r#"select record_id as "record_id!" from (
                   select distinct on (record_id) record_id, status from sync_logs
                   where record_id is not null order by record_id, created_at desc, id desc
               ) last where status = 'error'
               union
               select record_id from sync_queue where status = 'dead'"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Tells whether a full run ever succeeded here.
    pub async fn was_ever_loaded(&self) -> Result<bool, DbError> {
        let loaded = sqlx::query_scalar!(
            r#"select exists (select from sync_runs where kind = 'full' and status = 'succeeded') as "loaded!""#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(loaded)
    }
}
