//! One car that might stand on the lot: the facts, before they become cells.
//!
//! **Units:** kilometres; the price follows in [`super::record`].

use fastrand::Rng;

use super::{
    chance,
    models::{MODELS, Model},
    pick,
    picture::Look,
    prices::NEWEST_YEAR,
};

/// A used car.
pub(super) struct Car {
    pub(super) model: &'static Model,
    pub(super) version: &'static str,
    /// 0 for the plainest version, 1 for the best equipped one.
    pub(super) equipment: f64,
    pub(super) year: i32,
    pub(super) km: i32,
    pub(super) gearbox: &'static str,
    pub(super) look: Look,
    pub(super) owners: u8,
}

impl Car {
    /// A car as it may come in, popular models more often.
    pub(super) fn new(rng: &mut Rng) -> Self {
        let model = any_model(rng);
        let mut any_year = || rng.i32(model.first_year..=model.last_year);
        let (year, another) = (any_year(), any_year());
        // Often the later of two, since recent cars are the more common ones.
        let year = if chance(rng, 60) { year.max(another) } else { year };
        let age = NEWEST_YEAR - year;
        let km = rng.i32(2_000..=14_000) + age * rng.i32(8_000..=21_000);
        let version = rng.usize(0..model.versions.len());
        Self {
            model,
            version: model.versions.get(version).copied().unwrap_or_default(),
            #[expect(clippy::cast_precision_loss, reason = "a handful of versions")]
            equipment: version as f64 / (model.versions.len() - 1).max(1) as f64,
            year,
            km: if chance(rng, 40) { km / 1_000 * 1_000 } else { km },
            gearbox: pick(rng, model.gearboxes),
            look: Look::any(rng, model.body),
            owners: 1 + u8::from(age > 3 && rng.bool()) + u8::from(age > 8 && rng.bool()),
        }
    }

    /// Model and version, such as `3 i Grand Touring`.
    pub(super) fn model_and_version(&self) -> String {
        format!("{} {}", self.model.name, self.version)
    }
}

fn any_model(rng: &mut Rng) -> &'static Model {
    const COMMONEST: &Model = &MODELS[0];
    let tickets = MODELS.iter().flat_map(|model| std::iter::repeat_n(model, model.popularity));
    rng.choice(tickets.collect::<Vec<_>>()).unwrap_or(COMMONEST)
}
