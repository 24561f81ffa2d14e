//! The loop that starts runs when they are due.
//!
//! **Invariants:** at the start a catch-up is wanted, whatever ran before; after an outage of Airtable or PostgreSQL one is wanted too. A
//! run that another instance has begun is not waited for but looked at again later.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::{
    Engine,
    run::{RunError, Scope},
    schedule::{Due, Nightly, due},
};
use crate::domain::Trigger;

/// How long the scheduler sleeps at most; also how soon it looks again when something was in its way.
const LOOK_EVERY: Duration = Duration::from_secs(30);

impl Engine {
    /// Asks for a catch-up as soon as possible.
    pub fn want_catch_up(&self) {
        self.inner.catch_up_wanted.notify_one();
    }

    /// Runs what is due, until told to stop; a run under way ends itself then.
    pub(super) async fn schedule(&self, stop: &CancellationToken) {
        let nightly = Nightly::new(self.inner.settings.nightly.clone(), self.inner.settings.time_zone);
        let (mut asked, mut wanted) = (crate::clock::now(), true);
        while !stop.is_cancelled() {
            let pause = self.run_what_is_due(&nightly, asked, &mut wanted).await;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.inner.catch_up_wanted.notified() => (asked, wanted) = (crate::clock::now(), true),
                () = stop.cancelled() => return,
            }
        }
    }

    /// Gives how long to wait before the next look.
    async fn run_what_is_due(&self, nightly: &Nightly, asked: DateTime<Utc>, wanted: &mut bool) -> Duration {
        let now = crate::clock::now();
        let mut history = match self.inner.db.run_history(nightly.last(now)).await {
            Ok(history) => history,
            Err(error) => {
                tracing::warn!(error = %error, "the scheduler cannot see what ran before; looking again");
                return Duration::from_secs(1);
            }
        };
        // A failure before the start, or before the outage was over, says nothing of now.
        history.last_failure = history.last_failure.filter(|failure| *failure >= asked);
        // Vehicles that were read before a field came into use lack what it says.
        let fields_are_newer = self.inner.fields.feeds_since() > history.last_full;
        *wanted |= fields_are_newer;
        let every =
            TimeDelta::from_std(self.inner.settings.catch_up_every).ok().filter(|every| !every.is_zero());
        let (scope, trigger) = match due(now, nightly, every, *wanted, &history) {
            Due::FirstLoad => (Scope::Full { force: false }, Trigger::Bulk),
            Due::Nightly => (Scope::Full { force: false }, Trigger::Nightly),
            Due::CatchUp if fields_are_newer => (Scope::Full { force: false }, Trigger::CatchUp),
            Due::CatchUp => (Scope::CatchUp, Trigger::CatchUp),
            Due::NotBefore(next) => return (next - now).to_std().unwrap_or_default().min(LOOK_EVERY),
        };
        let run = match self.begin_run(scope, trigger).await {
            Ok(run) => run,
            Err(RunError::Busy(_)) => return Duration::from_secs(1),
            Err(error) => {
                tracing::warn!(error = %error, "a run that is due could not be begun; trying again");
                return Duration::from_secs(1);
            }
        };
        match self.carry_out(run).await {
            Ok(report) if report.error.is_none() => *wanted = false,
            Ok(_) => {}
            Err(error) => tracing::error!(error = %error, "a run could not be written down"),
        }
        Duration::ZERO
    }
}
