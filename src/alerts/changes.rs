//! What has changed since the last check: a pure function of what was known and what is found now.
//!
//! **Invariants:** a trouble that lasts changes nothing but its figures. One that is over is resolved only when it has been gone for
//! `alerts.resolve_after`, so what comes and goes is told once.

use chrono::{DateTime, TimeDelta, Utc};

use super::rules::Trouble;
use crate::db::alerts::{AlertRow, AlertState};

/// A row to be written, and whether somebody should hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) alert: AlertRow,
    pub(super) told: bool,
}

/// The rows that differ from what is known.
pub(super) fn changes(
    known: &[AlertRow],
    troubles: &[Trouble],
    resolve_after: TimeDelta,
    now: DateTime<Utc>,
) -> Vec<Change> {
    let firing = |key: &str| known.iter().find(|alert| alert.key == key && alert.state == AlertState::Firing);
    let found = troubles.iter().map(|trouble| {
        let before = firing(trouble.rule.key());
        let alert = AlertRow {
            key: trouble.rule.key().to_owned(),
            severity: trouble.rule.severity(),
            state: AlertState::Firing,
            since: before.map_or(trouble.since.unwrap_or(now), |before| before.since),
            seen_at: now,
            resolved_at: None,
            detail: trouble.detail.clone(),
        };
        Change { alert, told: before.is_none() }
    });
    let over = known
        .iter()
        .filter(|alert| alert.state == AlertState::Firing && now - alert.seen_at >= resolve_after)
        .filter(|alert| troubles.iter().all(|trouble| trouble.rule.key() != alert.key))
        .map(|alert| Change {
            alert: AlertRow { state: AlertState::Resolved, resolved_at: Some(now), ..alert.clone() },
            told: true,
        });
    found.chain(over).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::Rule;

    const PATIENCE: TimeDelta = TimeDelta::minutes(2);

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    /// What is told, minute by minute, when the trouble is there in the minutes that are true.
    fn told(there: &[bool]) -> Vec<(i64, AlertState)> {
        let trouble = Trouble { rule: Rule::Errors, since: None, detail: "11 errors.".into() };
        let (mut known, mut told): (Vec<AlertRow>, Vec<_>) = (Vec::new(), Vec::new());
        for (minute, there) in (0..).zip(there) {
            let troubles: &[Trouble] = if *there { std::slice::from_ref(&trouble) } else { &[] };
            for change in changes(&known, troubles, PATIENCE, at(minute)) {
                if change.told {
                    told.push((minute, change.alert.state));
                }
                known = vec![change.alert];
            }
        }
        told
    }

    #[test]
    fn a_trouble_is_told_when_it_comes_and_when_it_has_gone() {
        use AlertState::{Firing, Resolved};
        assert_eq!(told(&[false, true, true, true, false, false, false]), [(1, Firing), (5, Resolved)]);
        assert_eq!(told(&[true, false, true, false, true, false, false]), [(0, Firing), (6, Resolved)]);
        assert_eq!(
            told(&[true, false, false, false, true]),
            [(0, Firing), (2, Resolved), (4, Firing)],
            "one that comes back is new"
        );
        assert_eq!(told(&[false, false]), []);
    }

    #[test]
    fn a_trouble_that_lasts_keeps_its_beginning_and_takes_new_figures() {
        let trouble =
            |detail: &str| Trouble { rule: Rule::QueueOld, since: Some(at(-10)), detail: detail.into() };
        let first = changes(&[], &[trouble("1 record")], PATIENCE, at(0)).remove(0).alert;
        let later = Trouble { since: Some(at(3)), ..trouble("2 records") };
        let change = changes(&[first], &[later], PATIENCE, at(5)).remove(0);
        assert_eq!(
            (change.alert.since, change.alert.detail.as_str(), change.told),
            (at(-10), "2 records", false)
        );
    }

    #[test]
    fn what_is_resolved_stays_as_it_was() {
        let trouble = Trouble { rule: Rule::Slow, since: None, detail: String::new() };
        let fired = changes(&[], &[trouble], PATIENCE, at(0)).remove(0).alert;
        let over = changes(&[fired], &[], PATIENCE, at(9)).remove(0).alert;
        assert_eq!(over.resolved_at, Some(at(9)));
        assert_eq!(changes(&[over], &[], PATIENCE, at(10)), []);
    }
}
