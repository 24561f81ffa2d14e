//! Which photos a car has, and the text fields that hold their addresses.
//!
//! **Invariants:** every address ends in a name that [`super::picture()`] can draw; a list is text in one of two shapes that
//! Airtable's bases have (commas, JSON), and keeps its shape when a photo is added.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::{
    car::Car,
    chance,
    picture::{Name, View},
};

/// Sets one main photo, 3 to 6 from outside and 2 to 4 from inside.
pub(super) fn set(rng: &mut Rng, fields: &mut Map<String, Value>, car: &Car, base: &str) {
    let address = |view: View| {
        format!("{base}/{}", Name { body: car.model.body, paint: car.paint, view, look: car.look })
    };
    let main = if chance(rng, 80) { View::Side } else { View::Front };
    let mut outside = View::OUTSIDE.to_vec();
    rng.shuffle(&mut outside);
    outside.truncate(rng.usize(3..=6));
    let inside = View::INSIDE.iter().take(rng.usize(2..=4));
    let as_json = chance(rng, 25);
    fields.insert("feature_image".into(), json!(address(main)));
    fields.insert(
        "fotos_exterior_url".into(),
        text(&outside.into_iter().map(address).collect::<Vec<_>>(), as_json),
    );
    fields.insert(
        "fotos_interior_url".into(),
        text(&inside.copied().map(address).collect::<Vec<_>>(), as_json),
    );
}

/// The field with one more photo of the same car, or `None` if it has them all or holds no photos.
pub(super) fn with_another(field: &Value, views: &[View]) -> Option<Value> {
    let text_before = field.as_str()?;
    let as_json = text_before.starts_with('[');
    let mut addresses = if as_json {
        serde_json::from_str(text_before).ok()?
    } else {
        text_before.split(',').map(|address| address.trim().to_owned()).collect::<Vec<_>>()
    };
    let names: Vec<Name> =
        addresses.iter().filter_map(|address| Name::parse(address.rsplit('/').next()?)).collect();
    let sample = names.first()?;
    let view = views.iter().find(|view| names.iter().all(|name| name.view != **view))?;
    let base = base_of(addresses.first()?)?;
    addresses.push(format!("{base}/{}", Name { view: *view, ..*sample }));
    Some(text(&addresses, as_json))
}

/// An address without the name at its end.
pub(super) fn base_of(address: &str) -> Option<&str> {
    address.rsplit_once('/').map(|(base, _)| base)
}

fn text(addresses: &[String], as_json: bool) -> Value {
    if as_json { json!(json!(addresses).to_string()) } else { json!(addresses.join(", ")) }
}
