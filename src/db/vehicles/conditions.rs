//! The conditions and orders of the listing in SQL, once for pages, counts and facets.
//!
//! **Invariants:** values are bound, never written into the text; what is written are column names from the table of filters. A filter of which nothing is
//! given has no condition, so the planner sees only what is asked for.
//!
//! **Not here:** which filters there are (`domain::parameters`), what a search means (`search`).

use sqlx::{Postgres, QueryBuilder};

use super::super::search::Search;
use crate::domain::{
    Filter, Given, Order,
    parameters::{Criterion, INDEXED, Test},
};

/// A statement under construction.
pub(super) type Sql = QueryBuilder<Postgres>;

/// The columns of `listing` in SQL, or their values in its column `more`.
pub(super) fn column(name: &str, kind: Kind) -> String {
    let base = name.strip_suffix("_names").or_else(|| name.strip_suffix("_name")).unwrap_or(name);
    if INDEXED.contains(&base) {
        return name.to_owned();
    }
    match kind {
        Kind::Text => format!("(more ->> '{name}')"),
        Kind::Texts => format!("array(select jsonb_array_elements_text(more -> '{name}'))"),
        Kind::Number => format!("(more ->> '{name}')::bigint"),
        Kind::Flag => format!("(more ->> '{name}')::boolean"),
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Texts,
    Number,
    Flag,
}

impl Kind {
    pub(super) fn of(test: Test) -> Self {
        match test {
            Test::Text | Test::Beginning | Test::Search => Self::Text,
            Test::List | Test::Branches => Self::Texts,
            Test::Year | Test::Range(_) => Self::Number,
            Test::Flag(_) => Self::Flag,
        }
    }
}

/// `from` with the tables that the filters and the order need.
pub(super) fn push_from(sql: &mut Sql, filter: &Filter, needs_listing: bool) {
    let searches = filter.search().is_some();
    let more = needs_listing || filter.given().any(|(_, _, given)| !matches!(given, Given::Search(_)));
    sql.push(match (searches, more) {
        (true, true) => " from listing join listing_texts using (record_id)",
        (true, false) => " from listing_texts",
        (false, _) => " from listing",
    });
}

/// `where` with the conditions of all filters that `wanted` takes.
pub(super) fn push_where(
    sql: &mut Sql,
    filter: &Filter,
    search: &Search,
    wanted: impl Fn(usize, &Criterion) -> bool,
) {
    let mut word = " where ";
    for (_, criterion, given) in filter.given().filter(|(place, criterion, _)| wanted(*place, criterion)) {
        sql.push(word);
        push_condition(sql, criterion, given, search);
        word = " and ";
    }
}

/// The condition of one filter, in brackets.
fn push_condition(sql: &mut Sql, criterion: &Criterion, given: &Given, search: &Search) {
    let column = column(criterion.column, Kind::of(criterion.test));
    sql.push("(");
    match given {
        Given::Texts(beginnings) if criterion.test == Test::Beginning => {
            for (place, beginning) in beginnings.iter().enumerate() {
                sql.push(if place > 0 { " or " } else { "" });
                // What begins with it stands between it and what follows its last blank.
                let end = format!("{}!", beginning.trim_end());
                sql.push(format_args!("{column} >= ")).push_bind(beginning.clone());
                sql.push(format_args!(" and {column} < ")).push_bind(end);
            }
        }
        Given::Texts(texts) if matches!(Kind::of(criterion.test), Kind::Texts) => {
            sql.push(format_args!("{column} && ")).push_bind(texts.clone());
        }
        Given::Texts(texts) => {
            sql.push(format_args!("{column} = any(")).push_bind(texts.clone()).push(")");
        }
        Given::Years(years) => {
            sql.push(format_args!("{column} = any(")).push_bind(years.clone()).push(")");
        }
        Given::Range(low, high) => {
            let mut word = "";
            for (sign, bound) in [(">=", low), ("<=", high)] {
                if let Some(bound) = bound {
                    sql.push(format_args!("{word}{column} {sign} ")).push_bind(*bound);
                    word = " and ";
                }
            }
        }
        Given::Flag => {
            let not = if criterion.test == Test::Flag(true) { "" } else { "not " };
            sql.push(format_args!("{not}{column}"));
        }
        Given::Search(_) => {
            sql.push("words @@ ").push_bind(search.all.clone()).push("::tsquery");
        }
    }
    sql.push(")");
}

/// The sort keys of an order; `record_id` is the last of each.
pub(super) fn order_by(order: Order) -> &'static str {
    match order {
        Order::Updated => "updated_at desc, record_id",
        Order::Newest => "arrived_at desc, record_id",
        Order::PriceAsc => "precio_final, record_id",
        Order::PriceDesc => "precio_final desc nulls last, record_id",
        Order::YearAsc => "autoano, record_id",
        Order::YearDesc => "autoano desc nulls last, record_id",
        Order::MileageAsc => "kilometraje, record_id",
        Order::MileageDesc => "kilometraje desc nulls last, record_id",
        Order::Relevance => "points desc, record_id",
    }
}

/// Writes the points of a vehicle for a search: two for each likeliest meaning in its heading, one for any other.
pub(super) fn push_points(sql: &mut Sql, search: &Search) {
    sql.push("0");
    for (likely, any) in &search.points {
        sql.push(" + case when heading @@ ").push_bind(likely.clone());
        sql.push("::tsquery then 2 when heading @@ ")
            .push_bind(any.clone())
            .push("::tsquery then 1 else 0 end");
    }
}
