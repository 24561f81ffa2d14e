//! Locks for the work that one instance does at a time: a run, and keeping the native webhook.
//!
//! **Invariants:** what must not run twice takes a [`RunLock`] as its argument. A lock belongs to a connection of its own, so it ends
//! with the process, however that ends, and nobody has to clean up.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use super::{Db, DbError};

/// The first half of an advisory lock's key, four letters in ASCII; the second is the schema.
const RUNS: i32 = i32::from_be_bytes(*b"vrun");
const WEBHOOK: i32 = i32::from_be_bytes(*b"vhok");

/// The longest time for an answer of the lock's connection; one that says nothing is lost.
const ANSWER: Duration = Duration::from_secs(5);

/// Proof that nobody else runs.
#[derive(Debug)]
pub struct RunLock {
    connection: PgConnection,
}

impl RunLock {
    /// Tells whether it is still held: it is lost when PostgreSQL ends its connection.
    pub async fn is_held(&mut self) -> bool {
        timeout(ANSWER, self.connection.ping()).await.is_ok_and(|answer| answer.is_ok())
    }

    /// Lets others run, as soon as this returns. Dropping it does the same a little later, when the server notices that the connection ended.
    pub async fn release(mut self) {
        let released = async {
            sqlx::query!("select from pg_advisory_unlock_all()").execute(&mut self.connection).await?;
            self.connection.close().await
        };
        // A connection that does not answer any more has released its lock already, or will when the server notices.
        let _ = timeout(ANSWER, released).await;
    }
}

/// The right to keep the native webhook.
#[derive(Debug)]
pub struct WebhookLock(RunLock);

impl WebhookLock {
    /// Tells whether it is still held.
    pub async fn is_held(&mut self) -> bool {
        self.0.is_held().await
    }

    /// Lets another instance have it.
    pub async fn release(self) {
        self.0.release().await;
    }
}

impl Db {
    /// The right to run; `None` while somebody else has it.
    pub async fn try_lock_runs(&self) -> Result<Option<RunLock>, DbError> {
        self.try_lock(RUNS).await
    }

    /// The right to keep the native webhook; `None` while somebody else does.
    pub async fn try_lock_webhook(&self) -> Result<Option<WebhookLock>, DbError> {
        Ok(self.try_lock(WEBHOOK).await?.map(WebhookLock))
    }

    async fn try_lock(&self, class: i32) -> Result<Option<RunLock>, DbError> {
        let mut connection = self.pool.acquire().await?.detach();
        let locked = sqlx::query_scalar!(
            r#"select pg_try_advisory_lock($1, hashtext(current_schema()::text)) as "locked!""#,
            class
        )
        .fetch_one(&mut connection)
        .await?;
        if locked {
            return Ok(Some(RunLock { connection }));
        }
        let _ = connection.close().await;
        Ok(None)
    }
}
