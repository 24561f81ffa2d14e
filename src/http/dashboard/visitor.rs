//! Who looks at a page: anybody, or an operator.
//!
//! **Invariants:** an [`Operator`] has a session that is not over. `Form` is only ever made of what an operator's own page sent.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    cookie,
    language::Language,
    session::Session,
    state::{Dashboard, HOME},
    texts::Texts,
    wrong::{Trouble, Wrong},
};
use crate::http::{body, pages::Assets, problem::Problem, state::Limits};

/// Anybody, with what every page shows.
#[derive(Clone)]
pub(super) struct Visitor {
    /// In which language.
    pub(super) language: Language,
    /// Where: the path alone.
    pub(super) path: String,
}

impl Visitor {
    /// What the frame of every page needs.
    pub(super) fn frame(&self) -> Frame {
        Frame { t: self.language.texts(), assets: Assets, path: self.path.clone(), form_token: None }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self { language: Language::of(&parts.headers), path: parts.uri.path().to_owned() })
    }
}

/// Somebody who is logged in.
#[derive(Clone)]
pub(super) struct Operator {
    pub(super) visitor: Visitor,
    pub(super) session: Session,
    /// What this session's forms carry.
    pub(super) form_token: String,
}

impl Operator {
    /// What the frame of every page needs.
    pub(super) fn frame(&self) -> Frame {
        Frame { form_token: Some(self.form_token.clone()), ..self.visitor.frame() }
    }

    pub(super) fn texts(&self) -> &'static Texts {
        self.visitor.language.texts()
    }
}

/// Without a session: to the log-in page, and back from there.
pub(super) struct NotLoggedIn {
    /// The page to come back to; what was sent is not sent again.
    back: Option<String>,
}

impl IntoResponse for NotLoggedIn {
    fn into_response(self) -> Response {
        let back = self.back.filter(|path| is_local(path) && path != HOME);
        let back = back.map_or_else(String::new, |path| format!("?next={path}"));
        ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&format!("{HOME}/login{back}"))).into_response()
    }
}

impl<S> FromRequestParts<S> for Operator
where
    Dashboard: FromRef<S>,
    S: Sync,
{
    type Rejection = NotLoggedIn;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NotLoggedIn> {
        let sessions = &Dashboard::from_ref(state).inner.sessions;
        let visitor = Visitor { language: Language::of(&parts.headers), path: parts.uri.path().to_owned() };
        let session = cookie::of(&parts.headers, cookie::SESSION)
            .and_then(|cookie| sessions.of_cookie(cookie, crate::clock::now()));
        match session {
            Some(session) => Ok(Self { form_token: sessions.form_token(&session), visitor, session }),
            None => Err(NotLoggedIn { back: parts.method.is_safe().then_some(visitor.path) }),
        }
    }
}

/// What every page's frame shows.
pub(super) struct Frame {
    /// In the visitor's language.
    pub(super) t: &'static Texts,
    pub(super) assets: Assets,
    /// Where this is, for coming back to it.
    pub(super) path: String,
    /// Of an operator: what forms carry.
    pub(super) form_token: Option<String>,
}

/// Whether a text is the path of a page of the dashboard, and so a place to go back to.
pub(super) fn is_local(path: &str) -> bool {
    let below = path.strip_prefix(HOME).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    below
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte))
        && !path.contains("//")
}

/// Whether the browser says that one of our own pages sent the form; `None`: it says nothing, as programs that are no browsers.
pub(super) fn said_from_here(headers: &HeaderMap) -> Option<bool> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => Some(site == "same-origin"),
        (None, Some(origin)) => Some(origin.split_once("://").map(|(_, host)| host) == text("host")),
        (None, None) => None,
    }
}

/// Whether nothing says that the form came from elsewhere.
pub(super) fn is_from_here(headers: &HeaderMap) -> bool {
    said_from_here(headers) != Some(false)
}

/// The fields of a form, each with its first value.
pub(super) struct Fields(HashMap<String, String>);

impl Fields {
    pub(super) async fn read(body: Body, limits: &Arc<Limits>) -> Result<Self, Problem> {
        let body = body::read(body, limits, "a form of the dashboard is shorter").await?;
        let mut fields = HashMap::new();
        for (name, value) in form_urlencoded::parse(&body) {
            fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        Ok(Self(fields))
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// The fields of a form that one of this session's own pages sent.
pub(super) async fn own_form(
    operator: &Operator,
    dashboard: &Dashboard,
    headers: &HeaderMap,
    (body, limits): (Body, &Arc<Limits>),
) -> Result<Fields, Trouble> {
    let fields = Fields::read(body, limits).await?;
    let is_ours = dashboard.inner.sessions.is_form_token(&operator.session, fields.get("token"));
    if is_ours && is_from_here(headers) { Ok(fields) } else { Err(foreign_form()) }
}

/// A form that no page of this session sent.
pub(super) fn foreign_form() -> Trouble {
    let detail = "The form was not sent by a page of this session; go back to the dashboard and try again.";
    Trouble::new(Wrong::Form, Problem::new(StatusCode::FORBIDDEN, detail))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn one_comes_back_to_pages_of_the_dashboard_alone() {
        for local in ["/dashboard", "/dashboard/runs/12", "/dashboard/confirm/catch-up"] {
            assert!(is_local(local), "{local}");
        }
        for elsewhere in [
            "",
            "/",
            "/dashboards",
            "//evil.example/dashboard",
            "/dashboard//evil",
            "/dashboard/../x",
            "/dashboard?x",
            "/dashboard/\r\n",
        ] {
            assert!(!is_local(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_form_that_another_site_sent_is_known_by_what_the_browser_says() {
        for (site, origin, ours) in [
            (Some("same-origin"), Some("https://anything.example"), true),
            (Some("same-site"), None, false),
            (Some("cross-site"), Some("http://here.example"), false),
            (Some("none"), None, false),
            (None, Some("http://here.example"), true),
            (None, Some("https://evil.example"), false),
            (None, Some("null"), false),
            (None, None, true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("here.example"));
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(is_from_here(&headers), ours, "{site:?} {origin:?}");
        }
    }
}
