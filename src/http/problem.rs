//! Errors as RFC 9457 problem details.
//!
//! **Invariants:** a detail says what is wrong and what would be right, in words meant for the caller; nothing internal is in it.
//! Causes are logged where they happen.

use std::any::Any;

use axum::{
    Json,
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::DbError;

/// How long a caller should wait when the database is out of reach, in seconds.
const RETRY_AFTER_SECONDS: &str = "5";

/// An error as it is sent (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Problem {
    /// The kind of problem: none but what the status says.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(value_type = String, example = "Bad Request")]
    title: &'static str,
    /// The status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16, example = 400)]
    status: StatusCode,
    /// What is wrong and what would be right.
    #[schema(example = "page is \"0\"; it should be a whole number, 1 or more.")]
    pub(super) detail: String,
    /// The parameter that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    param: Option<&'static str>,
    /// The detail once more, below the old system's addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// When to come again, in seconds: a header.
    #[serde(skip)]
    retry_after: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self {
            kind: "about:blank",
            title,
            status,
            detail: detail.into(),
            param: None,
            error: None,
            retry_after: None,
        }
    }

    /// A parameter is wrong.
    pub(super) fn parameter(param: &'static str, detail: impl Into<String>) -> Self {
        Self { param: Some(param), ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// The 429 of a client that asks too often.
    pub(super) fn too_many(seconds: u32) -> Self {
        let detail = format!("Too many requests from this address; try again in {seconds} s.");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// With the member that the old system's errors had.
    pub(super) fn with_error(mut self) -> Self {
        self.error = Some(self.detail.clone());
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<&DbError> for Problem {
    fn from(error: &DbError) -> Self {
        if error.is_transient() {
            tracing::warn!(error = %error, "a request could not be answered without the database");
            Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database is out of reach at the moment; try again in a few seconds.",
            )
        } else {
            tracing::error!(error = %error, "a request failed in the database");
            Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong here; the log has the reason under this request's id.",
            )
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after;
        let mut response = respond(self.status, self);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A problem, perhaps with further members.
pub(super) fn respond(status: StatusCode, body: impl Serialize) -> Response {
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

pub(super) async fn unknown_route(uri: Uri) -> Problem {
    nothing_at(&uri)
}

/// The 404 of an address that does not exist.
pub(super) fn nothing_at(uri: &Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("There is nothing at {}.", uri.path()))
}

pub(super) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    not_allowed(&method, &uri)
}

/// The 405 of a method that an address does not take; the `Allow` header is the caller's.
pub(super) fn not_allowed(method: &Method, uri: &Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} does not take {method}; the Allow header says what it takes.", uri.path()),
    )
}

/// The 500 of a handler that panicked.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = message, "a handler panicked; this is a mistake in vitrina");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong here; the log has the reason under this request's id.",
    )
    .into_response()
}
