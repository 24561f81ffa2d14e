//! One run: its report, and the records that it warned of or failed with.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    Dashboard,
    format::{self, Clock},
    parts::{self, RunView},
    texts::{Advice, Texts},
    visitor::{Frame, Operator},
};
use crate::{
    db::history::{LogFilter, LogRow},
    http::{Problem, pages},
    monitor::{Monitor, history::Run},
};

/// Records shown at most.
const ROWS: i64 = 50;

#[derive(Template)]
#[template(path = "dashboard/run.html", config = "src/http/askama.toml")]
struct RunPage {
    frame: Frame,
    run: RunView,
    counts: Vec<(&'static str, String)>,
    report: Option<String>,
    records: Vec<Logged>,
}

/// A record of the run.
struct Logged {
    what: String,
    record: Option<String>,
    class: &'static str,
    state: &'static str,
    message: String,
    advice: Option<Advice>,
}

pub(super) async fn show(
    operator: Operator,
    Path(id): Path<i64>,
    State(dashboard): State<Dashboard>,
    State(monitor): State<Monitor>,
) -> Result<Response, Problem> {
    let logged = LogFilter { limit: ROWS, ..LogFilter::default() };
    let found = monitor.run(id, logged).await.map_err(|error| Problem::from(&error))?;
    let Some(details) = found else {
        return Err(Problem::new(StatusCode::NOT_FOUND, format!("There is no run with the number {id}.")));
    };
    let clock = dashboard.clock(operator.texts());
    let page = RunPage {
        counts: counts(&details.run, clock),
        records: details.logs.iter().map(|row| logged_as(row, clock.t)).collect(),
        run: RunView::new(&details.run, clock),
        report: details.run.report,
        frame: operator.frame(),
    };
    Ok(pages::render(&page, &dashboard.inner.policy))
}

fn counts(run: &Run, clock: Clock) -> Vec<(&'static str, String)> {
    let (t, counts) = (clock.t, &run.counts);
    let numbers = [
        (t.pages, counts.pages),
        (t.requests, counts.api_calls),
        (t.seen, counts.seen),
        (t.created, counts.created),
        (t.updated, counts.updated),
        (t.unchanged, counts.unchanged),
        (t.archived, counts.archived),
        (t.deleted, counts.deleted),
        (t.warnings, counts.warnings),
        (t.not_stored, counts.failed),
    ];
    numbers.into_iter().map(|(name, number)| (name, format::count(number.into()))).collect()
}

fn logged_as(row: &LogRow, t: &'static Texts) -> Logged {
    let (class, state) = match row.status.as_str() {
        "success" => ("good", t.success),
        "warning" => ("warn", t.warning),
        _ => ("bad", t.error),
    };
    Logged {
        what: row.vehicle_title.as_deref().or(row.record_id.as_deref()).unwrap_or(t.whole_run).to_owned(),
        record: row.record_id.clone(),
        class,
        state,
        message: row.message.clone().unwrap_or_default(),
        advice: (row.status == "error").then(|| parts::advice(row, t)),
    }
}
