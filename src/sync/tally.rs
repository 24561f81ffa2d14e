//! Counts of syncs by their result since the start of the process, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{
    db::runs::RunKind,
    domain::{Action, Trigger},
};

/// How a sync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Result {
    /// With this.
    Done(Action),
    /// It was not synced.
    Failed,
}

impl From<Action> for Result {
    fn from(action: Action) -> Self {
        Self::Done(action)
    }
}

const TRIGGERS: [Trigger; 6] =
    [Trigger::Webhook, Trigger::Bulk, Trigger::Manual, Trigger::Nightly, Trigger::CatchUp, Trigger::Replay];

const RESULTS: [Result; 7] = [
    Result::Done(Action::Created),
    Result::Done(Action::Updated),
    Result::Done(Action::Unchanged),
    Result::Done(Action::Archived),
    Result::Done(Action::Deleted),
    Result::Done(Action::Absent),
    Result::Failed,
];

impl Result {
    /// As it stands in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done(action) => action.as_str(),
            Self::Failed => "failed",
        }
    }
}

/// Syncs of one reason that ended in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tallied {
    /// Why they were synced.
    pub trigger: Trigger,
    /// How they ended.
    pub result: Result,
    /// How many there were.
    pub count: u64,
}

const KINDS: [RunKind; 3] = [RunKind::Full, RunKind::CatchUp, RunKind::Replay];
const RUN_STATUSES: [&str; 2] = ["succeeded", "failed"];

#[derive(Debug, Default)]
pub(super) struct Tally {
    syncs: [[AtomicU64; RESULTS.len()]; TRIGGERS.len()],
    runs: [[AtomicU64; RUN_STATUSES.len()]; KINDS.len()],
}

impl Tally {
    pub(super) fn count(&self, trigger: Trigger, result: Result) {
        let row = TRIGGERS.iter().position(|known| *known == trigger);
        let column = RESULTS.iter().position(|known| *known == result);
        if let Some(cell) = row.zip(column).and_then(|(row, column)| self.syncs.get(row)?.get(column)) {
            cell.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn count_run(&self, kind: RunKind, failed: bool) {
        let row = KINDS.iter().position(|known| *known == kind);
        if let Some(cell) = row.and_then(|row| self.runs.get(row)?.get(usize::from(failed))) {
            cell.fetch_add(1, Relaxed);
        }
    }

    /// Runs by kind and how they ended, also those that never happened.
    pub(super) fn runs(&self) -> impl Iterator<Item = (RunKind, &'static str, u64)> {
        self.runs.iter().zip(KINDS).flat_map(|(row, kind)| {
            row.iter().zip(RUN_STATUSES).map(move |(cell, status)| (kind, status, cell.load(Relaxed)))
        })
    }

    /// All of them, also those that never happened.
    pub(super) fn read(&self) -> impl Iterator<Item = Tallied> {
        self.syncs.iter().zip(TRIGGERS).flat_map(|(row, trigger)| {
            row.iter().zip(RESULTS).map(move |(cell, result)| Tallied {
                trigger,
                result,
                count: cell.load(Relaxed),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_has_a_place_of_its_own() {
        let tally = Tally::default();
        for (number, (trigger, result)) in
            TRIGGERS.into_iter().flat_map(|trigger| RESULTS.map(|result| (trigger, result))).enumerate()
        {
            (0..=number).for_each(|_| tally.count(trigger, result));
        }
        let counts: Vec<u64> = tally.read().map(|tallied| tallied.count).collect();
        assert_eq!(counts, (1..=42).collect::<Vec<u64>>());

        tally.count_run(RunKind::CatchUp, true);
        let failed: Vec<_> = tally.runs().filter(|(_, _, count)| *count > 0).collect();
        assert_eq!(failed, [(RunKind::CatchUp, "failed", 1)]);
    }
}
