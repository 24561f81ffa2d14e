//! The row of a vehicle in the table `listing`: what it is filtered, faceted, sorted and searched by.
//!
//! **Invariants:** the row follows from the vehicle's content alone and from the table of filters. Texts are compared by their folds and shown by
//! their first spelling. Whoever changes what a row holds raises [`RULES`]; the next full run then makes all rows anew, and a test notices the
//! change.
//!
//! **Units:** money in centavos.
//!
//! **Not here:** writing it (`db::listing`), conditions (`db::vehicles`).

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use super::{
    Content, Money,
    parameters::{FILTERS, INDEXED, Test, Unit},
    text::{Word, joins, name_key, whole_words, words},
};

/// The version of the rules by which rows are made.
pub const RULES: i16 = 1;
/// The bytes of different words that the index takes of one vehicle; PostgreSQL mixes words up beyond a million.
const MAX_INDEXED_BYTES: usize = 900_000;

/// What a listed vehicle is found by.
#[derive(Debug, Clone, PartialEq)]
pub struct ListingRow {
    /// The columns of the table `listing`, but for those that the database knows.
    pub columns: Map<String, Value>,
    /// The words of title, brand, model and year, which count more.
    pub heading: Vec<String>,
    /// Those and the words of the description.
    pub words: Vec<String>,
}

impl ListingRow {
    /// The row of a vehicle.
    pub fn new(content: &Content) -> Self {
        let (heading, words) = indexed_words(content);
        Self { columns: columns(content), heading, words }
    }
}

/// The column that holds the names of an option as they are shown, for a filter by folded texts.
pub fn names_column(column: &str, test: Test) -> Option<String> {
    match test {
        Test::Text | Test::Beginning => Some(format!("{column}_name")),
        Test::List | Test::Branches => Some(format!("{column}_names")),
        Test::Year | Test::Range(_) | Test::Flag(_) | Test::Search => None,
    }
}

fn columns(content: &Content) -> Map<String, Value> {
    let vehicle = vehicle(content);
    let mut columns = Map::new();
    let mut more = Map::new();
    for criterion in FILTERS.iter().filter(|criterion| criterion.test != Test::Search) {
        let (column, test) = (criterion.column, criterion.test);
        let to = if INDEXED.contains(&column) { &mut columns } else { &mut more };
        let value = vehicle.get(column).unwrap_or(&Value::Null);
        let (compared, shown) = compared_and_shown(value, test);
        if let Some(names) = names_column(column, test) {
            to.insert(names, shown);
        }
        to.insert(column.to_owned(), compared);
    }
    columns.insert("record_id".to_owned(), json!(content.record_id));
    columns.insert("arrived_at".to_owned(), json!(content.ingreso_inventario.unwrap_or(content.created_at)));
    columns.insert("rules".to_owned(), json!(RULES));
    columns.insert("more".to_owned(), Value::Object(more));
    columns
}

/// The vehicle's columns, with those that follow from others.
fn vehicle(content: &Content) -> Map<String, Value> {
    let mut vehicle = content.json();
    let first = content.carroceria.iter().filter(|first| !content.clasificacionid.contains(first));
    vehicle.insert("carroceria".to_owned(), first.chain(&content.clasificacionid).cloned().collect());
    vehicle.insert("precio_final".to_owned(), json!(precio_final(content)));
    vehicle
}

/// The price that a customer pays: the reduced one while it is on and below the other.
fn precio_final(content: &Content) -> Option<Money> {
    let reduced = content.oferta.filter(|_| content.con_oferta);
    reduced.filter(|reduced| content.precio.is_some_and(|price| *reduced < price)).or(content.precio)
}

/// What a filter compares with, and what its facet shows.
fn compared_and_shown(value: &Value, test: Test) -> (Value, Value) {
    match test {
        Test::Text => {
            let name = value.as_str().filter(|name| !name_key(name).is_empty());
            (json!(name.map(name_key)), json!(name))
        }
        Test::Beginning => {
            let name = value.as_str().filter(|name| !whole_words(name).is_empty());
            (json!(name.map(whole_words)), json!(name))
        }
        Test::List | Test::Branches => {
            let mut known = HashSet::new();
            let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
            let names: Vec<&str> =
                texts.filter(|name| !name_key(name).is_empty() && known.insert(name_key(name))).collect();
            let keys: Vec<String> = names.iter().map(|name| name_key(name)).collect();
            (json!(keys), json!(names))
        }
        Test::Range(Unit::Pesos) => {
            (json!(value.as_f64().and_then(Money::from_pesos).map(Money::centavos)), Value::Null)
        }
        Test::Year | Test::Range(Unit::Whole) | Test::Flag(_) | Test::Search => (value.clone(), Value::Null),
    }
}

/// The words of the heading, and those of all texts.
fn indexed_words(content: &Content) -> (Vec<String>, Vec<String>) {
    let mut bytes = 0;
    let mut found = BTreeSet::new();
    let mut add = |found: &mut BTreeSet<String>, words: &[Word], all: bool| {
        for word in words.iter().map(|word| word.text.clone()).chain(joins(words, all)) {
            bytes += word.len() + 2;
            if bytes < MAX_INDEXED_BYTES {
                found.insert(word);
            }
        }
    };
    for name in [Some(&content.title), content.marca.as_ref(), content.modelo.as_ref()].into_iter().flatten()
    {
        add(&mut found, &words(name), true);
    }
    if let Some(year) = content.autoano {
        add(&mut found, &words(&year.to_string()), true);
    }
    let heading = found.iter().cloned().collect();
    add(&mut found, &words(content.descripcion.as_deref().unwrap_or_default()), false);
    (heading, found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::mazda;

    /// Raise [`RULES`] when this changes, so that rows made by the former rules are made anew.
    #[test]
    fn the_row_of_a_sample_is_what_these_rules_make() {
        let mut content = mazda().content;
        content.marca = Some("Citroën ".to_owned());
        content.modelo = Some("C3, Édition CX-5 2.5L".to_owned());
        content.title = "Citroën C3".to_owned();
        content.clasificacionid = vec!["SUV".to_owned(), "Suv".to_owned()];
        content.carroceria = Some("Pick-Up".to_owned());
        content.descripcion = Some("¡Único dueño! Mazda-CX-5".to_owned());
        insta::assert_json_snapshot!(json!([
            RULES,
            ListingRow::new(&content).columns,
            ListingRow::new(&content).heading,
            ListingRow::new(&content).words
        ]));
    }

    #[test]
    fn a_text_of_too_many_words_is_found_by_some_of_them() {
        let mut content = mazda().content;
        let words: Vec<String> = (0..200_000).map(|number| format!("w{number}")).collect();
        content.descripcion = Some(words.join(" "));
        let row = ListingRow::new(&content);
        assert!(row.words.iter().map(String::len).sum::<usize>() < 1_000_000);
        assert!(row.words.contains(&"w1".to_owned()) && row.words.contains(&"mazda".to_owned()));
    }
}
