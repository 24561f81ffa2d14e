//! What is the same for everybody as long as the process lives: the description, and the files of pages.
//!
//! **Invariants:** each compressed form is made once, by the first who asks for it; who has the content gets 304.

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use super::deliver::{SURROGATE_KEY, send};
use crate::catalog::Body;

/// A content with its type.
pub(super) struct Fixed {
    body: Body,
    kind: HeaderValue,
}

impl Fixed {
    pub(super) fn new(bytes: impl Into<Bytes>, kind: HeaderValue) -> Self {
        Self { body: Body::new(bytes, &[]), kind }
    }

    /// In the form that the client likes best, or 304. Asked for anew each time, unless the caller says otherwise.
    pub(super) async fn answer(&self, request: &HeaderMap) -> Response {
        let mut response = send(&self.body, request).await;
        let whole = response.status() == StatusCode::OK;
        let headers = response.headers_mut();
        headers.remove(SURROGATE_KEY);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if whole {
            headers.insert(header::CONTENT_TYPE, self.kind.clone());
        }
        response
    }
}
