//! One run at a time, on all instances.
//!
//! **Invariants:** what must not run twice takes a [`RunLock`] as its argument. The lock belongs to a connection of its own, so it ends
//! with the process, however that ends, and nobody has to clean up.

use sqlx::{Connection, PgConnection};

use super::{Db, DbError};

/// The first half of the advisory lock's key, "vrun" in ASCII; the second is the schema.
const CLASS: i32 = 0x7672_756e;

/// Proof that nobody else runs.
#[derive(Debug)]
pub struct RunLock {
    connection: PgConnection,
}

impl RunLock {
    /// Whether it is still held: it is lost when PostgreSQL ends its connection.
    pub async fn is_held(&mut self) -> bool {
        self.connection.ping().await.is_ok()
    }

    /// Lets others run. Dropping it does the same a little later.
    pub async fn release(self) {
        // A connection that cannot be closed any more has released its lock already.
        let _ = self.connection.close().await;
    }
}

impl Db {
    /// The right to run; `None` while somebody else has it.
    pub async fn try_lock_runs(&self) -> Result<Option<RunLock>, DbError> {
        let mut connection = self.pool.acquire().await?.detach();
        let locked = sqlx::query_scalar!(
            r#"select pg_try_advisory_lock($1, hashtext(current_schema()::text)) as "locked!""#,
            CLASS
        )
        .fetch_one(&mut connection)
        .await?;
        Ok(locked.then_some(RunLock { connection }))
    }
}
