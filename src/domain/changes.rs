//! The differences between two contents of one vehicle, and keeping columns of the former one.
//!
//! **Invariants:** a content has no changes from itself, nor from what PostgreSQL gives back of it. Derived columns follow what
//! was kept: `carroceria`, `vendido`, `listed`, `title` and `feature_image` never contradict their sources.
//!
//! **Not here:** which columns lost their fields, see [`Kept`](super::Kept).

use std::cell::LazyCell;

use serde_json::Value;

use super::{
    Column, ColumnValue, Content, Fields,
    photos::{Attachments, attachment_id},
};

impl Content {
    /// The columns in which the two differ in substance; empty means there is nothing to write.
    ///
    /// Airtable's attachment addresses change without an edit: two addresses of the same attachment, each in its own
    /// content's `data`, are equal, and an attachment's `url` and `thumbnails` inside `data` do not count.
    pub fn changes_from(&self, former: &Self) -> Vec<&'static str> {
        let attachments = LazyCell::new(|| (Attachments::of(&self.data), Attachments::of(&former.data)));
        let same_address = |new: &str, old: &str| attachments.0.identity(new) == attachments.1.identity(old);
        let same_value = |new: &ColumnValue<'_>, old: &ColumnValue<'_>| match (new, old) {
            _ if new == old => true,
            (ColumnValue::Text(new), ColumnValue::Text(old)) => same_address(new, old),
            (ColumnValue::Texts(new), ColumnValue::Texts(old)) => {
                new.len() == old.len() && new.iter().zip(old.iter()).all(|(new, old)| same_address(new, old))
            }
            _ => false,
        };
        let columns = self.values().into_iter().zip(former.values());
        let mut changed: Vec<&str> =
            columns.filter(|(new, old)| !same_value(&new.1, &old.1)).map(|((name, _), _)| name).collect();
        for (name, same) in [
            ("record_id", self.record_id == former.record_id),
            ("created_at", self.created_at == former.created_at),
            ("data", same_members(&self.data, &former.data, &[])),
        ] {
            if !same {
                changed.push(name);
            }
        }
        changed
    }

    /// Takes `columns`, those whose fields vanished from the base, from the former content, and lets derived ones follow.
    ///
    /// Without its field `ordenstatus` stays as it was, and with it `vendido` and `listed`. A title made of brand and model is
    /// made again when one of them was kept.
    pub fn keep(&mut self, columns: &[Column], former: &Self) {
        for column in columns {
            match column {
                // While it was listed, only the checkbox can have made it sold; otherwise the state says enough.
                Column::Vendido => self.vendido |= former.vendido && former.listed,
                // A main photo that was only the first photo goes on following the photos.
                Column::FeatureImage
                    if former.feature_image.as_ref() == former.fotos_exterior_url.first() =>
                {
                    self.feature_image = None;
                }
                _ => self.set(*column, former.value(*column)),
            }
        }
        let kept = |column| columns.contains(&column);
        if [Column::Marca, Column::Modelo, Column::Title].into_iter().any(kept)
            && former.brand_and_model().as_ref() == Some(&former.title)
            && let Some(title) = self.brand_and_model()
        {
            self.title = title;
        }
        if kept(Column::Ordenstatus) {
            self.vendido = former.vendido;
            self.listed = former.listed;
        }
        self.follow_lists();
    }

    /// Fills the columns that are derived from the first entry of a list.
    pub(super) fn follow_lists(&mut self) {
        self.carroceria = self.clasificacionid.first().cloned();
        if self.feature_image.is_none() {
            self.feature_image = self.fotos_exterior_url.first().cloned();
        }
    }

    fn brand_and_model(&self) -> Option<String> {
        Some(format!("{} {}", self.marca.as_ref()?, self.modelo.as_ref()?))
    }
}

/// Whether two cells say the same, whatever an attachment's passing addresses are.
fn same(new: &Value, former: &Value) -> bool {
    match (new, former) {
        (Value::Array(new), Value::Array(former)) => {
            new.len() == former.len() && new.iter().zip(former).all(|(new, former)| same(new, former))
        }
        (Value::Object(new), Value::Object(former)) => {
            let attachments = attachment_id(new).is_some() && attachment_id(former).is_some();
            same_members(new, former, if attachments { &["url", "thumbnails"] } else { &[] })
        }
        (Value::Number(new), Value::Number(former)) => same_number(new, former),
        (new, former) => new == former,
    }
}

fn same_members(new: &Fields, former: &Fields, passing: &[&str]) -> bool {
    let lasting = |members: &Fields| members.keys().filter(|name| !passing.contains(&name.as_str())).count();
    lasting(new) == lasting(former)
        && new
            .iter()
            .filter(|(name, _)| !passing.contains(&name.as_str()))
            .all(|(name, value)| former.get(name).is_some_and(|former| same(value, former)))
}

/// `jsonb` writes a number otherwise than it was sent (`1e3` comes back as `1000`), and reading a long decimal may differ in
/// its last binary digits.
fn same_number(new: &serde_json::Number, former: &serde_json::Number) -> bool {
    if new == former {
        return true;
    }
    match (new.as_f64(), former.as_f64()) {
        (Some(a), Some(b)) if new.is_f64() || former.is_f64() => {
            (a - b).abs() <= a.abs().max(b.abs()) * 4.0 * f64::EPSILON + f64::MIN_POSITIVE
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::samples::{mazda, mazda_fields, normalized};

    #[test]
    fn a_content_has_no_changes_from_itself() {
        let content = mazda().content;
        assert_eq!(content.changes_from(&content), Vec::<&str>::new());
    }

    #[test]
    fn a_difference_is_reported_in_every_column_by_its_name_and_in_no_other() {
        let content = mazda().content;
        let Value::Object(columns) = serde_json::to_value(&content).unwrap() else { unreachable!() };
        assert!(columns.len() > Column::ALL.len());
        for (name, value) in &columns {
            let other = match (name.as_str(), value) {
                ("record_id", _) => json!("recZZZZZZZZZZZZZZ"),
                ("created_at" | "ingreso_inventario", _) => json!("2001-01-01T00:00:00Z"),
                ("data", _) => json!({"Precio": 1}),
                (_, Value::String(_)) => json!("other"),
                (_, Value::Number(_)) => json!(1999),
                (_, Value::Bool(value)) => json!(!value),
                (_, Value::Array(_)) => json!(["other"]),
                (name, value) => panic!("{name} is {value}"),
            };
            let mut changed = columns.clone();
            changed.insert(name.clone(), other);
            let changed: Content = serde_json::from_value(changed.into()).unwrap();
            assert_eq!(changed.changes_from(&content), [name.as_str()]);
            assert_eq!(content.changes_from(&changed), [name.as_str()]);
        }
    }

    fn with_photo(attachment: &Value) -> Content {
        normalized(json!({"fotos_exterior_url": ["https://a.mx/0", attachment]})).content
    }

    #[test]
    fn an_attachment_with_a_new_address_is_no_change() {
        let at = |id: &str, hour: u8, size: u32| {
            with_photo(
                &json!({"id": id, "url": format!("https://v5.airtableusercontent.com/{hour}"), "size": size,
                "thumbnails": {"small": {"url": format!("https://v5.airtableusercontent.com/s{hour}")}}}),
            )
        };
        let former = at("attA1b2C3d4E5f6G7", 1, 9);
        assert_eq!(at("attA1b2C3d4E5f6G7", 2, 9).changes_from(&former), Vec::<&str>::new());
        assert_eq!(at("attA1b2C3d4E5f6G7", 2, 8).changes_from(&former), ["data"]);
        assert_eq!(at("attZ1b2C3d4E5f6G7", 2, 9).changes_from(&former), ["fotos_exterior_url", "data"]);
        let no_thumbnails = with_photo(&json!({"id": "attA1b2C3d4E5f6G7", "url": "https://x.mx", "size": 9}));
        assert_eq!(no_thumbnails.changes_from(&former), Vec::<&str>::new());
    }

    #[test]
    fn other_addresses_are_compared_as_they_are_and_the_order_counts() {
        let photos = |urls: &str| normalized(json!({"fotos_interior_url": urls})).content;
        let former = photos("https://a.mx/1 https://a.mx/2");
        for other in ["https://a.mx/2 https://a.mx/1", "https://a.mx/1", "https://a.mx/1 https://a.mx/3"] {
            assert_eq!(photos(other).changes_from(&former), ["fotos_interior_url", "data"]);
        }
        let button = |url: &str| normalized(json!({"Ver": {"label": "Ver", "url": url}})).content;
        assert_eq!(button("https://a.mx/1").changes_from(&button("https://a.mx/2")), ["data"]);
    }

    #[test]
    fn a_number_that_postgresql_writes_otherwise_is_no_change() {
        let data = |text: &str| {
            let mut content = mazda().content;
            content.data = serde_json::from_str(&format!("{{\"n\": {text}}}")).unwrap();
            content
        };
        for (new, former) in [
            ("1e17", "100000000000000000"),
            ("3.0", "3"),
            ("0.30000000000000004", "0.3"),
            ("3e-309", "2e-309"),
        ] {
            assert_eq!(data(new).changes_from(&data(former)), Vec::<&str>::new(), "{new}");
        }
        for (new, former) in
            [("1", "2"), ("9007199254740993", "9007199254740992"), ("0.31", "0.3"), ("0", "1e-9")]
        {
            assert_eq!(data(new).changes_from(&data(former)), ["data"], "{new}");
        }
    }

    #[test]
    fn every_kept_column_is_as_it_was() {
        let former = mazda().content;
        for column in Column::ALL {
            let mut new = normalized(json!({"OrdenStatus": "Comprado"})).content;
            new.keep(&[*column], &former);
            assert!(
                !new.changes_from(&former).contains(&column.as_str()),
                "{column} was not kept: {:?}",
                new.changes_from(&former)
            );
        }
        let mut new = normalized(json!({})).content;
        new.keep(Column::ALL, &former);
        assert_eq!(new.changes_from(&former), ["data"]);
    }

    /// What becomes of `former` when the base has lost `lost` and the record now has `fields`.
    fn kept(lost: &[Column], fields: Value, former: &Content) -> Content {
        let mut new = normalized(fields).content;
        new.keep(lost, former);
        new
    }

    #[test]
    fn without_the_state_field_a_vehicle_stays_listed_or_sold_as_it_was() {
        for former in [mazda().content, normalized(json!({"OrdenStatus": "Vendido"})).content] {
            let new = kept(&[Column::Ordenstatus], json!({"Precio": 5}), &former);
            assert_eq!(
                (&new.ordenstatus, new.vendido, new.listed),
                (&former.ordenstatus, former.vendido, former.listed)
            );
        }
    }

    #[test]
    fn without_the_sold_checkbox_the_state_decides_alone_except_for_what_was_checked_while_listed() {
        let lost = &[Column::Vendido];
        let bought = json!({"OrdenStatus": "Comprado"});
        let sold = json!({"OrdenStatus": "Vendido"});
        let checked = normalized(json!({"OrdenStatus": "Comprado", "vendido": true})).content;
        assert!(kept(lost, bought.clone(), &checked).vendido);
        assert!(!kept(lost, bought.clone(), &normalized(bought.clone()).content).vendido);
        assert!(kept(lost, sold.clone(), &normalized(bought.clone()).content).vendido);
        assert!(!kept(lost, bought, &normalized(sold).content).vendido);
    }

    #[test]
    fn a_title_of_brand_and_model_follows_what_was_kept_of_them() {
        let former = normalized(json!({"AutoMarca": "Mazda", "AutoSubmarcaVersion": "3"})).content;
        assert_eq!(
            kept(&[Column::Marca], json!({"AutoSubmarcaVersion": "CX-5"}), &former).title,
            "Mazda CX-5"
        );
        assert_eq!(
            kept(&[Column::Marca, Column::Modelo, Column::Title], json!({}), &former).title,
            "Mazda 3"
        );
        let mut other = former.clone();
        "Ganga".clone_into(&mut other.title);
        let fields = json!({"AutoSubmarcaVersion": "3", "Auto": "Oferta"});
        assert_eq!(kept(&[Column::Marca], fields, &other).title, "Oferta");
        let named = normalized(json!({"AutoMarca": "Mazda", "Auto": "Mi Mazda"})).content;
        assert_eq!(kept(&[Column::Marca], json!({"Auto": "Tu Mazda"}), &named).title, "Tu Mazda");
    }

    #[test]
    fn the_body_type_follows_the_kept_list() {
        let former = mazda().content;
        assert_eq!(kept(&[Column::Clasificacionid], json!({}), &former).carroceria, former.carroceria);
    }

    #[test]
    fn the_main_photo_is_kept_when_it_was_given_and_else_follows_the_photos() {
        let given =
            normalized(json!({"feature_image": "https://a.mx/0", "fotos_exterior_url": "https://a.mx/1"}));
        let derived = normalized(json!({"fotos_exterior_url": "https://a.mx/1"}));
        let now = json!({"fotos_exterior_url": "https://a.mx/2"});
        for (lost, former, fields, image) in [
            (&[Column::FeatureImage][..], &given, now.clone(), "https://a.mx/0"),
            (&[Column::FeatureImage], &derived, now, "https://a.mx/2"),
            (&[Column::FotosExteriorUrl], &derived, json!({}), "https://a.mx/1"),
            (&[Column::FeatureImage, Column::FotosExteriorUrl], &derived, json!({}), "https://a.mx/1"),
        ] {
            assert_eq!(kept(lost, fields, &former.content).feature_image.as_deref(), Some(image));
        }
    }

    #[test]
    fn kept_attachments_stay_the_same_photos() {
        let former = mazda().content;
        let mut fields = mazda_fields();
        fields.remove("fotos_interior_url");
        let new = kept(&[Column::FotosInteriorUrl], fields.into(), &former);
        assert_eq!(new.changes_from(&former), ["data"]);
    }
}
