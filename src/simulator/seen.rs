//! The requests that came in.
//!
//! **Invariants:** every request is kept from its arrival, so that a test also sees those still waiting for their answer; the oldest
//! are dropped beyond [`KEPT`], so that a demo may run for weeks.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    api::{Operation, Request},
    ids,
};

const KEPT: usize = 5_000;

/// One request as the simulator saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When it arrived.
    pub at: Instant,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// What it asked for.
    pub operation: Operation,
    /// Query and body together, decoded: the body's keys if it is an object, and those of the query, lists for keys in `[]`.
    pub options: Value,
    /// Every record id that it names, in order.
    pub record_ids: Vec<String>,
    /// The status it was answered with; `None` while there is no answer, or when the connection was cut instead.
    pub status: Option<u16>,
}

impl Seen {
    pub(super) fn of(request: &Request, path: &str) -> Self {
        let body: Option<Value> = serde_json::from_slice(&request.body).ok();
        let named = format!(
            "{path} {} {}",
            request.query.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" "),
            String::from_utf8_lossy(&request.body),
        );
        let mut options = body.filter(Value::is_object).unwrap_or_else(|| json!({}));
        for (key, value) in &request.query {
            match key.strip_suffix("[]") {
                Some(list) => {
                    if let Some(list) = options.get_mut(list).and_then(Value::as_array_mut) {
                        list.push(json!(value));
                    } else {
                        options[list] = json!([value]);
                    }
                }
                None => options[key] = json!(value),
            }
        }
        Self {
            at: Instant::now(),
            method: request.method.to_string(),
            path: path.to_owned(),
            operation: request.route.operation,
            options,
            record_ids: ids::records_in(&named),
            status: None,
        }
    }

    /// Whether it counts towards the base's rate limit.
    pub(super) fn is_of_the_base(&self) -> bool {
        !matches!(self.operation, Operation::File | Operation::Account | Operation::Unknown)
    }

    /// Whether it is meant to change records.
    pub(super) fn is_edit(&self) -> bool {
        matches!(self.operation, Operation::Create | Operation::Update | Operation::Delete)
    }
}

#[derive(Debug, Default)]
pub(super) struct Log {
    entries: BTreeMap<u64, Seen>,
    next: u64,
}

impl Log {
    /// Keeps a request; gives the number to report its status under.
    pub(super) fn arrived(&mut self, seen: Seen) -> u64 {
        self.next += 1;
        self.entries.insert(self.next, seen);
        if self.entries.len() > KEPT {
            self.entries.pop_first();
        }
        self.next
    }

    pub(super) fn answered(&mut self, number: u64, status: u16) {
        if let Some(seen) = self.entries.get_mut(&number) {
            seen.status = Some(status);
        }
    }

    pub(super) fn all(&self) -> Vec<Seen> {
        self.entries.values().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// The most requests to the base within any second.
    pub(super) fn max_in_any_second(&self) -> usize {
        let times: Vec<_> =
            self.entries.values().filter(|seen| seen.is_of_the_base()).map(|seen| seen.at).collect();
        busiest(&times, Duration::from_secs(1))
    }
}

fn busiest(times: &[Instant], span: Duration) -> usize {
    let until = |start: &Instant| times.partition_point(|time| *time < *start + span);
    times.iter().enumerate().map(|(index, start)| until(start) - index).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_may_begin_anywhere() {
        let start = Instant::now();
        let times: Vec<_> =
            [0, 900, 1_000, 1_800, 1_899].map(|ms| start + Duration::from_millis(ms)).to_vec();
        assert_eq!(busiest(&times, Duration::from_secs(1)), 4);
        assert_eq!(busiest(&times[..2], Duration::from_secs(1)), 2);
        assert_eq!(busiest(&[], Duration::from_secs(1)), 0);
    }
}
