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
use super::{
    Db, DbError,
    columns::{Statement, statement},
};
use crate::domain::{Filter, Order, RecordId, fold};

static LISTED: Statement = Statement::new(|| statement(include_str!("sql/listed.sql")));
static BY_SLUG: Statement = Statement::new(|| statement(include_str!("sql/by_slug.sql")));

/// Branch codes and their display names.
pub type Locations = BTreeMap<String, String>;

/// The display name of each branch, by all that it is called.
///
/// **Invariants:** folded codes and folded display names are keys, so every spelling finds the same name; what is a code is none but that
/// branch. Spellings as they are configured are keys too: they need not be folded.
#[derive(Debug)]
pub struct BranchNames(Json<BTreeMap<String, String>>);

impl From<&Locations> for BranchNames {
    fn from(locations: &Locations) -> Self {
        let mut names = BTreeMap::new();
        for name in locations.values() {
            names.entry(fold(name)).or_insert_with(|| name.clone());
        }
        // Names that are equal but for their spelling are one name.
        let of_codes = locations.iter().filter_map(|(code, name)| {
            let shown = names.get(&fold(name))?.clone();
            Some((fold(code), shown))
        });
        let of_codes: Vec<_> = of_codes.collect();
        names.extend(of_codes);
        let as_written: Vec<_> = locations
            .iter()
            .flat_map(|(code, name)| [code, name])
            .filter_map(|text| Some((text.clone(), names.get(&fold(text))?.clone())))
            .collect();
        names.extend(as_written);
        Self(Json(names))
    }
}

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
    /// Its vehicle was deleted in Airtable, or is hidden without having been sold.
    Gone,
    /// Nobody ever had it.
    Unknown,
}

impl Db {
    /// The vehicles that match, one window of them.
    pub async fn listed(
        &self,
        branches: &BranchNames,
        filter: &Filter,
        search: &Search,
        window: Window,
    ) -> Result<VehiclePage, DbError> {
        let (total, ids, vehicles) = sqlx::query_as(LISTED.clone())
            .bind(&branches.0)
            .bind(window.limit)
            .bind(window.offset)
            .bind(given(&filter.marca))
            .bind(given(&filter.autoano))
            .bind(given(&filter.transmision))
            .bind(given(&filter.combustible))
            .bind(given(&filter.garantia))
            .bind(given(&filter.carroceria))
            .bind(given(&filter.ubicacion))
            .bind(given(&filter.promociones))
            .bind(filter.min_price)
            .bind(filter.max_price)
            .bind(filter.min_enganche)
            .bind(filter.max_enganche)
            .bind(filter.hide_separado)
            .bind(search.all.as_deref())
            .bind(&search.words)
            .bind(&search.beginnings)
            .bind(window.order.name())
            .bind(&search.any)
            .bind(search.literal.as_deref())
            .fetch_one(&self.pool)
            .await?;
        Ok(VehiclePage { vehicles, ids, total })
    }

    /// The answer of `GET /vehicles/facets`.
    pub async fn facets(
        &self,
        branches: &BranchNames,
        filter: &Filter,
        search: &Search,
    ) -> Result<VehicleJson, DbError> {
        let facets = sqlx::query_file_scalar!(
            "src/db/sql/facets.sql",
            &branches.0 as _,
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
    pub async fn by_slug(&self, branches: &BranchNames, slug: &str) -> Result<BySlug, DbError> {
        let row: Option<(String, String, bool, VehicleJson)> =
            sqlx::query_as(BY_SLUG.clone()).bind(&branches.0).bind(slug).fetch_optional(&self.pool).await?;
        Ok(match row {
            None => BySlug::Unknown,
            Some((_, _, true, _)) => BySlug::Gone,
            Some((id, present, ..)) if present != slug => BySlug::Moved { slug: present, id },
            Some((id, .., vehicle)) => BySlug::Vehicle(id, vehicle.0),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(locations: &[(&str, &str)]) -> BTreeMap<String, String> {
        let locations: Locations =
            locations.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect();
        BranchNames::from(&locations).0.0
    }

    #[test]
    fn a_branch_has_one_name_by_whatever_it_is_called() {
        let names = names(&[("MTY", "Monterrey"), ("MTY2", "MONTERREY"), ("MÉR", "Mérida")]);
        for (called, name) in [
            ("mty", "Monterrey"),
            ("MTY", "Monterrey"),
            ("mty2", "Monterrey"),
            ("monterrey", "Monterrey"),
            ("MONTERREY", "Monterrey"),
            ("mer", "Mérida"),
            ("merida", "Mérida"),
        ] {
            assert_eq!(names.get(called).map(String::as_str), Some(name), "{called}");
        }
        assert_eq!(names.get("otra"), None);
    }

    #[test]
    fn a_code_is_never_another_branchs_name() {
        let names = names(&[("GPE", "Guadalupe"), ("MTY", "gpe")]);
        assert_eq!((&*names["gpe"], &*names["GPE"], &*names["mty"]), ("Guadalupe", "Guadalupe", "gpe"));
    }
}
