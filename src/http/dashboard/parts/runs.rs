//! Runs, and how far the one under way is.

use askama::Template;

use super::{T, Tone};
use crate::{
    domain::Trigger,
    http::dashboard::{
        format::{self, Clock},
        snapshot::Snapshot,
    },
    monitor::history::Run,
};

#[derive(Template)]
#[template(path = "dashboard/parts/runs.html", config = "src/http/askama.toml")]
pub(super) struct Runs {
    t: T,
    running: Option<Progress>,
    recent: Vec<RunView>,
}

/// How far a run is.
struct Progress {
    id: i64,
    label: String,
    text: String,
    /// Read so far and about all; `None`: nobody knows how much there is.
    share: Option<(i64, i64)>,
}

/// A run as it is shown.
pub(in crate::http::dashboard) struct RunView {
    pub(in crate::http::dashboard) id: i64,
    pub(in crate::http::dashboard) kind: &'static str,
    pub(in crate::http::dashboard) trigger: String,
    /// Whether the trigger says more than the kind.
    pub(in crate::http::dashboard) has_reason: bool,
    pub(in crate::http::dashboard) state: &'static str,
    pub(in crate::http::dashboard) tone: Tone,
    pub(in crate::http::dashboard) started: String,
    pub(in crate::http::dashboard) stamp: String,
    pub(in crate::http::dashboard) duration: String,
    pub(in crate::http::dashboard) seen: String,
    pub(in crate::http::dashboard) changes: String,
    pub(in crate::http::dashboard) error: Option<String>,
}

impl Runs {
    pub(super) fn new(now: &Snapshot, clock: Clock) -> Self {
        let running = now.runs.iter().find(|run| run.status == "running");
        Self {
            t: clock.t,
            running: running.map(|run| progress(run, now.listed, clock.t)),
            recent: now.runs.iter().map(|run| RunView::new(run, clock)).collect(),
        }
    }
}

impl RunView {
    pub(in crate::http::dashboard) fn new(run: &Run, clock: Clock) -> Self {
        let t: T = clock.t;
        let (state, tone) = match run.status.as_str() {
            "succeeded" => (t.succeeded, Tone::Good),
            "failed" => (t.failed, Tone::Bad),
            _ => (t.running, Tone::Warn),
        };
        let counts = &run.counts;
        let changes = counts.created + counts.updated + counts.archived + counts.deleted;
        Self {
            id: run.id,
            kind: kind_of(&run.kind, t),
            trigger: Trigger::parse(&run.trigger)
                .map_or(run.trigger.clone(), |trigger| (t.trigger)(trigger).to_owned()),
            has_reason: run.kind != run.trigger,
            state,
            tone,
            started: clock.time(run.started_at),
            stamp: run.started_at.to_rfc3339(),
            duration: format::duration(milliseconds(run.duration_ms)),
            seen: format::count(counts.seen.into()),
            changes: format::count(changes.into()),
            error: run.error.clone(),
        }
    }
}

/// A run's kind in words.
pub(super) fn kind_of(kind: &str, t: T) -> &'static str {
    match kind {
        "full" => t.run_full,
        "catch_up" => t.run_catch_up,
        _ => t.run_replay,
    }
}

fn progress(run: &Run, listed: i64, t: T) -> Progress {
    let seen = i64::from(run.counts.seen);
    let (shown, pages) = (format::count(seen), format::count(run.counts.pages.into()));
    let share = (run.kind == "full" && listed > 0).then(|| (seen.min(listed), listed));
    let text = match share {
        Some((_, all)) => (t.progress_of)(&shown, &format::count(all), &pages),
        None => (t.progress)(&shown, &pages),
    };
    Progress {
        id: run.id,
        label: format!("{}: {}", (t.run_title)(run.id), kind_of(&run.kind, t)),
        text,
        share,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a duration for people")]
fn milliseconds(ms: i64) -> f64 {
    ms as f64
}
