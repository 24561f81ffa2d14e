//! When a ping is sent, and what follows from its answer.
//!
//! **Invariants:** one ping of a hook is under way at a time; what is recorded meanwhile gets one more, however much it is. A ping that
//! is not taken comes again after 10 s, 20 s, 40 s, … up to 13 times; then it is dropped, and notifications are off.
//!
//! **Sources:** <https://airtable.com/developers/web/api/webhooks-overview>. Not documented, hence chosen: what is recorded while a ping
//! waits for its next try does not hurry it.

use std::{collections::VecDeque, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::text;

const RETRIES: u32 = 13;
const FIRST_RETRY: Duration = Duration::from_secs(10);

/// What goes wrong with the next ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PingFault {
    /// It never arrives, although Airtable believes so.
    Lose,
    /// It arrives twice.
    Twice,
    /// It is sent this much later.
    Late(Duration),
    /// It is signed with another secret.
    WrongMac,
}

/// A ping to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) struct Ping {
    /// What goes wrong with it.
    pub(in crate::simulator) fault: Option<PingFault>,
}

/// How a try went.
#[derive(Debug)]
pub(in crate::simulator) struct Result {
    /// Why it failed, if it did.
    pub(in crate::simulator) error: Option<String>,
    pub(in crate::simulator) took: Duration,
}

/// The pings of one hook.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Pinging {
    due: Option<Due>,
    under_way: Option<Due>,
    again: bool,
    pub(super) last_success: Option<DateTime<Utc>>,
    pub(super) last_result: Option<Value>,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    at: DateTime<Utc>,
    retry: u32,
    fault: Option<PingFault>,
}

impl Pinging {
    /// Something was recorded.
    pub(super) fn notice(&mut self, now: DateTime<Utc>, faults: &mut VecDeque<PingFault>) {
        if self.under_way.is_some() {
            self.again = true;
        } else if self.due.is_none() {
            let fault = faults.pop_front();
            let at = match fault {
                Some(PingFault::Late(by)) => now + by,
                _ => now,
            };
            self.due = Some(Due { at, retry: 0, fault });
        }
    }

    /// When the next try is due.
    pub(in crate::simulator) fn next(&self) -> Option<DateTime<Utc>> {
        self.due.map(|due| due.at)
    }

    /// Takes the ping that is due for being sent.
    pub(in crate::simulator) fn take(&mut self, now: DateTime<Utc>) -> Option<Ping> {
        let due = self.due.take_if(|due| due.at <= now)?;
        self.under_way = Some(due);
        Some(Ping { fault: due.fault })
    }

    /// False when that was the last try.
    pub(super) fn done(
        &mut self,
        result: Result,
        now: DateTime<Utc>,
        faults: &mut VecDeque<PingFault>,
    ) -> bool {
        let retry = self.under_way.take().map_or(0, |due| due.retry);
        let failed = result.error.is_some();
        let will_be_retried = failed && retry < RETRIES;
        let mut told = json!({
            "success": !failed,
            "completionTimestamp": text(now),
            "durationMs": result.took.as_secs_f64() * 1000.0,
            "retryNumber": retry,
        });
        if let Some(error) = result.error {
            told["error"] = json!({"message": error});
            told["willBeRetried"] = json!(will_be_retried);
        } else {
            self.last_success = Some(now);
        }
        self.last_result = Some(told);
        let again = std::mem::take(&mut self.again);
        if will_be_retried {
            self.due = Some(Due { at: now + FIRST_RETRY * (1 << retry), retry: retry + 1, fault: None });
        } else if again && !failed {
            self.notice(now, faults);
        }
        will_be_retried || !failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
    }

    fn result(error: Option<&str>) -> Result {
        Result { error: error.map(str::to_owned), took: Duration::from_millis(5) }
    }

    #[test]
    fn what_is_recorded_while_a_ping_is_under_way_gets_one_more() {
        let (mut pinging, mut none) = (Pinging::default(), VecDeque::new());
        pinging.notice(at(0), &mut none);
        pinging.notice(at(0), &mut none);
        assert_eq!(pinging.take(at(0)), Some(Ping { fault: None }));
        pinging.notice(at(0), &mut none);
        pinging.notice(at(0), &mut none);
        assert_eq!(pinging.take(at(0)), None);
        assert!(pinging.done(result(None), at(1), &mut none));
        assert_eq!(pinging.take(at(1)), Some(Ping { fault: None }));
        assert!(pinging.done(result(None), at(2), &mut none));
        assert_eq!(pinging.next(), None);
    }

    #[test]
    fn a_ping_that_nobody_takes_comes_again_for_about_a_day_and_then_never() {
        let (mut pinging, mut none) = (Pinging::default(), VecDeque::new());
        pinging.notice(at(0), &mut none);
        let (mut now, mut tries) = (at(0), 0);
        while let Some(next) = pinging.next() {
            now = next;
            assert!(pinging.take(now).is_some());
            tries += 1;
            let goes_on = pinging.done(result(Some("refused")), now, &mut none);
            assert_eq!(goes_on, tries < 14);
        }
        assert_eq!(tries, 14);
        assert_eq!((now - at(0)).num_hours(), 22);
        assert_eq!(pinging.last_result.unwrap()["willBeRetried"], false);
    }

    #[test]
    fn a_fault_is_used_up_by_one_ping() {
        let mut pinging = Pinging::default();
        let mut faults = VecDeque::from([PingFault::Late(Duration::from_secs(5)), PingFault::Lose]);
        pinging.notice(at(0), &mut faults);
        assert_eq!(pinging.take(at(4)), None);
        assert!(pinging.take(at(5)).is_some());
        assert!(pinging.done(result(None), at(5), &mut faults));
        pinging.notice(at(6), &mut faults);
        assert_eq!(pinging.take(at(6)), Some(Ping { fault: Some(PingFault::Lose) }));
        assert!(faults.is_empty());
    }
}
