//! What pages for people have in common: their policy, their headers, and their style sheets, scripts and pictures.
//!
//! **Invariants:** a page loads nothing from elsewhere but what its [`Policy`] names; scripts and styles are files of this binary, none
//! stands in a page. Files are addressed with the hash of their content, so browsers may keep them for ever.

use std::{fmt::Write as _, sync::LazyLock};

use axum::{
    Router,
    extract::{Path, RawQuery, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest, Sha256};

use super::{
    fixed::Fixed,
    problem::{self, Problem},
    state::AppState,
};
use crate::config::values::Origin;

/// The files: name, content type, content.
const FILES: [(&str, &str, &str); 6] = [
    ("base.css", "text/css; charset=utf-8", include_str!("pages/base.css")),
    ("dashboard.css", "text/css; charset=utf-8", include_str!("dashboard/dashboard.css")),
    ("dashboard.js", "text/javascript; charset=utf-8", include_str!("dashboard/dashboard.js")),
    ("icon.svg", "image/svg+xml", include_str!("pages/icon.svg")),
    ("shop.css", "text/css; charset=utf-8", include_str!("shop/shop.css")),
    ("shop.js", "text/javascript; charset=utf-8", include_str!("shop/shop.js")),
];

/// The beginnings of the files' hashes, in their order.
static VERSIONS: LazyLock<[String; FILES.len()]> = LazyLock::new(|| {
    FILES.map(|(_, _, content)| {
        Sha256::digest(content).iter().take(6).fold(String::new(), |mut text, byte| {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    })
});

/// The files as they are sent.
static SENT: LazyLock<[Fixed; FILES.len()]> =
    LazyLock::new(|| FILES.map(|(_, kind, content)| Fixed::new(content, HeaderValue::from_static(kind))));

/// Addresses of the files, for templates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assets;

impl Assets {
    /// The address of a file, with its version.
    #[expect(clippy::unused_self, reason = "templates call methods of their fields")]
    pub(super) fn url(self, name: &str) -> String {
        let place = FILES.iter().position(|(known, ..)| *known == name);
        let version = place.map_or("unknown", |place| VERSIONS[place].as_str());
        format!("/assets/{name}?v={version}")
    }
}

/// What a page may load.
#[derive(Debug, Clone)]
pub(super) struct Policy(HeaderValue);

impl Policy {
    /// Nothing but this server, and pictures from these origins too.
    pub(super) fn with_pictures_from(origins: &[Origin]) -> Self {
        let pictures: String = origins.iter().flat_map(|origin| [" ", &**origin]).collect();
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{pictures}; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        // Origins are checked at start; without them the policy is only stricter.
        Self(HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'")))
    }

    /// The headers that a page has.
    pub(super) fn headers(&self) -> HeaderMap {
        HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, self.0.clone()),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
            (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ])
    }
}

/// A page from its template.
pub(super) fn render(template: &impl askama::Template, policy: &Policy) -> Response {
    match template.render() {
        Ok(html) => (policy.headers(), html).into_response(),
        Err(error) => broken(&error),
    }
}

/// That a template failed.
pub(super) fn broken(error: &askama::Error) -> Response {
    tracing::error!(error = %error, "a page could not be rendered; this is a mistake in vitrina");
    let detail = "The page could not be made; the log has the reason under this request's id.";
    Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
}

/// The files of the pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/assets/{name}", get(asset))
}

async fn asset(
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    uri: Uri,
    request: HeaderMap,
) -> Response {
    let name = name.map_or_else(|_| String::new(), |Path(name)| name);
    let Some(place) = FILES.iter().position(|(known, ..)| *known == name) else {
        return problem::unknown_route(uri).await.into_response();
    };
    let mut response = SENT[place].answer(&request).await;
    let headers = response.headers_mut();
    let asked = query.as_deref().and_then(|query| query.strip_prefix("v="));
    if asked == Some(&VERSIONS[place]) {
        let for_ever = HeaderValue::from_static("public, max-age=31536000, immutable");
        headers.insert(header::CACHE_CONTROL, for_ever);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
