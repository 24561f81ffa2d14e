//! Decides whether cached responses are fresh; the only place that does.
//!
//! - A *generation* is part of every key of the cache. Raising it makes everything older unreachable at once, loads under way included,
//!   which neither `invalidate` nor `invalidate_all` of moka could do: a load that is already running hands out and stores the old
//!   value afterwards.
//! - Each *commit* that changed vehicles raises it once on every instance ([`Freshness::learn`]), by whichever comes first: the commit is
//!   acknowledged to this instance, its notice is heard ([`listener`]), or a sync finds a row that it wrote.
//! - The *clock of trust* ([`trust`]) bounds what a dead listener costs: what is cached counts for 0.9 s after the database last answered
//!   the listener.
//! - While PostgreSQL is away ([`outage`]) last known responses are served as stale, but none older than a commit that this instance
//!   answered for.
//!
//! **Invariants:** whoever is answered after a commit, or after finding its rows, looks under a generation that only a load begun after
//! the commit can fill. A commit is remembered and the generation raised under one lock, so nobody sees the one without the other.

mod listener;
mod outage;
mod trust;

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Acquire},
        },
    },
    time::Instant,
};

pub use self::listener::News;
use self::outage::Outage;
use self::trust::Trust;
use crate::db::notify::CommitId;

/// Commits remembered: far more than two instances make in the minute in which one can be found (5 requests a second for a base).
const REMEMBERED: usize = 4_096;

pub(super) struct Freshness {
    generation: AtomicU64,
    /// The first generation whose lists hold all that this instance answered for.
    lists_answered: AtomicU64,
    /// The same of pages of single vehicles.
    vehicles_answered: AtomicU64,
    known: Mutex<Known>,
    trust: Trust,
    pub(super) outage: Outage,
}

/// The last commits, oldest first.
#[derive(Default)]
struct Known {
    order: VecDeque<CommitId>,
    commits: HashSet<CommitId>,
}

impl Freshness {
    pub(super) fn new() -> Self {
        Self {
            generation: AtomicU64::new(0),
            lists_answered: AtomicU64::new(0),
            vehicles_answered: AtomicU64::new(0),
            known: Mutex::default(),
            trust: Trust::without_end(),
            outage: Outage::none(),
        }
    }

    /// The generation of a request that came `now`. `raised` is called when trust has ended.
    pub(super) fn generation_at(&self, now: Instant, raised: impl FnOnce()) -> u64 {
        self.trust.check(now, || {
            self.raise();
            raised();
        });
        self.generation()
    }

    /// The present generation.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Acquire)
    }

    /// Makes everything older than this call unreachable.
    pub(super) fn raise(&self) {
        self.generation.fetch_add(1, AcqRel);
    }

    /// Makes everything older than these commits unreachable; gives whether something had to be.
    pub(super) fn learn(&self, commits: impl IntoIterator<Item = CommitId>) -> bool {
        // Nothing is left half done under the lock, so a panic elsewhere spoils nothing.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let news = commits.into_iter().filter(|commit| known.remember(*commit)).count() > 0;
        if news {
            self.raise();
        }
        news
    }

    /// No list older than the present generation is served any more, not even as stale; nor, if `vehicles`, the page of a vehicle.
    pub(super) fn answered(&self, vehicles: bool) {
        let generation = self.generation();
        self.lists_answered.fetch_max(generation, AcqRel);
        if vehicles {
            self.vehicles_answered.fetch_max(generation, AcqRel);
        }
    }

    /// The first generation that may be served as stale: of pages of vehicles, or of lists.
    pub(super) fn first_usable(&self, vehicle: bool) -> u64 {
        if vehicle { &self.vehicles_answered } else { &self.lists_answered }.load(Acquire)
    }

    /// The database was asked at that time whether there is news, and has answered.
    pub(super) fn heard(&self, asked: Instant) {
        self.trust.renew(asked);
    }
}

impl Known {
    /// Adds a commit. False: it was known.
    fn remember(&mut self, commit: CommitId) -> bool {
        if !self.commits.insert(commit) {
            return false;
        }
        self.order.push_back(commit);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.commits.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits(numbers: std::ops::Range<u32>) -> Vec<CommitId> {
        numbers.map(CommitId::from).collect()
    }

    #[test]
    fn each_commit_raises_the_generation_once_whoever_tells_of_it() {
        let freshness = Freshness::new();
        assert!(freshness.learn(commits(1..3)));
        assert_eq!(freshness.generation(), 1);
        assert!(!freshness.learn(commits(2..3)), "a notice of what was acknowledged");
        assert!(!freshness.learn([]));
        assert!(freshness.learn(commits(2..4)), "one of them is new");
        assert_eq!(freshness.generation(), 2);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let freshness = Freshness::new();
        freshness.learn(commits(0..10_000));
        let known = freshness.known.lock().unwrap();
        assert_eq!((known.order.len(), known.commits.len()), (REMEMBERED, REMEMBERED));
    }

    #[test]
    fn stale_answers_begin_with_what_was_answered() {
        let freshness = Freshness::new();
        freshness.raise();
        freshness.answered(false);
        assert_eq!((freshness.first_usable(false), freshness.first_usable(true)), (1, 0));
        freshness.raise();
        freshness.answered(true);
        assert_eq!((freshness.first_usable(false), freshness.first_usable(true)), (2, 2));
    }
}
