//! What waits in the durable queue, and what it has given up: what waits first, so that neither hides the other.

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
    groups: Vec<Group>,
    has_dead: bool,
}

/// Records in one state.
struct Group {
    records: Vec<Waiting>,
    /// How many more there are.
    more: Option<String>,
    /// Where the API lists them all.
    place: &'static str,
}

/// A record of the queue as it is shown.
struct Waiting {
    record: String,
    what: String,
    state: &'static str,
    tone: Tone,
    /// When it is tried next, unless it was given up, and how often it was.
    facts: String,
    error: String,
}

impl Queue {
    pub(super) fn new(now: &Snapshot, clock: Clock) -> Self {
        let (t, queue): (T, _) = (clock.t, &now.queue);
        let groups = [
            group(&queue.records, queue.waiting, clock, (t.more_waiting, "GET /queue?status=waiting")),
            group(&now.dead, queue.dead, clock, (t.more_dead, "GET /queue?status=dead")),
        ];
        Self {
            t,
            groups: groups.into_iter().filter(|group| !group.records.is_empty()).collect(),
            has_dead: queue.dead > 0,
        }
    }
}

fn group(
    rows: &[QueueRow],
    all: i64,
    clock: Clock,
    (more, place): (fn(&str) -> String, &'static str),
) -> Group {
    let left = all - i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Group {
        records: rows.iter().map(|row| waiting(row, clock)).collect(),
        more: (left > 0).then(|| more(&format::count(left))),
        place,
    }
}

fn waiting(row: &QueueRow, clock: Clock) -> Waiting {
    let t: T = clock.t;
    let dead = row.status == "dead";
    let next = (!dead).then(|| format!("{}: {}", t.next_try, clock.time(row.next_attempt_at)));
    let tries = (row.attempts > 0).then(|| (t.tries)(row.attempts));
    Waiting {
        record: row.record_id.clone(),
        what: row.title.clone().unwrap_or_else(|| row.record_id.clone()),
        state: if dead { t.dead } else { t.waiting },
        tone: if dead { Tone::Bad } else { Tone::Plain },
        facts: [next, tries].into_iter().flatten().collect::<Vec<_>>().join(" · "),
        error: row.last_error.clone().unwrap_or_default(),
    }
}
