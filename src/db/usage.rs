//! `airtable_usage`: the requests of a month, and whether they are used up.
//!
//! **Invariants:** one row for each calendar month (UTC), to which every instance adds what it has sent since it last did. A stop that an
//! instance was told of before an operator lifted it does not come back.
//!
//! **Not here:** counting the requests of this process and keeping still (`airtable::quota`), when both are told (`sync::usage`).

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Db, DbError, interval};

/// What all instances sent this month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MonthUsage {
    /// Requests, as far as the instances have told.
    pub calls: i64,
    /// Until when nothing may be sent, because the month's requests are used up.
    pub stopped_until: Option<DateTime<Utc>>,
}

/// Airtable's word that the month's requests are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedUp {
    /// Until when nothing should be sent.
    pub until: DateTime<Utc>,
    /// The time since it was said.
    pub ago: Duration,
}

impl Db {
    /// Adds what this instance has sent and was told, and gives the sum of all.
    pub async fn add_usage(&self, calls: i64, used_up: Option<UsedUp>) -> Result<MonthUsage, DbError> {
        let usage = sqlx::query_as!(
            MonthUsage,
            "insert into airtable_usage as u (month, calls, stopped_until) values (date_trunc('month', now())::date, $1, $2)
             on conflict (month) do update set
                 calls = u.calls + excluded.calls,
                 stopped_until = case when $2::timestamptz is null or u.resumed_at > now() - $3::interval then u.stopped_until
                     else $2 end
             returning calls, stopped_until",
            calls,
            used_up.map(|told| told.until),
            used_up.map(|told| interval(told.ago)) as _
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(usage)
    }

    /// What all instances sent this month.
    pub async fn month_usage(&self) -> Result<MonthUsage, DbError> {
        let usage = sqlx::query_as!(
            MonthUsage,
            "select calls, stopped_until from airtable_usage where month = date_trunc('month', now())::date"
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(usage.unwrap_or_default())
    }

    /// Lifts the stop of all instances.
    pub async fn resume_usage(&self) -> Result<(), DbError> {
        sqlx::query!(
            "insert into airtable_usage (month, resumed_at) values (date_trunc('month', now())::date, now())
             on conflict (month) do update set stopped_until = null, resumed_at = now()"
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
