//! What a page of the dashboard cannot show or do, as a page in the reader's language.
//!
//! **Invariants:** whoever asks for HTML gets a page with the same status and a way back; everybody else gets problem details, as everywhere.
//! No handler has to know which: [`in_words`] turns the one into the other, for errors of the edge too.

use askama::Template;
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    HOME,
    language::Language,
    texts::Advice,
    visitor::{Frame, is_local},
};
use crate::http::{
    Problem,
    pages::{Assets, Policy},
};

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
    fn of_status(status: StatusCode) -> Self {
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

#[derive(Template)]
#[template(path = "dashboard/trouble.html", config = "src/http/askama.toml")]
struct TroublePage {
    frame: Frame,
    status: u16,
    advice: Advice,
}

/// Makes pages of problems for those who read pages.
pub(super) async fn in_words(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !wants_html(headers) {
        return next.run(request).await;
    }
    let language = Language::of(headers);
    let path = Some(request.uri().path().to_owned()).filter(|path| is_local(path));
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind != "application/problem+json") {
        return response;
    }
    let status = response.status();
    let wrong = response.extensions().get().copied().unwrap_or_else(|| Wrong::of_status(status));
    let t = language.texts();
    let page = TroublePage {
        frame: Frame { t, assets: Assets, path: path.unwrap_or_else(|| HOME.to_owned()), form_token: None },
        status: status.as_u16(),
        advice: (t.trouble)(wrong),
    };
    let Ok(html) = page.render() else { return response };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(Policy::with_pictures_from(&[]).headers());
    Response::from_parts(parts, Body::from(html))
}

/// Whether a browser asks that shows what it gets.
fn wants_html(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|range| {
        let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
        kind.trim().eq_ignore_ascii_case("text/html") && parameters.trim() != "q=0"
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_page_is_for_those_who_name_html() {
        for (accept, html) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json, TEXT/HTML;q=0.1", true),
            ("text/html;q=0", false),
            ("*/*", false),
            ("text/event-stream", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(wants_html(&headers), html, "{accept}");
        }
        assert!(!wants_html(&HeaderMap::new()));
    }
}
