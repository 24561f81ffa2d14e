//! What somebody at the desk does next.
//!
//! **Invariants:** an edit fits the inventory it was drawn for: it changes at least one cell, names a record that exists, and
//! leaves a record that is still plausible. The count of records stays within its ten (a base of 300 keeps 300 to 309), and
//! the shares of those sold, reserved and on offer stay about the same.
//!
//! **Not here:** when edits happen and who is told belongs to the simulator.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::{
    car::Car,
    photos,
    picture::{INSIDE, OUTSIDE},
    prices,
    record::{self, put_on_offer},
    texts::{self, with_thousands},
};

/// One change of the base, with an English line about it for the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Cells of a record change; `null` empties a cell.
    Change {
        /// Its index.
        record: usize,
        /// The new values by field name.
        fields: Map<String, Value>,
        /// What happened.
        story: String,
    },
    /// A record is added.
    Create {
        /// Its cells by field name.
        fields: Map<String, Value>,
        /// What happened.
        story: String,
    },
    /// A record is removed.
    Delete {
        /// Its index.
        record: usize,
        /// What happened.
        story: String,
    },
}

impl Edit {
    /// What happened, in one line.
    pub fn story(&self) -> &str {
        match self {
            Self::Change { story, .. } | Self::Create { story, .. } | Self::Delete { story, .. } => story,
        }
    }
}

/// The shares that sales, offers and reservations tend to; removals keep the first one some way below.
const NOT_FOR_SALE_PERCENT: usize = 22;
const ON_OFFER_PERCENT: usize = 15;
const RESERVED_PERCENT: usize = 10;

type Records = [(String, Map<String, Value>)];
type Fields = Map<String, Value>;

/// The next plausible edit of the records, given as ids and cells.
pub fn next_edit(rng: &mut Rng, current: &Records) -> Edit {
    for _ in 0..20 {
        let edit = match rng.u8(0..100) {
            0..12 => come_or_go(rng, current),
            12..26 => sell_or_return(rng, current),
            kind => change_one(rng, current, kind),
        };
        if let Some(edit) = edit {
            return edit;
        }
    }
    arrival(rng, current)
}

/// An arrival or a removal: the further up its ten the count is, the less likely an arrival.
fn come_or_go(rng: &mut Rng, current: &Records) -> Option<Edit> {
    if rng.usize(0..9) >= current.len() % 10 {
        return Some(arrival(rng, current));
    }
    let record = any(rng, current, |fields| !for_sale(fields))?;
    let story = format!("{} removed: the deal is closed", name(&current.get(record)?.1));
    Some(Edit::Delete { record, story })
}

fn arrival(rng: &mut Rng, current: &Records) -> Edit {
    let base = current.iter().find_map(|(_, fields)| photos::base_of(fields.get("feature_image")?.as_str()?));
    let last_order = current.iter().filter_map(|(_, fields)| order(fields)).max();
    let car = Car::new(rng);
    let fields = record::fields(
        rng,
        &car,
        last_order.unwrap_or(super::ORDERS_BEFORE) + 1,
        0,
        base.unwrap_or("/photos"),
    );
    let story = format!("New arrival: {} at {}", name(&fields), price_text(&fields));
    Edit::Create { fields, story }
}

/// A sale, or one that comes back.
fn sell_or_return(rng: &mut Rng, current: &Records) -> Option<Edit> {
    let sells = grows(rng, current, NOT_FOR_SALE_PERCENT, |fields| !for_sale(fields));
    let record = any(rng, current, |fields| for_sale(fields) == sells)?;
    let car = name(&current.get(record)?.1);
    let (fields, story) = if sells {
        let fields = cells([("OrdenStatus", json!("Vendido")), ("Separado", json!(false))]);
        (fields, format!("{car} sold"))
    } else {
        let fields = cells([("OrdenStatus", json!("Comprado")), ("vendido", json!(false))]);
        (fields, format!("{car} is back for sale"))
    };
    change(current, record, fields, story)
}

/// A change to one car that is for sale; `None` if this one does not suit it.
fn change_one(rng: &mut Rng, current: &Records, kind: u8) -> Option<Edit> {
    let record = match kind {
        46..58 => one_to_switch(rng, current, "Con Oferta", ON_OFFER_PERCENT),
        58..70 => one_to_switch(rng, current, "Separado", RESERVED_PERCENT),
        _ => any(rng, current, for_sale),
    }?;
    let before = &current.get(record)?.1;
    let (fields, story) = match kind {
        26..46 => price_down(rng, before),
        46..58 => offer(rng, before),
        58..70 => Some(reservation(before)),
        70..78 => promotion(rng, before),
        78..84 => mileage(rng, before),
        84..92 => description(rng, before),
        _ => photo(before),
    }?;
    change(current, record, fields, story)
}

/// A car that is for sale whose checkbox should change so that about `percent` of them are checked.
fn one_to_switch(rng: &mut Rng, current: &Records, field: &str, percent: usize) -> Option<usize> {
    let on = grows(rng, current, percent, |fields| for_sale(fields) && checked(fields, field));
    any(rng, current, |fields| for_sale(fields) && checked(fields, field) != on)
}

/// Whether the part of the records that is so should grow: the likelier, the further it is below its usual share.
fn grows(rng: &mut Rng, current: &Records, usual_percent: usize, is_so: impl Fn(&Fields) -> bool) -> bool {
    let part = current.iter().filter(|(_, fields)| is_so(fields)).count();
    rng.usize(0..2 * usual_percent) >= part * 100 / current.len().max(1)
}

/// A change of those cells that differ from what they hold; `None` if none does.
fn change(current: &Records, record: usize, mut fields: Fields, story: String) -> Option<Edit> {
    let before = &current.get(record)?.1;
    fields.retain(|field, new| match before.get(field) {
        Some(old) => old != new,
        None => !(new.is_null() || *new == json!(false)),
    });
    (!fields.is_empty()).then_some(Edit::Change { record, fields, story })
}

fn price_down(rng: &mut Rng, before: &Fields) -> Option<(Fields, String)> {
    let old = number(before.get("Precio")?)?;
    let new = prices::on_the_windscreen(prices::scaled(old, 0.95 + 0.03 * rng.f64())).min(old - 5_000);
    if new < prices::LOWEST_PRICE {
        return None;
    }
    let mut fields = Map::new();
    let term =
        before.get("PlazoMax").and_then(number).and_then(|months| i32::try_from(months).ok()).unwrap_or(36);
    prices::set(&mut fields, new, term);
    if number(before.get("Oferta").unwrap_or(&Value::Null)).is_some_and(|offer| offer >= new) {
        fields.extend(without_offer());
    }
    Some((fields, format!("Price of {} down to {}", name(before), with_thousands(new))))
}

fn offer(rng: &mut Rng, before: &Fields) -> Option<(Fields, String)> {
    if checked(before, "Con Oferta") {
        return Some((without_offer(), format!("The offer on {} has ended", name(before))));
    }
    let mut fields = cells([("Precio", json!(number(before.get("Precio")?)?))]);
    let offer = put_on_offer(rng, &mut fields)?;
    fields.remove("Precio");
    Some((fields, format!("{} on offer at {}", name(before), with_thousands(offer))))
}

fn reservation(before: &Fields) -> (Fields, String) {
    let reserved = checked(before, "Separado");
    let what =
        if reserved { "is free again: the reservation fell through" } else { "reserved by a customer" };
    (cells([("Separado", json!(!reserved))]), format!("{} {what}", name(before)))
}

fn promotion(rng: &mut Rng, before: &Fields) -> Option<(Fields, String)> {
    let mut present: Vec<&str> = match before.get("Promociones") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => text.split(", ").collect(),
        _ => Vec::new(),
    };
    if let Some(new) = texts::another_promotion(rng, &present) {
        present.push(new);
        Some((cells([("Promociones", json!(present))]), format!("New promotion for {}: {new}", name(before))))
    } else {
        let (ended, rest) = present.split_first()?;
        Some((
            cells([("Promociones", json!(rest))]),
            format!("Promotion of {} has ended: {ended}", name(before)),
        ))
    }
}

fn mileage(rng: &mut Rng, before: &Fields) -> Option<(Fields, String)> {
    let km = number(before.get("autokilometraje")?)? + rng.i64(12..=480);
    Some((
        cells([("autokilometraje", json!(km))]),
        format!("Mileage of {} corrected to {} km", name(before), with_thousands(km)),
    ))
}

fn description(rng: &mut Rng, before: &Fields) -> Option<(Fields, String)> {
    let text = before.get("descripcion")?.as_str()?;
    let new = texts::another_closer(rng, text)?;
    Some((
        cells([("descripcion", json!(format!("{text}\n\n{new}")))]),
        format!("Description of {} edited", name(before)),
    ))
}

fn photo(before: &Fields) -> Option<(Fields, String)> {
    [("fotos_exterior_url", OUTSIDE), ("fotos_interior_url", INSIDE)].into_iter().find_map(
        |(field, views)| {
            let photos = photos::with_another(before.get(field)?, views)?;
            Some((cells([(field, photos)]), format!("Photo added to {}", name(before))))
        },
    )
}

fn without_offer() -> Fields {
    cells([("Con Oferta", json!(false)), ("Oferta", Value::Null)])
}

fn cells<const N: usize>(cells: [(&str, Value); N]) -> Fields {
    cells.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

fn any(rng: &mut Rng, current: &Records, suits: impl Fn(&Fields) -> bool) -> Option<usize> {
    let suitable =
        current.iter().enumerate().filter(|(_, (_, fields))| suits(fields)).map(|(index, _)| index);
    rng.choice(suitable.collect::<Vec<_>>())
}

fn for_sale(fields: &Fields) -> bool {
    fields.get("OrdenStatus").and_then(Value::as_str) == Some("Comprado")
}

fn checked(fields: &Fields, field: &str) -> bool {
    fields.get(field).and_then(Value::as_bool).unwrap_or(false)
}

/// Brand, model and year, such as `Mazda 3 i Sport 2019`.
fn name(fields: &Fields) -> String {
    fields.get("Auto").and_then(Value::as_str).unwrap_or("A car").to_owned()
}

fn price_text(fields: &Fields) -> String {
    fields.get("Precio").and_then(number).map_or_else(|| "an open price".to_owned(), with_thousands)
}

fn order(fields: &Fields) -> Option<usize> {
    fields.get("OrdenCompra")?.as_str()?.strip_prefix("OC-")?.parse().ok()
}

/// The whole number in a cell, untidy or not.
fn number(cell: &Value) -> Option<i64> {
    match cell {
        #[expect(clippy::cast_possible_truncation, reason = "prices and mileages are far below 2^53")]
        Value::Number(number) => number.as_f64().map(|number| number as i64),
        Value::String(text) => {
            let whole = text.split('.').next().unwrap_or_default();
            whole.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok()
        }
        Value::Array(list) => list.first().and_then(number),
        _ => None,
    }
}
