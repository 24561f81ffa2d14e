//! From the database to a finished response.
//!
//! **Invariants:** the JSON of a vehicle is copied as PostgreSQL wrote it; only the old shape adds names to it.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{
    body::Body,
    old,
    query::{ListQuery, Query, Shape},
};
use crate::{
    db::{
        Db, DbError,
        vehicles::{BranchNames, BySlug, VehicleJson, Window},
    },
    domain::{Filter, Order},
};

/// What is known of a query.
#[derive(Debug)]
pub enum Answer {
    /// JSON to be sent.
    Body(Box<Body>),
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

/// How long the parts of a load took.
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
            Self::Gone | Self::Unknown => 0,
        }
    }
}

pub(super) async fn load(
    db: &Db,
    branches: &BranchNames,
    query: &Query,
) -> Result<(Answer, Timings), DbError> {
    let started = Instant::now();
    let found = find(db, branches, query).await?;
    let database = started.elapsed();
    let answer = found.render(query)?;
    Ok((answer, Timings { database, render: started.elapsed().saturating_sub(database) }))
}

/// What the database said.
enum Found {
    Page { vehicles: Vec<VehicleJson>, ids: Vec<String>, total: i64 },
    Whole { json: VehicleJson, ids: Vec<String> },
    One(BySlug),
}

async fn find(db: &Db, branches: &BranchNames, query: &Query) -> Result<Found, DbError> {
    Ok(match query {
        Query::List(list, _) => {
            let size = i64::from(list.page_size);
            let window =
                Window { order: list.order, limit: Some(size), offset: (i64::from(list.page) - 1) * size };
            page(db, branches, &list.filter, window).await?
        }
        Query::All => {
            let window = Window { order: Order::Updated, limit: None, offset: 0 };
            page(db, branches, &Filter::default(), window).await?
        }
        Query::Facets(filter) => {
            let _turn = db.turn_to_search(filter.search.as_deref()).await;
            let search = db.understand(filter.search.as_deref()).await?;
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

async fn page(db: &Db, branches: &BranchNames, filter: &Filter, window: Window) -> Result<Found, DbError> {
    let _turn = db.turn_to_search(filter.search.as_deref()).await;
    let search = db.understand(filter.search.as_deref()).await?;
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

fn unreadable(error: serde_json::Error) -> DbError {
    DbError::from(sqlx::Error::Decode(error.into()))
}

impl Answer {
    /// The body, if there is one.
    pub fn body(&self) -> Option<&Body> {
        match self {
            Self::Body(body) => Some(body),
            Self::Moved { .. } | Self::Gone | Self::Unknown => None,
        }
    }
}
