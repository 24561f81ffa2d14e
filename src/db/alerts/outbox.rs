//! `alert_messages`: what is to be told to whom.
//!
//! **Invariants**
//! - Messages on one subject reach a channel in their order, so nobody hears of an end after which the beginning comes.
//! - A claim is a lease: when its holder dies, the message becomes due again by itself. A message may thus arrive twice, with the same
//!   [`Claimed::message_id`], and is never lost.
//!
//! **Not here:** what a message says, when it is tried again (`alerts`).

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::AlertCheck;
use crate::db::{Db, DbError};

/// A message to be told to one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The channel's name.
    pub channel: String,
    /// What it is about.
    pub subject: String,
    /// The occasion, of which is told once only: a second message on it is not taken.
    pub occasion: Option<String>,
    /// What it says.
    pub content: Value,
}

/// A message that this instance may send now.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Its row.
    pub id: i64,
    /// Its name, the same for every try.
    pub message_id: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub content: Value,
    /// How often it was tried, this time included.
    pub attempts: i32,
}

/// The state of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// What it is about.
    pub subject: String,
    /// The channel's name.
    pub channel: String,
    /// What it tells, such as `fired`.
    pub event: Option<String>,
    /// `waiting`, `sent` or `given_up`.
    pub state: String,
    /// Since when it was to be told.
    pub created_at: DateTime<Utc>,
    /// When it was sent or given up.
    pub done_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// A message that nobody has taken in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The channel's name.
    pub channel: String,
    /// What it was about.
    pub subject: String,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// The beginning or the end of a nightly run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightlyRun {
    /// Its number.
    pub id: i64,
    /// `running`, `succeeded` or `failed`.
    pub status: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Records seen.
    pub seen: i32,
    /// Vehicles written.
    pub written: i32,
}

impl AlertCheck {
    /// Puts messages into the outbox, due at once.
    pub async fn enqueue(&mut self, messages: &[NewMessage], now: DateTime<Utc>) -> Result<(), DbError> {
        for message in messages {
            sqlx::query!(
                "insert into alert_messages (channel, subject, occasion, content, created_at, next_attempt_at)
                 values ($1, $2, $3, $4, $5, $5)
                 on conflict (channel, occasion) where occasion is not null do nothing",
                message.channel,
                message.subject,
                message.occasion,
                message.content,
                now
            )
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }

    /// Nightly runs that began or ended after a time, in their order.
    pub async fn nightly_runs(&mut self, after: DateTime<Utc>) -> Result<Vec<NightlyRun>, DbError> {
        let runs = sqlx::query_as!(
            NightlyRun,
            r#"select id, status, error, seen, created + updated + archived + deleted as "written!" from sync_runs
               where trigger = 'nightly' and started_at > $1::timestamptz - interval '1 day' and coalesce(finished_at, started_at) > $1
               order by id"#,
            after
        )
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(runs)
    }

    /// Gives up what has waited since before a time, and forgets what was done before another.
    pub async fn expire(
        &mut self,
        waiting: DateTime<Utc>,
        done: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<GivenUp>, DbError> {
        // Those on what still fires say to whom it was told.
        sqlx::query!(
            "delete from alert_messages m where state <> 'waiting' and done_at < $1
                 and not exists (select from alerts a where a.key = m.subject and a.state = 'firing')",
            done
        )
        .execute(&mut *self.tx)
        .await?;
        let given_up = sqlx::query_as!(
            GivenUp,
            "update alert_messages set state = 'given_up', done_at = $2, claimed_until = null
             where state = 'waiting' and created_at < $1
             returning channel, subject, attempts, last_error",
            waiting,
            now
        )
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(given_up)
    }
}

impl Db {
    /// Claims the oldest message of a channel that is due and stands behind no other of its subject.
    pub async fn claim_message(
        &self,
        channel: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Claimed>, DbError> {
        let claimed = sqlx::query_as!(
            Claimed,
            r#"update alert_messages set claimed_until = $3, attempts = attempts + 1
             where id in (
                 select id from alert_messages m
                 where channel = $1 and state = 'waiting' and next_attempt_at <= $2
                     and (claimed_until is null or claimed_until < $2)
                     and not exists (
                         select from alert_messages e
                         where e.channel = $1 and e.subject = m.subject and e.state = 'waiting' and e.id < m.id
                     )
                 order by id limit 1 for update skip locked
             )
             returning id, message_id::text as "message_id!", subject, content, attempts"#,
            channel,
            now,
            until
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(claimed)
    }

    /// A message has arrived.
    pub async fn message_sent(&self, id: i64, now: DateTime<Utc>) -> Result<(), DbError> {
        sqlx::query!(
            "update alert_messages set state = 'sent', done_at = $2, claimed_until = null, last_error = null where id = $1",
            id,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A message has not arrived, and is due again at `next`.
    pub async fn message_failed(&self, id: i64, error: &str, next: DateTime<Utc>) -> Result<(), DbError> {
        sqlx::query!(
            "update alert_messages set claimed_until = null, last_error = $2, next_attempt_at = $3
             where id = $1 and state = 'waiting'",
            id,
            error,
            next
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A message will never arrive, so it is not tried again.
    pub async fn message_refused(&self, id: i64, error: &str, now: DateTime<Utc>) -> Result<(), DbError> {
        sqlx::query!(
            "update alert_messages set state = 'given_up', done_at = $3, claimed_until = null, last_error = $2
             where id = $1 and state = 'waiting'",
            id,
            error,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// When a channel's next message is due, if any waits.
    pub async fn next_message(&self, channel: &str) -> Result<Option<DateTime<Utc>>, DbError> {
        let next = sqlx::query_scalar!(
            "select min(greatest(next_attempt_at, claimed_until)) from alert_messages where channel = $1 and state = 'waiting'",
            channel
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(next)
    }

    /// The states of messages on these subjects: the last of each subject, channel and event, latest first.
    pub async fn deliveries(&self, subjects: &[String]) -> Result<Vec<Delivery>, DbError> {
        let deliveries = sqlx::query_as!(
            Delivery,
            "select subject, channel, event, state, created_at, done_at, attempts, last_error from (
                 select distinct on (subject, channel, content ->> 'event') id, subject, channel, content ->> 'event' as event,
                     state, created_at, done_at, attempts, last_error
                 from alert_messages where subject = any($1)
                 order by subject, channel, content ->> 'event', id desc
             ) last order by id desc",
            subjects
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(deliveries)
    }
}
