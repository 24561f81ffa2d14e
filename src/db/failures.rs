//! Unsettled failures: one row for each record, or kind of run, whose last failures no success has followed.
//!
//! **Invariants:** a record is settled by any later row of it that is no error; a run by a later run of its kind, or a full one, that
//! succeeded. The newest [`LOOKED_AT`] failures are looked at, so that a bad night costs no more than a good one.
//!
//! **Not here:** every failure that ever was (`history`), what a replay reads (`runs`).

use chrono::{DateTime, Utc};

use super::{Db, DbError, history::LogRow};

/// The number of failures that are looked at.
const LOOKED_AT: i64 = 500;

/// A record or kind of run that fails: the last failure, and their number since its last success.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsettled {
    /// The last failure, with the vehicle's title when it is known.
    pub last: LogRow,
    /// What kind of run it was; `None`: a record.
    pub run_kind: Option<String>,
    /// How often it failed.
    pub times: i64,
    /// When it first did.
    pub since: DateTime<Utc>,
}

impl Db {
    /// The unsettled failures, the newest first.
    pub async fn unsettled(&self, limit: i64) -> Result<Vec<Unsettled>, DbError> {
        let rows = sqlx::query!(
            r#"with recent as (
                 select l.id, l.created_at, l.record_id, r.kind
                 from (select * from sync_logs where status = 'error' order by created_at desc, id desc limit $1) l
                 left join sync_runs r on l.record_id is null
                     and r.id = case when l.metadata->>'run' ~ '^[0-9]{1,18}$' then (l.metadata->>'run')::bigint end
             ), unsettled as (
                 select id, kind, count(*) over who as times, min(created_at) over who as since,
                     row_number() over (who order by created_at desc, id desc) as place
                 from recent
                 where case when record_id is null then not exists (
                     select from sync_runs s
                     where s.status = 'succeeded' and s.started_at > recent.created_at and s.kind in ('full', recent.kind)
                 ) else not exists (
                     select from sync_logs s
                     where s.record_id = recent.record_id and s.created_at > recent.created_at and s.status <> 'error'
                 ) end
                 window who as (partition by record_id, kind)
             )
             select l.id, l.created_at, l.record_id, l.sync_type, l.source, l.status, l.message, l.error_details, l.attempt_number,
                 l.duration_ms, l.http_status, coalesce(l.vehicle_title, v.title) as vehicle_title, l.ordencompra, l.ordenstatus,
                 l.metadata, u.kind as "kind?", u.times as "times!", u.since as "since!"
             from unsettled u join sync_logs l on l.id = u.id left join inventario_cache v on v.record_id = l.record_id
             where u.place = 1
             order by l.created_at desc, l.id desc
             limit $2"#,
            LOOKED_AT,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Unsettled {
                last: LogRow {
                    id: row.id,
                    created_at: row.created_at,
                    record_id: row.record_id,
                    sync_type: row.sync_type,
                    source: row.source,
                    status: row.status,
                    message: row.message,
                    error_details: row.error_details,
                    attempt_number: row.attempt_number,
                    duration_ms: row.duration_ms,
                    http_status: row.http_status,
                    vehicle_title: row.vehicle_title,
                    ordencompra: row.ordencompra,
                    ordenstatus: row.ordenstatus,
                    metadata: row.metadata,
                },
                run_kind: row.kind,
                times: row.times,
                since: row.since,
            })
            .collect())
    }
}
