//! What failed lately: why, and what to do.

use askama::Template;
use serde_json::Value;

use super::T;
use crate::{
    airtable::Kind,
    db::history::LogRow,
    http::dashboard::{
        format::{self, Clock},
        snapshot::Snapshot,
        texts::{Advice, Texts},
    },
};

#[derive(Template)]
#[template(path = "dashboard/parts/errors.html", config = "src/http/askama.toml")]
pub(super) struct Errors {
    t: T,
    errors: Vec<Failure>,
}

/// An error as it is shown.
struct Failure {
    id: i64,
    time: String,
    stamp: String,
    /// The vehicle's title, its id, or that it was a whole run.
    what: String,
    record: Option<String>,
    advice: Advice,
    message: String,
    facts: String,
}

impl Errors {
    pub(super) fn new(now: &Snapshot, clock: Clock) -> Self {
        Self { t: clock.t, errors: now.errors.iter().map(|row| failure(row, clock)).collect() }
    }
}

fn failure(row: &LogRow, clock: Clock) -> Failure {
    let t = clock.t;
    let what = row.vehicle_title.as_deref().or(row.record_id.as_deref()).unwrap_or(t.whole_run).to_owned();
    let status = row.http_status.map(|status| format!("HTTP {status}"));
    let took = row.duration_ms.map(|ms| format::duration(ms.into()));
    let tries = row.attempt_number.filter(|tries| *tries > 1).map(t.tries);
    let facts = [Some(row.sync_type.clone()), row.source.clone(), status, took, tries];
    Failure {
        id: row.id,
        time: clock.time(row.created_at),
        stamp: row.created_at.to_rfc3339(),
        what,
        record: row.record_id.clone(),
        advice: advice(row, t),
        message: row.message.clone().unwrap_or_default(),
        facts: facts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
    }
}

/// Why a logged failure happened and what to do, by what was logged with it.
pub(in crate::http::dashboard) fn advice(row: &LogRow, t: &'static Texts) -> Advice {
    let details = row.error_details.as_ref().unwrap_or(&Value::Null);
    let kind = || serde_json::from_value::<Kind>(details["kind"].clone()).ok();
    match details["from"].as_str() {
        Some("airtable") => kind().map_or(t.unknown, t.airtable),
        Some("database") => t.database,
        Some("vitrina") => t.stopping,
        _ if row.record_id.is_none() => t.run_failed,
        _ => t.unknown,
    }
}
