//! The log rows of a run, the worst first.
//!
//! **Invariants:** failures come before warnings, warnings before successes; within them the newest first. Pages are counted, for a run that is
//! over logs nothing more.
//!
//! **Not here:** the rows as they come (`history`).

use chrono::{DateTime, Utc};

use super::{Db, DbError, history::LogRow};

/// The run whose rows are looked for: its number, and values that narrow the search.
#[derive(Debug, Clone)]
pub struct OfRun {
    /// The run.
    pub run: i64,
    /// Its trigger, which its rows have too.
    pub trigger: String,
    /// When it began.
    pub from: DateTime<Utc>,
    /// When it ended, if it has.
    pub to: Option<DateTime<Utc>>,
}

/// How many rows a run logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunSums {
    /// Records that failed.
    pub errors: i64,
    /// Records that were stored with warnings.
    pub warnings: i64,
    /// Records that were changed.
    pub successes: i64,
}

impl RunSums {
    /// All of them.
    pub fn all(&self) -> i64 {
        self.errors + self.warnings + self.successes
    }
}

impl Db {
    /// How many rows a run logged of its records.
    pub async fn run_sums(&self, of: &OfRun) -> Result<RunSums, DbError> {
        let sums = sqlx::query_as!(
            RunSums,
            r#"select count(*) filter (where status = 'error') as "errors!", count(*) filter (where status = 'warning') as "warnings!",
                   count(*) filter (where status not in ('error', 'warning')) as "successes!"
               from sync_logs
               where record_id is not null and sync_type = $2 and created_at >= $3 and ($4::timestamptz is null or created_at < $4)
                   and metadata @> jsonb_build_object('run', $1::bigint)"#,
            of.run,
            of.trigger,
            of.from,
            of.to
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(sums)
    }

    /// A page of what a run logged of its records, with the vehicles' titles as far as they are known.
    pub async fn run_records(&self, of: &OfRun, limit: i64, skipped: i64) -> Result<Vec<LogRow>, DbError> {
        let rows = sqlx::query_as!(
            LogRow,
            r#"with page as (
                 select id, case status when 'error' then 0 when 'warning' then 1 else 2 end as place
                 from sync_logs
                 where record_id is not null and sync_type = $2 and created_at >= $3 and ($4::timestamptz is null or created_at < $4)
                     and metadata @> jsonb_build_object('run', $1::bigint)
                 order by place, created_at desc, id desc
                 limit $5 offset $6
             )
             select l.id, l.created_at, l.record_id, l.sync_type, l.source, l.status, l.message, l.error_details, l.attempt_number,
                 l.duration_ms, l.http_status, coalesce(l.vehicle_title, v.title) as vehicle_title, l.ordencompra, l.ordenstatus,
                 l.metadata
             from page join sync_logs l using (id) left join inventario_cache v on v.record_id = l.record_id
             order by page.place, l.created_at desc, l.id desc"#,
            of.run,
            of.trigger,
            of.from,
            of.to,
            limit,
            skipped
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }
}
