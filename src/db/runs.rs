//! `sync_runs`: full, catch-up and replay syncs.
//!
//! **Invariants:** a run is `running` until it is finished by [`Db::finish_run`]; what a process that died left `running` is closed as
//! failed when the next run begins.

use serde::Serialize;

use super::{Db, DbError};
use crate::domain::Trigger;

/// What a run did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
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

/// The number of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

impl Db {
    /// Opens a run's row.
    pub async fn begin_run(&self, kind: &str, trigger: Trigger) -> Result<RunId, DbError> {
        let id = sqlx::query_scalar!(
            "insert into sync_runs (kind, trigger) values ($1, $2) returning id",
            kind,
            trigger.as_str()
        )
        .fetch_one(&self.pool)
        .await?;
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

    /// Closes a run: it succeeded, or failed for a reason.
    pub async fn finish_run(&self, id: RunId, error: Option<&str>) -> Result<(), DbError> {
        sqlx::query!(
            "update sync_runs set finished_at = now(), error = $2,
                 status = case when $2::text is null then 'succeeded' else 'failed' end
             where id = $1",
            id.0,
            error
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whether a full run ever succeeded here.
    pub async fn was_ever_loaded(&self) -> Result<bool, DbError> {
        let loaded = sqlx::query_scalar!(
            r#"select exists (select from sync_runs where kind = 'full' and status = 'succeeded') as "loaded!""#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(loaded)
    }
}
