//! What happened between two looks that somebody should hear of who does not see the page.
//!
//! **Invariants:** pure. Figures that move all the time are not news: alerts, new errors and the ends of runs are.

use crate::alerts::AlertState;

use super::{parts, snapshot::Snapshot, texts::Texts};

/// Sentences, the oldest first.
pub(super) fn news(before: &Snapshot, now: &Snapshot, t: &'static Texts) -> Vec<String> {
    let mut said = Vec::new();
    for run in now.runs.iter().rev().filter(|run| run.status != "running") {
        let was_running = before.runs.iter().any(|old| old.id == run.id && old.status == "running");
        let is_new = before.runs.iter().all(|old| old.id < run.id);
        if was_running || is_new {
            let how = if run.status == "succeeded" { t.succeeded } else { t.failed };
            said.push((t.say_run_ended)(run.id, how));
        }
    }
    for alert in &now.alerts {
        let old = before.alerts.iter().find(|old| old.rule == alert.rule);
        if old.is_none_or(|old| (old.state, old.since) != (alert.state, alert.since)) {
            let say = if alert.state == AlertState::Firing { t.say_alert } else { t.say_resolved };
            said.push(say((t.alert)(alert.rule).cause));
        }
    }
    let last = before.errors.iter().map(|failure| failure.last.id).max().unwrap_or(0);
    if let Some(error) = now.errors.first().filter(|failure| failure.last.id > last) {
        said.push((t.say_error)(parts::advice(&error.last, t).cause));
    }
    said
}
