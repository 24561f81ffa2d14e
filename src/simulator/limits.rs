//! The base's rate limit.
//!
//! **Invariants:** in no second that ends with a request are more than `per_second` admitted; one request too many locks the
//! base out for `lockout`, whoever asks. Requests during the lock-out are refused and do not prolong it.
//!
//! **Sources:** <https://airtable.com/developers/web/api/rate-limits>: 5 per second and base, 30 seconds. How Airtable measures the
//! second is not documented; a sliding one is the strictest reading.

use std::{collections::VecDeque, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

/// How many requests a base takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests within any second.
    pub per_second: usize,
    /// How long everything is refused after one too many.
    pub lockout: Duration,
}

impl Default for RateLimit {
    /// Airtable's.
    fn default() -> Self {
        Self { per_second: 5, lockout: Duration::from_secs(30) }
    }
}

#[derive(Debug)]
pub(super) struct Limiter {
    pub(super) limit: Option<RateLimit>,
    admitted: VecDeque<DateTime<Utc>>,
    locked_until: Option<DateTime<Utc>>,
    /// How many requests were refused.
    pub(super) refused: usize,
}

impl Limiter {
    pub(super) fn new(limit: Option<RateLimit>) -> Self {
        Self { limit, admitted: VecDeque::new(), locked_until: None, refused: 0 }
    }

    /// Whether a request that arrives `now` may pass.
    pub(super) fn admit(&mut self, now: DateTime<Utc>) -> bool {
        let Some(limit) = self.limit else { return true };
        let open = self.locked_until.is_none_or(|until| until <= now);
        while self.admitted.front().is_some_and(|first| *first <= now - TimeDelta::seconds(1)) {
            self.admitted.pop_front();
        }
        if open && self.admitted.len() < limit.per_second {
            self.admitted.push_back(now);
            return true;
        }
        if open {
            self.locked_until = Some(now + limit.lockout);
        }
        self.refused += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_767_225_600_000 + millis).unwrap()
    }

    #[test]
    fn the_sixth_request_within_a_second_locks_the_base_out_for_thirty_seconds() {
        let mut limiter = Limiter::new(Some(RateLimit::default()));
        for millis in [0, 200, 400, 600, 800, 1_000, 1_200] {
            assert!(limiter.admit(at(millis)), "{millis}");
        }
        assert!(!limiter.admit(at(1_201)));
        assert!(!limiter.admit(at(31_200)), "still locked, and this one does not prolong it");
        assert!(limiter.admit(at(31_201)));
        assert_eq!(limiter.refused, 2);
    }

    #[test]
    fn without_a_limit_everything_passes() {
        let mut limiter = Limiter::new(None);
        assert!((0..100).all(|_| limiter.admit(at(0))));
    }
}
