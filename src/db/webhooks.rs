//! `airtable_webhooks`: the native webhook that is kept in Airtable, its secret, and how far it was read.
//!
//! **Invariants:** the cursor moves forward only, and in the transaction that puts what was read into the durable queue: a payload
//! counts as read exactly when nothing of it can be lost. Of two who read the same payloads one moves the cursor; the other's
//! transaction does nothing. The secret prints as `[REDACTED]`.
//!
//! **Not here:** when a webhook is made, read or refreshed (`sync::native`).

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::{
    Db, DbError,
    queue::{self, Owed},
};

/// The webhook that is kept.
#[derive(Debug, Clone)]
pub struct KeptWebhook {
    /// `ach…`
    pub id: String,
    /// The table that it watches, `tbl…`.
    pub table_id: String,
    /// Where its pings go.
    pub notification_url: String,
    /// The number of the next payload to be read.
    pub cursor: i64,
    /// When it ends, as far as is known here: reading lets it live longer.
    pub expires_at: DateTime<Utc>,
    /// When its payloads were last read to their end.
    pub read_at: DateTime<Utc>,
    /// Changes up to this time may have gone untold; a full run makes up for them.
    pub missed_until: Option<DateTime<Utc>>,
}

/// A webhook that was just made.
#[derive(Debug)]
pub struct MadeWebhook<'a> {
    /// `ach…`
    pub id: &'a str,
    /// `tbl…`
    pub table_id: &'a str,
    /// Where its pings go.
    pub notification_url: &'a str,
    /// The key that they are signed with, in base64.
    pub secret: &'a SecretString,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Set when a former one may have left changes untold.
    pub missed: bool,
}

/// Payloads that were read, and the records to be queued for them.
#[derive(Debug)]
pub struct Taken<'a> {
    /// The webhook, `ach…`.
    pub id: &'a str,
    /// Where the reading began.
    pub from: i64,
    /// Where the next one begins.
    pub to: i64,
    /// When it was read.
    pub now: DateTime<Utc>,
    /// The records that they name.
    pub records: &'a [Owed],
    /// When those are due.
    pub delay: Duration,
    /// From when on a read settles them.
    pub settle_after: Duration,
    /// Set when payloads may have been deleted before they were read.
    pub missed: bool,
}

impl Db {
    /// The webhook that is kept for a base and table.
    pub async fn kept_webhook(&self, target: &str) -> Result<Option<KeptWebhook>, DbError> {
        let kept = sqlx::query_as!(
            KeptWebhook,
            "select webhook_id as id, table_id, notification_url, cursor, expires_at, read_at, missed_until
             from airtable_webhooks where target = $1",
            target
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(kept)
    }

    /// The key that the pings of a webhook are signed with, in base64, if it is kept here.
    pub async fn webhook_secret(&self, id: &str) -> Result<Option<SecretString>, DbError> {
        let secret =
            sqlx::query_scalar!("select mac_secret from airtable_webhooks where webhook_id = $1", id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(secret.map(SecretString::from))
    }

    /// Keeps a webhook in the place of the former one.
    pub async fn keep_webhook(
        &self,
        target: &str,
        made: &MadeWebhook<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), DbError> {
        sqlx::query!(
            "insert into airtable_webhooks as kept
                 (target, webhook_id, table_id, notification_url, mac_secret, expires_at, read_at, missed_until)
             values ($1, $2, $3, $4, $5, $6, $7, case when $8 then now() end)
             on conflict (target) do update set
                 webhook_id = excluded.webhook_id,
                 table_id = excluded.table_id,
                 notification_url = excluded.notification_url,
                 mac_secret = excluded.mac_secret,
                 cursor = 1,
                 expires_at = excluded.expires_at,
                 created_at = now(),
                 read_at = excluded.read_at,
                 missed_until = coalesce(excluded.missed_until, kept.missed_until)",
            target,
            made.id,
            made.table_id,
            made.notification_url,
            made.secret.expose_secret(),
            made.expires_at,
            now,
            made.missed
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Remembers a webhook's new end.
    pub async fn webhook_lives_until(&self, id: &str, expires_at: DateTime<Utc>) -> Result<(), DbError> {
        sqlx::query!("update airtable_webhooks set expires_at = $2 where webhook_id = $1", id, expires_at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Keeps the webhook of a table under another name: the settings name the table otherwise than before. False when there is none.
    pub async fn rename_webhook(&self, table_id: &str, target: &str) -> Result<bool, DbError> {
        let renamed = sqlx::query!(
            "update airtable_webhooks set target = $2
             where target = (select target from airtable_webhooks where table_id = $1 and target <> $2 order by created_at desc limit 1)",
            table_id,
            target
        )
        .execute(&self.pool)
        .await?;
        Ok(renamed.rows_affected() > 0)
    }

    /// Forgets a webhook that was deleted.
    pub async fn forget_webhook(&self, id: &str) -> Result<(), DbError> {
        sqlx::query!("delete from airtable_webhooks where webhook_id = $1", id).execute(&self.pool).await?;
        Ok(())
    }

    /// Puts what payloads name into the queue and moves the cursor. False, and nothing done, when somebody else has read them.
    pub async fn take_payloads(&self, taken: &Taken<'_>) -> Result<bool, DbError> {
        self.repeating(|| self.take_payloads_once(taken)).await
    }

    async fn take_payloads_once(&self, taken: &Taken<'_>) -> Result<bool, DbError> {
        let mut tx = self.pool.begin().await?;
        let moved = sqlx::query!(
            "update airtable_webhooks set cursor = $3, read_at = $4,
                 missed_until = case when $5 then now() else missed_until end
             where webhook_id = $1 and cursor = $2",
            taken.id,
            taken.from,
            taken.to,
            taken.now,
            taken.missed
        )
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        if !taken.records.is_empty() {
            queue::insert(&mut *tx, taken.records, taken.delay, taken.settle_after).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Notes that a full run that began at this time has made up for what went untold before.
    pub async fn webhook_made_up_for(&self, target: &str, began: DateTime<Utc>) -> Result<(), DbError> {
        sqlx::query!(
            "update airtable_webhooks set missed_until = null where target = $1 and missed_until < $2",
            target,
            began
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
