//! One record and the states of it that readers may still see.
//!
//! **Invariants:** a later change is never hidden by an earlier one, also when the visibility delay was shortened in between. States
//! that nobody can see any more are dropped at the next change. A deleted record keeps its cells, for it can be restored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::simulator::cells::{self, Cells, Slot};

/// A state of a record.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Version {
    pub(in crate::simulator) cells: Cells,
    /// When this state came about.
    pub(in crate::simulator) modified: DateTime<Utc>,
    /// When single fields were last changed; those filled since the creation are left out.
    pub(in crate::simulator) touched: BTreeMap<Slot, DateTime<Utc>>,
    visible_from: DateTime<Utc>,
    deleted: bool,
}

#[derive(Debug)]
pub(in crate::simulator) struct Record {
    pub(in crate::simulator) created: DateTime<Utc>,
    latest: Version,
    earlier: Vec<Version>,
}

impl Record {
    pub(super) fn new(mut cells: Cells, now: DateTime<Utc>, visible_from: DateTime<Utc>) -> Self {
        cells.retain(|_, value| !cells::is_empty(value));
        let latest = Version { cells, modified: now, touched: BTreeMap::new(), visible_from, deleted: false };
        Self { created: now, latest, earlier: Vec::new() }
    }

    /// What a reader sees.
    pub(in crate::simulator) fn seen(&self, now: DateTime<Utc>) -> Option<&Version> {
        std::iter::once(&self.latest)
            .chain(self.earlier.iter().rev())
            .find(|version| version.visible_from <= now)
            .filter(|version| !version.deleted)
    }

    /// What a writer sees.
    pub(in crate::simulator) fn latest(&self) -> Option<&Version> {
        Some(&self.latest).filter(|version| !version.deleted)
    }

    /// False if the record is deleted; a change of nothing leaves no trace.
    pub(super) fn change(
        &mut self,
        mut changes: Cells,
        replace: bool,
        now: DateTime<Utc>,
        visible_from: DateTime<Utc>,
    ) -> bool {
        if self.latest.deleted {
            return false;
        }
        let mut next = Version { modified: now, visible_from, ..self.latest.clone() };
        if replace {
            for slot in self.latest.cells.keys() {
                changes.entry(*slot).or_default();
            }
        }
        let touched = cells::overwrite(&mut next.cells, changes);
        if !touched.is_empty() {
            next.touched.extend(touched.into_iter().map(|slot| (slot, now)));
            self.push(next, now);
        }
        true
    }

    /// False if it is so already.
    pub(super) fn set_deleted(
        &mut self,
        deleted: bool,
        now: DateTime<Utc>,
        visible_from: DateTime<Utc>,
    ) -> bool {
        if self.latest.deleted == deleted {
            return false;
        }
        self.push(Version { deleted, modified: now, visible_from, ..self.latest.clone() }, now);
        true
    }

    fn push(&mut self, next: Version, now: DateTime<Utc>) {
        let seen_at_once = next.visible_from <= now;
        self.earlier.push(std::mem::replace(&mut self.latest, next));
        let hidden = if seen_at_once {
            self.earlier.len()
        } else {
            self.earlier.iter().rposition(|version| version.visible_from <= now).unwrap_or(0)
        };
        self.earlier.drain(..hidden);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
    }

    fn set(record: &mut Record, value: u32, now: i64, visible_from: i64) {
        assert!(record.change(Cells::from([(Slot(0), json!(value))]), false, at(now), at(visible_from)));
    }

    fn seen(record: &Record, now: i64) -> Option<u64> {
        record.seen(at(now)).map(|version| version.cells.get(&Slot(0)).unwrap().as_u64().unwrap())
    }

    #[test]
    fn readers_see_a_change_only_after_its_delay() {
        let mut record = Record::new(Cells::from([(Slot(0), json!(1))]), at(0), at(2));
        assert_eq!([0, 1, 2].map(|now| seen(&record, now)), [None, None, Some(1)]);
        set(&mut record, 2, 3, 5);
        set(&mut record, 3, 4, 6);
        assert_eq!([4, 5, 6].map(|now| seen(&record, now)), [Some(1), Some(2), Some(3)]);
        assert!(record.set_deleted(true, at(7), at(9)));
        assert!(record.latest().is_none());
        assert_eq!([8, 9].map(|now| seen(&record, now)), [Some(3), None]);
        assert!(record.set_deleted(false, at(10), at(11)));
        assert_eq!([10, 11].map(|now| seen(&record, now)), [None, Some(3)]);
    }

    #[test]
    fn a_later_change_is_never_hidden_by_an_earlier_one() {
        let mut record = Record::new(Cells::from([(Slot(0), json!(1))]), at(0), at(0));
        set(&mut record, 2, 1, 9);
        set(&mut record, 3, 2, 2);
        assert_eq!([2, 9].map(|now| seen(&record, now)), [Some(3), Some(3)]);
        assert!(record.earlier.is_empty(), "what nobody can see is dropped");
    }

    #[test]
    fn a_change_of_nothing_leaves_the_modified_time_alone() {
        let mut record = Record::new(Cells::from([(Slot(0), json!(1))]), at(0), at(0));
        set(&mut record, 1, 5, 5);
        assert_eq!(record.latest().unwrap().modified, at(0));
        set(&mut record, 2, 6, 6);
        assert_eq!(record.latest().unwrap().touched, BTreeMap::from([(Slot(0), at(6))]));
    }
}
