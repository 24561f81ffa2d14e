//! Which replica answers a request: Airtable is only eventually consistent.
//!
//! **Invariants:** every request is answered by a replica of its own, which shows the base as it was up to [`Replicas::lag`] ago:
//! at random, by seed, so that a later request may see an older state. What a test asked for with [`Replicas::miss`] comes first
//! and costs no time.
//!
//! **Sources:** Airtable documents nothing; public projects report reads that are up to a second old.
//!
//! **Not here:** the schema and the payloads of webhooks, which are always up to date here: a choice.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, Utc};
use fastrand::Rng;

use super::{seen::Seen, store::Replica};

#[derive(Debug)]
pub(super) struct Replicas {
    /// The most that a replica is behind.
    pub(super) lag: Duration,
    rng: Rng,
    /// By record, how many edits the next requests that name it do not see.
    missed: BTreeMap<String, VecDeque<usize>>,
}

impl Replicas {
    pub(super) fn new(lag: Duration, seed: u64) -> Self {
        Self { lag, rng: Rng::with_seed(seed), missed: BTreeMap::new() }
    }

    /// The next request to read this record by its id does not see its last `edits` edits; further calls are for the requests after it.
    pub(super) fn miss(&mut self, id: &str, edits: usize) {
        self.missed.entry(id.to_owned()).or_default().push_back(edits);
    }

    /// The replica that answers this request.
    pub(super) fn answering(&mut self, request: &Seen, now: DateTime<Utc>) -> Replica {
        let mut replica = Replica::of(now - self.lag.mul_f64(self.rng.f64()));
        // Writers see the latest state, so theirs are not the requests that were meant.
        let named = if request.is_edit() { &[][..] } else { &request.record_ids };
        for id in named {
            if let Some(edits) = self.missed.get_mut(id).and_then(VecDeque::pop_front) {
                replica = replica.missing(id, edits);
            }
        }
        replica
    }
}
