//! `sync_queue`: deliveries that were accepted and are not settled yet.
//!
//! **Invariants**
//! - One row per record. A later delivery joins the row and raises `delivered_seq`, so that only a read which began after the
//!   *last* delivery settles it; it also brings a dead record back to life.
//! - A row leaves the table only in the transaction that stored such a read, whoever made it: the queue's worker, a webhook or a run.
//! - A claim is a lease: when its holder dies, the record becomes due again by itself.
//!
//! **Not here:** when to try again (`sync::queue`).

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::{Db, DbError, Stamp, interval};
use crate::domain::{RecordId, Trigger};

/// A delivery to be kept.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The record to sync.
    pub record_id: RecordId,
    /// Why.
    pub trigger: Trigger,
    /// Who asked.
    pub source: Option<String>,
    /// When the record was edited, or else when the delivery was accepted.
    pub edited: DateTime<Utc>,
    /// Why it was not settled at once.
    pub reason: String,
}

/// A due record that this instance has claimed.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The record to sync.
    pub record_id: RecordId,
    /// Why.
    pub trigger: Trigger,
    /// Who asked.
    pub source: Option<String>,
    /// When the record was edited, as far as that is known; else when it was queued.
    pub edited: DateTime<Utc>,
    /// How often it was tried, this time included.
    pub attempts: i32,
}

/// Deletes the deliveries that a read settles, and says which they were and when what they tell of was edited.
pub(super) async fn settle(
    executor: impl PgExecutor<'_>,
    ids: &[String],
    stamp: Stamp,
) -> Result<HashMap<String, DateTime<Utc>>, sqlx::Error> {
    let settled = sqlx::query!(
        r#"delete from sync_queue where record_id = any($1) and delivered_seq < $2
           returning record_id, coalesce(edited_at, enqueued_at) as "edited!""#,
        ids,
        stamp.0
    )
    .fetch_all(executor)
    .await?;
    Ok(settled.into_iter().map(|row| (row.record_id, row.edited)).collect())
}

/// Keeps deliveries, joining those that wait already.
pub(super) async fn insert(
    executor: impl PgExecutor<'_>,
    accepted: &[Accepted],
    delay: Duration,
) -> Result<(), sqlx::Error> {
    let (mut ids, mut triggers, mut sources, mut reasons, mut edits) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for delivery in accepted {
        ids.push(delivery.record_id.to_string());
        triggers.push(delivery.trigger.as_str().to_owned());
        sources.push(delivery.source.clone());
        reasons.push(delivery.reason.clone());
        edits.push(delivery.edited);
    }
    sqlx::query!(
        "insert into sync_queue as q (record_id, trigger, source, last_error, edited_at, next_attempt_at)
         select id, trigger, source, reason, edited, now() + $6
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) as d(id, trigger, source, reason, edited)
         order by id
         on conflict (record_id) do update set
             delivered_seq = excluded.delivered_seq,
             trigger = excluded.trigger,
             source = excluded.source,
             last_error = excluded.last_error,
             edited_at = least(q.edited_at, excluded.edited_at),
             next_attempt_at = least(q.next_attempt_at, excluded.next_attempt_at),
             attempts = case when q.status = 'dead' then 0 else q.attempts end,
             status = 'waiting'",
        &ids,
        &triggers,
        &sources as &[Option<String>],
        &reasons,
        &edits,
        interval(delay)
    )
    .execute(executor)
    .await?;
    Ok(())
}

impl Db {
    /// Keeps deliveries until they are settled; the first try is due after `delay`.
    pub async fn enqueue(&self, accepted: &[Accepted], delay: Duration) -> Result<(), DbError> {
        insert(&self.pool, accepted, delay).await?;
        Ok(())
    }

    /// Claims up to `limit` due records for `lease`. Several instances may claim at once; none gets what another has.
    pub async fn claim_due(&self, limit: i64, lease: Duration) -> Result<Vec<Claimed>, DbError> {
        let rows = sqlx::query!(
            r#"update sync_queue set claimed_until = now() + $2, attempts = attempts + 1
             where record_id in (
                 select record_id from sync_queue
                 where status = 'waiting' and next_attempt_at <= now() and (claimed_until is null or claimed_until < now())
                 order by next_attempt_at limit $1 for update skip locked
             )
             returning record_id, trigger, source, attempts, coalesce(edited_at, enqueued_at) as "edited!""#,
            limit,
            interval(lease)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                Some(Claimed {
                    record_id: row.record_id.parse().ok()?,
                    trigger: Trigger::parse(&row.trigger).unwrap_or(Trigger::Webhook),
                    source: row.source,
                    edited: row.edited,
                    attempts: row.attempts,
                })
            })
            .collect())
    }

    /// Makes every waiting record due that nobody has claimed.
    pub async fn make_due(&self) -> Result<(), DbError> {
        sqlx::query!(
            "update sync_queue set next_attempt_at = now()
             where status = 'waiting' and next_attempt_at > now() and (claimed_until is null or claimed_until < now())"
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Makes these records due, if they still wait and nobody has claimed them.
    pub async fn make_these_due(&self, ids: &[RecordId]) -> Result<(), DbError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        sqlx::query!(
            "update sync_queue set next_attempt_at = now()
             where record_id = any($1) and status = 'waiting' and next_attempt_at > now()
                 and (claimed_until is null or claimed_until < now())",
            &ids
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Holds claims for another `lease`.
    pub async fn renew_claims(&self, claimed: &[Claimed], lease: Duration) -> Result<(), DbError> {
        let ids: Vec<String> = claimed.iter().map(|row| row.record_id.to_string()).collect();
        sqlx::query!(
            "update sync_queue set claimed_until = now() + $2 where record_id = any($1) and claimed_until is not null",
            &ids,
            interval(lease)
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Gives a claimed record back: due again after `delay`, or dead when there is none.
    pub async fn give_back(
        &self,
        id: &RecordId,
        delay: Option<Duration>,
        error: &str,
    ) -> Result<(), DbError> {
        sqlx::query!(
            "update sync_queue set claimed_until = null, last_error = $2,
                 status = case when $3::interval is null then 'dead' else 'waiting' end,
                 next_attempt_at = now() + coalesce($3, interval '0')
             where record_id = $1",
            id.as_str(),
            error,
            delay.map(interval) as _
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How long until the next record is due, if any waits; zero when one is due already.
    pub async fn next_due_in(&self) -> Result<Option<Duration>, DbError> {
        let seconds = sqlx::query_scalar!(
            r#"select extract(epoch from min(greatest(next_attempt_at, claimed_until)) - now())::float8 as "seconds"
               from sync_queue where status = 'waiting'"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()))
    }

    /// Records waiting, and records given up.
    pub async fn queue_depth(&self) -> Result<(i64, i64), DbError> {
        let row = sqlx::query!(
            r#"select count(*) filter (where status = 'waiting') as "waiting!",
                      count(*) filter (where status = 'dead') as "dead!" from sync_queue"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((row.waiting, row.dead))
    }
}
