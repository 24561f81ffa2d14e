//! What failed and is not settled: why, and what to do.
//!
//! One entry for each record; what was synced since is gone from here.

use askama::Template;
use serde_json::Value;

use super::{T, runs::kind_of};
use crate::{
    airtable::Kind,
    db::{failures::Unsettled, history::LogRow},
    domain::Trigger,
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
    /// What failed, for the page.
    key: String,
    time: String,
    stamp: String,
    /// The vehicle's title, its id, or which run it was.
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

fn failure(unsettled: &Unsettled, clock: Clock) -> Failure {
    let (t, row) = (clock.t, &unsettled.last);
    let run = || match unsettled.run_kind.as_deref() {
        Some(kind) => format!("{}: {}", t.whole_run, kind_of(kind, t)),
        None => t.whole_run.to_owned(),
    };
    let what = row.vehicle_title.clone().or_else(|| row.record_id.clone()).unwrap_or_else(run);
    let times = (unsettled.times > 1)
        .then(|| (t.times)(&format::count(unsettled.times), &clock.time(unsettled.since)));
    let reason = Trigger::parse(&row.sync_type)
        .map_or_else(|| row.sync_type.clone(), |trigger| (t.trigger)(trigger).to_owned());
    let status = row.http_status.map(|status| format!("HTTP {status}"));
    let took = row.duration_ms.map(|ms| format::duration(ms.into()));
    let tries = row.attempt_number.filter(|tries| *tries > 1).map(t.tries);
    let facts = [times, Some(reason), row.source.clone(), status, took, tries];
    Failure {
        key: row.record_id.clone().or_else(|| unsettled.run_kind.clone()).unwrap_or_default(),
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
