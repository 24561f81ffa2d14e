//! Which photos a car has, and the text fields that hold their addresses.
//!
//! **Invariants:** every address ends in a name that [`super::picture()`] knows; a list is text in one of two shapes that
//! Airtable's bases have (commas, JSON), and keeps its shape when a photo is added.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::{
    car::Car,
    chance,
    picture::{INSIDE, OUTSIDE, from_elsewhere},
};

/// Sets one main photo, 2 or 3 from outside and 1 or 2 from inside.
pub(super) fn set(rng: &mut Rng, fields: &mut Map<String, Value>, car: &Car, base: &str) {
    let address = |view: &&str| format!("{base}/{}", car.look.picture(view));
    let main = if chance(rng, 80) { "lateral" } else { "frente" };
    let outside: Vec<_> = OUTSIDE.iter().take(rng.usize(2..=3)).map(address).collect();
    let inside: Vec<_> = INSIDE.iter().take(rng.usize(1..=2)).map(address).collect();
    let as_json = chance(rng, 25);
    fields.insert("feature_image".into(), json!(address(&main)));
    fields.insert("fotos_exterior_url".into(), text(&outside, as_json));
    fields.insert("fotos_interior_url".into(), text(&inside, as_json));
}

/// The field with one more photo of the same car, or `None` if it has them all or holds no photos.
pub(super) fn with_another(field: &Value, views: &[&str]) -> Option<Value> {
    let text_before = field.as_str()?;
    let as_json = text_before.starts_with('[');
    let mut addresses = if as_json {
        serde_json::from_str(text_before).ok()?
    } else {
        text_before.split(',').map(|address| address.trim().to_owned()).collect::<Vec<_>>()
    };
    let (base, sample) = addresses.first()?.rsplit_once('/')?;
    let mut others =
        views.iter().filter_map(|view| Some(format!("{base}/{}", from_elsewhere(sample, view)?)));
    let another = others.find(|address| !addresses.contains(address))?;
    addresses.push(another);
    Some(text(&addresses, as_json))
}

/// An address without the name at its end.
pub(super) fn base_of(address: &str) -> Option<&str> {
    address.rsplit_once('/').map(|(base, _)| base)
}

fn text(addresses: &[String], as_json: bool) -> Value {
    if as_json { json!(json!(addresses).to_string()) } else { json!(addresses.join(", ")) }
}
