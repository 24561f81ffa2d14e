//! The last nights and how their full runs went: a pure function of the time, the schedule and the runs.
//!
//! A night lasts from its time to that of the next one. It has succeeded when a full run that began in it did, at whichever try and whoever
//! asked for it.
//!
//! **Invariants:** nights before the first run of all are left out. The present night is open while its run may still succeed: until it fails, or
//! is overdue without being under way. All other nights have succeeded or are missed.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{db::figures::RunFigures, sync::Nightly};

/// Nights that are looked at.
const MOST: usize = 31;

/// Nights that the key figure is made from.
const JUDGED: usize = 7;

/// A night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Night {
    /// When its run was due.
    pub start: DateTime<Utc>,
    /// How it went.
    pub outcome: Outcome,
}

/// How a night went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A full run succeeded.
    Succeeded,
    /// None did.
    Missed,
    /// One may still.
    Open,
}

/// The last nights, latest first; a run may begin as late as `overdue`.
pub fn nights(nightly: &Nightly, runs: &RunFigures, overdue: TimeDelta, now: DateTime<Utc>) -> Vec<Night> {
    let mut nights = Vec::new();
    let Some(first) = runs.first else { return nights };
    let (mut end, mut due) = (DateTime::<Utc>::MAX_UTC, nightly.last(now));
    while let Some(start) = due.filter(|start| *start >= first && nights.len() < MOST) {
        let of_night = || runs.full.iter().filter(|run| (start..end).contains(&run.started_at));
        let any = |status: &str| of_night().any(|run| run.status == status);
        let may_still = nights.is_empty() && !any("failed") && (any("running") || now < start + overdue);
        let outcome = if of_night().any(|run| !matches!(run.status.as_str(), "running" | "failed")) {
            Outcome::Succeeded
        } else if may_still {
            Outcome::Open
        } else {
            Outcome::Missed
        };
        nights.push(Night { start, outcome });
        end = start;
        due = nightly.last(start - TimeDelta::seconds(1));
    }
    nights
}

/// The share of the last nights that succeeded, 0 to 1; `None` when there was none to judge.
pub(super) fn success_rate(nights: &[Night]) -> Option<f64> {
    let judged = nights.iter().filter(|night| night.outcome != Outcome::Open).take(JUDGED);
    let (all, succeeded) = judged.fold((0_u32, 0_u32), |(all, succeeded), night| {
        (all + 1, succeeded + u32::from(night.outcome == Outcome::Succeeded))
    });
    (all > 0).then(|| f64::from(succeeded) / f64::from(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::figures::FullRun;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn run(started_at: &str, status: &str) -> FullRun {
        FullRun { started_at: at(started_at), status: status.to_owned(), ..FullRun::default() }
    }

    /// The nights from the latest on, `s`ucceeded, `m`issed or `o`pen: two in the morning, UTC; a run may be an hour late.
    fn seen(now: &str, first: &str, runs: &[FullRun]) -> String {
        let nightly = Nightly::new("0 2 * * *".parse().unwrap(), chrono_tz::UTC);
        let runs = RunFigures { first: Some(at(first)), succeeded: None, full: runs.to_vec() };
        let nights = nights(&nightly, &runs, TimeDelta::hours(1), at(now));
        nights
            .iter()
            .map(|night| match night.outcome {
                Outcome::Succeeded => 's',
                Outcome::Missed => 'm',
                Outcome::Open => 'o',
            })
            .collect()
    }

    #[test]
    fn before_the_first_night_there_is_nothing_to_judge() {
        let nightly = Nightly::new("0 2 * * *".parse().unwrap(), chrono_tz::UTC);
        let now = at("2026-11-24T12:00:00Z");
        assert_eq!(nights(&nightly, &RunFigures::default(), TimeDelta::hours(1), now), []);
        assert_eq!(seen("2026-11-24T12:00:00Z", "2026-11-24T11:00:00Z", &[]), "");
    }

    #[test]
    fn a_night_succeeds_at_whichever_try_and_is_missed_when_it_never_ran() {
        let mut runs = vec![
            run("2026-11-20T11:00:00Z", "succeeded"),
            run("2026-11-21T02:00:00Z", "failed"),
            run("2026-11-21T02:10:00Z", "succeeded"),
            // Made up for in the afternoon.
            run("2026-11-22T15:00:00Z", "succeeded"),
            // The night of the 23rd never ran; that of the 24th failed.
            run("2026-11-24T02:00:00Z", "failed"),
        ];
        assert_eq!(seen("2026-11-24T02:05:00Z", "2026-11-20T11:00:00Z", &runs), "mmss");
        runs.push(run("2026-11-24T02:10:00Z", "succeeded"));
        assert_eq!(seen("2026-11-24T02:15:00Z", "2026-11-20T11:00:00Z", &runs), "smss");
    }

    #[test]
    fn the_present_night_is_open_until_it_fails_or_is_overdue() {
        let before = run("2026-11-20T02:00:05Z", "succeeded");
        for (runs, now, expected) in [
            (vec![], "2026-11-20T12:00:00Z", "s"),
            (vec![], "2026-11-21T02:30:00Z", "os"),
            (vec![], "2026-11-21T03:00:00Z", "ms"),
            (vec![run("2026-11-21T02:00:01Z", "running")], "2026-11-21T04:00:00Z", "os"),
            (vec![run("2026-11-21T02:00:01Z", "failed")], "2026-11-21T02:05:00Z", "ms"),
            // A second try is under way after a first one failed.
            (
                vec![run("2026-11-21T02:00:01Z", "failed"), run("2026-11-21T02:15:00Z", "running")],
                "2026-11-21T02:16:00Z",
                "ms",
            ),
            (vec![], "2026-11-22T02:30:00Z", "oms"),
            (vec![], "2026-11-24T03:00:00Z", "mmmms"),
        ] {
            let runs = [&[before.clone()][..], &runs].concat();
            assert_eq!(seen(now, "2026-11-19T12:00:00Z", &runs), expected, "{now} {runs:?}");
        }
    }

    #[test]
    fn what_began_months_ago_does_not_count_for_ever() {
        assert_eq!(seen("2027-06-01T12:00:00Z", "2026-11-01T12:00:00Z", &[]).len(), MOST);
    }

    #[test]
    fn the_rate_is_that_of_the_last_seven_nights_that_can_be_judged() {
        use Outcome::{Missed, Open, Succeeded};
        let rate = |outcomes: &[Outcome]| {
            let nights: Vec<Night> = outcomes
                .iter()
                .map(|outcome| Night { start: DateTime::UNIX_EPOCH, outcome: *outcome })
                .collect();
            success_rate(&nights)
        };
        assert_eq!(rate(&[]), None);
        assert_eq!(rate(&[Open]), None);
        assert_eq!(rate(&[Open, Succeeded, Missed]), Some(0.5));
        assert_eq!(rate(&[[Succeeded; 7].as_slice(), &[Missed; 7]].concat()), Some(1.0));
    }
}
