//! Remembers that PostgreSQL was out of reach a moment ago.
//!
//! While it is, one request in [`PAUSE_MS`] tries it; the others need not wait for a connection that will not come.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Instant,
};

/// The time after a failed load in which no other request tries the database, in ms.
const PAUSE_MS: u64 = 1_000;

/// Remembers an outage.
pub(in crate::catalog) struct Outage {
    started: Instant,
    /// Milliseconds after the start until which nobody tries; 0 = there is no outage.
    until: AtomicU64,
    /// Set when it could not be reached, rather than not answering in time.
    unreachable: AtomicBool,
}

impl Outage {
    pub(in crate::catalog) fn none() -> Self {
        Self { started: Instant::now(), until: AtomicU64::new(0), unreachable: AtomicBool::new(false) }
    }

    /// A load failed for want of the database: of a connection to it, or of an answer.
    pub(in crate::catalog) fn began(&self, unreachable: bool) {
        self.unreachable.store(unreachable, Relaxed);
        self.until.store(self.now() + PAUSE_MS, Relaxed);
    }

    /// A load succeeded.
    pub(in crate::catalog) fn ended(&self) {
        self.until.store(0, Relaxed);
    }

    /// Tells whether this request should do without the database. After a pause one request tries it, and the others
    /// go on without it.
    pub(in crate::catalog) fn spares(&self) -> bool {
        let until = self.until.load(Relaxed);
        if until == 0 {
            return false;
        }
        let now = self.now();
        let next = now + PAUSE_MS;
        now < until || self.until.compare_exchange(until, next, Relaxed, Relaxed).is_err()
    }

    /// Tells whether the last failure was that of connecting, so that another try would only take time.
    pub(in crate::catalog) fn is_unreachable(&self) -> bool {
        self.unreachable.load(Relaxed)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_spares_requests_until_a_load_succeeds() {
        let outage = Outage::none();
        assert!(!outage.spares());
        outage.began(true);
        assert!(outage.spares());
        outage.until.store(1, Relaxed);
        while outage.now() <= 1 {
            std::hint::spin_loop();
        }
        assert!(!outage.spares(), "the pause is over and one tries");
        assert!(outage.spares(), "the others wait for what it finds");
        outage.ended();
        assert!(!outage.spares());
    }
}
