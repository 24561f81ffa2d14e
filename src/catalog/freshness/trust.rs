//! The time for which cached responses count as fresh without a word from the database.
//!
//! **Invariants:** looked at when an answer is given, not when a timer fires: a process that was paused, or whose connection died unseen, wakes up
//! knowing that it may have missed something. Until somebody listens for the notices of other instances at all, trust has no end.

use std::{
    sync::atomic::{
        AtomicU64,
        Ordering::{Acquire, Release},
    },
    time::{Duration, Instant},
};

/// The time after a question to the database for which its answer holds. A commit elsewhere must show within a second.
const HOLDS: Duration = Duration::from_millis(900);
/// The time for which a response loaded without trust counts as fresh, so that not every request asks a slow database.
const TRIED: Duration = Duration::from_millis(500);

pub(super) struct Trust {
    started: Instant,
    /// Milliseconds after the start at which it ends.
    until: AtomicU64,
}

impl Trust {
    pub(super) fn without_end() -> Self {
        Self { started: Instant::now(), until: AtomicU64::new(u64::MAX) }
    }

    /// The database was asked at that time whether there is news, and has answered.
    pub(super) fn renew(&self, asked: Instant) {
        self.until.store(self.at(asked + HOLDS), Release);
    }

    /// If it has ended, drops what is cached by `drop_all` and trusts what is loaded from then on for a little while.
    pub(super) fn check(&self, now: Instant, drop_all: impl FnOnce()) {
        let until = self.until.load(Acquire);
        if until != u64::MAX && self.at(now) > until {
            // First this: whoever sees the new time must not find the old responses.
            drop_all();
            let _renewed_meanwhile =
                self.until.compare_exchange(until, self.at(now + TRIED), Release, Acquire);
        }
    }

    fn at(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.started).as_millis()).unwrap_or(u64::MAX - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn dropped(trust: &Trust, now: Instant) -> bool {
        let dropped = Cell::new(false);
        trust.check(now, || dropped.set(true));
        dropped.get()
    }

    #[test]
    fn it_holds_for_less_than_a_second_after_the_question() {
        assert!(HOLDS < Duration::from_secs(1));
        let trust = Trust::without_end();
        let now = Instant::now();
        assert!(!dropped(&trust, now + Duration::from_hours(1)), "nobody listens");
        trust.renew(now);
        assert!(!dropped(&trust, now + HOLDS));
        assert!(
            dropped(&trust, now + HOLDS * 2),
            "an answer that was read late says what was true when it was asked for"
        );
    }

    #[test]
    fn what_is_loaded_without_trust_is_dropped_again_and_again() {
        let trust = Trust::without_end();
        let now = Instant::now();
        trust.renew(now);
        let late = now + HOLDS * 3;
        assert!(dropped(&trust, late));
        assert!(!dropped(&trust, late + TRIED / 2));
        assert!(dropped(&trust, late + TRIED * 2));
        trust.renew(late + TRIED * 2);
        assert!(!dropped(&trust, late + TRIED * 2 + HOLDS / 2));
    }
}
