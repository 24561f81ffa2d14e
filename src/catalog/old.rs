//! The names that vehicles had in the old system, beside the present ones.
//!
//! **Invariants:** what was there stays as it is, byte for byte; the old names follow it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The columns from which the old names are made.
#[derive(Deserialize)]
struct Photos<'a> {
    #[serde(borrow)]
    feature_image: &'a RawValue,
    #[serde(borrow)]
    fotos_exterior_url: &'a RawValue,
    #[serde(borrow)]
    fotos_interior_url: &'a RawValue,
}

#[derive(Serialize)]
struct OldNames<'a> {
    thumbnail: &'a RawValue,
    #[serde(flatten)]
    galleries: Galleries<'a>,
    public_urls: PublicUrls<'a>,
    raw_feature_image: &'a RawValue,
    raw_fotos_exterior: &'a RawValue,
    raw_fotos_interior: &'a RawValue,
}

#[derive(Serialize)]
struct PublicUrls<'a> {
    feature_image: &'a RawValue,
    #[serde(flatten)]
    galleries: Galleries<'a>,
}

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
struct Galleries<'a> {
    galeria_exterior: &'a RawValue,
    galeria_interior: &'a RawValue,
}

/// The vehicle with its old names added.
pub(super) fn with_old_names(vehicle: &RawValue) -> Result<Box<RawValue>, serde_json::Error> {
    let photos: Photos<'_> = serde_json::from_str(vehicle.get())?;
    let galleries = Galleries {
        galeria_exterior: photos.fotos_exterior_url,
        galeria_interior: photos.fotos_interior_url,
    };
    let added = serde_json::to_string(&OldNames {
        thumbnail: photos.feature_image,
        galleries,
        public_urls: PublicUrls { feature_image: photos.feature_image, galleries },
        raw_feature_image: photos.feature_image,
        raw_fotos_exterior: photos.fotos_exterior_url,
        raw_fotos_interior: photos.fotos_interior_url,
    })?;
    let present = vehicle.get().trim_end();
    let present = present.strip_suffix('}').unwrap_or(present);
    RawValue::from_string(format!("{present},{}", added.trim_start_matches('{')))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn old_names_are_added_and_nothing_is_changed() {
        let vehicle = json!({ "feature_image": "a", "fotos_exterior_url": ["a", "b"], "fotos_interior_url": [], "x": { "y": {} } });
        let raw = serde_json::value::to_raw_value(&vehicle).unwrap();
        let old: Value = serde_json::from_str(with_old_names(&raw).unwrap().get()).unwrap();
        for (name, value) in vehicle.as_object().unwrap() {
            assert_eq!(&old[name], value);
        }
        assert_eq!(
            old["public_urls"],
            json!({ "feature_image": "a", "galeriaExterior": ["a", "b"], "galeriaInterior": [] })
        );
        assert_eq!((&old["thumbnail"], &old["raw_fotos_exterior"]), (&json!("a"), &json!(["a", "b"])));
        assert_eq!((&old["galeriaExterior"], &old["galeriaInterior"]), (&json!(["a", "b"]), &json!([])));
    }
}
