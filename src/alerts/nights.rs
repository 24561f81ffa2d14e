//! Nights without a full sync: a pure function of when the nightly begins and what ran.
//!
//! **Invariants:** a night counts as missed when no full run that began since has succeeded, whoever asked for it; the latest night only
//! once its run has failed or is overdue, so that nothing is said while it may still succeed. Nights before the first run of all do not
//! count: vitrina was not there.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{db::alerts::figures::RunFigures, sync::Nightly};

/// How far back nights are counted.
const MOST: usize = 31;

/// The missed nights at `now`, latest first; a run may begin that late.
pub(super) fn missed(
    nightly: &Nightly,
    runs: &RunFigures,
    overdue: TimeDelta,
    now: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let Some(first) = runs.first else { return Vec::new() };
    let good = runs.full.unwrap_or(DateTime::<Utc>::MIN_UTC);
    let mut missed = Vec::new();
    let mut night = nightly.last(now);
    let latest = night;
    while let Some(at) = night.filter(|at| *at > first && *at > good && missed.len() < MOST) {
        let failed = runs.failed_nightly.is_some_and(|failed| failed >= at);
        let under_way = runs.full_under_way.is_some_and(|began| began >= at);
        let late = at + overdue <= now && !under_way;
        if latest != night || failed || late {
            missed.push(at);
        }
        night = nightly.last(at - TimeDelta::seconds(1));
    }
    missed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Two in the morning, UTC; a run may be an hour late; vitrina is there since the first of the month.
    fn missed_nights(runs: RunFigures, now: &str) -> usize {
        let nightly = Nightly::new("0 2 * * *".parse().unwrap(), chrono_tz::UTC);
        let runs = RunFigures { first: runs.first.or(Some(at("2026-11-01T12:00:00Z"))), ..runs };
        missed(&nightly, &runs, TimeDelta::hours(1), at(now)).len()
    }

    #[test]
    fn nights_are_counted_from_the_last_full_sync() {
        let good = Some(at("2026-11-20T02:00:05Z"));
        let failed = |time: &str| Some(at(time));
        for (failed_nightly, under_way, now, expected) in [
            (None, None, "2026-11-20T12:00:00Z", 0),
            // The next night has begun and nothing is known yet; then it is overdue; then another one passes.
            (None, None, "2026-11-21T02:30:00Z", 0),
            (None, None, "2026-11-21T03:00:00Z", 1),
            (None, Some(at("2026-11-21T02:00:01Z")), "2026-11-21T04:00:00Z", 0),
            (None, None, "2026-11-22T02:30:00Z", 1),
            (None, None, "2026-11-22T03:00:00Z", 2),
            (None, None, "2026-11-24T03:00:00Z", 4),
            // A failure is known before the hour is over.
            (failed("2026-11-21T02:00:01Z"), None, "2026-11-21T02:05:00Z", 1),
            (failed("2026-11-21T02:00:01Z"), None, "2026-11-22T02:05:00Z", 1),
            (failed("2026-11-22T02:00:01Z"), None, "2026-11-22T02:05:00Z", 2),
            // A second try is under way after a first one failed.
            (failed("2026-11-21T02:00:01Z"), Some(at("2026-11-21T02:15:00Z")), "2026-11-21T02:16:00Z", 1),
        ] {
            let runs =
                RunFigures { full: good, full_under_way: under_way, failed_nightly, ..RunFigures::default() };
            assert_eq!(missed_nights(runs, now), expected, "{failed_nightly:?} {now}");
        }
    }

    #[test]
    fn who_has_just_come_has_missed_nothing() {
        let new = RunFigures { first: Some(at("2026-11-23T12:00:00Z")), ..RunFigures::default() };
        assert_eq!(missed_nights(new.clone(), "2026-11-23T13:00:00Z"), 0);
        // The first load failed and so did everything after it.
        assert_eq!(missed_nights(new, "2026-11-24T13:00:00Z"), 1);
        let nightly = Nightly::new("0 2 * * *".parse().unwrap(), chrono_tz::UTC);
        let nothing = RunFigures::default();
        assert!(missed(&nightly, &nothing, TimeDelta::hours(1), at("2026-11-24T13:00:00Z")).is_empty());
    }

    #[test]
    fn what_began_months_ago_does_not_count_for_ever() {
        assert_eq!(missed_nights(RunFigures::default(), "2027-06-01T12:00:00Z"), MOST);
    }
}
