//! Vehicles as the website sees them.
//!
//! **Invariants:** PostgreSQL writes the JSON of a vehicle, once, in `vehicle_json`'s column list; nothing parses it again on its
//! way to the response. Equal sort keys are ordered by `record_id`, so pages neither overlap nor skip. Every answer comes from one
//! statement, hence from one snapshot.
//!
//! **Not here:** writing (`records`), caching (`catalog`).

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sqlx::types::Json;

use super::{Db, DbError};

/// Branch codes and their display names.
pub type Locations = BTreeMap<String, String>;

/// A page of listed vehicles.
#[derive(Debug)]
pub struct VehiclePage {
    /// The vehicles as JSON objects, in order.
    pub vehicles: Vec<Json<Box<RawValue>>>,
    /// Their record ids, in the same order.
    pub ids: Vec<String>,
    /// Listed vehicles on all pages.
    pub total: i64,
}

/// What is known of a slug.
#[derive(Debug)]
pub enum BySlug {
    /// A vehicle has it: its record id and JSON.
    Vehicle(String, Box<RawValue>),
    /// A vehicle had it; this is its present one.
    Moved(String),
    /// Its vehicle was deleted in Airtable.
    Gone,
    /// Nobody ever had it.
    Unknown,
}

impl Db {
    /// A page of listed vehicles, the most recently updated first.
    pub async fn listed(
        &self,
        locations: &Locations,
        limit: i64,
        offset: i64,
    ) -> Result<VehiclePage, DbError> {
        let row = sqlx::query_file!("src/db/sql/listed.sql", Json(locations) as _, limit, offset)
            .fetch_one(&self.pool)
            .await?;
        Ok(VehiclePage { vehicles: row.vehicles, ids: row.ids, total: row.total })
    }

    /// What is known of a slug, listed or not.
    pub async fn by_slug(&self, locations: &Locations, slug: &str) -> Result<BySlug, DbError> {
        let row = sqlx::query_file!("src/db/sql/by_slug.sql", Json(locations) as _, slug)
            .fetch_optional(&self.pool)
            .await?;
        Ok(match row {
            None => BySlug::Unknown,
            Some(row) if row.deleted => BySlug::Gone,
            Some(row) if row.slug != slug => BySlug::Moved(row.slug),
            Some(row) => BySlug::Vehicle(row.record_id, row.vehicle.0),
        })
    }

    /// How many vehicles are listed.
    pub async fn count_listed(&self) -> Result<i64, DbError> {
        let count = sqlx::query_scalar!(r#"select count(*) as "count!" from inventario_cache where listed"#)
            .fetch_one(&self.pool)
            .await?;
        Ok(count)
    }
}
