//! How many requests were sent, and whether more may be: the monthly quota.
//!
//! **Invariants:** while a stop is in force nothing is sent. A stop ends by itself with its time, or by [`Quota::resume`].
//!
//! **Units:** the quota is counted by calendar month, here in UTC.
//!
//! **Sources:** <https://support.airtable.com/docs/managing-api-call-limits-in-airtable>; that the turn of the month is UTC's is
//! not documented: too early a request costs one more 429.
//!
//! **Not here:** the sum of a month over all instances and restarts, which the database keeps.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Datelike, Months, NaiveTime, Utc};

use super::lock;

#[derive(Debug, Default)]
pub(super) struct Quota {
    calls: AtomicU64,
    stopped_until: Mutex<Option<DateTime<Utc>>>,
}

impl Quota {
    pub(super) fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn stop_until(&self, until: DateTime<Utc>) {
        *lock(&self.stopped_until) = Some(until);
    }

    pub(super) fn resume(&self) {
        *lock(&self.stopped_until) = None;
    }

    /// The end of the stop, if one is in force at `now`.
    pub(super) fn stopped_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        lock(&self.stopped_until).filter(|until| now < *until)
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
}
