//! How instances hear of each other's commits.
//!
//! **Invariants:** the notice is part of the transaction that changed a vehicle, so it arrives exactly when the change can be read.
//! An instance passes over its own notices: it raised its generation itself, before it answered.

use sqlx::{PgExecutor, postgres::PgListener};
use uuid::Uuid;

use super::{Db, DbError};

const CHANNEL: &str = "vitrina_changes";

/// Tells the other instances, when the transaction commits, that vehicles have changed.
pub(super) async fn tell(executor: impl PgExecutor<'_>, instance: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify($1, current_schema() || ' ' || $2)", CHANNEL, instance.to_string())
        .execute(executor)
        .await?;
    Ok(())
}

/// A connection that hears of the other instances' commits.
pub struct Listener {
    connection: PgListener,
    own: String,
    schema: String,
}

impl Listener {
    /// Waits for the next commit of another instance. An error means that notices may have been missed.
    pub async fn next(&mut self) -> Result<(), DbError> {
        loop {
            let Some(notice) = self.connection.try_recv().await? else {
                return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into());
            };
            match notice.payload().split_once(' ') {
                Some((schema, instance)) if schema == self.schema && instance != self.own => return Ok(()),
                _ => {}
            }
        }
    }
}

impl Db {
    /// Begins to listen, on a connection that it keeps. What was committed before is not heard.
    pub async fn listen(&self) -> Result<Listener, DbError> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        // Otherwise it would reconnect by itself, and nobody would know that notices were missed.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(Listener { connection: listener, own: self.instance.to_string(), schema: self.schema.clone() })
    }

    /// Tells the other instances to drop their caches although nothing was written.
    pub async fn tell_others(&self) -> Result<(), DbError> {
        tell(&self.pool, self.instance).await?;
        Ok(())
    }
}
