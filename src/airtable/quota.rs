//! How many requests were sent, and whether more may be: the monthly quota.
//!
//! **Invariants:** while a stop is in force nothing is sent. A stop ends by itself with its time, or by [`Quota::resume`].
//!
//! **Units:** the quota is counted by calendar month, here in UTC.
//!
//! **Sources:** <https://support.airtable.com/docs/managing-api-call-limits-in-airtable>; that the turn of the month is UTC's is
//! not documented: too early a request costs one more 429.
//!
//! **Not here:** the sum of a month over all instances and restarts, which the database keeps (`db::usage`), as it keeps the stop.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Datelike, Months, NaiveTime, Utc};
use tokio::time::Instant;

use super::lock;

#[derive(Debug, Default)]
pub(super) struct Quota {
    calls: AtomicU64,
    stop: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    until: Option<DateTime<Utc>>,
    /// What Airtable said and the database has not been told yet.
    untold: Option<QuotaStop>,
}

/// That Airtable said: the month's requests are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaStop {
    /// Until when nothing is sent.
    pub until: DateTime<Utc>,
    /// When it was said.
    pub since: Instant,
}

impl Quota {
    pub(super) fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn stop_until(&self, until: DateTime<Utc>) {
        let untold = Some(QuotaStop { until, since: Instant::now() });
        *lock(&self.stop) = State { until: Some(until), untold };
    }

    pub(super) fn resume(&self) {
        *lock(&self.stop) = State::default();
    }

    /// What others need to be told.
    pub(super) fn untold(&self) -> Option<QuotaStop> {
        lock(&self.stop).untold
    }

    /// What holds for all, after they were told of `told`; unless Airtable has said something new meanwhile.
    pub(super) fn learn(&self, until: Option<DateTime<Utc>>, told: Option<QuotaStop>) {
        let mut stop = lock(&self.stop);
        if stop.untold == told {
            *stop = State { until, untold: None };
        }
    }

    /// The end of the stop, if one is in force at `now`.
    pub(super) fn stopped_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        lock(&self.stop).until.filter(|until| now < *until)
    }
}

/// The first of the month after `now`, 00:00 UTC: when the quota is whole again.
pub(super) fn next_month(now: DateTime<Utc>) -> DateTime<Utc> {
    now.date_naive()
        .with_day(1)
        .and_then(|first| first.checked_add_months(Months::new(1)))
        .map_or(DateTime::<Utc>::MAX_UTC, |first| first.and_time(NaiveTime::MIN).and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_quota_is_whole_again_on_the_first_of_next_month() {
        for (now, expected) in [
            ("2026-11-23T05:05:00Z", "2026-12-01T00:00:00Z"),
            ("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
            ("2027-01-31T12:00:00Z", "2027-02-01T00:00:00Z"),
            ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ] {
            assert_eq!(next_month(at(now)), at(expected), "{now}");
        }
    }

    #[test]
    fn a_stop_ends_with_its_time_or_by_hand() {
        let quota = Quota::default();
        let until = at("2026-12-01T00:00:00Z");
        assert_eq!(quota.stopped_until(at("2026-11-23T05:05:00Z")), None);

        quota.stop_until(until);
        assert_eq!(quota.stopped_until(at("2026-11-30T23:59:59Z")), Some(until));
        assert_eq!(quota.stopped_until(until), None);

        quota.resume();
        assert_eq!(quota.stopped_until(at("2026-11-23T05:05:00Z")), None);
    }

    #[test]
    fn what_others_know_replaces_what_they_were_told_and_nothing_newer() {
        let quota = Quota::default();
        let (now, until) = (at("2026-11-23T05:05:00Z"), at("2026-12-01T00:00:00Z"));
        quota.learn(Some(until), None);
        assert_eq!(
            (quota.stopped_until(now), quota.untold()),
            (Some(until), None),
            "another instance was told"
        );
        quota.learn(None, None);
        assert_eq!(quota.stopped_until(now), None, "an operator resumed elsewhere");

        quota.stop_until(until);
        let told = quota.untold();
        quota.stop_until(until);
        quota.learn(None, told);
        assert_eq!(quota.stopped_until(now), Some(until), "it was said again meanwhile");
        quota.learn(None, quota.untold());
        assert_eq!((quota.stopped_until(now), quota.untold()), (None, None));
    }
}
