//! Failures, told in a sentence, and the reading of Airtable's error bodies.
//!
//! **Invariants:** the token is in no error: none is made from a request, and reqwest's errors lose their URL. What comes from
//! outside is cut to [`MAX_QUOTED_CHARS`] and freed of control characters.
//!
//! **Sources:** four shapes of error bodies: `{"error":"TYPE"}` and `{"error":{"type":…,"message":…}}`
//! (<https://airtable.com/developers/web/api/errors>), `{"errors":[{"error":…,"message":…}]}` (seen with 429), and no JSON at
//! all (414 and gateways).
//!
//! **Not here:** what follows from a failure ([`super::kind`]).

use std::{error::Error, fmt, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Kind;

/// How much of an answer an error quotes, in characters.
const MAX_QUOTED_CHARS: usize = 200;

/// A request to Airtable that brought no result. The text says what happened; [`Kind::remedy`] says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirtableError {
    /// What went wrong, as the table of [`Kind`] knows it.
    pub kind: Kind,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Airtable's name for the error, such as `INVALID_PERMISSIONS`.
    pub error_type: Option<String>,
    /// What happened, as a sentence without a full stop.
    pub message: String,
    /// How long Airtable asked us to wait; never zero.
    pub retry_after: Option<Duration>,
    /// How often the request was sent; 0 if it never was.
    pub attempts: u32,
    /// The first characters of the answer, for the log.
    pub body_start: String,
}

impl fmt::Display for AirtableError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempts {
            0 | 1 => out.write_str(&self.message),
            several => write!(out, "{} (after {several} attempts)", self.message),
        }
    }
}

impl Error for AirtableError {}

impl AirtableError {
    /// A failure without an answer worth quoting.
    pub(super) fn new(kind: Kind, message: String) -> Self {
        Self {
            kind,
            status: None,
            error_type: None,
            message,
            retry_after: None,
            attempts: 0,
            body_start: String::new(),
        }
    }

    /// An answer with another status than 200.
    pub(super) fn refused(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let ErrorBody { error_type, message } = ErrorBody::read(body);
        let said = match (&error_type, &message) {
            (Some(error_type), Some(message)) => format!(" {error_type}: {message}"),
            (Some(said), None) | (None, Some(said)) => format!(" {said}"),
            (None, None) => " without a reason".to_owned(),
        };
        Self {
            status: Some(status),
            retry_after,
            body_start: quoted(&String::from_utf8_lossy(body)),
            error_type: error_type.clone(),
            ..Self::new(
                Kind::of_answer(status, error_type.as_deref()),
                format!("Airtable answered {status}{said}"),
            )
        }
    }

    /// A 200 whose body is not what Airtable sends.
    pub(super) fn unreadable(problem: &serde_json::Error, body: &[u8]) -> Self {
        let problem = quoted(&problem.to_string());
        Self {
            status: Some(200),
            body_start: quoted(&String::from_utf8_lossy(body)),
            ..Self::new(
                Kind::BrokenResponse,
                format!("Airtable's answer is not what it should be: {problem}"),
            )
        }
    }

    /// A request that got no answer.
    pub(super) fn unanswered(cause: reqwest::Error) -> Self {
        if cause.is_connect() {
            Self::new(Kind::Unreachable, format!("Airtable cannot be reached: {}", chain(cause)))
        } else if cause.is_timeout() {
            Self::new(Kind::TimedOut, "Airtable did not answer in time".to_owned())
        } else {
            Self::new(
                Kind::Unreachable,
                format!("the connection to Airtable was lost before it answered: {}", chain(cause)),
            )
        }
    }

    /// A 200 whose body broke off.
    pub(super) fn broken_off(cause: reqwest::Error) -> Self {
        let (kind, message) = if cause.is_timeout() {
            (Kind::TimedOut, "Airtable did not finish its answer in time".to_owned())
        } else {
            (Kind::BrokenResponse, format!("Airtable's answer broke off: {}", chain(cause)))
        };
        Self { status: Some(200), ..Self::new(kind, message) }
    }

    /// A 200 whose body is larger than we read.
    pub(super) fn too_large(max_bytes: usize) -> Self {
        Self {
            status: Some(200),
            ..Self::new(
                Kind::TooLarge,
                format!("Airtable's answer is larger than airtable.max_response_bytes, {max_bytes} bytes"),
            )
        }
    }

    /// A request that was not sent, because the month's are used up.
    pub(super) fn stopped(until: DateTime<Utc>) -> Self {
        let until = until.format("%Y-%m-%d %H:%M UTC");
        Self::new(
            Kind::QuotaUsedUp,
            format!(
                "this month's Airtable requests are used up; none is sent before {until} unless an operator resumes"
            ),
        )
    }

    pub(super) fn after(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }
}

/// The client cannot be made from these settings.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The address is none.
    #[error(
        "airtable.api_url (AIRTABLE_API_URL) is {given:?}; it should be an http or https address such as https://api.airtable.com"
    )]
    ApiUrl {
        /// What the setting says.
        given: String,
    },
    /// The token cannot stand in a header.
    #[error(
        "airtable.api_key (AIRTABLE_API_KEY) has characters that no token has; it should be one line such as pat….…, without spaces"
    )]
    Token,
    /// TLS or the resolver could not be set up.
    #[error("the HTTP client for Airtable cannot be set up; check the system's CA certificates: {}", chain_of(.0))]
    Http(reqwest::Error),
}

/// What an error body says, as far as it is one.
#[derive(Debug, Default, PartialEq, Eq)]
struct ErrorBody {
    error_type: Option<String>,
    message: Option<String>,
}

impl ErrorBody {
    fn read(body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(quoted);
        // A member of `errors` names its type `error`, just as the shortest shape does.
        let entry = body.pointer("/errors/0").unwrap_or(&body);
        match entry.get("error") {
            Some(error @ Value::Object(_)) => {
                Self { error_type: text(error, "type"), message: text(error, "message") }
            }
            _ => Self {
                error_type: text(entry, "error").or_else(|| text(entry, "type")),
                message: text(entry, "message"),
            },
        }
    }
}

/// The beginning of a text from outside, on one line.
fn quoted(text: &str) -> String {
    let start = text.trim_start().chars().take(MAX_QUOTED_CHARS);
    start.map(|char| if char.is_control() { ' ' } else { char }).collect()
}

fn chain(error: reqwest::Error) -> String {
    chain_of(&error.without_url())
}

fn chain_of(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain_of(cause)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every body of Airtable that is known, with what it means.
    #[test]
    fn each_known_answer_is_understood() {
        #[rustfmt::skip]
        let known: &[(u16, &str, Kind, Option<&str>)] = &[
            (400, r#"{"error":"INVALID_REQUEST_BODY"}"#, Kind::InvalidRequest, Some("INVALID_REQUEST_BODY")),
            (401, r#"{"error":{"type":"AUTHENTICATION_REQUIRED","message":"Authentication required"}}"#, Kind::Unauthorized, Some("AUTHENTICATION_REQUIRED")),
            (401, r#"{"error":{"type":"UNAUTHORIZED","message":"Invalid authentication token"}}"#, Kind::Unauthorized, Some("UNAUTHORIZED")),
            (403, r#"{"error":{"type":"INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND","message":"Invalid permissions, or the requested model was not found."}}"#, Kind::Forbidden, Some("INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")),
            (403, r#"{"error":{"type":"INVALID_PERMISSIONS","message":"You are not permitted to perform this operation"}}"#, Kind::Forbidden, Some("INVALID_PERMISSIONS")),
            (404, r#"{"error":"NOT_FOUND"}"#, Kind::NotFound, Some("NOT_FOUND")),
            (404, r#"{"error":{"type":"NOT_FOUND"}}"#, Kind::NotFound, Some("NOT_FOUND")),
            (404, r#"{"error":{"type":"MODEL_ID_NOT_FOUND","message":"Record not found"}}"#, Kind::NotFound, Some("MODEL_ID_NOT_FOUND")),
            (404, r#"{"error":{"type":"TABLE_NOT_FOUND","message":"Could not find table x"}}"#, Kind::NotFound, Some("TABLE_NOT_FOUND")),
            (413, "", Kind::InvalidRequest, None),
            (414, "<html><body>414 Request-URI Too Large</body></html>", Kind::InvalidRequest, None),
            (422, r#"{"error":{"type":"INVALID_REQUEST_UNKNOWN","message":"Invalid request: parameter validation failed."}}"#, Kind::InvalidRequest, Some("INVALID_REQUEST_UNKNOWN")),
            (422, r#"{"error":{"type":"UNKNOWN_FIELD_NAME","message":"Unknown field name: \"X\""}}"#, Kind::InvalidRequest, Some("UNKNOWN_FIELD_NAME")),
            (422, r#"{"error":{"type":"INVALID_FILTER_BY_FORMULA","message":"The formula for filtering records is invalid: Unknown field names: x"}}"#, Kind::InvalidRequest, Some("INVALID_FILTER_BY_FORMULA")),
            (422, r#"{"error":{"type":"VIEW_NAME_NOT_FOUND","message":"View X not found"}}"#, Kind::InvalidRequest, Some("VIEW_NAME_NOT_FOUND")),
            (422, r#"{"error":{"type":"LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}"#, Kind::IteratorLost, Some("LIST_RECORDS_ITERATOR_NOT_AVAILABLE")),
            (422, r#"{"error":{"type":"INVALID_OFFSET_VALUE","message":"The value of offset x is invalid"}}"#, Kind::IteratorLost, Some("INVALID_OFFSET_VALUE")),
            (422, r#"{"error":"LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}"#, Kind::IteratorLost, Some("LIST_RECORDS_ITERATOR_NOT_AVAILABLE")),
            (422, r#"{"error":{"type":"TOO_MANY_WEBHOOKS_IN_BASE"}}"#, Kind::InvalidRequest, Some("TOO_MANY_WEBHOOKS_IN_BASE")),
            (429, r#"{"error":{"type":"RATE_LIMIT_REACHED","message":"Rate limit exceeded. Please try again later"}}"#, Kind::RateLimited, Some("RATE_LIMIT_REACHED")),
            (429, r#"{"errors":[{"error":"RATE_LIMIT_REACHED","message":"Rate limit exceeded. Please try again later"}]}"#, Kind::RateLimited, Some("RATE_LIMIT_REACHED")),
            (429, "slow down", Kind::RateLimited, None),
            (429, r#"{"errors":[{"error":"PUBLIC_API_BILLING_LIMIT_EXCEEDED","message":"API billing plan limit exceeded."}]}"#, Kind::QuotaUsedUp, Some("PUBLIC_API_BILLING_LIMIT_EXCEEDED")),
            (429, r#"{"error":{"type":"PUBLIC_API_BILLING_LIMIT_EXCEEDED"}}"#, Kind::QuotaUsedUp, Some("PUBLIC_API_BILLING_LIMIT_EXCEEDED")),
            (429, r#"{"error":"PUBLIC_API_BILLING_LIMIT_EXCEEDED"}"#, Kind::QuotaUsedUp, Some("PUBLIC_API_BILLING_LIMIT_EXCEEDED")),
            (500, r#"{"error":{"type":"SERVER_ERROR","message":"Unexpected"}}"#, Kind::Unavailable, Some("SERVER_ERROR")),
            (502, "<html>502 Bad Gateway</html>", Kind::Unavailable, None),
            (503, r#"{"error":{"type":"RETRIABLE_ERROR","message":"Server encountered an error"}}"#, Kind::Unavailable, Some("RETRIABLE_ERROR")),
            (504, "", Kind::Unavailable, None),
            (302, "", Kind::BrokenResponse, None),
            (204, "", Kind::BrokenResponse, None),
        ];
        for &(status, body, kind, error_type) in known {
            let error = AirtableError::refused(status, None, body.as_bytes());
            assert_eq!((error.kind, error.error_type.as_deref()), (kind, error_type), "{status} {body}");
            assert_eq!(error.status, Some(status));
        }
    }

    #[test]
    fn the_text_tells_what_airtable_said() {
        for (body, text) in [
            (
                r#"{"error":{"type":"INVALID_PERMISSIONS","message":"Not you"}}"#,
                "Airtable answered 403 INVALID_PERMISSIONS: Not you",
            ),
            (r#"{"errors":[{"error":"NOPE","message":"Not\nnow"}]}"#, "Airtable answered 403 NOPE: Not now"),
            (r#"{"error":"NOT_FOUND"}"#, "Airtable answered 403 NOT_FOUND"),
            (r#"{"message":"Odd"}"#, "Airtable answered 403 Odd"),
            ("<html>", "Airtable answered 403 without a reason"),
            ("[]", "Airtable answered 403 without a reason"),
            (r#"{"error":null,"errors":[]}"#, "Airtable answered 403 without a reason"),
        ] {
            assert_eq!(AirtableError::refused(403, None, body.as_bytes()).to_string(), text, "{body}");
        }
        let error = AirtableError::refused(502, None, b"").after(5);
        assert_eq!(error.to_string(), "Airtable answered 502 without a reason (after 5 attempts)");
    }

    #[test]
    fn a_long_answer_is_quoted_in_part() {
        let page = format!("\r\n<html>{}</html>", "é".repeat(5_000));
        let error = AirtableError::refused(502, None, page.as_bytes());
        assert_eq!(error.body_start.chars().count(), MAX_QUOTED_CHARS);
        assert!(error.body_start.starts_with("<html>é"));

        let body = format!(r#"{{"error":{{"type":"T","message":"{}"}}}}"#, "m".repeat(5_000));
        let error = AirtableError::refused(422, None, body.as_bytes());
        assert!(error.to_string().len() < MAX_QUOTED_CHARS + 40);
    }
}
