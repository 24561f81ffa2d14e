//! What a page of the dashboard cannot show or do, as a page in the reader's language.
//!
//! **Invariants:** whoever asks for HTML gets a page with the same status and a way back; everybody else gets problem details, as everywhere.
//! No handler has to know which: [`in_words`] turns the one into the other, for errors of the edge too.

use askama::Template;
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

use super::{
    language::Language,
    state::HOME,
    texts::Advice,
    visitor::{Frame, is_local},
    wrong::Wrong,
};
use crate::http::pages::{Assets, Policy};

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
