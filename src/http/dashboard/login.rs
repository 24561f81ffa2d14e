//! Logging in and out, and the choice of the language.
//!
//! **Invariants:** the token is compared in constant time, after a try was taken from the client's allowance; it is never written back into
//! a page.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use askama::Template;
use axum::{
    body::Body,
    extract::{ConnectInfo, Path, RawQuery, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    cookie,
    language::Language,
    state::{Dashboard, HOME},
    visitor::{Fields, Frame, Operator, Visitor, foreign_form, is_from_here, is_local, said_from_here},
    wrong::{Trouble, Wrong},
};
use crate::http::{auth::Credentials, pages, problem::Problem, state::Limits};

#[derive(Template)]
#[template(path = "dashboard/login.html", config = "src/http/askama.toml")]
struct LoginPage {
    frame: Frame,
    next: String,
    said: Option<Said>,
}

/// What the page says beside asking for the token.
enum Said {
    Wrong,
    Wait(u64),
    Elsewhere,
    LoggedOut,
}

impl LoginPage {
    fn message(&self) -> Option<String> {
        let t = self.frame.t;
        Some(match self.said.as_ref()? {
            Said::Wrong => t.login_wrong.to_owned(),
            Said::Wait(seconds) => (t.login_wait)(*seconds),
            Said::Elsewhere => t.login_elsewhere.to_owned(),
            Said::LoggedOut => t.logged_out.to_owned(),
        })
    }

    fn is_trouble(&self) -> bool {
        !matches!(self.said, None | Some(Said::LoggedOut))
    }
}

pub(super) async fn show(
    visitor: Visitor,
    operator: Result<Operator, super::visitor::NotLoggedIn>,
    State(dashboard): State<Dashboard>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let next = next(&query);
    if operator.is_ok() {
        return Redirect::to(&next).into_response();
    }
    let said = query.split('&').any(|pair| pair == "out").then_some(Said::LoggedOut);
    pages::render(&LoginPage { frame: visitor.frame(), next, said }, &dashboard.inner.policy)
}

pub(super) async fn log_in(
    visitor: Visitor,
    State(dashboard): State<Dashboard>,
    State(credentials): State<Credentials>,
    State(limits): State<Arc<Limits>>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let fields = Fields::read(body, &limits).await?;
    let next = if is_local(fields.get("next")) { fields.get("next") } else { HOME }.to_owned();
    let said = match dashboard.check(&credentials, peer, &headers, fields.get("token")) {
        Ok(()) => {
            let now = crate::clock::now();
            let session = dashboard.inner.sessions.begin(now);
            let value = dashboard.inner.sessions.cookie(&session);
            let cookie = cookie::session(&value, session.until, now, &headers);
            tracing::info!(client.address = %peer.0.ip(), "an operator has logged in to the dashboard");
            return Ok(go(&next, cookie));
        }
        Err(said) => said,
    };
    let status =
        if matches!(said, Said::Wait(_)) { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::FORBIDDEN };
    let wait = if let Said::Wait(seconds) = said { Some(seconds) } else { None };
    let page = LoginPage {
        frame: Frame { path: format!("{HOME}/login"), ..visitor.frame() },
        next,
        said: Some(said),
    };
    let mut response = (status, pages::render(&page, &dashboard.inner.policy)).into_response();
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

impl Dashboard {
    /// Whether the token is that of the operators; one who was wrong too often is told to wait.
    fn check(
        &self,
        credentials: &Credentials,
        peer: ConnectInfo<SocketAddr>,
        headers: &HeaderMap,
        token: &str,
    ) -> Result<(), Said> {
        if !is_from_here(headers) {
            return Err(Said::Elsewhere);
        }
        // Whoever knows the token is let in, however often others were wrong who come by the same address, as all do behind a proxy that
        // nothing is said of.
        if credentials.is_admin(token.trim().as_bytes()) {
            return Ok(());
        }
        let client = self.client(peer, headers);
        self.inner.throttle.take(client).map_err(|wait| Said::Wait(whole_seconds(wait)))?;
        tracing::warn!(client.address = %client, "somebody tried to log in to the dashboard with a wrong token");
        Err(Said::Wrong)
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

pub(super) async fn log_out(
    operator: Operator,
    State(dashboard): State<Dashboard>,
    State(limits): State<Arc<Limits>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Trouble> {
    let fields = Fields::read(body, &limits).await?;
    let sessions = &dashboard.inner.sessions;
    // A tab whose page is of an earlier session may log out too; only another site may not.
    let is_ours = said_from_here(&headers)
        .unwrap_or_else(|| sessions.is_form_token(&operator.session, fields.get("token")));
    if !is_ours {
        return Err(foreign_form());
    }
    sessions.end(&operator.session, crate::clock::now());
    Ok(go(&format!("{HOME}/login?out"), cookie::no_session(&headers)))
}

pub(super) async fn choose_language(
    code: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let Some(language) = code.ok().and_then(|Path(code)| Language::by_code(&code)) else {
        return Err(Trouble::unknown(Wrong::Page, "The dashboard speaks es and en."));
    };
    Ok(go(&next(&query.unwrap_or_default()), cookie::language(language.code(), &headers)))
}

/// The page of the dashboard that `next` names, else its front.
fn next(query: &str) -> String {
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next");
    given.map(|(_, path)| path.into_owned()).filter(|path| is_local(path)).unwrap_or_else(|| HOME.to_owned())
}

fn go(path: &str, cookie: HeaderValue) -> Response {
    let mut response = Redirect::to(path).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
