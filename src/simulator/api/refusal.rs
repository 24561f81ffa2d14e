//! Everything Airtable says instead of an answer, word for word.
//!
//! **Invariants:** the four shapes a client must read are all here: `error` as a text, `error` as an object, `errors` as an array,
//! and pages that are not JSON.
//!
//! **Sources:** <https://airtable.com/developers/web/api/errors>; where that page is silent, bodies seen in public logs and fixtures
//! (`MODEL_ID_NOT_FOUND`, the array form of 429, `UNKNOWN_FIELD_NAME`, `INVALID_FILTER_BY_FORMULA`, `INVALID_OFFSET_VALUE`).
//! The bodies of 413, 414 and 502 are guesses.

use axum::{
    body::Body,
    http::{Response, StatusCode, header},
};
use serde_json::{Value, json};

/// A refusal, for scripted faults as for real ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 400: the body is not JSON.
    BadJson,
    /// 401: no token, or not as `Bearer`.
    AuthenticationRequired,
    /// 401: the token is wrong or was revoked.
    InvalidToken,
    /// 403: the usual answer for a wrong base or table id, a missing scope, or no access.
    PermissionsOrModelNotFound,
    /// 403: not permitted.
    NotPermitted,
    /// 404 as a text: no such path.
    NotFound,
    /// 404 as an object without a message, as older answers have it.
    NotFoundTyped,
    /// 404: no such record.
    RecordNotFound,
    /// 413.
    TooLarge,
    /// 414, a page in HTML.
    UrlTooLong,
    /// 422: a parameter or the body has a wrong form.
    InvalidRequest,
    /// 422: more than 10 records in a write, or none.
    InvalidRecords,
    /// 422: no `fields` in a write.
    MissingFields,
    /// 422: a field of this name is in none of the places where it should be.
    UnknownField(String),
    /// 422: the formula; with the second half of the message.
    InvalidFormula(String),
    /// 422: no view of this name, or id.
    ViewNotFound(String),
    /// 422: this is no offset.
    InvalidOffset(String),
    /// 422: the listing that the offset belongs to is gone.
    IteratorNotAvailable,
    /// 422: a write names a record that is not there.
    RowDoesNotExist(String),
    /// 422: a webhook too many in this base.
    TooManyWebhooks,
    /// 429 in the documented form, with seconds in `Retry-After` if wanted.
    RateLimited(Option<u64>),
    /// 429 in the form seen in practice.
    RateLimitedArray,
    /// 429: the month's calls are used up.
    QuotaExceeded,
    /// 500.
    ServerError,
    /// 502, a page in HTML.
    BadGateway,
    /// 503, with seconds in `Retry-After` if wanted.
    Unavailable(Option<u64>),
    /// What else a test may need: status, type and message.
    Other(u16, String, String),
}

const PERMISSIONS: &str = "Invalid permissions, or the requested model was not found. Check that both your user and your \
     token have the required permissions, and that the model names and/or ids are correct.";
const RATE: &str = "Rate limit exceeded. Please try again later";
const QUOTA: &str =
    "API billing plan limit exceeded. You've reached the maximum number of requests allowed for this month.";
const RETRY: &str =
    "Server encountered an error while processing your request, and it is safe to retry the request";
const RECORDS: &str = "You must provide an array of up to 10 record objects, each with an \"id\" ID field and a \"fields\" \
     object for cell values.";

enum Content {
    Json(Value),
    Html(&'static str),
}

impl Refusal {
    fn parts(&self) -> (u16, Content) {
        let typed = |status: u16, kind: &str, message: &str| {
            (status, Content::Json(json!({"error": {"type": kind, "message": message}})))
        };
        let array = |kind: &str, message: &str| {
            (429, Content::Json(json!({"errors": [{"error": kind, "message": message}]})))
        };
        match self {
            Self::BadJson => typed(400, "INVALID_REQUEST_BODY", "Could not parse request body"),
            Self::AuthenticationRequired => typed(401, "AUTHENTICATION_REQUIRED", "Authentication required"),
            Self::InvalidToken => typed(401, "UNAUTHORIZED", "Invalid authentication token"),
            Self::PermissionsOrModelNotFound => {
                typed(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", PERMISSIONS)
            }
            Self::NotPermitted => {
                typed(403, "INVALID_PERMISSIONS", "You are not permitted to perform this operation")
            }
            Self::NotFound => (404, Content::Json(json!({"error": "NOT_FOUND"}))),
            Self::NotFoundTyped => (404, Content::Json(json!({"error": {"type": "NOT_FOUND"}}))),
            Self::RecordNotFound => typed(404, "MODEL_ID_NOT_FOUND", "Record not found"),
            Self::TooLarge => typed(413, "REQUEST_TOO_LARGE", "Request body is too large"),
            Self::UrlTooLong => (414, Content::Html("414 Request-URI Too Large")),
            Self::InvalidRequest => typed(
                422,
                "INVALID_REQUEST_UNKNOWN",
                "Invalid request: parameter validation failed. Check your request data.",
            ),
            Self::InvalidRecords => typed(422, "INVALID_RECORDS", RECORDS),
            Self::MissingFields => typed(
                422,
                "INVALID_REQUEST_MISSING_FIELDS",
                "Could not find field \"fields\" in the request body",
            ),
            Self::UnknownField(name) => {
                typed(422, "UNKNOWN_FIELD_NAME", &format!("Unknown field name: \"{name}\""))
            }
            Self::InvalidFormula(reason) => typed(
                422,
                "INVALID_FILTER_BY_FORMULA",
                &format!("The formula for filtering records is invalid: {reason}"),
            ),
            Self::ViewNotFound(view) => {
                let kind = if view.starts_with("viw") { "VIEW_ID_NOT_FOUND" } else { "VIEW_NAME_NOT_FOUND" };
                typed(422, kind, &format!("View {view} not found"))
            }
            Self::InvalidOffset(offset) => {
                typed(422, "INVALID_OFFSET_VALUE", &format!("The value of offset {offset} is invalid"))
            }
            Self::IteratorNotAvailable => {
                (422, Content::Json(json!({"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}})))
            }
            Self::RowDoesNotExist(id) => {
                typed(422, "ROW_DOES_NOT_EXIST", &format!("Record ID {id} does not exist in this table"))
            }
            Self::TooManyWebhooks => {
                typed(422, "TOO_MANY_WEBHOOKS_IN_BASE", "There are too many webhooks in this base")
            }
            Self::RateLimited(_) => typed(429, "RATE_LIMIT_REACHED", RATE),
            Self::RateLimitedArray => array("RATE_LIMIT_REACHED", RATE),
            Self::QuotaExceeded => array("PUBLIC_API_BILLING_LIMIT_EXCEEDED", QUOTA),
            Self::ServerError => typed(500, "SERVER_ERROR", "Internal server error"),
            Self::BadGateway => (502, Content::Html("502 Bad Gateway")),
            Self::Unavailable(_) => typed(503, "RETRIABLE_ERROR", RETRY),
            Self::Other(status, kind, message) => typed(*status, kind, message),
        }
    }

    pub(in crate::simulator) fn response(&self) -> Response<Body> {
        let (status, content) = self.parts();
        let mut response = match content {
            Content::Json(body) => json_response(&body),
            Content::Html(title) => html_response(title),
        };
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Self::RateLimited(Some(seconds)) | Self::Unavailable(Some(seconds)) = self {
            response.headers_mut().insert(header::RETRY_AFTER, (*seconds).into());
        }
        response
    }
}

/// 200 with JSON as Airtable sends it.
pub(in crate::simulator) fn json_response(body: &Value) -> Response<Body> {
    with_type("application/json; charset=utf-8", body.to_string())
}

/// 200 with a gateway's page.
pub(in crate::simulator) fn html_response(title: &str) -> Response<Body> {
    with_type(
        "text/html",
        format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"
        ),
    )
}

pub(in crate::simulator) fn with_type(content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}
