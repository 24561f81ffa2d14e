//! `GET /vehicles` and what is below it.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
};

use tracing::Instrument as _;

use super::{
    Limits, Problem,
    deliver::{Wrapping, deliver, unknown},
    request_id,
    schema::{
        Facets, FilterParameters, PageParameters, ReadProblems, Slugs, Vehicle, VehicleList, VehicleProblems,
    },
};
use crate::{
    catalog::{Catalog, ListQuery, Query, Served, Shape, parse_filter},
    domain::WrongParameter,
};

/// The folder of the vehicles' addresses.
pub(super) const FOLDER: &str = "/vehicles";

impl From<WrongParameter> for Problem {
    fn from(wrong: WrongParameter) -> Self {
        Self::parameter(wrong.param, wrong.detail)
    }
}

/// Listed vehicles: filters, search, sort, pages
///
/// Repeatable parameters mean OR within and AND across; more than 50 different values of one are refused, where a branch that is known
/// counts as two. Text is compared without case and accents.
#[utoipa::path(
    get, path = "/vehicles", tag = "website", params(FilterParameters, PageParameters),
    responses((status = 200, description = "A page; one past the end is empty", body = VehicleList),
        (status = 304, description = "The client has it: its If-None-Match still holds"), ReadProblems)
)]
pub(super) async fn list(
    State(catalog): State<Catalog>,
    State(limits): State<Arc<Limits>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let list =
        ListQuery::parse(query.as_deref().unwrap_or_default(), catalog.locations())?.unwrap_or_default();
    answer(&catalog, Query::List(list, Shape::Plain), &headers, &limits.list_control).await
}

/// Counts per filter option and ranges of prices
///
/// Each facet is counted under all the other filters, so choosing a brand does not hide the other brands. They are
/// read by the rules of `GET /vehicles`.
#[utoipa::path(
    get, path = "/vehicles/facets", tag = "website", params(FilterParameters),
    responses((status = 200, description = "The highest count first, then by name", body = Facets),
        (status = 304, description = "The client has it: its If-None-Match still holds"), ReadProblems)
)]
pub(super) async fn facets(
    State(catalog): State<Catalog>,
    State(limits): State<Arc<Limits>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filter = parse_filter(query.as_deref().unwrap_or_default(), catalog.locations())?;
    answer(&catalog, Query::Facets(filter), &headers, &limits.facets_control).await
}

/// All listed slugs, for static pages and sitemaps
#[utoipa::path(
    get, path = "/vehicles/slugs", tag = "website",
    responses((status = 200, description = "In alphabetical order", body = Slugs),
        (status = 304, description = "The client has it: its If-None-Match still holds"), ReadProblems)
)]
pub(super) async fn slugs(
    State(catalog): State<Catalog>,
    State(limits): State<Arc<Limits>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&catalog, Query::Slugs, &headers, &limits.slugs_control).await
}

/// One vehicle
///
/// A sold one too, with `vendido` true.
#[utoipa::path(
    get, path = "/vehicles/{slug}", tag = "website",
    params(("slug" = String, Path, description = "The address of the vehicle", example = "mazda-3-sport-2-5-2020")),
    responses((status = 200, description = "The vehicle", body = Vehicle),
        (status = 304, description = "The client has it: its If-None-Match still holds"), VehicleProblems)
)]
pub(super) async fn one(
    State(catalog): State<Catalog>,
    State(limits): State<Arc<Limits>>,
    slug: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let slug = readable(slug)?;
    vehicle(&catalog, &slug, Shape::Plain, FOLDER, &headers, &limits.detail_control).await
}

/// The slug of a path that is text.
pub(super) fn readable(slug: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    slug.map(|Path(slug)| slug).map_err(|_| unknown("what is not UTF-8"))
}

/// A vehicle under some folder.
pub(super) async fn vehicle(
    catalog: &Catalog,
    slug: &str,
    shape: Shape,
    folder: &str,
    headers: &HeaderMap,
    control: &HeaderValue,
) -> Result<Response, Problem> {
    if !is_slug(slug) {
        return Ok(unknown(slug).into_response());
    }
    let started = Instant::now();
    let served = serve(catalog, Query::Vehicle(slug.into(), shape), headers).await?;
    Ok(deliver(served, headers, Wrapping { control, folder, slug, started }).await)
}

/// Anything that is not found by a slug.
pub(super) async fn answer(
    catalog: &Catalog,
    query: Query,
    headers: &HeaderMap,
    control: &HeaderValue,
) -> Result<Response, Problem> {
    let started = Instant::now();
    let served = serve(catalog, query, headers).await?;
    Ok(deliver(served, headers, Wrapping { control, folder: FOLDER, slug: "", started }).await)
}

/// A hit costs no more than its look-up; what has to be loaded gets a span.
async fn serve(catalog: &Catalog, query: Query, headers: &HeaderMap) -> Result<Served, Problem> {
    let missed = match catalog.hit(query).await {
        Ok(served) => return Ok(served),
        Err(missed) => missed,
    };
    let load = async { catalog.load(missed).await.map_err(|error| Problem::from(&*error)) };
    load.instrument(request_id::span(headers)).await
}

/// What cannot be a slug need not be looked for.
pub(super) fn is_slug(text: &str) -> bool {
    (1..=200).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
