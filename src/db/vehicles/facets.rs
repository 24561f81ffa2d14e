//! `GET /vehicles/facets`: how many vehicles each option of each filter has, under all the other filters, from one statement.
//!
//! Facets of filters that are not given are counted under all filters, [`TOGETHER`] columns in one pass, since far fewer combinations than vehicles differ.
//! The facet of a filter that is given is counted by itself, without that filter. Counts are summed up here; spellings that are equal but for case and
//! accents are one option, under the one that most vehicles have.
//!
//! **Invariants:** the facets follow from the table of filters, their conditions are those of the list.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json, value::RawValue};
use sqlx::{Row, types::Json};

use super::{
    BranchNames, VehicleJson,
    conditions::{Kind, Sql, column, push_from, push_where},
};
use crate::{
    db::{Db, DbError, search::Search},
    domain::{
        Filter, Money,
        listing::names_column,
        parameters::{Criterion, FILTERS, Facet, Test, Unit},
        text::name_key,
    },
};

/// Columns whose combinations are counted at once.
const TOGETHER: usize = 3;

/// A filter with a facet, and its place in the table.
type Faceted = (usize, &'static Criterion);

impl Db {
    /// The answer of `GET /vehicles/facets`.
    pub async fn facets(
        &self,
        branches: &BranchNames,
        filter: &Filter,
        search: &Search,
    ) -> Result<VehicleJson, DbError> {
        let rows = statement(filter, search).build().fetch_all(&self.pool).await?;
        let parts = parts(filter);
        let mut tally = Tally::default();
        for row in rows {
            let (part, count): (i32, i64) = (row.try_get("part")?, row.try_get("count")?);
            let Json(values): Json<Vec<Value>> = row.try_get("found")?;
            match usize::try_from(part).ok().and_then(|part| parts.get(part)) {
                Some(part) => tally.count(part, count, &values, branches),
                None => tally.ranges(values, count),
            }
        }
        let json = serde_json::value::to_raw_value(&tally.answer());
        json.map(|json: Box<RawValue>| Json(json)).map_err(|error| sqlx::Error::Decode(error.into()).into())
    }
}

fn faceted() -> impl Iterator<Item = Faceted> {
    FILTERS.iter().enumerate().filter(|(_, criterion)| criterion.facet != Facet::None)
}

/// The facets with options, by those that are counted together: the given ones each by itself.
fn parts(filter: &Filter) -> Vec<Vec<Faceted>> {
    let (given, others): (Vec<Faceted>, Vec<Faceted>) = faceted()
        .filter(|(_, criterion)| matches!(criterion.facet, Facet::Options(_)))
        .partition(|(place, _)| filter.has(*place));
    others.chunks(TOGETHER).map(<[Faceted]>::to_vec).chain(given.into_iter().map(|one| vec![one])).collect()
}

fn ranges() -> impl Iterator<Item = Faceted> {
    faceted().filter(|(_, criterion)| matches!(criterion.facet, Facet::Range(..)))
}

/// The column in which an option is shown.
fn shown(criterion: &Criterion) -> String {
    match names_column(criterion.column, criterion.test) {
        Some(names) => column(&names, Kind::of(criterion.test)),
        None => column(criterion.column, Kind::of(criterion.test)),
    }
}

fn statement(filter: &Filter, search: &Search) -> Sql {
    let mut sql = Sql::new("");
    let others = |left_out: Option<usize>| {
        move |place: usize, criterion: &Criterion| Some(place) != left_out && criterion.test != Test::Search
    };
    if filter.search().is_some() {
        // What is found takes the place of the table, with as few columns as are needed.
        let needed: BTreeSet<String> = faceted()
            .map(|(_, criterion)| base(&shown(criterion)))
            .chain(
                filter
                    .given()
                    .map(|(_, criterion, _)| base(&column(criterion.column, Kind::of(criterion.test)))),
            )
            .filter(|column| column != "words")
            .collect();
        let needed: Vec<String> = needed.into_iter().collect();
        sql.push(format_args!("with listing as materialized (select {}", needed.join(", ")));
        push_from(&mut sql, filter, true);
        push_where(&mut sql, filter, search, |_, criterion| criterion.test == Test::Search);
        sql.push(") ");
    }
    for (number, part) in parts(filter).iter().enumerate() {
        let columns: Vec<String> = part.iter().map(|(_, criterion)| shown(criterion)).collect();
        let columns = columns.join(", ");
        sql.push(format_args!(
            "select {number} as part, json_build_array({columns}) as found, count(*) as count from listing"
        ));
        let left_out = part.first().map(|(place, _)| *place).filter(|place| filter.has(*place));
        push_where(&mut sql, filter, search, others(left_out));
        sql.push(format_args!(" group by {columns} union all "));
    }
    sql.push("select -1, json_build_array(");
    let is_filtered = filter.given().next().is_some();
    for (index, (place, criterion)) in ranges().enumerate() {
        for (number, bound) in ["min", "max"].into_iter().enumerate() {
            sql.push(if index + number > 0 { ", " } else { "" });
            let bound = format!("{bound}({})", column(criterion.column, Kind::Number));
            // Without filters the ends of an index say it.
            if is_filtered && !filter.has(place) {
                sql.push(bound);
            } else {
                sql.push(format_args!("(select {bound} from listing"));
                push_where(&mut sql, filter, search, others(Some(place)));
                sql.push(")");
            }
        }
    }
    sql.push("), count(*) from listing");
    push_where(&mut sql, filter, search, others(None));
    sql
}

/// The column of the table that an expression reads.
fn base(expression: &str) -> String {
    if expression.contains("more ->") { "more".to_owned() } else { expression.to_owned() }
}

/// The facets as they are summed up.
#[derive(Default)]
struct Tally {
    /// By facet, how many vehicles have each spelling.
    counts: HashMap<&'static str, HashMap<String, i64>>,
    years: HashMap<&'static str, HashMap<i64, i64>>,
    bounds: Map<String, Value>,
}

impl Tally {
    fn count(&mut self, part: &[Faceted], count: i64, values: &[Value], branches: &BranchNames) {
        for ((_, criterion), value) in part.iter().zip(values) {
            let Facet::Options(facet) = criterion.facet else { continue };
            if let Some(year) = value.as_i64() {
                *self.years.entry(facet).or_default().entry(year).or_default() += count;
            }
            let texts = match value {
                Value::Array(texts) => texts.as_slice(),
                text => std::slice::from_ref(text),
            };
            let texts: Vec<String> = texts.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let names = if criterion.test == Test::Branches {
                branches.all_shown(&texts)
            } else {
                texts.iter().map(String::as_str).collect()
            };
            let counts = self.counts.entry(facet).or_default();
            for name in names {
                match counts.get_mut(name) {
                    Some(known) => *known += count,
                    None => drop(counts.insert(name.to_owned(), count)),
                }
            }
        }
    }

    fn ranges(&mut self, bounds: Vec<Value>, total: i64) {
        let mut bounds = bounds.into_iter();
        for (_, criterion) in ranges() {
            let Facet::Range(low, high) = criterion.facet else { continue };
            for name in [low, high] {
                let bound = bounds.next().unwrap_or_default();
                let bound = match criterion.test {
                    Test::Range(Unit::Pesos) => json!(bound.as_i64().map(Money::from_centavos)),
                    _ => bound,
                };
                self.bounds.insert(name.to_owned(), bound);
            }
        }
        self.bounds.insert("totalCount".to_owned(), total.into());
    }

    fn answer(mut self) -> Map<String, Value> {
        let mut answer = std::mem::take(&mut self.bounds);
        for (_, criterion) in faceted() {
            let Facet::Options(facet) = criterion.facet else { continue };
            let options: Vec<Value> = if criterion.test == Test::Year {
                let mut years: Vec<(i64, i64)> =
                    self.years.remove(facet).unwrap_or_default().into_iter().collect();
                years.sort_unstable_by_key(|(year, count)| (-count, *year));
                years.into_iter().map(|(year, count)| json!({ "name": year, "count": count })).collect()
            } else {
                let options = merged(self.counts.remove(facet).unwrap_or_default());
                options.into_iter().map(|(name, count)| json!({ "name": name, "count": count })).collect()
            };
            answer.insert(facet.to_owned(), options.into());
        }
        answer
    }
}

/// Spellings of one option as one, under the most frequent; the highest count first, then by name.
fn merged(spellings: HashMap<String, i64>) -> Vec<(String, i64)> {
    let mut spellings: Vec<(String, i64)> = spellings.into_iter().collect();
    spellings.sort_unstable_by(|(one, ones), (other, others)| others.cmp(ones).then_with(|| one.cmp(other)));
    let mut options: Vec<(String, i64)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, count) in spellings {
        let place = *places.entry(name_key(&name)).or_insert(options.len());
        match options.get_mut(place) {
            Some((_, known)) => *known += count,
            None => options.push((name.trim().to_owned(), count)),
        }
    }
    options.sort_by(|(one, ones), (other, others)| others.cmp(ones).then_with(|| one.cmp(other)));
    options
}
