//! The loop that starts runs when they are due.
//!
//! **Invariants:** at the start a catch-up is wanted, whatever ran before; after an outage of Airtable or PostgreSQL one is wanted too. A
//! run that another instance has begun is not waited for but looked at again later. Whatever keeps asking for catch-ups, such as a connection
//! that breaks again and again, gets no more of them than the [`Allowance`]. Times are the database's: a service whose clock is off runs neither more nor
//! less often. A sweep is tried once in its interval, however it ends.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::{
    Engine,
    run::{RunError, Scope},
    schedule::{Allowance, Due, Nightly, due, sweep_is_due},
};
use crate::{db::runs::RunHistory, domain::Trigger};

/// The scheduler's longest sleep, and its wait when another run was in its way.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// A request for a catch-up, and its time.
struct Wish {
    /// When it was last asked for, as far as the allowance goes. Earlier failures are ignored.
    asked: DateTime<Utc>,
    /// When it may begin; `None`: nobody wants one.
    from: Option<DateTime<Utc>>,
    allowance: Allowance,
    /// When a catch-up was last made a full run.
    swept: Option<DateTime<Utc>>,
}

impl Wish {
    fn for_a_catch_up(&mut self, now: DateTime<Utc>) {
        let from = self.allowance.next(now);
        if from <= now {
            self.asked = now;
        }
        self.from = Some(self.from.map_or(from, |before| before.min(from)));
    }
}

impl Engine {
    /// Asks for a catch-up as soon as possible.
    pub fn want_catch_up(&self) {
        self.inner.catch_up_wanted.notify_one();
    }

    /// Runs what is due, until told to stop; a run under way ends itself then.
    pub(super) async fn schedule(&self, stop: &CancellationToken) {
        let nightly = Nightly::new(self.inner.settings.nightly.clone(), self.inner.settings.time_zone);
        let started = self.database_time().await;
        let mut wish =
            Wish { asked: started, from: Some(started), allowance: Allowance::default(), swept: None };
        while !stop.is_cancelled() {
            let pause = self.run_what_is_due(&nightly, &mut wish).await;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.inner.catch_up_wanted.notified() => {
                    wish.for_a_catch_up(self.database_time().await);
                }
                () = stop.cancelled() => return,
            }
        }
    }

    /// Gives how long to wait before the next look.
    async fn run_what_is_due(&self, nightly: &Nightly, wish: &mut Wish) -> Duration {
        let (now, db) = (self.database_time().await, &self.inner.db);
        let mut history = match db.patiently(db.run_history(nightly.last(now))).await {
            Ok(history) => history,
            Err(error) => {
                tracing::warn!(error = %error, "the scheduler cannot see what ran before; looking again");
                return Duration::from_secs(1);
            }
        };
        // A failure before the start, or before the outage was over, says nothing of now.
        history.last_failure = history.last_failure.filter(|failure| *failure >= wish.asked);
        // Vehicles that were read before a field came into use lack what it says.
        let fields_are_newer = self.inner.fields.feeds_since() > history.last_full;
        if fields_are_newer {
            wish.from = Some(now);
        }
        let every =
            TimeDelta::from_std(self.inner.settings.catch_up_every).ok().filter(|every| !every.is_zero());
        let (scope, trigger) = match due(now, nightly, every, wish.from, &history) {
            Due::FirstLoad => (Scope::Full { force: false }, Trigger::Bulk),
            Due::Nightly => (Scope::Full { force: false }, Trigger::Nightly),
            Due::CatchUp if fields_are_newer => (Scope::Full { force: false }, Trigger::CatchUp),
            Due::CatchUp if self.should_sweep(now, &history, wish.swept).await => {
                wish.swept = Some(now);
                (Scope::Full { force: false }, Trigger::CatchUp)
            }
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
        if wish.from.is_some() {
            wish.allowance.used(now);
        }
        // A sweep reads listed vehicles; the catch-up still follows.
        let is_sweep = wish.swept == Some(now);
        match self.carry_out(run).await {
            Ok(report) if report.error.is_none() && !is_sweep => wish.from = None,
            Ok(_) => {}
            Err(error) => tracing::error!(error = %error, "a run could not be written down"),
        }
        Duration::ZERO
    }

    /// The time by the database's clock, by which runs are written down; by this process's own while the database is away.
    async fn database_time(&self) -> DateTime<Utc> {
        let db = &self.inner.db;
        db.patiently(db.now()).await.unwrap_or_else(|_| crate::clock::now())
    }

    /// Whether a catch-up that is due is a full run instead.
    async fn should_sweep(
        &self,
        now: DateTime<Utc>,
        history: &RunHistory,
        swept: Option<DateTime<Utc>>,
    ) -> bool {
        let (settings, db) = (&self.inner.settings, &self.inner.db);
        let every = TimeDelta::from_std(settings.sweep_every).ok().filter(|every| !every.is_zero());
        sweep_is_due(now, every, history.last_full.max(swept))
            && db
                .patiently(db.count_listed())
                .await
                .is_ok_and(|listed| listed <= i64::from(settings.sweep_up_to))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_wish_beyond_the_allowance_waits_and_makes_no_failure_forgotten() {
        let start: DateTime<Utc> = "2026-11-23T05:00:00Z".parse().unwrap();
        let mut wish = Wish { asked: start, from: None, allowance: Allowance::default(), swept: None };
        for second in 1..=5 {
            let now = start + TimeDelta::seconds(second);
            wish.for_a_catch_up(now);
            assert_eq!((wish.asked, wish.from), (now, Some(now)));
            wish.allowance.used(now);
            wish.from = None;
        }
        wish.for_a_catch_up(start + TimeDelta::seconds(6));
        assert_eq!(wish.asked, start + TimeDelta::seconds(5));
        assert_eq!(wish.from, Some(start + TimeDelta::seconds(1) + TimeDelta::minutes(15)));
    }
}
