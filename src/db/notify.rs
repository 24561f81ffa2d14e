//! How instances hear of each other's commits, and of pings that another one was sent.
//!
//! **Invariants:** the notice is part of the transaction that changed a vehicle, so it arrives exactly when the change can be read.
//! An instance passes over its own notices: it raised its generation itself, before it answered.

use std::{pin::pin, time::Duration};

use sqlx::{PgExecutor, postgres::PgListener};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Db, DbError, within};

const CHANGES: &str = "vitrina_changes";
const PINGS: &str = "vitrina_pings";

/// After how long a silence the listener asks whether it is still connected, after how long without an answer it doubts, and when it gives the
/// connection up. What a connection that died unseen can cost in freshness is the sum of the first two: less than a second.
const QUIET: Duration = Duration::from_millis(400);
const DOUBT: Duration = Duration::from_millis(500);
const ANSWER: Duration = Duration::from_secs(3);

/// What another instance has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Vehicles have changed.
    Changed,
    /// Airtable has sent it a ping.
    Pinged,
}

/// Tells the other instances, when the transaction commits, that vehicles have changed.
pub(super) async fn tell(executor: impl PgExecutor<'_>, instance: Uuid) -> Result<(), sqlx::Error> {
    notify(executor, CHANGES, instance).await
}

async fn notify(executor: impl PgExecutor<'_>, channel: &str, instance: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify($1, current_schema() || ' ' || $2)", channel, instance.to_string())
        .execute(executor)
        .await?;
    Ok(())
}

/// A connection that hears what the other instances have to say.
pub struct Listener {
    connection: PgListener,
    own: String,
    schema: String,
}

impl Listener {
    /// Waits for the next notice of another instance. An error means that notices may have been missed. `doubt` is called, and called again,
    /// while the server does not answer: what it has to say may be late.
    pub async fn next(&mut self, doubt: impl Fn()) -> Result<Notice, DbError> {
        loop {
            let Ok(heard) = timeout(QUIET, self.connection.try_recv()).await else {
                doubtful(self.is_alive(), DOUBT, &doubt).await?;
                continue;
            };
            let Some(notice) = heard? else {
                return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into());
            };
            match notice.payload().split_once(' ') {
                Some((schema, instance)) if schema == self.schema && instance != self.own => {
                    return Ok(if notice.channel() == PINGS { Notice::Pinged } else { Notice::Changed });
                }
                _ => {}
            }
        }
    }

    /// Nothing was said for a while: that nobody has anything to say looks the same as a connection that a gateway has forgotten.
    async fn is_alive(&mut self) -> Result<(), DbError> {
        within(ANSWER, async {
            sqlx::query_scalar!("select 1").fetch_one(&mut self.connection).await?;
            Ok(())
        })
        .await
    }
}

/// Waits for it, and calls `doubt` each time that another `every` has passed.
pub async fn doubtful<T>(what: impl Future<Output = T>, every: Duration, doubt: impl Fn()) -> T {
    let mut what = pin!(what);
    loop {
        match timeout(every, &mut what).await {
            Ok(done) => return done,
            Err(_) => doubt(),
        }
    }
}

impl Db {
    /// Begins to listen, on a connection that it keeps. What was committed before is not heard.
    pub async fn listen(&self) -> Result<Listener, DbError> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        // Otherwise it would reconnect by itself, and nobody would know that notices were missed.
        listener.eager_reconnect(false);
        listener.listen_all([CHANGES, PINGS]).await?;
        Ok(Listener { connection: listener, own: self.instance.to_string(), schema: self.schema.clone() })
    }

    /// Tells the other instances to drop their caches although nothing was written.
    pub async fn tell_others(&self) -> Result<(), DbError> {
        tell(&self.pool, self.instance).await?;
        Ok(())
    }

    /// Tells the other instances that Airtable has sent a ping, for one of them may be the one that reads.
    pub async fn tell_of_ping(&self) -> Result<(), DbError> {
        notify(&self.pool, PINGS, self.instance).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::sleep;

    use super::*;

    #[test]
    fn what_died_unseen_costs_less_than_a_second() {
        assert!(QUIET + DOUBT < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_doubts_again_and_again() {
        let doubts = AtomicU32::new(0);
        let doubt = || {
            doubts.fetch_add(1, Ordering::Relaxed);
        };
        assert_eq!(doubtful(async { 5 }, DOUBT, doubt).await, 5);
        assert_eq!(doubts.load(Ordering::Relaxed), 0);
        doubtful(sleep(DOUBT * 7 / 2), DOUBT, doubt).await;
        assert_eq!(doubts.load(Ordering::Relaxed), 3);
    }
}
