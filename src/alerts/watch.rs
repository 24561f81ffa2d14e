//! The loop that looks once a minute, and the loops that feed the channels.
//!
//! **Invariants:** the first look is one interval after the start, so that a new process has met what is still wrong before it says that
//! it is over. A look that fails is made up for by the next. The nightly's beginning and end are told at once.

use futures_util::future::join_all;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Alerts;
use crate::{clock, db::DbError};

impl Alerts {
    /// Looks what is wrong and has it told, until told to stop.
    pub async fn run(&self, stop: CancellationToken) {
        if self.0.judge.settings.check_every.is_zero() {
            tracing::warn!("alerts.check_every is 0s: nobody is told when something is wrong");
            return;
        }
        let feeds = self.0.channels.iter().map(|channel| self.feed(channel, self.0.news.subscribe(), &stop));
        tokio::join!(self.watch(&stop), join_all(feeds));
        if let Err(error) = self.0.db.withdraw_reports().await {
            tracing::debug!(error = %error, "what this process reported is forgotten in a while");
        }
    }

    async fn watch(&self, stop: &CancellationToken) {
        let every = self.0.judge.settings.check_every;
        let mut next = Instant::now() + every;
        loop {
            let looked: Result<(), DbError> = tokio::select! {
                () = sleep_until(next) => {
                    next = Instant::now() + every;
                    self.check(clock::now()).await
                }
                () = self.0.engine.run_moved() => self.note_runs(clock::now()).await,
                () = stop.cancelled() => return,
            };
            if let Err(error) = looked {
                tracing::warn!(error = %error, "alerts cannot be checked; trying again");
            }
        }
    }
}
