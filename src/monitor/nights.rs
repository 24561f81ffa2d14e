//! How many of the last nights' runs succeeded: a pure function of the time, the schedule and what ran.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{db::figures::FullRun, sync::Nightly};

/// Nights that are judged.
const NIGHTS: usize = 7;

/// No night that is judged began before this time, however seldom the schedule is.
pub(super) fn earliest(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(31)
}

/// The share of the last nights whose full run succeeded, 0 to 1; `None` when there was no night to judge.
///
/// A night goes from its time to that of the next one; it has succeeded when a full run that began in it did, at whichever try. The
/// night before the first run of all is nobody's failure. The present night is judged only when it has succeeded or failed: its run
/// may be under way, or be tried again.
pub(super) fn success_rate(
    now: DateTime<Utc>,
    nightly: &Nightly,
    first_run: Option<DateTime<Utc>>,
    runs: &[FullRun],
) -> Option<f64> {
    let first_run = first_run?.max(earliest(now));
    let (mut judged, mut succeeded) = (0_u32, 0_u32);
    let mut end = now;
    for night in 0..NIGHTS {
        // The end of a night is the beginning of the next, which is not looked for again.
        let before = if night == 0 { now } else { end - TimeDelta::seconds(1) };
        let Some(start) = nightly.last(before).filter(|start| *start >= first_run) else { break };
        let mut of_night = runs.iter().filter(|run| (start..=end).contains(&run.started_at));
        let ended: Vec<&str> =
            of_night.by_ref().map(|run| run.status.as_str()).filter(|status| *status != "running").collect();
        let success = ended.contains(&"succeeded");
        if night > 0 || !ended.is_empty() {
            judged += 1;
            succeeded += u32::from(success);
        }
        end = start;
    }
    (judged > 0).then(|| f64::from(succeeded) / f64::from(judged))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn nightly() -> Nightly {
        Nightly::new("0 2 * * *".parse().unwrap(), "UTC".parse().unwrap())
    }

    fn run(started_at: &str, status: &str) -> FullRun {
        FullRun { started_at: at(started_at), status: status.to_owned() }
    }

    fn rate(now: &str, runs: &[FullRun]) -> Option<f64> {
        success_rate(at(now), &nightly(), runs.first().map(|run| run.started_at), runs)
    }

    #[test]
    fn before_the_first_night_there_is_nothing_to_judge() {
        assert_eq!(success_rate(at("2026-11-24T12:00:00Z"), &nightly(), None, &[]), None);
        assert_eq!(rate("2026-11-24T12:00:00Z", &[run("2026-11-24T11:00:00Z", "succeeded")]), None);
    }

    #[test]
    fn a_night_succeeds_at_whichever_try_and_fails_when_it_never_ran() {
        let mut runs = vec![
            run("2026-11-20T11:00:00Z", "succeeded"),
            run("2026-11-21T02:00:00Z", "failed"),
            run("2026-11-21T02:10:00Z", "succeeded"),
            // Made up for in the afternoon.
            run("2026-11-22T15:00:00Z", "succeeded"),
            // The night of the 23rd never ran; that of the 24th failed.
            run("2026-11-24T02:00:00Z", "failed"),
        ];
        assert_eq!(rate("2026-11-24T02:05:00Z", &runs), Some(0.5));
        runs.push(run("2026-11-24T02:10:00Z", "succeeded"));
        assert_eq!(rate("2026-11-24T02:15:00Z", &runs), Some(0.75));
    }

    #[test]
    fn the_present_night_is_not_judged_while_its_run_is_under_way() {
        let runs = [
            run("2026-11-22T11:00:00Z", "succeeded"),
            run("2026-11-23T02:00:00Z", "succeeded"),
            run("2026-11-24T02:00:00Z", "running"),
        ];
        assert_eq!(rate("2026-11-24T02:00:30Z", &runs), Some(1.0));
        assert_eq!(rate("2026-11-24T02:00:00Z", &runs[..2]), Some(1.0));
        assert_eq!(rate("2026-11-25T12:00:00Z", &runs[..2]), Some(0.5), "a night without a run has failed");
    }

    #[test]
    fn only_the_last_seven_nights_count() {
        let mut runs = vec![run("2026-11-01T11:00:00Z", "succeeded")];
        runs.extend((2..=17).map(|day| run(&format!("2026-11-{day:02}T02:00:00Z"), "failed")));
        runs.extend((18..=24).map(|day| run(&format!("2026-11-{day:02}T02:00:00Z"), "succeeded")));
        assert_eq!(rate("2026-11-24T12:00:00Z", &runs), Some(1.0));
    }
}
