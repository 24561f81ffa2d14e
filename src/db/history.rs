//! Pages of `sync_logs`, `sync_runs` and `sync_queue`, for operators.
//!
//! **Invariants:** pages are told apart by the keys of their last row, not by counting, so none overlaps or skips when rows are added
//! meanwhile. Rows come newest first, those of the queue oldest first. What a filter leaves open does not restrict; plans are made for the
//! given values (see `session_settings`), so the open ones cost nothing.
//!
//! **Not here:** limits of what may be asked for (`monitor`).

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Db, DbError,
    runs::{RunCounts, RunId},
};

/// Which rows of `sync_logs`, and how many of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Any of these; empty: all.
    pub status: Vec<String>,
    /// Any of these; empty: all.
    pub sync_type: Vec<String>,
    /// Of this record.
    pub record_id: Option<String>,
    /// From this sender.
    pub source: Option<String>,
    /// Not before this time.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
    /// This text, in whichever case, in message, title, order or error.
    pub text: Option<String>,
    /// Records of this run.
    pub run: Option<i64>,
    /// After the row with these keys.
    pub after: Option<(DateTime<Utc>, i64)>,
    /// Rows at most.
    pub limit: i64,
}

/// A row of `sync_logs`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LogRow {
    /// Its number.
    pub id: i64,
    /// When it was logged.
    pub created_at: DateTime<Utc>,
    /// The record; `null` in the summary of a run.
    #[schema(required)]
    pub record_id: Option<String>,
    /// Why it was synced: `webhook`, `bulk`, `manual`, `nightly`, `catch_up` or `replay`.
    pub sync_type: String,
    /// Who asked.
    #[schema(required)]
    pub source: Option<String>,
    /// `success`, `warning` or `error`.
    pub status: String,
    /// One sentence.
    #[schema(required)]
    pub message: Option<String>,
    /// What went wrong and what to do.
    #[schema(required)]
    pub error_details: Option<Value>,
    /// Which try of the sender it was, from 1.
    #[schema(required)]
    pub attempt_number: Option<i32>,
    /// From acceptance to this row, in milliseconds.
    #[schema(required)]
    pub duration_ms: Option<i32>,
    /// What the sender was answered, or what Airtable answered when that was the failure.
    #[schema(required)]
    pub http_status: Option<i32>,
    /// The vehicle's title.
    #[schema(required)]
    pub vehicle_title: Option<String>,
    /// Its purchase order.
    #[schema(required)]
    pub ordencompra: Option<String>,
    /// Its state.
    #[schema(required)]
    pub ordenstatus: Option<String>,
    /// `action`, `warnings`, `changed`, `trigger`, `timings` and what else helps.
    #[schema(required)]
    pub metadata: Option<Value>,
}

/// A row of `sync_stats`: the syncs of an hour.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StatsRow {
    /// The hour's beginning.
    pub hour: DateTime<Utc>,
    /// Why they were synced.
    pub sync_type: String,
    /// How they went.
    pub status: String,
    /// How many there were.
    pub count: i64,
    /// How long they took on average, in milliseconds.
    #[schema(required)]
    pub avg_duration_ms: Option<i32>,
    /// The shortest.
    #[schema(required)]
    pub min_duration_ms: Option<i32>,
    /// The longest.
    #[schema(required)]
    pub max_duration_ms: Option<i32>,
    /// How many records they were about.
    pub unique_records: i64,
}

/// Which rows of `sync_runs`, and how many of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Any of these; empty: all.
    pub kind: Vec<String>,
    /// Any of these; empty: all.
    pub trigger: Vec<String>,
    /// Any of these; empty: all.
    pub status: Vec<String>,
    /// Only this one.
    pub id: Option<i64>,
    /// Before the run with this number.
    pub after: Option<i64>,
    /// Rows at most.
    pub limit: i64,
}

/// A row of `sync_runs`.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Its number.
    pub id: RunId,
    /// `full`, `catch_up` or `replay`.
    pub kind: String,
    /// Why it ran.
    pub trigger: String,
    /// `running`, `succeeded` or `failed`.
    pub status: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What it counted.
    pub counts: RunCounts,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether the brake ended it.
    pub braked: bool,
}

/// Which rows of `sync_queue`, and how many of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueFilter {
    /// Any of these; empty: all.
    pub status: Vec<String>,
    /// Of this record.
    pub record_id: Option<String>,
    /// This text, in whichever case, in error or title.
    pub text: Option<String>,
    /// After the row with these keys.
    pub after: Option<(DateTime<Utc>, String)>,
    /// Rows at most.
    pub limit: i64,
}

/// A row of `sync_queue`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QueueRow {
    /// The record.
    pub record_id: String,
    /// `waiting` or `dead`: given up after the last try.
    pub status: String,
    /// Why it is to be synced.
    pub trigger: String,
    /// Who asked.
    #[schema(required)]
    pub source: Option<String>,
    /// Since when it waits.
    pub enqueued_at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; of no meaning for a dead one.
    pub next_attempt_at: DateTime<Utc>,
    /// Whether it is being tried at the moment.
    pub in_work: bool,
    /// Why it is not settled.
    #[schema(required)]
    pub last_error: Option<String>,
    /// The vehicle's title, when it is known.
    #[schema(required)]
    pub title: Option<String>,
}

impl Db {
    /// A page of the log.
    pub async fn logs(&self, filter: &LogFilter) -> Result<Vec<LogRow>, DbError> {
        let (after_time, after_id) = filter.after.unzip();
        let rows = sqlx::query_as!(
            LogRow,
            "select id, created_at, record_id, sync_type, source, status, message, error_details, attempt_number, duration_ms,
                 http_status, vehicle_title, ordencompra, ordenstatus, metadata
             from sync_logs
             where (cardinality($1::text[]) = 0 or status = any($1))
                 and (cardinality($2::text[]) = 0 or sync_type = any($2))
                 and ($3::text is null or record_id = $3)
                 and ($4::text is null or source = $4)
                 and ($5::timestamptz is null or created_at >= $5)
                 and ($6::timestamptz is null or created_at < $6)
                 and ($7::text is null or concat_ws(' ', message, vehicle_title, ordencompra, error_details) ilike $7)
                 and ($8::bigint is null or (record_id is not null and metadata @> jsonb_build_object('run', $8)))
                 and ($9::timestamptz is null or (created_at, id) < ($9, $10))
             order by created_at desc, id desc
             limit $11",
            &filter.status,
            &filter.sync_type,
            filter.record_id,
            filter.source,
            filter.from,
            filter.to,
            filter.text.as_deref().map(containing),
            filter.run,
            after_time,
            after_id,
            filter.limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// The syncs of the last hours, hour by hour, newest first; the present hour is the first of them.
    pub async fn sync_stats(&self, hours: i32) -> Result<Vec<StatsRow>, DbError> {
        let rows = sqlx::query_as!(
            StatsRow,
            r#"select hour as "hour!", sync_type as "sync_type!", status as "status!", count as "count!", avg_duration_ms,
                   min_duration_ms, max_duration_ms, unique_records as "unique_records!"
               from sync_stats where hour > now() - make_interval(hours => $1)
               order by hour desc, sync_type, status"#,
            hours
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// The syncs of records of the last hours, hour by hour, newest first: as [`Db::sync_stats`], without the summaries of runs.
    pub async fn record_stats(&self, hours: i32) -> Result<Vec<StatsRow>, DbError> {
        let rows = sqlx::query_as!(
            StatsRow,
            r#"select date_trunc('hour', created_at) as "hour!", sync_type as "sync_type!", status as "status!", count(*) as "count!",
                   avg(duration_ms)::integer as avg_duration_ms, min(duration_ms) as min_duration_ms, max(duration_ms) as max_duration_ms,
                   count(distinct record_id) as "unique_records!"
               from sync_logs
               where created_at >= date_trunc('hour', now()) - make_interval(hours => $1 - 1) and record_id is not null
               group by 1, 2, 3
               order by 1 desc, 2, 3"#,
            hours
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// A page of the runs.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, DbError> {
        let rows = sqlx::query!(
            "select id, kind, trigger, status, started_at, finished_at, pages, seen, created, updated, unchanged, archived, deleted,
                 warnings, failed, api_calls, error, braked
             from sync_runs
             where (cardinality($1::text[]) = 0 or kind = any($1))
                 and (cardinality($2::text[]) = 0 or trigger = any($2))
                 and (cardinality($3::text[]) = 0 or status = any($3))
                 and ($4::bigint is null or id = $4)
                 and ($5::bigint is null or id < $5)
             order by id desc
             limit $6",
            &filter.kind,
            &filter.trigger,
            &filter.status,
            filter.id,
            filter.after,
            filter.limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| RunRow {
                id: RunId(row.id),
                kind: row.kind,
                trigger: row.trigger,
                status: row.status,
                started_at: row.started_at,
                finished_at: row.finished_at,
                counts: RunCounts {
                    pages: row.pages,
                    seen: row.seen,
                    created: row.created,
                    updated: row.updated,
                    unchanged: row.unchanged,
                    archived: row.archived,
                    deleted: row.deleted,
                    warnings: row.warnings,
                    failed: row.failed,
                    api_calls: row.api_calls,
                },
                error: row.error,
                braked: row.braked,
            })
            .collect())
    }

    /// A page of the queue, without records that were answered and only wait to be settled.
    pub async fn queue(&self, filter: &QueueFilter) -> Result<Vec<QueueRow>, DbError> {
        let (after_time, after_record) = filter.after.clone().unzip();
        let rows = sqlx::query_as!(
            QueueRow,
            r#"select q.record_id, q.status, q.trigger, q.source, q.enqueued_at, q.attempts, q.next_attempt_at,
                   q.claimed_until is not null and q.claimed_until > now() as "in_work!", q.last_error, v.title as "title?"
               from sync_queue q left join inventario_cache v using (record_id)
               where not q.settling and (cardinality($1::text[]) = 0 or q.status = any($1))
                   and ($2::text is null or q.record_id = $2)
                   and ($3::text is null or concat_ws(' ', q.last_error, v.title) ilike $3)
                   and ($4::timestamptz is null or (q.enqueued_at, q.record_id) > ($4, $5))
               order by q.enqueued_at, q.record_id
               limit $6"#,
            &filter.status,
            filter.record_id,
            filter.text.as_deref().map(containing),
            after_time,
            after_record,
            filter.limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }
}

/// A pattern for texts that contain this one, whose own signs stand for themselves.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for sign in text.chars() {
        if matches!(sign, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}
