//! What waits in the durable queue, and what it has given up.

use askama::Template;

use super::{T, Tone};
use crate::{
    db::history::QueueRow,
    http::dashboard::{
        format::{self, Clock},
        snapshot::Snapshot,
    },
};

#[derive(Template)]
#[template(path = "dashboard/parts/queue.html", config = "src/http/askama.toml")]
pub(super) struct Queue {
    t: T,
    records: Vec<Waiting>,
    has_dead: bool,
    more: Option<String>,
}

/// A record of the queue as it is shown.
struct Waiting {
    record: String,
    what: String,
    state: &'static str,
    tone: Tone,
    /// When it is tried next, unless it was given up.
    next: Option<String>,
    tries: Option<String>,
    error: String,
}

impl Queue {
    pub(super) fn new(now: &Snapshot, clock: Clock) -> Self {
        let t: T = clock.t;
        let queue = &now.queue;
        let all = queue.waiting + queue.dead;
        let shown = i64::try_from(queue.records.len()).unwrap_or(i64::MAX);
        Self {
            t,
            records: queue.records.iter().map(|row| waiting(row, clock)).collect(),
            has_dead: queue.dead > 0,
            more: (all > shown).then(|| (t.queue_more)(&format::count(all - shown))),
        }
    }
}

fn waiting(row: &QueueRow, clock: Clock) -> Waiting {
    let t: T = clock.t;
    let dead = row.status == "dead";
    Waiting {
        record: row.record_id.clone(),
        what: row.title.clone().unwrap_or_else(|| row.record_id.clone()),
        state: if dead { t.dead } else { t.waiting },
        tone: if dead { Tone::Bad } else { Tone::Plain },
        next: (!dead).then(|| clock.time(row.next_attempt_at)),
        tries: (row.attempts > 0).then(|| (t.tries)(row.attempts)),
        error: row.last_error.clone().unwrap_or_default(),
    }
}
