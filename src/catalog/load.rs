//! From the database to a finished response.
//!
//! **Invariants:** the JSON of a vehicle is copied as PostgreSQL wrote it; only the old shape adds names to it.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{
    body::Body,
    old,
    query::{ListQuery, Query, Shape},
    whole::SLICE,
};
use crate::{
    db::{
        Db, DbError,
        vehicles::{BranchNames, BySlug, VehicleJson, VehiclePage, Window},
    },
    domain::{Filter, Order},
};

/// The answer to a query.
#[derive(Debug)]
pub enum Answer {
    /// JSON to be sent.
    Body(Box<Body>),
    /// The old system's whole listing is too large to be cached: [`super::Catalog::whole`].
    Large,
    /// The vehicle is now under another slug.
    Moved {
        /// Its present one.
        slug: Box<str>,
        /// Its record id.
        id: Box<str>,
    },
    /// The vehicle was deleted in Airtable.
    Gone,
    /// No vehicle ever had this slug.
    Unknown,
}

/// The durations of the parts of a load.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// In the database.
    pub database: Duration,
    /// Making the response of it.
    pub render: Duration,
}

impl Answer {
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Body(body) => body.weight(),
            Self::Moved { slug, id } => slug.len() + id.len(),
            Self::Large | Self::Gone | Self::Unknown => 0,
        }
    }
}

/// Loads the answer to a query; `largest`: the most bytes of a whole listing that is cached.
pub(super) async fn load(
    db: &Db,
    branches: &BranchNames,
    query: &Query,
    largest: u64,
) -> Result<(Answer, Timings), DbError> {
    let started = Instant::now();
    let found = find(db, branches, query, largest).await?;
    let database = started.elapsed();
    let answer = found.render(query)?;
    Ok((answer, Timings { database, render: started.elapsed().saturating_sub(database) }))
}

/// The database's answer.
enum Found {
    TooLarge,
    Page { vehicles: Vec<VehicleJson>, ids: Vec<String>, total: i64 },
    Whole { json: VehicleJson, ids: Vec<String> },
    One(BySlug),
}

async fn find(db: &Db, branches: &BranchNames, query: &Query, largest: u64) -> Result<Found, DbError> {
    Ok(match query {
        Query::List(list, _) => {
            let size = i64::from(list.page_size);
            let window =
                Window { order: list.order, limit: Some(size), offset: (i64::from(list.page) - 1) * size };
            page(db, branches, &list.filter, window).await?
        }
        Query::All => everything(db, branches, largest).await?,
        Query::Facets(filter) => {
            let search = db.understand(filter.search()).await?;
            // What is counted is every vehicle, those too that other filters leave out; naming them would say no more than `vehicles`.
            Found::Whole { json: db.facets(branches, filter, &search).await?, ids: Vec::new() }
        }
        Query::Slugs => {
            let slugs = db.slugs().await?;
            Found::Whole { json: slugs.json, ids: slugs.ids }
        }
        Query::Vehicle(slug, _) => Found::One(db.by_slug(branches, slug).await?),
    })
}

/// All listed vehicles from one snapshot, unless a slice of them shows that they are too many.
async fn everything(db: &Db, branches: &BranchNames, largest: u64) -> Result<Found, DbError> {
    let first = slice(db, branches, Some(SLICE), 0).await?;
    let bytes: usize = first.vehicles.iter().map(|vehicle| vehicle.0.get().len()).sum();
    let average = bytes.checked_div(first.vehicles.len()).unwrap_or(0);
    let all =
        u64::try_from(first.total).unwrap_or(0).saturating_mul(u64::try_from(average).unwrap_or(u64::MAX));
    if all > largest {
        return Ok(Found::TooLarge);
    }
    let whole = if first.total > SLICE { slice(db, branches, None, 0).await? } else { first };
    Ok(Found::Page { vehicles: whole.vehicles, ids: whole.ids, total: whole.total })
}

/// A slice of the listing, the last updated first.
pub(super) async fn slice(
    db: &Db,
    branches: &BranchNames,
    limit: Option<i64>,
    offset: i64,
) -> Result<VehiclePage, DbError> {
    let window = Window { order: Order::Updated, limit, offset };
    db.listed(branches, &Filter::default(), &db.understand(None).await?, window).await
}

async fn page(db: &Db, branches: &BranchNames, filter: &Filter, window: Window) -> Result<Found, DbError> {
    let search = db.understand(filter.search()).await?;
    let page = db.listed(branches, filter, &search, window).await?;
    Ok(Found::Page { vehicles: page.vehicles, ids: page.ids, total: page.total })
}

/// The answer of `GET /vehicles`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    vehicles: &'a [VehicleJson],
    total_count: i64,
    page: u32,
    page_size: u32,
    total_pages: i64,
}

/// The answer of the old system when it is asked for everything.
#[derive(Serialize)]
struct Everything<'a> {
    data: &'a [VehicleJson],
    count: i64,
}

impl Found {
    fn render(self, query: &Query) -> Result<Answer, DbError> {
        Ok(match self {
            Self::TooLarge => Answer::Large,
            Self::One(BySlug::Unknown) => Answer::Unknown,
            Self::One(BySlug::Gone) => Answer::Gone,
            Self::One(BySlug::Moved { slug, id }) => Answer::Moved { slug: slug.into(), id: id.into() },
            Self::One(BySlug::Vehicle(id, vehicle)) => {
                let vehicle = match query {
                    Query::Vehicle(_, Shape::Old) => old::with_old_names(&vehicle).map_err(unreadable)?,
                    _ => vehicle,
                };
                body(String::from(Box::<str>::from(vehicle)), &[id])
            }
            Self::Whole { json, ids } => body(String::from(Box::<str>::from(json.0)), &ids),
            Self::Page { mut vehicles, ids, total } => {
                if matches!(query, Query::All | Query::List(_, Shape::Old)) {
                    for vehicle in &mut vehicles {
                        vehicle.0 = old::with_old_names(&vehicle.0).map_err(unreadable)?;
                    }
                }
                match query {
                    Query::List(list, _) => list_body(list, &vehicles, &ids, total)?,
                    _ => body(json(&Everything { data: &vehicles, count: total })?, &ids),
                }
            }
        })
    }
}

fn list_body(
    list: &ListQuery,
    vehicles: &[VehicleJson],
    ids: &[String],
    total: i64,
) -> Result<Answer, DbError> {
    let size = i64::from(list.page_size);
    let response = List {
        vehicles,
        total_count: total,
        page: list.page,
        page_size: list.page_size,
        total_pages: (total + size - 1) / size,
    };
    Ok(body(json(&response)?, ids))
}

fn body(json: String, ids: &[String]) -> Answer {
    Answer::Body(Box::new(Body::new(json, ids)))
}

fn json(response: &impl Serialize) -> Result<String, DbError> {
    serde_json::to_string(response).map_err(unreadable)
}

pub(super) fn unreadable(error: serde_json::Error) -> DbError {
    DbError::from(sqlx::Error::Decode(error.into()))
}

impl Answer {
    /// The body, if there is one.
    pub fn body(&self) -> Option<&Body> {
        match self {
            Self::Body(body) => Some(body),
            Self::Large | Self::Moved { .. } | Self::Gone | Self::Unknown => None,
        }
    }
}
