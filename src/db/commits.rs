//! What became of this instance's commits: a commit whose answer is lost, or late, may be in force all the same.
//!
//! **Invariants:** a notice of its own for which this instance has not yet had the answer is news like another's ([`Commits::heeds`]); a record whose
//! commit was left without an answer stays in doubt until it is stored again ([`Commits::dispel`]), and then counts as changed.
//!
//! **Not here:** notices (`notify`).

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// The commits of one instance. A clone shares them.
#[derive(Debug, Clone, Default)]
pub(super) struct Commits(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    last: AtomicU64,
    /// Answered, and not heard of yet.
    answered: Mutex<HashSet<u64>>,
    /// Records of commits that nobody answered.
    doubted: Mutex<HashSet<String>>,
}

/// A commit under way. Dropped without an answer, it leaves its records in doubt.
#[must_use]
#[derive(Debug)]
pub(super) struct Commit {
    commits: Commits,
    number: u64,
    records: Vec<String>,
}

impl Commits {
    /// The number of the next commit, which its notice bears.
    pub(super) fn number(&self) -> u64 {
        self.0.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// To be called before the commit with this number, of something about these records.
    pub(super) fn begin(&self, number: u64, records: Vec<String>) -> Commit {
        Commit { commits: self.clone(), number, records }
    }

    /// Whether a notice with this number, heard a moment ago, says something that this instance does not know. Each is asked about once.
    pub(super) fn heeds(&self, number: u64) -> bool {
        !lock(&self.0.answered).remove(&number)
    }

    /// From now on notices are heard that were not before.
    pub(super) fn hear_anew(&self) {
        lock(&self.0.answered).clear();
    }

    /// Whether one of the records is in doubt.
    pub(super) fn doubts<'r>(&self, mut records: impl Iterator<Item = &'r str>) -> bool {
        let doubted = lock(&self.0.doubted);
        !doubted.is_empty() && records.any(|record| doubted.contains(record))
    }

    /// The records are known again; whether one of them was in doubt.
    pub(super) fn dispel<'r>(&self, records: impl Iterator<Item = &'r str>) -> bool {
        let mut doubted = lock(&self.0.doubted);
        !doubted.is_empty() && records.filter(|record| doubted.remove(*record)).count() > 0
    }
}

impl Commit {
    /// It is in force.
    pub(super) fn answered(mut self) {
        self.records.clear();
        lock(&self.commits.0.answered).insert(self.number);
    }
}

impl Drop for Commit {
    fn drop(&mut self) {
        if !self.records.is_empty() {
            lock(&self.commits.0.doubted).extend(self.records.drain(..));
        }
    }
}

/// Nothing is left half done under these locks, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_news_until_its_commit_is_answered() {
        let commits = Commits::default();
        let (one, other) = (commits.number(), commits.number());
        commits.begin(one, vec!["recA".to_owned()]).answered();
        assert!(!commits.heeds(one));
        assert!(commits.heeds(other), "no answer yet");
    }

    #[test]
    fn a_commit_without_an_answer_leaves_its_records_in_doubt_until_they_are_known_again() {
        let commits = Commits::default();
        commits.begin(commits.number(), vec!["recA".to_owned()]).answered();
        assert!(!commits.doubts(["recA"].into_iter()));
        drop(commits.begin(commits.number(), vec!["recA".to_owned(), "recB".to_owned()]));
        assert!(commits.doubts(["recC", "recB"].into_iter()));
        assert!(!commits.dispel(["recC"].into_iter()));
        assert!(commits.dispel(["recA", "recB"].into_iter()));
        assert!(!commits.doubts(["recA", "recB"].into_iter()));
    }
}
