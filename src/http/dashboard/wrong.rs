//! What can go wrong on the dashboard, told apart as far as its texts do.
//!
//! **Invariants:** a [`Trouble`] is a problem as everywhere; the kind travels beside it in the response, for the page that
//! `trouble::in_words` makes of it.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::http::problem::Problem;

/// What is wrong, as far as a page tells it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// There is no such page.
    Page,
    /// There is no run with that number.
    Run,
    /// There is no such action.
    Action,
    /// That is no record's id.
    Record,
    /// The form belongs to another session, or comes from another site.
    Form,
    /// The address is not for this way of asking.
    Method,
    /// The database, or a place, is not there at the moment.
    Away,
    /// A mistake of ours.
    Broken,
    /// Anything else that the request should not have.
    Request,
}

impl Wrong {
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::Page,
            StatusCode::FORBIDDEN => Self::Form,
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            StatusCode::SERVICE_UNAVAILABLE => Self::Away,
            status if status.is_server_error() => Self::Broken,
            _ => Self::Request,
        }
    }
}

/// A problem of the dashboard.
#[derive(Debug)]
pub(super) struct Trouble {
    wrong: Wrong,
    problem: Problem,
}

impl Trouble {
    pub(super) fn new(wrong: Wrong, problem: Problem) -> Self {
        Self { wrong, problem }
    }

    /// There is nothing of that kind.
    pub(super) fn unknown(wrong: Wrong, detail: impl Into<String>) -> Self {
        Self::new(wrong, Problem::new(StatusCode::NOT_FOUND, detail))
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::new(Wrong::of_status(problem.status()), problem)
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.problem.into_response();
        response.extensions_mut().insert(self.wrong);
        response
    }
}
