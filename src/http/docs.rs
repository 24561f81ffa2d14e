//! `/docs`: the description of the API as a page, by Swagger UI from the binary.
//!
//! **Invariants:** the page asks nobody but this server; its policy forbids anything else.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use utoipa_swagger_ui::Config;

use super::{fixed::Fixed, openapi, problem, state::AppState};

/// What the page may load. Swagger UI writes styles and small pictures into its page.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// What every file says beside its content.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// The files of Swagger UI that somebody has asked for. There are a dozen, whatever anybody asks for.
struct Files {
    config: Arc<Config<'static>>,
    made: RwLock<HashMap<String, Arc<Fixed>>>,
}

pub(super) fn routes() -> Router<AppState> {
    // A validator would be asked elsewhere.
    let config = Arc::new(Config::from(openapi::PATH).validator_url("none"));
    let files = Arc::new(Files { config, made: RwLock::default() });
    let index = Arc::clone(&files);
    Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route(
            "/docs/",
            get(move |uri: Uri, headers: HeaderMap| async move {
                index.answer("index.html", uri, &headers).await
            }),
        )
        .route(
            "/docs/{file}",
            get(move |name: Result<Path<String>, PathRejection>, uri: Uri, headers: HeaderMap| async move {
                // What is not UTF-8 is no name of a file.
                match name {
                    Ok(Path(name)) => files.answer(&name, uri, &headers).await,
                    Err(_) => problem::nothing_at(&uri).into_response(),
                }
            }),
        )
}

impl Files {
    async fn answer(&self, name: &str, uri: Uri, request: &HeaderMap) -> Response {
        match self.file(name) {
            Some(file) => (HEADERS, file.answer(request).await).into_response(),
            None => problem::unknown_route(uri).await.into_response(),
        }
    }

    fn file(&self, name: &str) -> Option<Arc<Fixed>> {
        if let Some(file) = self.made.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(Arc::clone(file));
        }
        let found = utoipa_swagger_ui::serve(name, Arc::clone(&self.config)).ok()??;
        let kind = HeaderValue::from_str(&found.content_type)
            .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let file = Arc::new(Fixed::new(Bytes::from(found.bytes.into_owned()), kind));
        self.made.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&file));
        Some(file)
    }
}
