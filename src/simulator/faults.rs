//! What goes wrong, by script.
//!
//! ```
//! # use vitrina::simulator::{Fault, Refusal, Simulator, Target, What};
//! fn two_pages_fail(simulator: &Simulator) {
//!     simulator.fault(Fault::new(What::Answer(Refusal::ServerError)).on(Target::List).next(2));
//! }
//! ```
//!
//! **Invariants:** a fault strikes only requests that passed the token check and the rate limit. Of several faults the one set first
//! wins, and only the one that strikes is used up.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::sync::watch;

use super::{
    api::{Operation, Refusal},
    seen::Seen,
};

/// What happens to a request instead of, or on the way to, its answer.
#[derive(Debug, Clone)]
pub enum What {
    /// This instead of an answer; nothing is done.
    Answer(Refusal),
    /// The connection is reset before a byte of an answer; nothing is done.
    Reset,
    /// The right status and headers, half of the body, and the end of the connection.
    TruncatedBody,
    /// 200 with a page in HTML.
    NotJson,
    /// 200 with a listing of no records.
    EmptyPage,
    /// No answer, ever.
    Hang,
    /// The answer in 20 pieces, with this long before each.
    SlowBody(Duration),
    /// The answer this much later. It tells the state at the request's arrival.
    Latency(Duration),
    /// The answer, made at the request's arrival, is held back until the gate is opened.
    Held(Gate),
}

/// Which requests a fault strikes.
#[derive(Clone)]
pub enum Target {
    /// Everything but files.
    Any,
    /// Every request of one kind.
    Only(Operation),
    /// Pages of a listing.
    List,
    /// Pages of a listing but the first.
    LaterPages,
    /// Requests that name this record, in path, formula or body.
    Record(String),
    /// What the function says.
    Where(Arc<dyn Fn(&Seen) -> bool + Send + Sync>),
}

impl Target {
    /// Requests that `matches` holds for.
    pub fn of(matches: impl Fn(&Seen) -> bool + Send + Sync + 'static) -> Self {
        Self::Where(Arc::new(matches))
    }

    fn matches(&self, seen: &Seen) -> bool {
        let has_offset =
            || seen.options.get("offset").and_then(Value::as_str).is_some_and(|offset| !offset.is_empty());
        match self {
            Self::Any => seen.operation != Operation::File,
            Self::Only(operation) => seen.operation == *operation,
            Self::List => seen.operation == Operation::List,
            Self::LaterPages => seen.operation == Operation::List && has_offset(),
            Self::Record(id) => seen.record_ids.contains(id),
            Self::Where(matches) => matches(seen),
        }
    }
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy)]
enum Times {
    Next(usize),
    /// Every `of`th; `passed` have gone by since the last.
    Every {
        of: usize,
        passed: usize,
    },
    Always,
}

/// A scripted fault: what, for which requests, how often. Without more said it strikes every request until cleared.
#[derive(Clone)]
pub struct Fault {
    what: What,
    target: Target,
    times: Times,
}

impl Fault {
    /// Strikes every request but those for files, until cleared.
    pub fn new(what: What) -> Self {
        Self { what, target: Target::Any, times: Times::Always }
    }

    /// Strikes only these.
    #[must_use]
    pub fn on(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// Strikes only the next `count` of them.
    #[must_use]
    pub fn next(mut self, count: usize) -> Self {
        self.times = Times::Next(count);
        self
    }

    /// Strikes each `nth` of them.
    #[must_use]
    pub fn every(mut self, nth: usize) -> Self {
        self.times = Times::Every { of: nth, passed: 0 };
        self
    }

    fn strikes(&mut self, seen: &Seen) -> bool {
        if !self.target.matches(seen) {
            return false;
        }
        match &mut self.times {
            Times::Always => true,
            Times::Next(left) => {
                let strikes = *left > 0;
                *left = left.saturating_sub(1);
                strikes
            }
            Times::Every { of, passed } => {
                *passed += 1;
                let strikes = *passed >= *of;
                if strikes {
                    *passed = 0;
                }
                strikes
            }
        }
    }
}

/// The faults in force.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What happens to this request, if anything.
    pub(super) fn strike(&mut self, seen: &Seen) -> Option<What> {
        self.0.iter_mut().find_map(|fault| fault.strikes(seen).then(|| fault.what.clone()))
    }
}

/// Holds answers back until it is opened, so that a test decides which answer arrives last.
#[derive(Debug, Clone)]
pub struct Gate {
    open: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

impl Gate {
    /// A closed gate.
    pub fn closed() -> Self {
        Self { open: watch::Sender::new(false), waiting: watch::Sender::new(0) }
    }

    /// Lets go every answer that waits and will come.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until so many answers have been made and held back, counted since the beginning.
    pub async fn reached(&self, answers: usize) {
        // The sender is in `self`, so the channel cannot close while this waits.
        let _ = self.waiting.subscribe().wait_for(|count| *count >= answers).await;
    }

    pub(super) async fn pass(&self) {
        self.waiting.send_modify(|count| *count += 1);
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use serde_json::json;

    use super::*;

    fn seen(operation: Operation, options: Value) -> Seen {
        Seen {
            at: Instant::now(),
            method: "GET".to_owned(),
            path: "/v0/appX/tblY".to_owned(),
            operation,
            options,
            record_ids: vec!["recA".to_owned()],
            status: None,
        }
    }

    fn strikes(fault: Fault, requests: &[Seen]) -> Vec<bool> {
        let mut faults = Faults::default();
        faults.add(fault);
        requests.iter().map(|request| faults.strike(request).is_some()).collect()
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_was_told_to() {
        let requests = vec![seen(Operation::Get, json!({})); 4];
        let fault = || Fault::new(What::Reset);
        assert_eq!(strikes(fault(), &requests), [true; 4]);
        assert_eq!(strikes(fault().next(2), &requests), [true, true, false, false]);
        assert_eq!(strikes(fault().every(2), &requests), [false, true, false, true]);
    }

    #[test]
    fn a_fault_strikes_only_its_target_and_is_used_up_by_nothing_else() {
        let requests = [
            seen(Operation::File, json!({})),
            seen(Operation::Schema, json!({})),
            seen(Operation::List, json!({"offset": ""})),
            seen(Operation::List, json!({"offset": "itr/rec"})),
        ];
        let strikes = |target| strikes(Fault::new(What::Reset).on(target).next(1), &requests);
        assert_eq!(strikes(Target::Any), [false, true, false, false]);
        assert_eq!(strikes(Target::Only(Operation::Schema)), [false, true, false, false]);
        assert_eq!(strikes(Target::List), [false, false, true, false]);
        assert_eq!(strikes(Target::LaterPages), [false, false, false, true]);
        assert_eq!(strikes(Target::Record("recA".to_owned())), [true, false, false, false]);
        assert_eq!(strikes(Target::Record("recB".to_owned())), [false; 4]);
        assert_eq!(strikes(Target::of(|seen| seen.options["offset"] == "")), [false, false, true, false]);
    }

    #[test]
    fn of_two_faults_the_first_strikes_and_the_second_waits() {
        let mut faults = Faults::default();
        faults.add(Fault::new(What::Reset).next(1));
        faults.add(Fault::new(What::Hang).next(1));
        let request = seen(Operation::Get, json!({}));
        let struck: Vec<_> = (0..3).map(|_| faults.strike(&request)).collect();
        assert!(matches!(struck[..], [Some(What::Reset), Some(What::Hang), None]));
    }
}
