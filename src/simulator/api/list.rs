//! `GET /v0/{base}/{table}` and `POST …/listRecords`: a page of records.
//!
//! **Invariants:** without `sort` the order is arbitrary and stable. Filter, order and `maxRecords` are settled with the first page;
//! cells are read when their page is, and records that have vanished by then are left out of it.
//!
//! **Sources:** <https://airtable.com/developers/web/api/list-records>. The body of the POST form refuses what it does not know, and an
//! `offset` of null, as airtable.js found.

use std::{borrow::Cow, cmp::Ordering};

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, json};

use super::{Refusal, render::Shape};
use crate::simulator::{
    attachments::Links,
    cells::{Cells, Slot},
    formula::{Formula, Invalid, Reference, Row},
    store::{NoPage, Replica, Shown, Store, Table},
};

/// The options of a listing, from the query or the body.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(in crate::simulator) struct ListQuery {
    page_size: Option<usize>,
    max_records: Option<usize>,
    pub(in crate::simulator) offset: Option<String>,
    view: Option<String>,
    sort: Vec<SortBy>,
    filter_by_formula: Option<String>,
    fields: Option<Vec<String>>,
    cell_format: Option<CellFormat>,
    return_fields_by_field_id: bool,
    record_metadata: Vec<Metadata>,
    /// airtable.js leaves its own `method: "post"` in the body.
    method: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SortBy {
    field: String,
    #[serde(default)]
    direction: Direction,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    #[default]
    Asc,
    Desc,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CellFormat {
    Json,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Metadata {
    CommentCount,
}

impl ListQuery {
    pub(super) fn from_body(body: Value) -> Result<Self, Refusal> {
        if body.get("offset") == Some(&Value::Null) {
            return Err(Refusal::InvalidRequest);
        }
        serde_json::from_value(body).map_err(|_| Refusal::InvalidRequest)
    }

    /// Reads `fields[]=…`, `sort[0][field]=…` and the plain options; what else is in a query is ignored.
    pub(super) fn from_query(pairs: &[(String, String)]) -> Result<Self, Refusal> {
        let mut options = Map::new();
        let mut sort: Vec<(&str, Map<String, Value>)> = Vec::new();
        for (key, value) in pairs {
            let mut parts = key.split('[').map(|part| part.trim_end_matches(']'));
            match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
                (name @ ("fields" | "recordMetadata"), Some(_), None) => {
                    let list = options.entry(name).or_insert_with(|| json!([]));
                    list.as_array_mut().ok_or(Refusal::InvalidRequest)?.push(json!(value));
                }
                ("sort", Some(index), Some(part)) => {
                    if sort.iter().all(|(known, _)| *known != index) {
                        sort.push((index, Map::new()));
                    }
                    let entry = sort.iter_mut().find(|(known, _)| *known == index);
                    entry.ok_or(Refusal::InvalidRequest)?.1.insert(part.to_owned(), json!(value));
                }
                (name @ ("pageSize" | "maxRecords"), None, None) => {
                    let number: u32 = value.parse().map_err(|_| Refusal::InvalidRequest)?;
                    options.insert(name.to_owned(), json!(number));
                }
                (name @ "returnFieldsByFieldId", None, None) => {
                    options.insert(name.to_owned(), json!(matches!(value.as_str(), "true" | "1")));
                }
                (
                    name @ ("fields" | "sort" | "recordMetadata" | "offset" | "view" | "filterByFormula"
                    | "cellFormat"),
                    None,
                    None,
                ) => {
                    options.insert(name.to_owned(), json!(value));
                }
                _ => {}
            }
        }
        if !sort.is_empty() {
            sort.sort_by_key(|(index, _)| index.parse::<u32>().unwrap_or(u32::MAX));
            options.insert("sort".to_owned(), sort.into_iter().map(|(_, by)| Value::Object(by)).collect());
        }
        serde_json::from_value(Value::Object(options)).map_err(|_| Refusal::InvalidRequest)
    }
}

pub(super) fn list(
    store: &mut Store,
    links: &Links,
    place: usize,
    query: &ListQuery,
    (replica, now): (&Replica, DateTime<Utc>),
) -> Result<Value, Refusal> {
    let table = store.tables.get(place).ok_or(Refusal::PermissionsOrModelNotFound)?;
    let size = query.page_size.unwrap_or(100);
    if !(1..=100).contains(&size) || query.max_records == Some(0) {
        return Err(Refusal::InvalidRequest);
    }
    if let Some(view) = query.view.as_ref().filter(|view| **view != table.view_id && *view != Table::VIEW) {
        return Err(Refusal::ViewNotFound(view.clone()));
    }
    let shown: Option<Vec<Slot>> = query
        .fields
        .as_ref()
        .map(|names| names.iter().map(|name| slot(table, name)).collect())
        .transpose()?;
    let found = search(table, query, replica, now)?;

    let (page, offset) = match (query.offset.as_deref().filter(|offset| !offset.is_empty()), found) {
        (Some(offset), _) => {
            store.iterators.resume(place, offset, size, now).map_err(|reason| match reason {
                NoPage::Malformed => Refusal::InvalidOffset(offset.to_owned()),
                NoPage::Expired => Refusal::IteratorNotAvailable,
            })?
        }
        (None, found) => store.iterators.begin(place, found, size, &mut store.ids, now),
    };

    let table = store.tables.get(place).ok_or(Refusal::PermissionsOrModelNotFound)?;
    let shape = Shape { by_id: query.return_fields_by_field_id, only: shown.as_deref(), links, now };
    let records: Vec<Value> = page
        .iter()
        .filter_map(|id| {
            let mut rendered = shape.record(table, id, &table.seen(id, replica)?);
            if !query.record_metadata.is_empty() {
                rendered.insert("commentCount".to_owned(), json!(0));
            }
            Some(Value::Object(rendered))
        })
        .collect();
    Ok(match offset {
        Some(offset) => json!({"records": records, "offset": offset}),
        None => json!({"records": records}),
    })
}

fn slot(table: &Table, name: &str) -> Result<Slot, Refusal> {
    table.field(name).map(|field| field.slot).ok_or_else(|| Refusal::UnknownField(name.to_owned()))
}

/// The ids of a new listing. For a page with an offset only the options are checked.
fn search(
    table: &Table,
    query: &ListQuery,
    replica: &Replica,
    now: DateTime<Utc>,
) -> Result<Vec<String>, Refusal> {
    let formula = query.filter_by_formula.as_deref().filter(|formula| !formula.is_empty());
    let formula = formula.map(|formula| compile(table, formula)).transpose()?;
    let order: Vec<(Slot, Direction)> = query
        .sort
        .iter()
        .map(|by| Ok((slot(table, &by.field)?, by.direction)))
        .collect::<Result<_, Refusal>>()?;
    if query.offset.as_deref().is_some_and(|offset| !offset.is_empty()) {
        return Ok(Vec::new());
    }

    let keep = |(id, _)| kept(table, formula.as_ref(), id, replica, now);
    let mut found: Vec<(&String, Cow<'_, Cells>)> = match formula.as_ref().and_then(Formula::candidates) {
        Some(mut ids) => {
            ids.sort_unstable();
            ids.dedup();
            ids.into_iter().filter_map(|id| table.records.get_key_value(id)).filter_map(keep).collect()
        }
        None => table.records.iter().filter_map(keep).collect(),
    };
    found.sort_by(|(_, left), (_, right)| {
        order.iter().fold(Ordering::Equal, |so_far, (slot, direction)| {
            so_far.then_with(|| {
                let order = by_value(left.get(slot), right.get(slot));
                if matches!(direction, Direction::Desc) { order.reverse() } else { order }
            })
        })
    });
    found.truncate(query.max_records.unwrap_or(usize::MAX));
    Ok(found.into_iter().map(|(id, _)| id.clone()).collect())
}

/// The record's cells, if the replica shows it and the formula keeps it.
fn kept<'t>(
    table: &'t Table,
    formula: Option<&Formula>,
    id: &'t String,
    replica: &Replica,
    now: DateTime<Utc>,
) -> Option<(&'t String, Cow<'t, Cells>)> {
    let Shown { created, version, cells } = table.seen(id, replica)?;
    let row = Row { id, created, modified: version.modified, touched: &version.touched, cells: &cells, now };
    formula.is_none_or(|formula| formula.keeps(&row)).then_some((id, cells))
}

fn compile(table: &Table, text: &str) -> Result<Formula, Refusal> {
    let field = |name: &str| {
        table.field(name).map(|field| Reference { slot: field.slot, temporal: field.kind().is_temporal() })
    };
    Formula::compile(text, field).map_err(|reason: Invalid| Refusal::InvalidFormula(reason.to_string()))
}

/// Empty cells first, then numbers by size, then everything else by its text.
fn by_value(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => left.map(text).cmp(&right.map(text)),
    }
}
