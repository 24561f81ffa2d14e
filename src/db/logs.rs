//! `sync_logs`: what happened to which record.
//!
//! **Invariants:** a synced record's row is written in the transaction that stored it, so a stored vehicle without a log cannot be.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use sqlx::{Connection, PgExecutor};

use super::{Db, DbError, within};
use crate::domain::{RecordId, Trigger};

/// Old logs that are deleted at once.
const SLICE: i64 = 10_000;

/// The longest time for deleting them; after it the connection counts as lost.
const SLICE_PATIENCE: Duration = Duration::from_mins(10);

/// One row of `sync_logs`; times are the database's.
#[derive(Debug, Clone, Serialize)]
pub struct LogEntry {
    /// The record; `None` in the summary of a run.
    pub record_id: Option<RecordId>,
    /// Why it was synced.
    pub sync_type: Trigger,
    /// Who asked, such as `airtable_automation`.
    pub source: Option<String>,
    /// How it went.
    pub status: LogStatus,
    /// One sentence.
    pub message: String,
    /// What went wrong and what to do.
    pub error_details: Option<Value>,
    /// Which delivery of the sender this was, from 1.
    pub attempt_number: i32,
    /// From acceptance to this row, in milliseconds.
    pub duration_ms: i32,
    /// What the sender was answered, or what Airtable answered when that was the failure.
    pub http_status: Option<i32>,
    /// The vehicle's title.
    pub vehicle_title: Option<String>,
    /// Its purchase order.
    pub ordencompra: Option<String>,
    /// Its state.
    pub ordenstatus: Option<String>,
    /// `warnings`, `changed`, `trigger`, `timings` and what else helps.
    pub metadata: Value,
}

/// How a sync went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStatus {
    /// Everything was read.
    Success,
    /// It was synced, but a value could not be read.
    Warning,
    /// It was not synced.
    Error,
}

pub(super) async fn insert(executor: impl PgExecutor<'_>, entries: &[LogEntry]) -> Result<(), sqlx::Error> {
    sqlx::query_file!("src/db/sql/insert_logs.sql", sqlx::types::Json(entries) as _)
        .execute(executor)
        .await?;
    Ok(())
}

impl Db {
    /// Logs what happened outside of a store: failures and summaries.
    pub async fn log(&self, entries: &[LogEntry]) -> Result<(), DbError> {
        if !entries.is_empty() {
            insert(&self.pool, entries).await?;
        }
        Ok(())
    }

    /// Deletes the logs that are older than 30 days and counts them. Slice by slice, each a transaction of its own, so that a long history is
    /// deleted without long locks.
    pub async fn delete_old_logs(&self) -> Result<i64, DbError> {
        let mut connection = self.connect_for_maintenance().await?;
        let mut deleted = 0;
        loop {
            let slice = sqlx::query_scalar!(r#"select cleanup_old_sync_logs($1) as "deleted!""#, SLICE);
            let of_slice =
                within(SLICE_PATIENCE, async { Ok(slice.fetch_one(&mut connection).await?) }).await?;
            deleted += of_slice;
            if of_slice < SLICE {
                break;
            }
        }
        connection.close().await?;
        Ok(deleted)
    }
}
