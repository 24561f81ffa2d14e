//! One id for each request, in its log lines and in its response.
//!
//! **Invariants:** the caller's `x-request-id` is kept if it is 1 to 64 letters, digits, `-`, `_` or `.`; any other is replaced, so
//! nothing that a caller writes can break a log line.

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, Span};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over.
const MAX_LENGTH: usize = 64;

/// The id of a request: the caller's, if sane.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    headers.get(&X_REQUEST_ID).filter(|id| is_sane(id)).cloned().unwrap_or_else(new_id)
}

/// Puts the id into every log line of a request to the router.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        request.id = request.headers().get(&X_REQUEST_ID).map(text),
        http.method = %request.method(),
        http.route = route
    );
    next.run(request).instrument(span).await
}

/// The span of a public read that has to load.
pub(super) fn span(id: &HeaderValue) -> Span {
    tracing::info_span!("request", request.id = text(id))
}

/// An id as text.
pub(super) fn text(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or_default()
}

fn is_sane(id: &HeaderValue) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// Not a UUID: its time-ordered form is made under a lock that all threads share.
fn new_id() -> HeaderValue {
    // `{:x}` of a u128 takes longer than the look-up of a whole page.
    let id = hex::encode(fastrand::u128(..).to_le_bytes());
    HeaderValue::from_maybe_shared(bytes::Bytes::from(id)).unwrap_or(HeaderValue::from_static("unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_our_own_is_32_digits_and_new_each_time() {
        let (one, other) = (new_id(), new_id());
        assert!(text(&one).len() == 32 && text(&one).bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
        assert_ne!(one, other);
    }

    #[test]
    fn only_a_sane_id_is_taken_over() {
        for sane in ["a", "0192-abc_DEF.1", &"x".repeat(64)] {
            assert!(is_sane(&HeaderValue::from_str(sane).unwrap()), "{sane}");
        }
        for odd in ["", "two words", "a\"b", &"x".repeat(65)] {
            assert!(!is_sane(&HeaderValue::from_str(odd).unwrap()), "{odd}");
        }
    }
}
