//! One record and its former states.
//!
//! **Invariants:** states are kept oldest first, each with the time from which it held; the last [`KEPT`] of them, so that a stale
//! replica can show any of them. A deleted record keeps its cells, for it can be restored.
//!
//! **Not here:** which state a request is shown ([`super::Replica`]), and what its cells look like ([`super::Table::seen`]).

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

use super::Replica;
use crate::simulator::cells::{self, Cells, Slot};

/// States kept of each record.
const KEPT: usize = 64;

/// A state of a record.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Version {
    pub(in crate::simulator) cells: Cells,
    /// When this state came about.
    pub(in crate::simulator) modified: DateTime<Utc>,
    /// When single fields were last changed; those filled since the creation are left out.
    pub(in crate::simulator) touched: BTreeMap<Slot, DateTime<Utc>>,
    deleted: bool,
}

#[derive(Debug)]
pub(in crate::simulator) struct Record {
    pub(in crate::simulator) created: DateTime<Utc>,
    latest: Version,
    earlier: VecDeque<Version>,
}

impl Record {
    pub(super) fn new(mut cells: Cells, now: DateTime<Utc>) -> Self {
        cells.retain(|_, value| !cells::is_empty(value));
        let latest = Version { cells, modified: now, touched: BTreeMap::new(), deleted: false };
        Self { created: now, latest, earlier: VecDeque::new() }
    }

    /// The state that a replica shows of the record of this id; `None` if it is deleted or not created yet there.
    pub(super) fn seen(&self, id: &str, replica: &Replica) -> Option<&Version> {
        self.at(replica.at, replica.missed_edits(id)).filter(|version| !version.deleted)
    }

    /// The state that computed fields follow on a replica when they follow this much later.
    pub(super) fn followed(
        &self,
        id: &str,
        replica: &Replica,
        later: std::time::Duration,
    ) -> Option<&Version> {
        let behind = self.at(replica.at, replica.missed_edits(id))?;
        let late = self.at(replica.at - later, 0)?;
        Some(if late.modified < behind.modified { late } else { behind })
    }

    /// What a writer sees.
    pub(in crate::simulator) fn latest(&self) -> Option<&Version> {
        Some(&self.latest).filter(|version| !version.deleted)
    }

    /// The state at that time without the last `missed` edits before it; deleted or not.
    fn at(&self, time: DateTime<Utc>, missed: usize) -> Option<&Version> {
        if time < self.created {
            return None;
        }
        let newest_first = || std::iter::once(&self.latest).chain(self.earlier.iter().rev());
        let too_young = newest_first().take_while(|version| version.modified > time).count();
        match newest_first().nth(too_young + missed) {
            None if self.was_cut() => self.earlier.front(),
            version => version,
        }
    }

    /// Whether the first states are no longer kept.
    fn was_cut(&self) -> bool {
        self.earlier.front().is_some_and(|first| first.modified > self.created)
    }

    /// False if the record is deleted; a change of nothing leaves no trace.
    pub(super) fn change(&mut self, mut changes: Cells, replace: bool, now: DateTime<Utc>) -> bool {
        if self.latest.deleted {
            return false;
        }
        let mut next = Version { modified: now, ..self.latest.clone() };
        if replace {
            for slot in self.latest.cells.keys() {
                changes.entry(*slot).or_default();
            }
        }
        let touched = cells::overwrite(&mut next.cells, changes);
        if !touched.is_empty() {
            next.touched.extend(touched.into_iter().map(|slot| (slot, now)));
            self.push(next);
        }
        true
    }

    /// False if it is so already.
    pub(super) fn set_deleted(&mut self, deleted: bool, now: DateTime<Utc>) -> bool {
        if self.latest.deleted == deleted {
            return false;
        }
        self.push(Version { deleted, modified: now, ..self.latest.clone() });
        true
    }

    fn push(&mut self, next: Version) {
        self.earlier.push_back(std::mem::replace(&mut self.latest, next));
        if self.earlier.len() >= KEPT {
            self.earlier.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
    }

    fn set(record: &mut Record, value: usize, now: i64) {
        assert!(record.change(Cells::from([(Slot(0), json!(value))]), false, at(now)));
    }

    fn value(version: &Version) -> u64 {
        version.cells[&Slot(0)].as_u64().unwrap()
    }

    /// Created with 1 at 1, changed to 2 at 3 and to 3 at 4, deleted at 7, restored at 9.
    fn record() -> Record {
        let mut record = Record::new(Cells::from([(Slot(0), json!(1))]), at(1));
        set(&mut record, 2, 3);
        set(&mut record, 3, 4);
        assert!(record.set_deleted(true, at(7)));
        assert!(record.latest().is_none());
        assert!(record.set_deleted(false, at(9)));
        record
    }

    #[test]
    fn a_replica_shows_the_state_of_its_time() {
        let record = record();
        let seen = |now| record.seen("recA", &Replica::of(at(now))).map(value);
        assert_eq!(
            [0, 1, 2, 3, 4, 6, 7, 8, 9, 99].map(seen),
            [None, Some(1), Some(1), Some(2), Some(3), Some(3), None, None, Some(3), Some(3)]
        );
    }

    #[test]
    fn a_replica_that_has_missed_edits_shows_the_state_before_them() {
        let record = record();
        let seen = |missed| record.seen("recA", &Replica::of(at(99)).missing("recA", missed)).map(value);
        assert_eq!([0, 1, 2, 3, 4, 5].map(seen), [Some(3), None, Some(3), Some(2), Some(1), None]);
        let other = Replica::of(at(99)).missing("recB", 2);
        assert_eq!(record.seen("recA", &other).map(value), Some(3), "another record's edits");
    }

    #[test]
    fn of_states_beyond_those_kept_the_oldest_kept_is_shown() {
        let mut record = Record::new(Cells::from([(Slot(0), json!(0))]), at(0));
        for now in 1..200 {
            set(&mut record, now, i64::try_from(now).unwrap());
        }
        let seen = |now| record.seen("recA", &Replica::of(at(now))).map(value);
        assert_eq!([seen(-1), seen(5), seen(199)], [None, Some(200 - KEPT as u64), Some(199)]);
    }

    #[test]
    fn a_change_of_nothing_leaves_the_modified_time_alone() {
        let mut record = Record::new(Cells::from([(Slot(0), json!(1))]), at(0));
        set(&mut record, 1, 5);
        assert_eq!(record.latest().unwrap().modified, at(0));
        set(&mut record, 2, 6);
        assert_eq!(record.latest().unwrap().touched, BTreeMap::from([(Slot(0), at(6))]));
    }
}
