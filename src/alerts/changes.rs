//! What has changed since the last check: a pure function of what was known and what is found now.
//!
//! **Invariants:** a trouble that lasts changes nothing but its figures. One that is over is resolved only when it has been gone for
//! `alerts.resolve_after`, so what comes and goes is told once. One in whose place a worse one has come is neither: nobody hears that it is over.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Rule, rules::Trouble};
use crate::db::alerts::{AlertRow, AlertState};

/// A row to be written, and what has become of the alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) alert: AlertRow,
    pub(super) turn: Turn,
}

/// What has become of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is new.
    Fires,
    /// It is as it was, with new figures.
    Lasts,
    /// It is over.
    Ends,
    /// A worse one stands for it from now on. Both have keys of their own: under one key `PagerDuty` would call
    /// nobody for the worse one.
    YieldsTo(Rule),
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
            fired_at: before.map_or(now, |before| before.fired_at),
            seen_at: now,
            resolved_at: None,
            detail: trouble.detail.clone(),
        };
        Change { alert, turn: if before.is_none() { Turn::Fires } else { Turn::Lasts } }
    });
    let gone = known
        .iter()
        .filter(|alert| alert.state == AlertState::Firing)
        .filter(|alert| troubles.iter().all(|trouble| trouble.rule.key() != alert.key))
        .filter_map(|alert| {
            let worse = Rule::of_key(&alert.key).and_then(Rule::yields_to);
            let worse = worse.filter(|worse| troubles.iter().any(|trouble| trouble.rule == *worse));
            let over = AlertRow { state: AlertState::Resolved, resolved_at: Some(now), ..alert.clone() };
            match worse {
                Some(worse) => Some(Change { alert: alert.clone(), turn: Turn::YieldsTo(worse) }),
                None if now - alert.seen_at >= resolve_after => {
                    Some(Change { alert: over, turn: Turn::Ends })
                }
                None => None,
            }
        });
    found.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
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
                if change.turn != Turn::Lasts {
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
            (change.alert.since, change.alert.detail.as_str(), change.turn),
            (at(-10), "2 records", Turn::Lasts)
        );
    }

    #[test]
    fn a_worse_alert_takes_the_place_of_another_at_once_and_nothing_is_over() {
        let night = |rule| Trouble { rule, since: Some(at(-10)), detail: String::new() };
        let first = changes(&[], &[night(Rule::NightlyFailed)], PATIENCE, at(0)).remove(0).alert;
        let turns: Vec<(String, Turn)> = changes(&[first], &[night(Rule::NightlyFailing)], PATIENCE, at(1))
            .into_iter()
            .map(|change| (change.alert.key, change.turn))
            .collect();
        assert_eq!(
            turns,
            [
                ("nightly_failing".to_owned(), Turn::Fires),
                ("nightly_failed".to_owned(), Turn::YieldsTo(Rule::NightlyFailing)),
            ]
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
