//! What holds for every record whatsoever, tried on random ones.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Column, Content, Fields, Mapping, Rules, Warning, normalize, samples};

/// Any JSON, with a liking for what Airtable sends and people write.
fn any_cell() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(?s).{0,20}".prop_map(Value::from),
        "[$ 0-9.,'km\\-]{0,12}".prop_map(Value::from),
        "(https?://[a-z/,;| \"<]{0,8}){0,3}".prop_map(Value::from),
        "[0-9]{1,4}[-/][0-9]{1,2}[-/][0-9]{1,4}([T ][0-9:.Z+]{0,9})?".prop_map(Value::from),
        "\\[(\"[a-z\\\\u0]{0,6}\",){0,3}[0-9a-z\"]{0,4}\\]".prop_map(Value::from),
        Just(json!({"error": "#ERROR!"})),
        Just(json!({"specialValue": "NaN"})),
        Just(json!({"state": "generated", "isStale": false, "value": "IA"})),
        Just(json!({"id": "attA1b2C3d4E5f6G7", "url": "https://v5.airtableusercontent.com/a"})),
        Just(json!("Comprado")),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("name|text|value|url|id|state|[a-z\\x00]{0,3}", inner, 0..4)
                .prop_map(Value::from_iter),
        ]
    })
}

/// The name of a mapped field.
fn any_field() -> impl Strategy<Value = String> {
    let names: Vec<String> = Mapping::builtin().field_names().map(str::to_owned).collect();
    prop::sample::select(names)
}

fn any_fields() -> impl Strategy<Value = Fields> {
    prop::collection::btree_map(prop_oneof![9 => any_field(), 1 => "(?s).{0,5}"], any_cell(), 0..50)
        .prop_map(|fields| fields.into_iter().collect())
}

/// The columns, and those derived from them, into which a field may find its way.
fn fed_by(field: &str) -> Vec<&'static str> {
    let mapping = Mapping::builtin();
    let fed = |column: &&Column| mapping.sources(**column).iter().flatten().any(|name| name == field);
    let mut columns = vec!["data"];
    for column in Column::ALL.iter().filter(fed) {
        columns.push(column.as_str());
        columns.extend_from_slice(match column {
            Column::Clasificacionid => &["carroceria"],
            Column::Ordenstatus => &["vendido", "listed"],
            Column::FotosExteriorUrl => &["feature_image"],
            _ => &[],
        });
    }
    columns
}

fn read(fields: &Fields) -> (Content, Vec<Warning>) {
    let read = samples::normalized(fields.clone().into());
    (read.content, read.warnings)
}

proptest! {
    #[test]
    fn every_record_is_read_with_at_most_one_short_warning_for_each_column(fields in any_fields()) {
        let (content, warnings) = read(&fields);
        prop_assert!(!content.title.is_empty());
        prop_assert_eq!(&content.carroceria, &content.clasificacionid.first().cloned());
        prop_assert!(content.vendido || content.listed);
        let mut columns: Vec<_> = warnings.iter().map(|warning| &warning.column).collect();
        columns.sort_unstable();
        columns.dedup();
        prop_assert_eq!(columns.len(), warnings.len());
        for warning in &warnings {
            prop_assert!(warning.value.chars().count() <= Warning::VALUE_CHARS);
            prop_assert!(!warning.value.is_empty() && !warning.problem.ends_with('.'));
        }
        for url in content.feature_image.iter().chain(&content.fotos_exterior_url).chain(&content.fotos_interior_url) {
            prop_assert!(url.starts_with("http://") || url.starts_with("https://"));
        }
        let stored = serde_json::to_string(&content).unwrap();
        prop_assert!(!stored.replace("\\\\", "").contains("\\u0000"), "{stored}");
    }

    #[test]
    fn the_same_record_gives_the_same_vehicle_with_nothing_to_write(fields in any_fields()) {
        let (content, warnings) = read(&fields);
        prop_assert_eq!(&(content.clone(), warnings), &read(&fields));
        prop_assert_eq!(content.changes_from(&content), Vec::<&str>::new());
    }

    #[test]
    fn what_was_stored_as_json_has_no_changes_when_it_comes_back(fields in any_fields()) {
        let (content, _) = read(&fields);
        let stored = serde_json::to_string(&content).unwrap();
        let former: Content = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(content.changes_from(&former), Vec::<&str>::new());
    }

    #[test]
    fn a_cell_of_any_shape_touches_only_the_columns_it_feeds(field in any_field(), cell in any_cell()) {
        let mut fields = samples::mazda_fields();
        fields.remove(&field);
        let (without, _) = read(&fields);
        fields.insert(field.clone(), cell);
        let (with, warnings) = read(&fields);
        let fed = fed_by(&field);
        for changed in with.changes_from(&without) {
            prop_assert!(fed.contains(&changed), "{field} changed {changed}");
        }
        for warning in warnings {
            prop_assert_eq!(&warning.field, &field);
            prop_assert!(fed.contains(&warning.column.as_str()));
        }
    }

    #[test]
    fn a_mapping_file_of_any_text_is_read_or_refused(text in "(?s)([a-z_]{0,9} ?= ?[{\\[\"]{0,3}.{0,20}\n?){0,6}") {
        if let Err(errors) = Mapping::parse(&text) {
            prop_assert!(!errors.is_empty());
        }
    }
}

#[test]
fn an_unreadable_cell_counts_as_an_empty_one_and_is_told() {
    // `Auto` is not asked while brand and model are there.
    for field in
        samples::mazda_fields().keys().filter(|name| !["Auto", "Notas internas"].contains(&name.as_str()))
    {
        let mut fields = samples::mazda_fields();
        fields.remove(field);
        let (without, _) = read(&fields);
        fields.insert(field.clone(), json!([{"error": "#ERROR!"}]));
        let (with, warnings) = read(&fields);
        assert_eq!(with.changes_from(&without), ["data"], "{field}");
        assert!(!warnings.is_empty() && warnings.iter().all(|warning| warning.field == *field), "{field}");
    }
}

/// One field for each kind.
const KINDS: &[&str] = &[
    "Auto",
    "Ubicacion",
    "PlazoMax",
    "AutoAno",
    "Precio",
    "Separado",
    "IngresoInventario",
    "feature_image",
    "fotos_exterior_url",
    "ligawp",
];

#[test]
fn a_hundred_thousand_characters_of_anything_are_read_in_time() {
    let size = 100_000;
    let started = std::time::Instant::now();
    for piece in [
        "x",
        "ñ",
        "🚗",
        ",",
        " ",
        "[",
        "[\"",
        "a,",
        "https://",
        "https://a ",
        ", ",
        "\n",
        "0",
        "1,",
        "-",
        "\0",
    ] {
        let long = piece.repeat(size / piece.len());
        for text in [long.clone(), format!("[\"{long}\"]"), format!("[{}0]", "0,".repeat(size / 2))] {
            let fields: Fields =
                KINDS.iter().map(|name| ((*name).to_owned(), Value::from(text.clone()))).collect();
            let (content, _) = read(&fields);
            assert!(content.changes_from(&content).is_empty());
        }
    }
    // 48 records of 1 MB each: a second or two without optimization; reading in quadratic time takes an hour.
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
}

#[test]
fn nesting_as_deep_as_json_allows_is_read() {
    let deep: Value = serde_json::from_str(&format!("{}1{}", "[".repeat(120), "]".repeat(120))).unwrap();
    let written = format!("{}\"{}\"{}", "[".repeat(60), "x", "]".repeat(60));
    for cell in [deep, Value::from(written)] {
        let fields = Mapping::builtin().field_names().map(|name| (name.to_owned(), cell.clone())).collect();
        assert!(!read(&fields).0.title.is_empty());
    }
}

#[test]
fn a_record_with_every_cell_unreadable_warns_once_for_each_column() {
    let fields: Fields =
        Mapping::builtin().field_names().map(|name| (name.to_owned(), json!({"error": "#ERROR!"}))).collect();
    let rules = Rules { visible_field: Some("vendido".to_owned()), ..samples::rules() };
    let warnings = normalize(&samples::record(fields.into()), Mapping::builtin(), &rules).warnings;
    assert_eq!(warnings.len(), Column::ALL.len() + 1);
}
