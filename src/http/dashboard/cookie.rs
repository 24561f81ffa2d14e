//! Cookies in and out.
//!
//! **Invariants:** the session's cookie is out of reach of scripts (`HttpOnly`), is not sent by requests that other sites make
//! (`SameSite=Lax`: only following a link shows the page, and showing changes nothing), goes nowhere but to the dashboard, and over
//! TLS alone when the browser came by TLS.

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{DateTime, Utc};

/// The cookie of the session.
pub(super) const SESSION: &str = "vitrina_session";
/// The cookie of the language.
pub(super) const LANGUAGE: &str = "vitrina_language";
/// How long the language is remembered, in seconds: a year.
const REMEMBERED: i64 = 365 * 24 * 3600;

/// The value of a cookie; of several with the name, the first.
pub(super) fn of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|list| list.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// Whether the browser came by TLS, as the proxy in front says. Who says so wrongly only deprives himself of his cookie.
fn by_tls(headers: &HeaderMap) -> bool {
    let scheme = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok()).unwrap_or_default();
    scheme.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("https"))
}

/// Sets the session's cookie until the session's end.
pub(super) fn session(
    value: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
    request: &HeaderMap,
) -> HeaderValue {
    let seconds = (until - now).num_milliseconds().max(0).unsigned_abs().div_ceil(1000);
    set(&format!("{SESSION}={value}; Path=/dashboard; Max-Age={seconds}; HttpOnly; SameSite=Lax"), request)
}

/// Takes the session's cookie away.
pub(super) fn no_session(request: &HeaderMap) -> HeaderValue {
    set(&format!("{SESSION}=; Path=/dashboard; Max-Age=0; HttpOnly; SameSite=Lax"), request)
}

/// Remembers the language.
pub(super) fn language(code: &str, request: &HeaderMap) -> HeaderValue {
    set(&format!("{LANGUAGE}={code}; Path=/dashboard; Max-Age={REMEMBERED}; HttpOnly; SameSite=Lax"), request)
}

fn set(cookie: &str, request: &HeaderMap) -> HeaderValue {
    let secure = if by_tls(request) { "; Secure" } else { "" };
    // Base64, digits and points alone.
    HeaderValue::from_str(&format!("{cookie}{secure}")).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("x=1; not_vitrina_session=2;vitrina_session=a.b.c="),
        );
        headers.append(header::COOKIE, HeaderValue::from_static("vitrina_session=second"));
        assert_eq!(of(&headers, SESSION), Some("a.b.c="));
        assert_eq!(of(&headers, LANGUAGE), None);
    }

    #[test]
    fn only_what_came_by_tls_is_secure() {
        let mut headers = HeaderMap::new();
        assert!(!no_session(&headers).to_str().unwrap().contains("Secure"));
        headers.insert("x-forwarded-proto", HeaderValue::from_static("http, HTTPS"));
        assert!(no_session(&headers).to_str().unwrap().ends_with("; Secure"));
    }
}
