//! The simulator's time.
//!
//! **Invariants:** it starts at the machine's time, goes at its pace, never backwards, and can be moved ahead, so that a test
//! sees attachment URLs die and lock-outs end without waiting. Everything below the server takes the time as an argument.

use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};

#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    started_at: DateTime<Utc>,
    ahead: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), started_at: SystemTime::now().into(), ahead: Duration::ZERO }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.started_at + (self.started.elapsed() + self.ahead)
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.ahead += by;
    }
}
