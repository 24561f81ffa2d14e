//! When runs are due: pure functions of the time, the settings and what ran before.
//!
//! **Invariants:** the nightly is due from its time on until a full run that began after it has succeeded, so one that was missed
//! while the process was down is made up for, and a second instance has nothing left to do. A nightly that fails is tried
//! again, soon at first, then every hour. A change of the clocks neither skips a night nor doubles it.
//!
//! **Not here:** waiting and running (`scheduler`), one run at a time (`db::lock`).

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;

use crate::db::runs::RunHistory;

/// The number of tries of a night's run that follow each other quickly.
const QUICK_TRIES: i64 = 3;
/// The wait after a failed nightly: at first, and after the quick tries.
const NIGHTLY_RETRY: TimeDelta = TimeDelta::minutes(10);
const NIGHTLY_LATE_RETRY: TimeDelta = TimeDelta::hours(1);
/// The wait after any other failed run.
const RETRY: TimeDelta = TimeDelta::minutes(1);

/// The run that is due now, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The first load of an empty database.
    FirstLoad,
    /// The nightly run.
    Nightly,
    /// A catch-up.
    CatchUp,
    /// Nothing before this time.
    NotBefore(DateTime<Utc>),
}

/// When the nightly begins.
#[derive(Debug, Clone)]
pub struct Nightly {
    cron: Cron,
    zone: Tz,
}

impl Nightly {
    /// By a cron expression in a time zone.
    pub fn new(cron: Cron, zone: Tz) -> Self {
        Self { cron, zone }
    }

    /// The first time after `now`; `None` for an expression that never comes true.
    pub fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self.cron.find_next_occurrence(&now.with_timezone(&self.zone), false).ok()?;
        Some(next.to_utc())
    }

    /// The last time up to `now`.
    pub fn last(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let last = self.cron.find_previous_occurrence(&now.with_timezone(&self.zone), true).ok()?;
        Some(last.to_utc())
    }
}

/// The most requested catch-ups that may begin in a span of time. An outage now and then stays below it; a connection
/// that breaks again and again does not.
const ASKED_FOR: (usize, TimeDelta) = (5, TimeDelta::minutes(15));

/// The times at which the last requested catch-ups began.
#[derive(Debug, Default)]
pub(super) struct Allowance(VecDeque<DateTime<Utc>>);

impl Allowance {
    /// When the next one may begin, if it is asked for at `now`.
    pub(super) fn next(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let (most, span) = ASKED_FOR;
        let full = self.0.len() >= most;
        self.0.front().filter(|_| full).map_or(now, |first| now.max(*first + span))
    }

    /// One has begun.
    pub(super) fn used(&mut self, now: DateTime<Utc>) {
        if self.0.len() >= ASKED_FOR.0 {
            self.0.pop_front();
        }
        self.0.push_back(now);
    }
}

/// The run that is due at `now`. `every`: the interval of catch-ups, `None` = never; `wanted`: the time from which a
/// requested catch-up may begin, whatever the interval.
pub(super) fn due(
    now: DateTime<Utc>,
    nightly: &Nightly,
    every: Option<TimeDelta>,
    wanted: Option<DateTime<Utc>>,
    history: &RunHistory,
) -> Due {
    let rested = |pause: TimeDelta| history.last_failure.map_or(now, |failure| failure + pause);
    let Some(last_full) = history.last_full else {
        return if rested(RETRY) <= now { Due::FirstLoad } else { Due::NotBefore(rested(RETRY)) };
    };
    let mut next = nightly.next(now).unwrap_or(now + TimeDelta::days(1));
    if let Some(tonight) = nightly.last(now)
        && last_full < tonight
    {
        let start = match history.nightly_tries {
            0 => now,
            1..QUICK_TRIES => rested(NIGHTLY_RETRY),
            _ => rested(NIGHTLY_LATE_RETRY),
        };
        if start <= now {
            return Due::Nightly;
        }
        next = next.min(start);
    }
    let last_read = history.last_read.unwrap_or(last_full);
    let catch_up = wanted.into_iter().chain(every.map(|every| last_read + every)).min();
    if let Some(catch_up) = catch_up {
        let start = catch_up.max(rested(RETRY));
        if start <= now {
            return Due::CatchUp;
        }
        next = next.min(start);
    }
    Due::NotBefore(next)
}

/// Whether a catch-up that is due should be a full run, which also finds deletions. `every`: how often, `None` = never; `last`: when a full
/// run last began, or was tried.
pub(super) fn sweep_is_due(
    now: DateTime<Utc>,
    every: Option<TimeDelta>,
    last: Option<DateTime<Utc>>,
) -> bool {
    every.is_some_and(|every| last.is_none_or(|last| last + every <= now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_due_when_the_last_full_run_is_old_enough() {
        let now = at("2026-11-23T12:00:00Z");
        let hour = Some(TimeDelta::hours(1));
        for (every, minutes, due) in [(hour, 59, false), (hour, 60, true), (None, 6_000, false)] {
            assert_eq!(sweep_is_due(now, every, Some(now - TimeDelta::minutes(minutes))), due, "{minutes}");
        }
        assert!(sweep_is_due(now, hour, None));
    }

    fn nightly(zone: &str) -> Nightly {
        Nightly::new("0 2 * * *".parse().unwrap(), zone.parse().unwrap())
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    const QUARTER: Option<TimeDelta> = Some(TimeDelta::minutes(15));

    #[test]
    fn what_keeps_asking_for_catch_ups_gets_five_in_a_quarter_of_an_hour() {
        let mut allowance = Allowance::default();
        let mut begun = Vec::new();
        let start = at("2026-11-23T05:00:00Z");
        for second in 0..3_600 {
            let now = start + TimeDelta::seconds(second);
            if allowance.next(now) <= now {
                allowance.used(now);
                begun.push(second);
            }
        }
        assert_eq!(begun.len(), 20, "{begun:?}");
        assert_eq!(begun[..6], [0, 1, 2, 3, 4, 900]);
    }

    #[test]
    fn two_in_the_morning_is_that_of_the_dealership() {
        let monterrey = nightly("America/Monterrey");
        assert_eq!(monterrey.next(at("2026-11-23T05:00:00Z")), Some(at("2026-11-23T08:00:00Z")));
        assert_eq!(monterrey.next(at("2026-11-23T08:00:00Z")), Some(at("2026-11-24T08:00:00Z")));
        assert_eq!(monterrey.last(at("2026-11-23T08:00:00Z")), Some(at("2026-11-23T08:00:00Z")));
        assert_eq!(monterrey.last(at("2026-11-23T07:59:59Z")), Some(at("2026-11-22T08:00:00Z")));
    }

    #[test]
    fn a_change_of_the_clocks_neither_skips_a_night_nor_doubles_it() {
        // In New York two o'clock does not exist on 2026-03-08; one o'clock comes twice on 2026-11-01.
        for (cron, from, to) in [
            ("0 2 * * *", "2026-03-06T12:00:00Z", "2026-03-10T12:00:00Z"),
            ("30 1 * * *", "2026-10-30T12:00:00Z", "2026-11-03T12:00:00Z"),
        ] {
            let nightly = Nightly::new(cron.parse().unwrap(), "America/New_York".parse().unwrap());
            let mut now = at(from);
            let mut nights = Vec::new();
            while let Some(next) = nightly.next(now).filter(|next| *next < at(to)) {
                nights.push(next);
                now = next;
            }
            assert_eq!(nights.len(), 4, "{cron}: {nights:?}");
        }
    }

    #[test]
    fn an_empty_database_is_loaded_first_and_again_a_minute_after_a_failure() {
        let now = at("2026-11-23T12:00:00Z");
        let mut history = RunHistory::default();
        assert_eq!(
            due(now, &nightly("UTC"), QUARTER, Some(at("2000-01-01T00:00:00Z")), &history),
            Due::FirstLoad
        );
        history.last_failure = Some(now);
        assert_eq!(
            due(now, &nightly("UTC"), QUARTER, Some(at("2000-01-01T00:00:00Z")), &history),
            Due::NotBefore(now + RETRY)
        );
        assert_eq!(
            due(now + RETRY, &nightly("UTC"), QUARTER, Some(at("2000-01-01T00:00:00Z")), &history),
            Due::FirstLoad
        );
    }

    #[test]
    fn a_night_that_was_missed_is_made_up_for() {
        let history = RunHistory { last_full: Some(at("2026-11-21T02:00:01Z")), ..RunHistory::default() };
        assert_eq!(due(at("2026-11-23T12:00:00Z"), &nightly("UTC"), QUARTER, None, &history), Due::Nightly);
        let history = RunHistory { last_full: Some(at("2026-11-23T02:00:00Z")), ..history };
        let due = due(at("2026-11-23T02:01:00Z"), &nightly("UTC"), None, None, &history);
        assert_eq!(due, Due::NotBefore(at("2026-11-24T02:00:00Z")));
    }

    #[test]
    fn a_failed_night_is_tried_again_soon_and_then_every_hour() {
        let failed = at("2026-11-23T02:05:00Z");
        let history = |nightly_tries| RunHistory {
            last_full: Some(at("2026-11-22T02:00:01Z")),
            last_read: Some(at("2026-11-23T02:04:00Z")),
            last_failure: Some(failed),
            nightly_tries,
        };
        let nightly = nightly("UTC");
        assert_eq!(due(failed, &nightly, None, None, &history(1)), Due::NotBefore(failed + NIGHTLY_RETRY));
        assert_eq!(due(failed + NIGHTLY_RETRY, &nightly, None, None, &history(2)), Due::Nightly);
        let later = failed + NIGHTLY_LATE_RETRY;
        assert_eq!(due(failed + NIGHTLY_RETRY, &nightly, None, None, &history(3)), Due::NotBefore(later));
        assert_eq!(due(later, &nightly, None, None, &history(9)), Due::Nightly);
    }

    #[test]
    fn a_catch_up_is_due_after_its_interval_or_when_it_is_wanted() {
        let read = at("2026-11-23T12:00:00Z");
        let history = RunHistory { last_full: Some(read), last_read: Some(read), ..RunHistory::default() };
        let soon = read + TimeDelta::minutes(1);
        let nightly = nightly("UTC");
        assert_eq!(
            due(soon, &nightly, QUARTER, None, &history),
            Due::NotBefore(read + TimeDelta::minutes(15))
        );
        assert_eq!(due(read + TimeDelta::minutes(15), &nightly, QUARTER, None, &history), Due::CatchUp);
        assert_eq!(due(soon, &nightly, QUARTER, Some(at("2000-01-01T00:00:00Z")), &history), Due::CatchUp);
        let after_failure = RunHistory { last_failure: Some(soon), ..history };
        assert_eq!(
            due(soon, &nightly, QUARTER, Some(at("2000-01-01T00:00:00Z")), &after_failure),
            Due::NotBefore(soon + RETRY)
        );
        assert_eq!(due(soon, &nightly, None, None, &history), Due::NotBefore(at("2026-11-24T02:00:00Z")));
    }
}
