//! The loop that listens for commits.
//!
//! **Invariants:** while nobody listens, and when a connection is new, nothing that was loaded before counts as fresh. Airtable's pings
//! come by the same connection and are passed on.

use std::time::{Duration, Instant};

use super::super::Catalog;
use crate::db::notify::{Heard, Notice};

/// The first wait after a failure, and the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// News of the listener besides commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Another instance was sent a ping by Airtable.
    Pinged,
    /// It listens; `after_outage`: for the first time since it could not.
    Listening {
        /// Set when it could not before.
        after_outage: bool,
    },
    /// It cannot listen, for this reason.
    Deaf(String),
}

impl Catalog {
    /// Listens for the commits of all instances, for ever.
    pub async fn listen(&self, tell: impl Fn(News)) {
        let inner = &self.inner;
        let (mut pause, mut was_deaf) = (PAUSE, false);
        // Also while nobody has ever been heard, what is cached counts as fresh for a moment only.
        self.heard(Instant::now());
        loop {
            let error = match inner.db.listen().await {
                Ok(mut listener) => {
                    pause = PAUSE;
                    inner.freshness.outage.ended();
                    tell(News::Listening { after_outage: std::mem::replace(&mut was_deaf, false) });
                    // What was committed before the listener was there has not been heard.
                    self.suspect();
                    loop {
                        match listener.next().await {
                            Ok(Heard::Notice(Notice::Changed(Some(commit)))) => {
                                if inner.freshness.learn([commit]) {
                                    self.free();
                                }
                            }
                            Ok(Heard::Notice(Notice::Changed(None))) => self.suspect(),
                            Ok(Heard::Notice(Notice::Pinged)) => tell(News::Pinged),
                            Ok(Heard::All(asked)) => self.heard(asked),
                            Err(error) => break error,
                        }
                    }
                }
                Err(error) => error,
            };
            was_deaf = true;
            self.suspect();
            tell(News::Deaf(error.to_string()));
            tracing::warn!(error = %error, "commits cannot be listened for; trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
