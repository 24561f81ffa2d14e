//! Vehicles as the website sees them.
//!
//! **Invariants:** PostgreSQL writes the JSON of a vehicle; nothing parses it again on its way to the response. Equal sort keys are ordered by
//! `record_id`, so pages neither overlap nor skip. Every response comes from one statement, hence from one snapshot. Conditions and orders are
//! read from `listing`, a narrow table, so counting 100,000 vehicles takes milliseconds.
//!
//! **Not here:** writing (`records`, `listing`), caching (`catalog`), what parameters mean (`domain::Filter`), what a search means (`search`).

mod branches;
mod conditions;
mod facets;
mod json;

use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, Row, types::Json};

pub use self::{
    branches::{BranchNames, Locations},
    json::VehicleJson,
};
use self::{
    conditions::{Sql, order_by, push_from, push_points, push_where},
    json::with_branches,
};
use super::{Db, DbError, search::Search};
use crate::domain::{Filter, Order, RecordId};

/// A part of the matching vehicles.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The order of all.
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

/// The slugs of all listed vehicles.
#[derive(Debug)]
pub struct SlugList {
    /// The answer of `GET /vehicles/slugs`.
    pub json: VehicleJson,
    /// The record ids of the vehicles, in the same order.
    pub ids: Vec<String>,
}

/// The vehicle of a slug, as far as one is known.
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
    /// Its vehicle was deleted in Airtable, or is hidden without having been sold.
    Gone,
    /// Nobody ever had it.
    Unknown,
}

impl Db {
    /// A window of the vehicles that match.
    pub async fn listed(
        &self,
        branches: &BranchNames,
        filter: &Filter,
        search: &Search,
        window: Window,
    ) -> Result<VehiclePage, DbError> {
        let mut statement = statement("", filter, search, window);
        let rows = statement.build().fetch_all(&self.pool).await?;
        let mut page = VehiclePage { vehicles: Vec::new(), ids: Vec::new(), total: 0 };
        for row in rows {
            page.total = row.try_get("total")?;
            // A page past the end has a total and no vehicle.
            if let Some(id) = row.try_get("record_id")? {
                let ubicacion: Vec<String> = row.try_get("ubicacion")?;
                page.vehicles.push(with_branches(row.try_get("json")?, &ubicacion, branches)?);
                page.ids.push(id);
            }
        }
        Ok(page)
    }

    /// PostgreSQL's plan of [`Self::listed`].
    pub async fn explain_listed(
        &self,
        filter: &Filter,
        search: &Search,
        window: Window,
    ) -> Result<Vec<String>, DbError> {
        let mut statement = statement("explain ", filter, search, window);
        Ok(statement.build_query_scalar().fetch_all(&self.pool).await?)
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

    /// The vehicle that has a slug, else the one that had it; listed or not.
    pub async fn by_slug(&self, branches: &BranchNames, slug: &str) -> Result<BySlug, DbError> {
        let statement = format!(
            "select v.record_id, v.slug, v.deleted_at is not null or not (v.listed or v.vendido) as gone, {}
             from inventario_cache v
             where v.record_id = coalesce(
                 (select record_id from inventario_cache where slug = $1),
                 (select record_id from slug_redirects where slug = $1)
             )",
            json::columns()
        );
        let row = sqlx::query(AssertSqlSafe(statement)).bind(slug).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(BySlug::Unknown) };
        let (id, present): (String, String) = (row.try_get("record_id")?, row.try_get("slug")?);
        Ok(if row.try_get("gone")? {
            BySlug::Gone
        } else if present != slug {
            BySlug::Moved { slug: present, id }
        } else {
            let ubicacion: Vec<String> = row.try_get("ubicacion")?;
            BySlug::Vehicle(id, with_branches(row.try_get("json")?, &ubicacion, branches)?.0)
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

    /// The number of listed vehicles.
    pub async fn count_listed(&self) -> Result<i64, DbError> {
        let count =
            sqlx::query_scalar!(r#"select count(*) as "count!" from listing"#).fetch_one(&self.pool).await?;
        Ok(count)
    }
}

/// The statement of a page, after what `start` says: its vehicles in order, each with the number of all; one row without a vehicle where there is none.
///
/// A search is looked up once for both; anything else twice, since the page then comes in the order of an index and the count from the shortest way.
fn statement(start: &str, filter: &Filter, search: &Search, window: Window) -> Sql {
    let searches = filter.search().is_some();
    let by_relevance = searches && window.order == Order::Relevance;
    let order = if by_relevance || window.order != Order::Relevance { window.order } else { Order::Updated };
    let mut sql = Sql::new(format!("{start}with "));
    if by_relevance {
        sql.push("matches as materialized (select record_id, ");
        push_points(&mut sql, search);
        sql.push(" as points");
        push_from(&mut sql, filter, false);
        push_where(&mut sql, filter, search, |_, _| true);
        sql.push("), ");
    }
    let push_matches = |sql: &mut Sql, needs_listing: bool| {
        if by_relevance {
            sql.push(" from matches");
        } else {
            push_from(sql, filter, needs_listing);
            push_where(sql, filter, search, |_, _| true);
        }
    };
    sql.push("page as materialized (select array(select record_id");
    push_matches(&mut sql, true);
    sql.push(format_args!(" order by {} limit ", order_by(order)));
    sql.push_bind(window.limit).push(" offset ").push_bind(window.offset);
    sql.push(") as ids), counted as materialized (select count(*) as total");
    push_matches(&mut sql, false);
    sql.push(format_args!(
        ") select total, shown.record_id, shown.json, shown.ubicacion
         from counted cross join page
         left join lateral (
             select place.n, v.record_id, {}
             from unnest(ids) with ordinality as place(id, n) join inventario_cache v on v.record_id = place.id
         ) shown on true
         order by shown.n",
        json::columns()
    ));
    sql
}
