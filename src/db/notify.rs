//! Notices between instances: of commits, and of pings that another instance was sent.
//!
//! **Invariants:** the notice is part of the transaction that changed a vehicle, so it arrives exactly when the change can be read. It
//! names the transaction, so an instance knows it again: its own, and one whose rows it has found before the notice came.

use std::time::Duration;

use sqlx::{PgExecutor, postgres::PgListener};
use tokio::time::{Instant, timeout_at};

use super::{Db, DbError, within};

const CHANGES: &str = "vitrina_changes";
const PINGS: &str = "vitrina_pings";

/// The interval at which the listener asks the server, whose answer also says that there is no other news; and the
/// longest time for the answer.
const ASK_EVERY: Duration = Duration::from_millis(400);
const ANSWER: Duration = Duration::from_secs(3);

/// A transaction that changed vehicles: its id, which is also the `xmin` of every row that it wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommitId(u32);

impl From<u32> for CommitId {
    fn from(xid: u32) -> Self {
        Self(xid)
    }
}

impl CommitId {
    /// From PostgreSQL's text form of an `xid`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// A notice of some instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// This commit changed vehicles; `None`: everything cached is to be dropped although nothing was written.
    Changed(Option<CommitId>),
    /// Airtable has sent another instance a ping.
    Pinged,
}

/// Tells every instance, when the transaction commits, that vehicles have changed.
pub(super) async fn announce(executor: impl PgExecutor<'_>) -> Result<CommitId, sqlx::Error> {
    let id = sqlx::query_scalar!(
        r#"select id as "id!" from (select (pg_current_xact_id()::xid)::text as id) me
           cross join lateral pg_notify($1, current_schema() || ' ' || id)"#,
        CHANGES
    )
    .fetch_one(executor)
    .await?;
    CommitId::parse(&id).ok_or_else(|| sqlx::Error::Protocol(format!("{id} is no transaction id")))
}

/// A connection that hears notices.
pub struct Listener {
    connection: PgListener,
    instance: String,
    schema: String,
    /// When the server was asked last.
    asked: Instant,
}

/// A notice, or that there was none.
#[derive(Debug, Clone, Copy)]
pub enum Heard {
    /// A notice.
    Notice(Notice),
    /// All that was committed before this time has been told.
    All(std::time::Instant),
}

impl Listener {
    /// Waits for the next notice, or for the word that there is none. An error means that notices may have been missed.
    pub async fn next(&mut self) -> Result<Heard, DbError> {
        loop {
            // Also when notices come without a pause.
            if self.asked.elapsed() >= ASK_EVERY {
                return self.ask().await.map(Heard::All);
            }
            let Ok(heard) = timeout_at(self.asked + ASK_EVERY, self.connection.try_recv()).await else {
                continue;
            };
            let Some(notice) = heard? else {
                return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into());
            };
            let Some((schema, about)) = notice.payload().split_once(' ') else { continue };
            if schema != self.schema {
                continue;
            }
            if notice.channel() == PINGS {
                if about == self.instance {
                    continue;
                }
                return Ok(Heard::Notice(Notice::Pinged));
            }
            return Ok(Heard::Notice(Notice::Changed(CommitId::parse(about))));
        }
    }

    /// Silence is ambiguous: a gateway may have forgotten the connection. The server sends notices before it answers, in their order,
    /// and the next call gives them.
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
        listener.listen_all([CHANGES, PINGS]).await?;
        let long_ago = Instant::now() - ASK_EVERY;
        Ok(Listener {
            connection: listener,
            instance: self.instance.to_string(),
            schema: self.schema.clone(),
            asked: long_ago,
        })
    }

    /// Has every instance drop its cache although nothing was written.
    pub async fn announce_invalidation(&self) -> Result<(), DbError> {
        notify(&self.pool, CHANGES, "all".to_owned()).await?;
        Ok(())
    }

    /// Tells the other instances that Airtable has sent a ping, for one of them may be the one that reads.
    pub async fn announce_ping(&self) -> Result<(), DbError> {
        notify(&self.pool, PINGS, self.instance.to_string()).await?;
        Ok(())
    }
}

async fn notify(executor: impl PgExecutor<'_>, channel: &str, about: String) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify($1, current_schema() || ' ' || $2)", channel, about)
        .execute(executor)
        .await?;
    Ok(())
}
