//! Every column of the table in `domain::columns` reaches everything that follows from it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use vitrina::domain::{Column, Described, JsonType, Kind, Mapping};

use crate::support::World;

/// The field that a column is read from; for the title, the one that is not the brand's or the model's.
fn field(column: Column) -> &'static str {
    match column {
        Column::Title => "Auto",
        _ => Mapping::builtin().fields_of(column).next().unwrap(),
    }
}

/// Two cells for each kind, with the values that they become.
fn cells(column: Column) -> [(Value, Value); 2] {
    let same = |cell: Value| (cell.clone(), cell);
    match (column, column.kind()) {
        (Column::Ordenstatus, _) => ["Comprado", "Vendido"].map(|text| same(text.into())),
        (Column::Vendido, _) => [false, true].map(|flag| same(flag.into())),
        (_, Kind::Text) => ["first", "second"].map(|text| same(format!("{column} {text}").into())),
        (_, Kind::List) => [["a", "b"], ["b", "c"]].map(|list| same(json!(list))),
        (_, Kind::Whole) => [3, 4].map(|number| same(number.into())),
        (_, Kind::Year) => [2019, 2020].map(|year| same(year.into())),
        (_, Kind::Money) => [json!(99_900), json!(1_234.5)].map(same),
        (_, Kind::Checkbox) => [true, false].map(|flag| same(flag.into())),
        (_, Kind::Time) => {
            ["2026-05-01", "2026-05-02"].map(|day| (day.into(), format!("{day}T00:00:00+00:00").into()))
        }
        (_, Kind::Url) => ["https://a.mx/1", "https://a.mx/2"].map(|url| same(url.into())),
        (_, Kind::Urls) => ["https://a.mx/1", "https://a.mx/2"].map(|url| (url.into(), json!([url]))),
        (_, Kind::Slug) => ["one-page", "another-page"].map(|slug| same(slug.into())),
    }
}

fn is_public(column: Column) -> bool {
    Described::public().any(|member| member.name == column.as_str())
}

/// A stored amount has its centavos: `99900.00`.
fn is_equal(stored: &Value, value: &Value) -> bool {
    stored == value || (stored.is_number() && stored.as_f64() == value.as_f64())
}

#[tokio::test]
async fn every_column_is_stored_shown_described_compared_and_kept() {
    let world = World::start().await;
    // A brand without a model leaves the title to `Auto`.
    let filled = Column::ALL.iter().filter(|column| **column != Column::Modelo);
    let fields: Map<String, Value> =
        filled.map(|column| (field(*column).to_owned(), cells(*column)[0].0.clone())).collect();
    let id = world.known(fields).await;

    let shown = world.get("/vehicles").await.ok()["vehicles"][0].clone();
    let row = world.row(&id).await.unwrap();
    for column in Column::ALL.iter().filter(|column| **column != Column::Modelo) {
        let [(_, value), _] = cells(*column);
        assert!(is_equal(&row[column.as_str()], &value), "{column} is not stored");
        let in_public = if is_public(*column) { Some(&value) } else { None };
        assert_eq!(shown.get(column.as_str()), in_public, "{column} in the public JSON");
    }

    let slug = row["slug"].as_str().unwrap();
    let one = world.get(&format!("/vehicles/{slug}")).await.ok();
    assert_eq!(one, shown);
    is_described(&world.get("/openapi.json").await.ok()["components"]["schemas"]["Vehicle"], &shown);

    // The state comes last: a sold vehicle is not listed.
    let by_state_last = |column: &&Column| **column == Column::Ordenstatus;
    let (state, mut columns): (Vec<&Column>, Vec<&Column>) = Column::ALL.iter().partition(by_state_last);
    columns.extend(state);
    for column in columns {
        let [_, (cell, value)] = cells(*column);
        world.airtable.edit(&id, [(field(*column).to_owned(), cell)].into_iter().collect());
        assert_eq!(
            world.webhook(&id).await.ok()["action"],
            if *column == Column::Ordenstatus { "archived" } else { "updated" }
        );
        let log = world.logs(&id).await.pop().unwrap();
        let changed = log["metadata"]["changed"].as_array().unwrap();
        assert!(changed.contains(&json!(column.as_str())), "{column} is not compared: {changed:?}");
        let row = world.row(&id).await.unwrap();
        assert!(is_equal(&row[column.as_str()], &value), "a change of {column} is not stored");
        if is_public(*column) {
            let slug = row["slug"].as_str().unwrap();
            assert_eq!(
                world.get(&format!("/vehicles/{slug}")).await.ok()[column.as_str()],
                value,
                "{column}"
            );
        }
    }

    let before = world.row(&id).await.unwrap();
    for name in Mapping::builtin().field_names() {
        world.airtable.remove_field(name);
    }
    world.webhook(&id).await.ok();
    let after = world.row(&id).await.unwrap();
    assert_ne!(after["data"], before["data"]);
    for column in Column::ALL {
        assert_eq!(after[column.as_str()], before[column.as_str()], "{column} is not kept without its field");
    }
}

/// The schema has the members of the vehicle and no other, each of the vehicle's type.
fn is_described(schema: &Value, vehicle: &Value) {
    let names = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&schema["properties"]), names(vehicle));
    let required: BTreeSet<String> = serde_json::from_value(schema["required"].clone()).unwrap();
    assert_eq!(required, names(vehicle));
    for member in Described::public() {
        let said = &schema["properties"][member.name];
        assert!(
            said["description"].as_str().is_some_and(|text| text == member.meaning),
            "{}: {said}",
            member.name
        );
        let types: Vec<String> = match said["type"].clone() {
            Value::String(one) => vec![one],
            several => serde_json::from_value(several).unwrap(),
        };
        assert_eq!(types.contains(&"null".to_owned()), member.nullable, "{}: {said}", member.name);
        let right = match member.json {
            JsonType::Text | JsonType::Time => "string",
            JsonType::Texts => "array",
            JsonType::Whole => "integer",
            JsonType::Money => "number",
            JsonType::Flag => "boolean",
        };
        assert_eq!(types[0], right, "{}: {said}", member.name);
        let value = &vehicle[member.name];
        assert!(
            member.json.is_type_of(value) || (member.nullable && value.is_null()),
            "{}: {value}",
            member.name
        );
    }
}
