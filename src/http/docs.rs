//! `/docs`: the description of the API as a page, by Swagger UI from the binary.
//!
//! **Invariants:** the page asks nobody but this server; its policy forbids anything else.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::Path,
    http::{HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use utoipa_swagger_ui::Config;

use super::{AppState, openapi, problem};

/// What the page may load. Swagger UI writes styles and small pictures into its page.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

pub(super) fn routes() -> Router<AppState> {
    // A validator would be asked elsewhere.
    let config = Arc::new(Config::from(openapi::PATH).validator_url("none"));
    let index = Arc::clone(&config);
    Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(move |uri: Uri| async move { file("index.html", index, uri).await }))
        .route(
            "/docs/{file}",
            get(move |Path(name): Path<String>, uri: Uri| async move { file(&name, config, uri).await }),
        )
}

async fn file(name: &str, config: Arc<Config<'static>>, uri: Uri) -> Response {
    let Ok(Some(file)) = utoipa_swagger_ui::serve(name, config) else {
        return problem::unknown_route(uri).await.into_response();
    };
    let kind = HeaderValue::from_str(&file.content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    let bytes = Bytes::from(file.bytes.into_owned());
    if file.gzpipped {
        (headers, [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))], bytes).into_response()
    } else {
        (headers, bytes).into_response()
    }
}
