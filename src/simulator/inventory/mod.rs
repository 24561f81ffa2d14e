//! The demo's believable data: a Mexican used-car dealership, what somebody at its desk does next, and its photos.
//!
//! **Invariants:** everything follows from a seed or a name: the same [`vehicles`], the same [`next_edit`], the same
//! [`picture()`] on every machine. Keys are the Airtable field names of `config/fields.toml`, values have the shapes that
//! Airtable sends, an empty cell is absent, and about one record in twenty is untidy the way real ones are ([`mess`]).
//!
//! **Units:** pesos, kilometres, months; dates are around [`record::TODAY`], never the clock's.
//!
//! **Not here:** record ids, created times and HTTP belong to the simulator.

mod car;
mod edits;
mod mess;
mod models;
mod photos;
mod picture;
mod prices;
mod record;
mod texts;

use serde_json::{Map, Value};

use self::car::Car;
pub use self::{
    edits::{Edit, next_edit},
    picture::picture,
};

/// The order number before that of the first vehicle.
const ORDERS_BEFORE: usize = 4000;

/// The cells of `count` vehicles by field name, with photos at `{photos_base}/{name}` that [`picture()`] knows.
///
/// A larger `count` appends: the first ones stay as they were.
pub fn vehicles(seed: u64, count: usize, photos_base: &str) -> Vec<Map<String, Value>> {
    (0..count)
        .map(|index| {
            let mut rng = fastrand::Rng::with_seed(mixed(seed, index));
            let car = Car::new(&mut rng);
            let days_in_stock = rng.u64(1..=210);
            let mut fields =
                record::fields(&mut rng, &car, ORDERS_BEFORE + index + 1, days_in_stock, photos_base);
            record::give_status(&mut rng, &mut fields, days_in_stock);
            if (index + 7) % mess::ONE_IN == 0 {
                mess::make(index / mess::ONE_IN, &mut fields);
            }
            fields
        })
        .collect()
}

/// A seed of its own for each vehicle, so that none depends on how many there are.
fn mixed(seed: u64, index: usize) -> u64 {
    fastrand::Rng::with_seed(seed.wrapping_add((index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))).u64(..)
}

/// One of a few texts.
fn pick<'a>(rng: &mut fastrand::Rng, from: &[&'a str]) -> &'a str {
    rng.choice(from).copied().unwrap_or_default()
}

/// True `percent` times out of a hundred.
fn chance(rng: &mut fastrand::Rng, percent: u8) -> bool {
    rng.u8(0..100) < percent
}

#[cfg(test)]
mod tests;
