//! `/dashboard`: the page on which operators see the service's health at a glance, and act.
//!
//! It is rendered here, in Spanish or English, and works without JavaScript; a small script keeps it up to date by the events of
//! [`live`], which bring the parts that have changed.
//!
//! **Invariants**
//! - Nothing but the log-in page is shown to those without a session ([`session`]); nothing is done by a `GET`.
//! - What is done needs a session, that session's token in the form, and a browser that says the form is ours ([`actions`]).
//! - Errors are pages too, for those who read pages ([`trouble`]).
//! - Whatever comes from Airtable, a log or an address is escaped by the templates; none of them says `safe` but for parts that
//!   templates made.
//!
//! **Not here:** the figures (`monitor`), troubles (`alerts`), what a run does (`sync`).

mod actions;
mod chart;
mod cookie;
mod format;
mod language;
mod live;
mod login;
mod news;
mod page;
mod parts;
mod run;
mod session;
mod snapshot;
mod state;
mod texts;
mod throttle;
mod trouble;
mod visitor;
mod wrong;

use axum::{
    Router, middleware,
    response::Redirect,
    routing::{any, get, post},
};

use self::state::HOME;
pub use self::{snapshot::Shown, state::Dashboard};
use super::{problem, state::AppState};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/dashboard", get(page::show))
        .route("/dashboard/", get(|| async { Redirect::permanent(HOME) }))
        .route("/dashboard/live", get(live::stream))
        .route("/dashboard/runs/{id}", get(run::show))
        .route("/dashboard/confirm/{action}", get(actions::ask))
        .route("/dashboard/actions/{action}", post(actions::act))
        .route("/dashboard/login", get(login::show).post(login::log_in))
        .route("/dashboard/logout", post(login::log_out))
        .route("/dashboard/language/{code}", get(login::choose_language))
        .route("/dashboard/{*rest}", any(problem::unknown_route))
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(middleware::from_fn(trouble::in_words))
}
