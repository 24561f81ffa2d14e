//! The description of the API, at `/openapi.json`.
//!
//! **Invariants:** it is made from the routes themselves; what has no handler of its own is described below.
//!
//! **Not here:** the page that shows it (`docs`), the shapes (`schema`).

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderMap, HeaderValue},
    routing::get,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        HeaderBuilder, OpenApi as Description, RefOr,
        path::PathItem,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    AppState,
    compat::FUNCTIONS,
    fixed::Fixed,
    schema::{PageProblems, PublicProblems},
};

/// Where the description is.
pub(super) const PATH: &str = "/openapi.json";

/// What stands above the routes.
#[derive(OpenApi)]
#[openapi(
    info(title = "vitrina", description = "The inventory of a used-car dealership, in step with its Airtable base. \
        Errors are `application/problem+json` (RFC 9457). Every response carries `x-request-id`."),
    modifiers(&Secrets),
    paths(openapi, docs, docs_page, dashboard),
    tags(
        (name = "website", description = "What a shop page needs; public, for browsers of any origin"),
        (name = "sync", description = "What Airtable calls"),
        (name = "operations", description = "Health, the cache and runs"),
        (name = "monitoring", description = "Figures, logs, runs and the queue, for operators"),
        (name = "old addresses", description = "The addresses and shapes of the system that vitrina replaced"),
    )
)]
pub(super) struct Api;

struct Secrets;

impl Modify for Secrets {
    fn modify(&self, api: &mut Description) {
        let components = api.components.get_or_insert_default();
        for (name, what) in [("webhook", "WEBHOOK_SECRET"), ("admin", "ADMIN_TOKEN")] {
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(what)).build();
            components.add_security_scheme(name, SecurityScheme::Http(bearer));
        }
    }
}

/// Gives the operations that exist at two addresses different names, and all answers the headers that come by layers.
pub(super) fn finish(mut api: Description) -> Description {
    for (path, item) in &mut api.paths.paths {
        describe_headers(path, item);
        if path.starts_with(FUNCTIONS) {
            for operation in operations(item) {
                operation.insert_str(0, "functions_v1_");
            }
        } else if path.starts_with("/rapid-processor") {
            for operation in operations(item) {
                operation.insert_str(0, "rapid_processor_");
            }
        }
    }
    api
}

/// What the edge and the cache add to every answer, which no handler says.
fn describe_headers(path: &str, item: &mut PathItem) {
    let is_of_the_catalog =
        ["/vehicles", "/rapid-processor", FUNCTIONS].iter().any(|start| path.starts_with(start));
    for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
        let is_cached = is_of_the_catalog && operation.responses.responses.contains_key("304");
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else { continue };
            let mut add = |name: &str, what: &str| {
                let header = HeaderBuilder::new().description(Some(what)).build();
                response.headers.entry(name.to_owned()).or_insert(RefOr::T(header));
            };
            add("x-request-id", "The caller's, if it is sane, else a new one; it stands in the log");
            match status.as_str() {
                "303" | "308" => add("location", "Where it is now"),
                "429" | "503" => add("retry-after", "In seconds"),
                _ => {}
            }
            if is_cached && matches!(status.as_str(), "200" | "304") {
                add("etag", "A strong validator");
                add("cache-control", "As the operator has set it");
                add("vary", "accept-encoding");
                add("x-cache", "hit, miss or stale");
                add("server-timing", "How long it took, in ms");
                add(
                    "surrogate-key",
                    "`vehicles`, and the record ids of those in it unless they are too many: for a CDN",
                );
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut String> {
    [&mut item.get, &mut item.post]
        .into_iter()
        .flatten()
        .filter_map(|operation| operation.operation_id.as_mut())
}

/// The route of the description, made once.
pub(super) fn route(api: &Description) -> Router<AppState> {
    let json = serde_json::to_vec(api).unwrap_or_default();
    let file = Arc::new(Fixed::new(json, HeaderValue::from_static("application/json")));
    Router::new().route(PATH, get(move |headers: HeaderMap| async move { file.answer(&headers).await }))
}

/// This description
///
/// Compressed if the client takes it.
#[utoipa::path(get, path = "/openapi.json", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, 
        headers(("etag" = String, description = "A strong validator"))),
        (status = 304, description = "The client has it: its If-None-Match still holds"), PublicProblems))]
#[expect(dead_code, reason = "describes what `route` answers")]
fn openapi() {}

/// This description as a page
#[utoipa::path(get, path = "/docs/", tag = "operations",
    responses((status = 200, description = "The page, by Swagger UI from the binary", body = String, content_type = "text/html"),
        (status = 304, description = "The client has it: its If-None-Match still holds"), PageProblems))]
#[expect(dead_code, reason = "describes what `docs` answers")]
fn docs_page() {}

/// The way to the page
#[utoipa::path(get, path = "/docs", tag = "operations",
    responses((status = 308, description = "To `/docs/`"), PageProblems))]
#[expect(dead_code, reason = "describes what `docs` answers")]
fn docs() {}

/// The page for operators
///
/// Its forms and events lie below it and are for browsers alone; they need the cookie that a log-in with the `ADMIN_TOKEN` gives.
#[utoipa::path(get, path = "/dashboard", tag = "operations",
    responses((status = 200, description = "The page, in Spanish or English", body = String, content_type = "text/html"),
        (status = 303, description = "To the log-in"), PageProblems))]
#[expect(dead_code, reason = "describes what `dashboard` answers")]
fn dashboard() {}
