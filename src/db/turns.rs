//! `airtable_turns`: the base's rate limit, shared by all instances on one database.
//!
//! **Invariants:** never more than so many turns in any span of time, by the database's clock; none during a pause, which can grow but
//! not shrink.
//!
//! **Not here:** who goes first within an instance (`airtable`).

use std::time::Duration;

use sqlx::postgres::types::PgInterval;

use super::{Db, DbError, interval};

impl Db {
    /// Takes a turn of the base; `Some`: there is none now, ask again after this time.
    pub async fn take_turn(
        &self,
        base_id: &str,
        per_window: u32,
        window: Duration,
    ) -> Result<Option<Duration>, DbError> {
        let wait = sqlx::query_scalar!(
            r#"select vitrina_take_turn($1, $2, $3) as "wait!""#,
            base_id,
            i32::try_from(per_window).unwrap_or(i32::MAX),
            interval(window)
        )
        .fetch_one(&self.turns)
        .await?;
        Ok(Some(duration(&wait)).filter(|wait| !wait.is_zero()))
    }

    /// Gives nobody a turn of the base for this time.
    pub async fn pause_turns(&self, base_id: &str, pause: Duration) -> Result<(), DbError> {
        sqlx::query!(
            "insert into airtable_turns as turns (base_id, paused_until) values ($1, clock_timestamp() + $2)
             on conflict (base_id) do update set paused_until = greatest(turns.paused_until, excluded.paused_until)",
            base_id,
            interval(pause)
        )
        .execute(&self.turns)
        .await?;
        Ok(())
    }
}

/// An interval between two times has days and microseconds, and no months.
fn duration(interval: &PgInterval) -> Duration {
    let days = Duration::from_hours(24) * u32::try_from(interval.days).unwrap_or(0);
    days + Duration::from_micros(u64::try_from(interval.microseconds).unwrap_or(0))
}
