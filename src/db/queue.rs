//! `sync_queue`: records that owe a read, one row per record.
//!
//! Two things bring a record here: a delivery that could not be answered, and one that was answered by a read which may have been too
//! early (`settling`), since Airtable's replicas lag by up to a second and computed fields follow.
//!
//! **Invariants**
//! - A row leaves the table only in the transaction that stored a read which began at `settle_at` or later, whoever made that read: the
//!   queue's worker, a webhook or a run. A later delivery joins the row and moves `settle_at`.
//! - `next_attempt_at` is never before `settle_at`; a claim brings `settle_at` forward to its own time, so that a clock which was set
//!   back delays nothing for ever.
//! - A claim is a lease: when its holder dies, the record becomes due again by itself. A later delivery ends it.
//! - Rows are locked in the order of their ids.
//!
//! **Not here:** which failures count, and when a record is given up (`sync::owed`).

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::{
    Db, DbError, Stamp, interval,
    records::{Storing, texts},
};
use crate::domain::{RecordId, Trigger};

/// A delivery to be kept.
#[derive(Debug, Clone)]
pub struct Owed {
    /// The record to sync.
    pub record_id: RecordId,
    /// Why.
    pub trigger: Trigger,
    /// Who asked.
    pub source: Option<String>,
    /// When the record was edited, or else when the delivery was accepted.
    pub edited: DateTime<Utc>,
    /// The reason why it was not answered; `None`: it was answered, and only has to be settled.
    pub reason: Option<String>,
}

/// A due record that this instance has claimed.
#[derive(Debug, Clone)]
pub struct Due {
    /// The record to sync.
    pub record_id: RecordId,
    /// Why.
    pub trigger: Trigger,
    /// Who asked.
    pub source: Option<String>,
    /// When the record was edited, as far as that is known; else when it was queued.
    pub edited: DateTime<Utc>,
    /// Tries that failed by the record's own fault.
    pub attempts: i32,
}

/// A record of the queue that was read.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// When what it tells of was edited.
    pub edited: DateTime<Utc>,
    /// Set when its delivery had been answered before.
    pub was_settling: bool,
}

/// The consequences of a failed try.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Set when it counts as an attempt.
    pub counts: bool,
    /// Set when it was the last, so that the record is given up.
    pub is_last: bool,
    /// The shortest wait.
    pub min: Duration,
    /// The longest wait. In between it is as long as the record has waited already, less a random part of its half.
    pub max: Duration,
}

/// Keeps deliveries, joining those that wait already; they are due `delay` from now, and settled by a read from `settle_after` on.
pub(super) async fn insert(
    executor: impl PgExecutor<'_>,
    owed: &[Owed],
    delay: Duration,
    settle_after: Duration,
) -> Result<(), sqlx::Error> {
    let (mut ids, mut triggers, mut sources, mut reasons, mut edits) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for delivery in owed {
        ids.push(delivery.record_id.to_string());
        triggers.push(delivery.trigger.as_str().to_owned());
        sources.push(delivery.source.clone());
        reasons.push(delivery.reason.clone());
        edits.push(delivery.edited);
    }
    sqlx::query!(
        "insert into sync_queue as q (record_id, settling, trigger, source, last_error, edited_at, settle_at, next_attempt_at)
         select id, reason is null, trigger, source, reason, edited, clock_timestamp() + $7, clock_timestamp() + greatest($6, $7)
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) as d(id, trigger, source, reason, edited)
         order by id
         on conflict (record_id) do update set
             status = 'waiting',
             settling = excluded.settling,
             trigger = excluded.trigger,
             source = excluded.source,
             last_error = excluded.last_error,
             enqueued_at = case when q.status = 'dead' or q.settling or excluded.settling then excluded.enqueued_at else q.enqueued_at end,
             edited_at = case when q.settling then excluded.edited_at else least(q.edited_at, excluded.edited_at) end,
             settle_at = excluded.settle_at,
             attempts = 0,
             next_attempt_at = excluded.next_attempt_at,
             claimed_until = null",
        &ids,
        &triggers,
        &sources as &[Option<String>],
        &reasons as &[Option<String>],
        &edits,
        interval(delay),
        interval(settle_after)
    )
    .execute(executor)
    .await?;
    Ok(())
}

impl Storing {
    /// Keeps records that were answered but read too early, until a read `settle_after` from now.
    pub async fn owe(&mut self, owed: &[Owed], settle_after: Duration) -> Result<(), DbError> {
        if !owed.is_empty() {
            insert(&mut *self.tx, owed, settle_after, settle_after).await?;
        }
        Ok(())
    }

    /// Takes the records out of the queue that the read with this stamp settles; the others stay until one that is late enough. Gives
    /// all that stood in the queue.
    pub async fn settle(
        &mut self,
        ids: &[RecordId],
        stamp: Stamp,
    ) -> Result<HashMap<RecordId, Answered>, DbError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = sqlx::query!(
            r#"with owed as materialized (
                   select record_id, settle_at <= $2 as settled, settling, coalesce(edited_at, enqueued_at) as edited
                   from sync_queue where record_id = any($1) order by record_id for update
               ), settled as (
                   delete from sync_queue q using owed where q.record_id = owed.record_id and owed.settled
               ), kept as (
                   update sync_queue q
                   set settling = true, status = 'waiting', attempts = 0, last_error = null, claimed_until = null,
                       enqueued_at = now(), next_attempt_at = settle_at
                   from owed where q.record_id = owed.record_id and not owed.settled
               )
               select record_id, settling, edited as "edited!" from owed"#,
            &texts(ids),
            stamp.at
        )
        .fetch_all(&mut *self.tx)
        .await?;
        let answered = rows.into_iter().filter_map(|row| {
            let answered = Answered { edited: row.edited, was_settling: row.settling };
            Some((row.record_id.parse().ok()?, answered))
        });
        Ok(answered.collect())
    }
}

impl Db {
    /// Keeps deliveries until they are settled; the first try is due after `delay`.
    pub async fn enqueue(
        &self,
        owed: &[Owed],
        delay: Duration,
        settle_after: Duration,
    ) -> Result<(), DbError> {
        insert(&self.pool, owed, delay, settle_after).await?;
        Ok(())
    }

    /// Claims up to `limit` due records for `lease`. Several instances may claim at once; none gets what another has. What is due or
    /// claimed for later than `longest` from now dates from before the clock was set back.
    pub async fn claim_due(
        &self,
        limit: i64,
        lease: Duration,
        longest: Duration,
    ) -> Result<Vec<Due>, DbError> {
        let rows = sqlx::query!(
            r#"update sync_queue set claimed_until = now() + $2, settle_at = least(settle_at, now())
             where record_id in (
                 select record_id from sync_queue
                 where status = 'waiting' and (next_attempt_at <= now() or next_attempt_at > now() + $3)
                     and (claimed_until is null or claimed_until < now() or claimed_until > now() + $3)
                 order by next_attempt_at limit $1 for update skip locked
             )
             returning record_id, trigger, source, attempts, coalesce(edited_at, enqueued_at) as "edited!""#,
            limit,
            interval(lease),
            interval(longest)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                Some(Due {
                    record_id: row.record_id.parse().ok()?,
                    trigger: Trigger::parse(&row.trigger).unwrap_or(Trigger::Webhook),
                    source: row.source,
                    edited: row.edited,
                    attempts: row.attempts,
                })
            })
            .collect())
    }

    /// Makes every waiting record due that nobody has claimed, as soon as a read can settle it.
    pub async fn make_due(&self) -> Result<(), DbError> {
        sqlx::query!(
            "update sync_queue set next_attempt_at = settle_at
             where record_id in (
                 select record_id from sync_queue
                 where status = 'waiting' and next_attempt_at > settle_at and (claimed_until is null or claimed_until < now())
                 order by record_id for update skip locked
             )"
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Holds claims for another `lease`.
    pub async fn renew_claims(&self, due: &[Due], lease: Duration) -> Result<(), DbError> {
        let ids: Vec<String> = due.iter().map(|row| row.record_id.to_string()).collect();
        sqlx::query!(
            "update sync_queue set claimed_until = now() + $2
             where record_id in (
                 select record_id from sync_queue where record_id = any($1) and claimed_until is not null order by record_id for update
             )",
            &ids,
            interval(lease)
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Gives a claimed record back after a try that failed. One that a later delivery has joined meanwhile stays as that left it.
    pub async fn give_back(&self, id: &RecordId, retry: Retry, error: &str) -> Result<(), DbError> {
        sqlx::query!(
            "update sync_queue set claimed_until = null, settling = false, last_error = $2,
                 attempts = attempts + case when $3 then 1 else 0 end,
                 status = case when $4 then 'dead' else 'waiting' end,
                 next_attempt_at = greatest(
                     settle_at,
                     now() + least(greatest(now() - enqueued_at, $5::interval), $6::interval) * (0.5 + random() / 2)
                 )
             where record_id = $1 and claimed_until is not null",
            id.as_str(),
            error,
            retry.counts,
            retry.is_last,
            interval(retry.min),
            interval(retry.max)
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The time until the next record is due, if any waits; zero when one is due already.
    pub async fn next_due_in(&self) -> Result<Option<Duration>, DbError> {
        let seconds = sqlx::query_scalar!(
            r#"select extract(epoch from min(greatest(next_attempt_at, claimed_until)) - now())::float8 as "seconds"
               from sync_queue where status = 'waiting'"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()))
    }
}
