//! The shop page of the demo: a small window on the public API, at `/` and `/autos/{slug}`.
//!
//! **Invariants:** off unless `shop.page` says otherwise: a dealership has a website of its own. The page is the same for everybody; what it
//! shows it asks of `/vehicles` like any website. Photos come from the origins in `shop.photo_origins`, nothing else from elsewhere.

use askama::Template;
use axum::{Router, response::Response, routing::get};

use super::{
    pages::{self, Assets, Policy},
    state::AppState,
};
use crate::config::values::Origin;

#[derive(Template)]
#[template(path = "shop/page.html", config = "src/http/askama.toml")]
struct Page {
    assets: Assets,
}

pub(super) fn routes(photo_origins: &[Origin]) -> Router<AppState> {
    let policy = Policy::with_pictures_from(photo_origins);
    let page = move || {
        let response = show(&policy);
        async move { response }
    };
    Router::new().route("/", get(page.clone())).route("/autos/{slug}", get(page))
}

fn show(policy: &Policy) -> Response {
    pages::render(&Page { assets: Assets }, policy)
}
