//! Vehicles as the website sees them.
//!
//! **Invariants:** PostgreSQL writes the JSON of a vehicle; nothing parses it again on its way to the response. Equal sort keys are
//! ordered by `record_id`, so pages neither overlap nor skip. Every response comes from one statement, hence from one snapshot.
//! Conditions and order are read from `listing`, a narrow table that triggers keep, so counting 100,000 vehicles takes milliseconds.
//!
//! **Not here:** writing (`records`), caching (`catalog`), what parameters mean (`domain::Filter`).

mod search;
mod terms;
mod vocabulary;

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sqlx::types::Json;

pub use self::search::Search;
use super::{Db, DbError};
use crate::domain::{Filter, Order, RecordId};

/// Branch codes and their display names.
pub type Locations = BTreeMap<String, String>;

/// A vehicle as a JSON object.
pub type VehicleJson = Json<Box<RawValue>>;

/// Which part of the matching vehicles, and in what order.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// What comes first.
    pub order: Order,
    /// Vehicles at most; `None`: all.
    pub limit: Option<i64>,
    /// Vehicles before the first.
    pub offset: i64,
}

/// A page of listed vehicles.
#[derive(Debug)]
pub struct VehiclePage {
    /// The vehicles, in order.
    pub vehicles: Vec<VehicleJson>,
    /// Their record ids, in the same order.
    pub ids: Vec<String>,
    /// Matching vehicles on all pages.
    pub total: i64,
}

/// The addresses of all listed vehicles.
#[derive(Debug)]
pub struct SlugList {
    /// The answer of `GET /vehicles/slugs`.
    pub json: VehicleJson,
    /// The record ids of the vehicles, in the same order.
    pub ids: Vec<String>,
}

/// What is known of a slug.
#[derive(Debug)]
pub enum BySlug {
    /// A vehicle has it: its record id and JSON.
    Vehicle(String, Box<RawValue>),
    /// A vehicle had it.
    Moved {
        /// Its present one.
        slug: String,
        /// Its record id.
        id: String,
    },
    /// Its vehicle was deleted in Airtable.
    Gone,
    /// Nobody ever had it.
    Unknown,
}

impl Db {
    /// The vehicles that match, one window of them.
    pub async fn listed(
        &self,
        locations: &Locations,
        filter: &Filter,
        search: &Search,
        window: Window,
    ) -> Result<VehiclePage, DbError> {
        let row = sqlx::query_file!(
            "src/db/sql/listed.sql",
            Json(locations) as _,
            window.limit,
            window.offset,
            given(&filter.marca),
            given(&filter.autoano),
            given(&filter.transmision),
            given(&filter.combustible),
            given(&filter.garantia),
            given(&filter.carroceria),
            given(&filter.ubicacion),
            given(&filter.promociones),
            filter.min_price,
            filter.max_price,
            filter.min_enganche,
            filter.max_enganche,
            filter.hide_separado,
            search.all.as_deref(),
            &search.words,
            &search.beginnings,
            window.order.name(),
            search.any
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(VehiclePage { vehicles: row.vehicles, ids: row.ids, total: row.total })
    }

    /// The answer of `GET /vehicles/facets`.
    pub async fn facets(
        &self,
        locations: &Locations,
        filter: &Filter,
        search: &Search,
    ) -> Result<VehicleJson, DbError> {
        let facets = sqlx::query_file_scalar!(
            "src/db/sql/facets.sql",
            Json(locations) as _,
            given(&filter.marca),
            given(&filter.autoano),
            given(&filter.transmision),
            given(&filter.combustible),
            given(&filter.garantia),
            given(&filter.carroceria),
            given(&filter.ubicacion),
            given(&filter.promociones),
            filter.min_price,
            filter.max_price,
            filter.min_enganche,
            filter.max_enganche,
            filter.hide_separado,
            search.all.as_deref()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(facets)
    }

    /// The answer of `GET /vehicles/slugs`.
    pub async fn slugs(&self) -> Result<SlugList, DbError> {
        let slugs = sqlx::query_as!(
            SlugList,
            r#"select json_build_object(
                   'slugs', coalesce(json_agg(json_build_object('slug', v.slug, 'updated_at', v.updated_at) order by v.slug), '[]'),
                   'totalCount', count(*)
               ) as "json!: Json<Box<RawValue>>",
               coalesce(array_agg(v.record_id order by v.slug), '{}') as "ids!"
               from listing join inventario_cache v using (record_id)"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(slugs)
    }

    /// What is known of a slug, listed or not.
    pub async fn by_slug(&self, locations: &Locations, slug: &str) -> Result<BySlug, DbError> {
        let row = sqlx::query_file!("src/db/sql/by_slug.sql", Json(locations) as _, slug)
            .fetch_optional(&self.pool)
            .await?;
        Ok(match row {
            None => BySlug::Unknown,
            Some(row) if row.deleted => BySlug::Gone,
            Some(row) if row.slug != slug => BySlug::Moved { slug: row.slug, id: row.record_id },
            Some(row) => BySlug::Vehicle(row.record_id, row.vehicle.0),
        })
    }

    /// The title of a vehicle, listed or not.
    pub async fn title_of(&self, record: &RecordId) -> Result<Option<String>, DbError> {
        let title =
            sqlx::query_scalar!("select title from inventario_cache where record_id = $1", record.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(title)
    }

    /// How many vehicles are listed.
    pub async fn count_listed(&self) -> Result<i64, DbError> {
        let count =
            sqlx::query_scalar!(r#"select count(*) as "count!" from listing"#).fetch_one(&self.pool).await?;
        Ok(count)
    }
}

/// A list that is empty does not restrict.
fn given<T>(values: &[T]) -> Option<&[T]> {
    (!values.is_empty()).then_some(values)
}
