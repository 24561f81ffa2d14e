//! How instances hear of each other's commits, and of pings that another one was sent.
//!
//! **Invariants:** the notice is part of the transaction that changed a vehicle, so it arrives exactly when the change can be read.
//! An instance passes over its own notices, for it raised its generation itself before it answered; except where the answer to the commit has not
//! come: then it hears of it here, like the others.

use std::time::Duration;

use sqlx::{PgExecutor, postgres::PgListener};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::{Db, DbError, commits::Commits, within};

const CHANGES: &str = "vitrina_changes";
const PINGS: &str = "vitrina_pings";

/// How often the listener asks whether it is still connected, which also says that there is no news, and how long the answer may take.
const ASK_EVERY: Duration = Duration::from_millis(400);
const ANSWER: Duration = Duration::from_secs(3);

/// What another instance has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Vehicles have changed.
    Changed,
    /// Airtable has sent it a ping.
    Pinged,
}

/// Tells the other instances, when the transaction commits, that vehicles have changed. `number`: of the commit, see [`Commits`].
pub(super) async fn tell(
    executor: impl PgExecutor<'_>,
    instance: Uuid,
    number: u64,
) -> Result<(), sqlx::Error> {
    notify(executor, CHANGES, format!("{instance} {number}")).await
}

async fn notify(executor: impl PgExecutor<'_>, channel: &str, what: String) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify($1, current_schema() || ' ' || $2)", channel, what)
        .execute(executor)
        .await?;
    Ok(())
}

/// A connection that hears what the other instances have to say.
pub struct Listener {
    connection: PgListener,
    own: String,
    schema: String,
    commits: Commits,
    /// Its own notices since the server was asked last, by the number of the commit.
    own_heard: Vec<u64>,
    /// When the server was asked last.
    asked: Instant,
}

/// A notice, or that there was none.
#[derive(Debug, Clone, Copy)]
pub enum Heard {
    /// Another instance has something to say.
    Notice(Notice),
    /// All that was committed before this time has been told.
    All(std::time::Instant),
}

impl Listener {
    /// Waits for the next notice of another instance, or for the word that there is none. An error means that notices may have been missed.
    pub async fn next(&mut self) -> Result<Heard, DbError> {
        loop {
            // Also when notices come without a pause.
            if self.asked.elapsed() >= ASK_EVERY {
                // The answer to a commit comes in the same moment as the notice, give or take.
                if self.own_heard.drain(..).filter(|number| self.commits.heeds(*number)).count() > 0 {
                    return Ok(Heard::Notice(Notice::Changed));
                }
                return self.ask().await.map(Heard::All);
            }
            let Ok(heard) = timeout_at(self.asked + ASK_EVERY, self.connection.try_recv()).await else {
                continue;
            };
            let Some(notice) = heard? else {
                return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into());
            };
            let mut parts = notice.payload().split(' ');
            if parts.next() != Some(&self.schema) {
                continue;
            }
            if parts.next() == Some(&self.own) {
                self.own_heard.extend(parts.next().and_then(|number| number.parse::<u64>().ok()));
                continue;
            }
            let notice = if notice.channel() == PINGS { Notice::Pinged } else { Notice::Changed };
            return Ok(Heard::Notice(notice));
        }
    }

    /// That nobody has anything to say looks the same as a connection that a gateway has forgotten. The server sends what it has to tell before it
    /// answers, and it is taken in the order in which it came; the next call gives it.
    async fn ask(&mut self) -> Result<std::time::Instant, DbError> {
        let asked = Instant::now();
        within(ANSWER, async {
            sqlx::query_scalar!("select 1").fetch_one(&mut self.connection).await?;
            Ok(())
        })
        .await?;
        self.asked = asked;
        Ok(asked.into_std())
    }
}

impl Db {
    /// Begins to listen, on a connection that it keeps. What was committed before is not heard.
    pub async fn listen(&self) -> Result<Listener, DbError> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        // Otherwise it would reconnect by itself, and nobody would know that notices were missed.
        listener.eager_reconnect(false);
        self.commits.hear_anew();
        listener.listen_all([CHANGES, PINGS]).await?;
        let long_ago = Instant::now() - ASK_EVERY;
        Ok(Listener {
            connection: listener,
            own: self.instance.to_string(),
            schema: self.schema.clone(),
            commits: self.commits.clone(),
            own_heard: Vec::new(),
            asked: long_ago,
        })
    }

    /// Tells the other instances to drop their caches although nothing was written.
    pub async fn tell_others(&self) -> Result<(), DbError> {
        let number = self.commits.number();
        tell(&self.pool, self.instance, number).await?;
        self.commits.begin(number, Vec::new()).answered();
        Ok(())
    }

    /// Tells the other instances that Airtable has sent a ping, for one of them may be the one that reads.
    pub async fn tell_of_ping(&self) -> Result<(), DbError> {
        notify(&self.pool, PINGS, self.instance.to_string()).await?;
        Ok(())
    }
}
