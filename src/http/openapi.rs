//! The description of the API, at `/openapi.json`.
//!
//! **Invariants:** it is made from the routes themselves; what has no handler of its own is described below.
//!
//! **Not here:** the page that shows it (`docs`), the shapes (`schema`).

mod edge;

use axum::http::HeaderValue;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Description,
        path::PathItem,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{fixed::Fixed, problem::Problem, reads::FUNCTIONS, runs::SyncRequest};

/// Where the description is.
pub(super) const PATH: &str = "/openapi.json";

/// What stands above the routes.
#[derive(OpenApi)]
#[openapi(
    info(title = "vitrina", description = include_str!("openapi/about.md")),
    modifiers(&Secrets),
    paths(openapi, docs, docs_page, dashboard),
    components(schemas(SyncRequest)),
    tags(
        (name = "website", description = "What a shop page needs; public, for browsers of any origin"),
        (name = "sync", description = "What Airtable calls"),
        (name = "operations", description = "Health, the cache and runs"),
        (name = "monitoring", description = "Figures, logs, runs and the queue, for operators"),
        (name = "old addresses", description = "The addresses and shapes of the system that vitrina replaced"),
    )
)]
struct Api;

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

/// The whole description, from those of the public reads and of the other routes.
///
/// Operations that exist at two addresses get different names.
pub(super) fn describe(public: Description, private: Description) -> Description {
    let addresses: Vec<String> = public.paths.paths.keys().cloned().collect();
    let mut api = Api::openapi().merge_from(public).merge_from(private);
    // Made of the package's, which has none.
    api.info.license = None;
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
    edge::describe(&mut api, &addresses);
    api
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut String> {
    [&mut item.get, &mut item.post]
        .into_iter()
        .flatten()
        .filter_map(|operation| operation.operation_id.as_mut())
}

/// The description as it is sent.
pub(super) fn file(api: &Description) -> Fixed {
    Fixed::new(serde_json::to_vec(api).unwrap_or_default(), HeaderValue::from_static("application/json"))
}

/// This description
///
/// Compressed if the client takes it.
#[utoipa::path(get, path = "/openapi.json", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", body = Object),
        (status = 304, description = "The client has it: its If-None-Match still holds")))]
#[expect(dead_code, reason = "describes what `reads` answers")]
fn openapi() {}

/// This description as a page
#[utoipa::path(get, path = "/docs/", tag = "operations",
    responses((status = 200, description = "The page, by Swagger UI from the binary", body = String, content_type = "text/html"),
        (status = 304, description = "The client has it: its If-None-Match still holds")))]
#[expect(dead_code, reason = "describes what `docs` answers")]
fn docs_page() {}

/// The way to the page
#[utoipa::path(get, path = "/docs", tag = "operations", responses((status = 308, description = "To `/docs/`")))]
#[expect(dead_code, reason = "describes what `docs` answers")]
fn docs() {}

/// The page for operators
///
/// Its forms and events lie below it and are for browsers alone; they need the cookie that a log-in with the `ADMIN_TOKEN` gives.
/// Whoever asks for HTML gets errors as pages, too.
#[utoipa::path(get, path = "/dashboard", tag = "operations",
    responses((status = 200, description = "The page, in Spanish or English", body = String, content_type = "text/html"),
        (status = 303, description = "To the log-in"),
        (status = 500, description = "A mistake in vitrina; its log says more under the request's id",
            content((String = "text/html"), (Problem = "application/problem+json"))),
        (status = 503, description = "The page without figures, as the database is out of reach; or there are too many requests",
            content((String = "text/html"), (Problem = "application/problem+json")))))]
#[expect(dead_code, reason = "describes what `dashboard` answers")]
fn dashboard() {}
