//! One run: its report, what to do when the brake ended it, and its records, what failed first.
//!
//! **Invariants:** [`ROWS`] records are on a page; every record that the run logged is on one of its pages, and the first says how many there are.

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    response::Response,
};

use super::{
    format::{self, Clock},
    parts::{self, RunView},
    state::Dashboard,
    texts::{Advice, Texts},
    visitor::{Frame, Operator},
    wrong::{Trouble, Wrong},
};
use crate::{
    alerts::Rule,
    db::{history::LogRow, run_logs::RunSums},
    http::{pages, problem::Problem},
    monitor::{Monitor, history::Run},
};

/// Records on a page.
const ROWS: i64 = 50;

/// No run has that many pages; what asks for a later one makes no sense.
const MAX_PAGE: i64 = 1_000_000;

#[derive(Template)]
#[template(path = "dashboard/run.html", config = "src/http/askama.toml")]
struct RunPage {
    frame: Frame,
    run: RunView,
    /// With the day, for it may be read on any.
    started: String,
    finished: Option<String>,
    /// What to do about a run that the brake ended.
    braked: Option<Advice>,
    counts: Vec<(&'static str, String)>,
    report: Option<String>,
    records: Vec<Logged>,
    sums: String,
    pages: Option<Pages>,
}

/// Where this is among the pages of a run's records.
struct Pages {
    shown: String,
    before: Option<i64>,
    after: Option<i64>,
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
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    State(dashboard): State<Dashboard>,
    State(monitor): State<Monitor>,
) -> Result<Response, Trouble> {
    let unknown = || Trouble::unknown(Wrong::Run, "There is no run with this number.");
    let id: i64 = id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(unknown)?;
    let page = page_of(query.as_deref().unwrap_or_default());
    let found = monitor.run_by_worst(id, ROWS, (page - 1) * ROWS).await;
    let details = found.map_err(|error| Problem::from(&error))?.ok_or_else(unknown)?;
    let (clock, sums) = (dashboard.clock(operator.texts()), details.sums);
    let t = clock.t;
    let page = RunPage {
        started: clock.moment(details.run.started_at),
        finished: details.run.finished_at.map(|time| clock.moment(time)),
        braked: details.run.braked.then(|| (t.alert)(Rule::BrakePulled)),
        counts: counts(&details.run, clock),
        records: details.logs.iter().map(|row| logged_as(row, t)).collect(),
        sums: (t.logged_sum)(
            &format::count(sums.errors),
            &format::count(sums.warnings),
            &format::count(sums.successes),
        ),
        pages: pages_of(page, sums, t),
        run: RunView::new(&details.run, clock),
        report: details.run.report,
        frame: operator.frame(),
    };
    Ok(pages::render(&page, &dashboard.inner.policy))
}

/// The page that is asked for, from 1; what is no number is the first.
fn page_of(query: &str) -> i64 {
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "page");
    given.and_then(|(_, page)| page.parse().ok()).filter(|page| (1..=MAX_PAGE).contains(page)).unwrap_or(1)
}

/// Nothing when one page has them all.
fn pages_of(page: i64, sums: RunSums, t: &'static Texts) -> Option<Pages> {
    let all = sums.all();
    let last = (all + ROWS - 1) / ROWS;
    let from = ((page - 1) * ROWS + 1).min(all);
    let to = (page * ROWS).min(all);
    (last > 1).then(|| Pages {
        shown: (t.logged_part)(&format::count(from), &format::count(to), &format::count(all)),
        before: (page > 1).then(|| (page - 1).min(last)),
        after: (page < last).then_some(page + 1),
    })
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
