//! What the demo may rely on, tried on whole inventories, long days and every kind of picture.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{edits::Edit, *};

const BASE: &str = "http://127.0.0.1:9000/photos";

#[test]
fn the_same_seed_gives_the_same_inventory_and_another_one_another() {
    assert_eq!(vehicles(7, 50, BASE), vehicles(7, 50, BASE));
    assert_ne!(vehicles(7, 50, BASE), vehicles(8, 50, BASE));
}

#[test]
fn a_larger_count_keeps_the_former_vehicles() {
    assert_eq!(vehicles(7, 300, BASE)[..120], vehicles(7, 120, BASE)[..]);
}

#[test]
fn the_cells_have_the_names_that_the_field_mapping_knows() {
    let known = "Auto AutoMarca AutoSubmarcaVersion AutoAno Precio Oferta autokilometraje autotransmision autocombustible \
        ClasificacionID Ubicacion Garantia descripcion TituloMeta EngancheMin EngancheRecomendado MensualidadMinima \
        MensualidadRecomendada PlazoMax AutoCilindros NumeroDuenos AutoMotor OrdenCompra OrdenStatus Separado Rezago \
        Con_Oferta En_Reparación Utilitario vendido Promociones IngresoInventario feature_image fotos_exterior_url \
        fotos_interior_url ligawp";
    let known: BTreeSet<_> = known.split_whitespace().map(|name| name.replace('_', " ")).collect();
    let used: BTreeSet<_> = vehicles(1, 300, BASE)
        .iter()
        .flat_map(|fields| fields.keys())
        .map(|name| name.replace('_', " "))
        .collect();
    assert_eq!(used, known);
}

#[test]
fn most_vehicles_are_for_sale_and_each_has_an_order_of_its_own() {
    let vehicles = vehicles(1, 400, BASE);
    let mut orders = BTreeSet::new();
    let mut statuses = BTreeMap::new();
    for fields in &vehicles {
        assert!(orders.insert(fields["OrdenCompra"].to_string()));
        *statuses.entry(fields["OrdenStatus"].as_str().unwrap()).or_insert(0) += 1;
    }
    assert!((320..=360).contains(&statuses["Comprado"]), "{statuses:?}");
    assert_eq!(
        statuses.keys().copied().collect::<Vec<_>>(),
        ["Cancelado", "Comprado", "En proceso", "Vendido"]
    );
}

#[test]
fn prices_and_payments_agree_with_each_other() {
    for fields in vehicles(1, 400, BASE) {
        let number = |field: &str| fields.get(field).and_then(Value::as_i64);
        if let (Some(price), Some(least), Some(advised)) =
            (number("Precio"), number("EngancheMin"), number("EngancheRecomendado"))
        {
            assert!(price % 5_000 == 4_900 && (69_900..2_000_000).contains(&price), "{price}");
            assert!(0 < least && least < advised && advised < price);
            assert!(number("Oferta").is_none_or(|offer| offer < price && offer % 5_000 == 4_900));
            assert_eq!(number("Oferta").is_some(), fields.contains_key("Con Oferta"));
            let term = number("PlazoMax").unwrap();
            assert!((24..=72).contains(&term) && term % 12 == 0);
            if let (Some(lowest), Some(advised_payment)) =
                (number("MensualidadMinima"), number("MensualidadRecomendada"))
            {
                assert!(lowest < advised_payment);
                assert!(lowest * term > price - advised, "the interest is missing");
                assert!(lowest * term < (price - advised) * 2);
            }
        }
    }
}

#[test]
fn one_record_in_twenty_is_untidy_each_in_another_way() {
    type IsSo<'a> = &'a dyn Fn(&Map<String, Value>) -> bool;
    let vehicles = vehicles(1, mess::ONE_IN * mess::KINDS, BASE);
    let text = |fields: &Map<String, Value>, field: &str| {
        fields.get(field).and_then(Value::as_str).map(str::to_owned)
    };
    let untidy: [(&str, IsSo); mess::KINDS] = [
        ("price as text", &|fields| {
            text(fields, "Precio").is_some_and(|price| price.starts_with('$') && price.ends_with(".00"))
        }),
        ("mileage as text", &|fields| text(fields, "autokilometraje").is_some_and(|km| km.ends_with(" km"))),
        ("lookup", &|fields| fields["AutoMarca"].is_array() && fields["AutoAno"].is_array()),
        ("spaces", &|fields| text(fields, "autotransmision").is_some_and(|gearbox| gearbox.ends_with(' '))),
        ("comma list", &|fields| fields["ClasificacionID"].is_string()),
        ("error", &|fields| fields.get("MensualidadMinima").is_some_and(Value::is_object)),
        ("not a number", &|fields| fields.get("MensualidadRecomendada").is_some_and(Value::is_object)),
        ("no price", &|fields| !fields.contains_key("Precio")),
    ];
    for (what, is_so) in untidy {
        assert_eq!(vehicles.iter().filter(|fields| is_so(fields)).count(), 1, "{what}");
    }
}

/// Every photo of a record, the main one first.
fn photos_of(fields: &Map<String, Value>) -> Vec<String> {
    let list = |field: &str| {
        let text = fields[field].as_str().unwrap();
        serde_json::from_str(text).unwrap_or_else(|_| text.split(", ").map(str::to_owned).collect::<Vec<_>>())
    };
    let mut all = vec![fields["feature_image"].as_str().unwrap().to_owned()];
    let (outside, inside) = (list("fotos_exterior_url"), list("fotos_interior_url"));
    assert!((2..=3).contains(&outside.len()) && (1..=2).contains(&inside.len()));
    all.extend(outside);
    all.extend(inside);
    all
}

#[test]
fn every_photo_that_the_data_names_is_there() {
    let mut shown = BTreeSet::new();
    for fields in vehicles(3, 500, BASE) {
        for photo in photos_of(&fields) {
            let name = photo.strip_prefix(BASE).unwrap().strip_prefix('/').unwrap().to_owned();
            assert!(picture(&name).is_some(), "{name}");
            shown.insert(name);
        }
    }
    assert_eq!(shown.len(), 39, "and every picture is used");
}

/// Applies an edit the way Airtable would.
fn apply(records: &mut Vec<(String, Map<String, Value>)>, edit: Edit, serial: usize) {
    match edit {
        Edit::Change { record, fields, .. } => {
            for (field, value) in fields {
                assert_ne!(
                    records[record].1.get(&field).unwrap_or(&Value::Null),
                    &value,
                    "{field} does not change"
                );
                if value.is_null() || value == Value::Bool(false) || value == Value::Array(Vec::new()) {
                    records[record].1.remove(&field);
                } else {
                    records[record].1.insert(field, value);
                }
            }
        }
        Edit::Create { fields, .. } => records.push((format!("rec{serial:014}"), fields)),
        Edit::Delete { record, .. } => drop(records.remove(record)),
    }
}

#[test]
fn a_long_day_of_edits_keeps_the_inventory_alive_and_about_its_size() {
    for count in [0, 3, 60, 305] {
        let mut rng = fastrand::Rng::with_seed(11);
        let mut records: Vec<_> = vehicles(2, count, BASE)
            .into_iter()
            .enumerate()
            .map(|(index, fields)| (format!("rec{index:014}"), fields))
            .collect();
        let mut verbs = BTreeSet::new();
        for serial in 0..2_000 {
            let edit = next_edit(&mut rng, &records);
            assert!(edit.story().len() > 10 && !edit.story().contains('\n'));
            for verb in [
                "down to",
                "on offer",
                "offer on",
                "reserved",
                "reservation",
                "sold",
                "back for sale",
                "New arrival",
                "New promotion",
                "Promotion of",
                "Mileage",
                "Description",
                "Photo added",
                "removed",
            ] {
                if edit.story().contains(verb) {
                    verbs.insert(verb);
                }
            }
            apply(&mut records, edit, 10_000 + serial);
            assert_eq!(records.len() / 10, count / 10, "the size left its ten");
        }
        assert_eq!(verbs.len(), 14, "{verbs:?}");
        let percent = |is_so: &dyn Fn(&Map<String, Value>) -> bool| {
            records.iter().filter(|(_, fields)| is_so(fields)).count() * 100 / records.len()
        };
        if count >= 60 {
            let for_sale = percent(&|fields| fields["OrdenStatus"] == "Comprado");
            assert!((70..98).contains(&for_sale), "{for_sale} % for sale");
            let reserved = percent(&|fields| fields.contains_key("Separado"));
            assert!((2..20).contains(&reserved), "{reserved} % reserved");
            let on_offer = percent(&|fields| fields.contains_key("Con Oferta"));
            assert!((5..30).contains(&on_offer), "{on_offer} % on offer");
        }
        for (_, fields) in &records {
            assert!(!fields["AutoMarca"].is_null());
            photos_of(fields);
        }
    }
}
