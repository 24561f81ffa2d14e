//! What an operator may do: start runs, replay, empty the cache, call Airtable again.
//!
//! Each action is first asked about (`GET /dashboard/confirm/…`, which the script shows in a dialog) and then done (`POST
//! /dashboard/actions/…`), after which the browser goes back to the page with a word on what became of it.
//!
//! **Invariants:** nothing is done without a form of the operator's own page ([`own_form`]). What is done is the same as by the API
//! (`http::runs`, `http::ops`).

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    state::{Dashboard, HOME},
    texts::{Question, Texts},
    visitor::{Fields, Frame, Operator, own_form},
    wrong::{Trouble, Wrong},
};
use crate::{
    catalog::Catalog,
    db::{Db, DbError},
    domain::{RecordId, Trigger},
    http::{
        pages,
        problem::Problem,
        state::{AppState, Limits},
    },
    sync::{Engine, RunError, Scope, SyncError},
};

/// Something that can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Full,
    CatchUp,
    Replay,
    ReplayFailed,
    Invalidate,
    Resume,
}

impl Action {
    const ALL: [Self; 6] =
        [Self::Full, Self::CatchUp, Self::Replay, Self::ReplayFailed, Self::Invalidate, Self::Resume];

    /// Its word in addresses.
    fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::CatchUp => "catch-up",
            Self::Replay => "replay",
            Self::ReplayFailed => "replay-failed",
            Self::Invalidate => "invalidate",
            Self::Resume => "resume",
        }
    }

    fn by_word(word: Result<Path<String>, PathRejection>) -> Result<Self, Trouble> {
        let found =
            word.ok().and_then(|Path(word)| Self::ALL.into_iter().find(|action| action.word() == word));
        found.ok_or_else(|| Trouble::unknown(Wrong::Action, "The dashboard has no such action."))
    }

    fn question(self, t: &'static Texts) -> &'static Question {
        match self {
            Self::Full => &t.confirm_full,
            Self::CatchUp => &t.confirm_catch_up,
            Self::Replay => &t.confirm_replay,
            Self::ReplayFailed => &t.confirm_replay_failed,
            Self::Invalidate => &t.confirm_invalidate,
            Self::Resume => &t.confirm_resume,
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/confirm.html", config = "src/http/askama.toml")]
struct Confirm {
    frame: Frame,
    action: &'static str,
    question: &'static Question,
    record: Option<RecordId>,
    /// What the record is called, when it is known.
    vehicle: Option<String>,
    may_force: bool,
}

pub(super) async fn ask(
    operator: Operator,
    word: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    State(dashboard): State<Dashboard>,
    State(db): State<Db>,
) -> Result<Response, Trouble> {
    let action = Action::by_word(word)?;
    let query = query.unwrap_or_default();
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "record");
    let record = match action {
        Action::Replay => Some(record(given.as_ref().map_or("", |(_, value)| value))?),
        _ => None,
    };
    let vehicle = match &record {
        // The question can be asked without it.
        Some(record) => db.title_of(record).await.ok().flatten(),
        None => None,
    };
    let page = Confirm {
        action: action.word(),
        question: action.question(operator.texts()),
        record,
        vehicle,
        may_force: action == Action::Full,
        frame: Frame { path: HOME.to_owned(), ..operator.frame() },
    };
    Ok(pages::render(&page, &dashboard.inner.policy))
}

fn record(text: &str) -> Result<RecordId, Trouble> {
    let detail = "record should be a record id such as recA1b2C3d4E5f6G7.";
    text.parse().map_err(|_| Trouble::new(Wrong::Record, Problem::parameter("record", detail)))
}

/// The parts that actions use.
#[derive(Clone, axum::extract::FromRequestParts)]
#[from_request(state(AppState))]
pub(super) struct Hands {
    #[from_request(via(State))]
    engine: Engine,
    #[from_request(via(State))]
    catalog: Catalog,
    #[from_request(via(State))]
    db: Db,
    #[from_request(via(State))]
    dashboard: Dashboard,
    #[from_request(via(State))]
    limits: Arc<Limits>,
}

pub(super) async fn act(
    operator: Operator,
    word: Result<Path<String>, PathRejection>,
    hands: Hands,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Trouble> {
    let action = Action::by_word(word)?;
    let form = own_form(&operator, &hands.dashboard, &headers, (body, &hands.limits)).await?;
    tracing::info!(dashboard.action = action.word(), "an operator acts");
    let done = match hands.carry_out(action, &form).await? {
        Ok(done) => done,
        Err(error) => {
            tracing::warn!(error = %error, dashboard.action = action.word(), "an action on the dashboard failed");
            if error.is_transient() { "away" } else { "not-begun" }.to_owned()
        }
    };
    Ok(Redirect::to(&format!("{HOME}?done={done}")).into_response())
}

impl Hands {
    /// Does it, and gives the word on what became of it.
    async fn carry_out(&self, action: Action, form: &Fields) -> Result<Result<String, DbError>, Trouble> {
        let scope = match action {
            Action::Full => Scope::Full { force: form.get("force") == "true" },
            Action::CatchUp => Scope::CatchUp,
            Action::Replay => Scope::Records(vec![record(form.get("record"))?]),
            Action::ReplayFailed => match self.engine.failed_records().await {
                Ok(records) if records.is_empty() => return Ok(Ok("nothing".to_owned())),
                Ok(records) => Scope::Records(records),
                Err(error) => return Ok(Err(error)),
            },
            Action::Invalidate => {
                // First the others: when the database is away nothing is dropped.
                let told = self.db.announce_invalidation().await;
                return Ok(told.map(|()| {
                    self.catalog.clear();
                    "emptied".to_owned()
                }));
            }
            Action::Resume => return Ok(self.engine.resume_airtable().await.map(|()| "resumed".to_owned())),
        };
        let trigger = match action {
            Action::Replay | Action::ReplayFailed => Trigger::Replay,
            _ => Trigger::Manual,
        };
        Ok(Ok(self.start(scope, trigger).await))
    }

    async fn start(&self, scope: Scope, trigger: Trigger) -> String {
        match self.engine.start_run(scope, trigger).await {
            Ok(run) => format!("run-{}", run.0),
            Err(RunError::Busy(_)) => "busy".to_owned(),
            Err(error) => {
                tracing::warn!(error = %error, "a run could not be begun from the dashboard");
                let away =
                    matches!(&error, RunError::Sync(SyncError::Database(error)) if error.is_transient());
                if away { "away" } else { "not-begun" }.to_owned()
            }
        }
    }
}
