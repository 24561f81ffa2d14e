//! A car as Airtable sends it: cells by field name.
//!
//! **Invariants:** an empty or unchecked cell is absent. Selects with several choices are lists; photos are text fields.
//!
//! **Units:** days before [`TODAY`] for times in stock.

use chrono::{Days, NaiveDate};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::{car::Car, chance, photos, pick, picture::Body, prices, texts};

/// The day on which the data was taken, in days since 1970: 20 November 2026.
pub(super) const TODAY: u64 = 20_777;
/// From how many days in stock a car counts as one that does not sell.
const SLOW_AFTER_DAYS: u64 = 120;

const BRANCHES: &[&str] = &["MTY", "MTY", "MTY", "GPE", "GPE", "TMPS", "COAH"];

/// The cells of a car that has just come in, listed.
pub(super) fn fields(
    rng: &mut Rng,
    car: &Car,
    order: usize,
    days_in_stock: u64,
    photos_base: &str,
) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut set = |field: &str, value: Value| drop(fields.insert(field.into(), value));
    let model_and_version = car.model_and_version();
    set("Auto", json!(format!("{} {model_and_version} {}", car.model.brand, car.year)));
    set("AutoMarca", json!(car.model.brand));
    set("AutoSubmarcaVersion", json!(model_and_version));
    set("AutoAno", json!(car.year));
    set("autokilometraje", json!(car.km));
    set("autotransmision", json!(car.gearbox));
    set("autocombustible", json!(car.model.fuel));
    set("AutoMotor", json!(car.model.engine));
    if car.model.cylinders > 0 {
        set("AutoCilindros", json!(car.model.cylinders));
    }
    let mut classes = vec![class(car.model.body)];
    if !car.model.also.is_empty() {
        classes.push(car.model.also);
    }
    set("ClasificacionID", json!(classes));
    let branch = pick(rng, BRANCHES);
    let seen_at_two = chance(rng, 6) && branch != "COAH";
    set("Ubicacion", if seen_at_two { json!([branch, "COAH"]) } else { json!([branch]) });
    set("NumeroDuenos", json!(car.owners));
    set("IngresoInventario", json!(day(days_in_stock)));
    set("OrdenCompra", json!(format!("OC-{order:05}")));
    set("OrdenStatus", json!("Comprado"));
    set("Garantia", json!(texts::warranty(rng, car)));
    set("descripcion", json!(texts::description(rng, car)));
    let promotions = texts::promotions(rng);
    if !promotions.is_empty() {
        set("Promociones", json!(promotions));
    }
    if chance(rng, 60) {
        set("TituloMeta", json!(texts::meta_title(rng, car)));
    }
    if chance(rng, 35) {
        set("ligawp", json!(texts::address(car, order)));
    }
    if car.model.body == Body::Pickup && chance(rng, 35) {
        set("Utilitario", json!(true));
    }
    photos::set(rng, &mut fields, car, photos_base);
    let worth = prices::used_price(car.model.new_price, car.year, car.km);
    let price = prices::on_the_windscreen(worth * (0.92 + 0.2 * car.equipment + 0.06 * rng.f64()));
    prices::set(&mut fields, price, prices::longest_term(car.year));
    fields
}

/// What has become of a car since it came in: most are for sale, some of them reserved or on offer, the others sold.
pub(super) fn give_status(rng: &mut Rng, fields: &mut Map<String, Value>, days_in_stock: u64) {
    let mut set = |field: &str, value: Value| drop(fields.insert(field.into(), value));
    match rng.u8(0..100) {
        0..85 => {
            if chance(rng, 8) {
                set("Separado", json!(true));
            }
            if chance(rng, 3) {
                set("En Reparación", json!(true));
            }
            if days_in_stock > SLOW_AFTER_DAYS && chance(rng, 70) {
                set("Rezago", json!(true));
            }
            if chance(rng, if days_in_stock > SLOW_AFTER_DAYS { 35 } else { 12 }) {
                put_on_offer(rng, fields);
            }
        }
        85..94 => {
            set("OrdenStatus", json!("Vendido"));
            if rng.bool() {
                set("vendido", json!(true));
            }
        }
        94..98 => set("OrdenStatus", json!("En proceso")),
        _ => set("OrdenStatus", json!("Cancelado")),
    }
}

/// Sets a reduced price and says which, unless there is no price to reduce.
pub(super) fn put_on_offer(rng: &mut Rng, fields: &mut Map<String, Value>) -> Option<i64> {
    let price = fields.get("Precio")?.as_i64()?;
    let offer = prices::on_the_windscreen(prices::scaled(price, 0.93 + 0.04 * rng.f64())).min(price - 5_000);
    if offer < prices::LOWEST_PRICE {
        return None;
    }
    fields.insert("Con Oferta".into(), json!(true));
    fields.insert("Oferta".into(), json!(offer));
    Some(offer)
}

/// The day so many days before [`TODAY`].
fn day(days_before: u64) -> String {
    (NaiveDate::default() + Days::new(TODAY.saturating_sub(days_before))).to_string()
}

/// What the base calls a body.
fn class(body: Body) -> &'static str {
    match body {
        Body::Sedan => "Sedán",
        Body::Hatchback => "Hatchback",
        Body::Suv => "SUV",
        Body::Pickup => "Pick Up",
        Body::Minivan => "Minivan",
        Body::Coupe => "Coupé",
    }
}
