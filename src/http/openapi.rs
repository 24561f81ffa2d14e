//! The description of the API, at `/openapi.json`.
//!
//! **Invariants:** it is made from the routes themselves.
//!
//! **Not here:** the page that shows it (`docs`), the shapes (`schema`).

use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header},
    routing::get,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Description,
        path::PathItem,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{AppState, compat::FUNCTIONS};

/// Where the description is.
pub(super) const PATH: &str = "/openapi.json";

/// What stands above the routes.
#[derive(OpenApi)]
#[openapi(
    info(title = "vitrina", description = "The inventory of a used-car dealership, in step with its Airtable base. \
        Errors are `application/problem+json` (RFC 9457). Every response carries `x-request-id`."),
    modifiers(&Secrets),
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

/// Gives the operations that exist at two addresses different names.
pub(super) fn finish(mut api: Description) -> Description {
    for (path, item) in &mut api.paths.paths {
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

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut String> {
    [&mut item.get, &mut item.post]
        .into_iter()
        .flatten()
        .filter_map(|operation| operation.operation_id.as_mut())
}

/// The route of the description, made once.
pub(super) fn route(api: &Description) -> Router<AppState> {
    let json = Bytes::from(serde_json::to_vec(api).unwrap_or_default());
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Router::new().route(PATH, get(move || async move { (kind, json) }))
}
