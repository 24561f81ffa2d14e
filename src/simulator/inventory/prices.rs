//! What a used car costs and what financing it takes.
//!
//! **Invariants:** every price ends in `900`; the minimum down payment is below the recommended one, the lowest monthly
//! payment below the recommended one; both payments pay the loan off within their term.
//!
//! **Units:** pesos, months, kilometres; the rate is per year.
//!
//! **Sources:** loss of value and rates are typical of Mexican dealers, not anybody's price list.

use serde_json::{Map, Value, json};

/// The model year that loses no value for age.
pub(super) const NEWEST_YEAR: i32 = 2026;
/// What nothing is sold below.
pub(super) const LOWEST_PRICE: i64 = 69_900;

const ANNUAL_RATE: f64 = 0.159;
const KM_PER_YEAR: f64 = 15_000.0;

/// A price on a windscreen: the nearest one that ends in `4,900` or `9,900`.
#[expect(clippy::cast_possible_truncation, reason = "prices are far below 2^53")]
pub(super) fn on_the_windscreen(pesos: f64) -> i64 {
    (((pesos + 100.0) / 5000.0).round() as i64 * 5000 - 100).max(LOWEST_PRICE)
}

/// What a car is worth of which a new one costs `new_price`.
pub(super) fn used_price(new_price: i64, year: i32, km: i32) -> f64 {
    let age = (NEWEST_YEAR - year).max(0);
    let for_age = if age == 0 { 0.94 } else { 0.86 * 0.92_f64.powi(age - 1) };
    let km_expected = (f64::from(age) + 0.3) * KM_PER_YEAR;
    let for_use = (1.0 - (f64::from(km) - km_expected) / 600_000.0).clamp(0.85, 1.1);
    scaled(new_price, for_age * for_use)
}

/// `amount` times `factor`.
#[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53")]
pub(super) fn scaled(amount: i64, factor: f64) -> f64 {
    amount as f64 * factor
}

/// The longest term that a bank grants for a car of this year.
pub(super) fn longest_term(year: i32) -> i32 {
    match NEWEST_YEAR - year {
        ..=2 => 72,
        3..=5 => 60,
        6..=8 => 48,
        9..=11 => 36,
        _ => 24,
    }
}

/// Sets the price and all that depends on it.
///
/// Both payments are those with the recommended down payment: the lowest one over the longest term, the recommended one
/// over a year less.
pub(super) fn set(fields: &mut Map<String, Value>, price: i64, term: i32) {
    let recommended = rounded_up(scaled(price, 0.35), 500);
    fields.insert("Precio".into(), json!(price));
    fields.insert(
        "EngancheMin".into(),
        json!(rounded_up(scaled(price, if term >= 60 { 0.15 } else { 0.2 }), 500)),
    );
    fields.insert("EngancheRecomendado".into(), json!(recommended));
    fields.insert("MensualidadMinima".into(), json!(monthly_payment(price - recommended, term)));
    fields.insert(
        "MensualidadRecomendada".into(),
        json!(monthly_payment(price - recommended, (term - 12).max(12))),
    );
    fields.insert("PlazoMax".into(), json!(term));
}

/// The constant payment that pays `loan` off in `months`, rounded up to whole pesos.
fn monthly_payment(loan: i64, months: i32) -> i64 {
    let rate = ANNUAL_RATE / 12.0;
    rounded_up(scaled(loan, rate / (1.0 - (1.0 + rate).powi(-months))), 1)
}

/// The next multiple of `step`.
#[expect(clippy::cast_possible_truncation, reason = "prices are far below 2^53")]
fn rounded_up(pesos: f64, step: i64) -> i64 {
    (pesos.ceil() as i64 + step - 1) / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_ends_the_way_dealers_like_it() {
        for (pesos, price) in
            [(287_350.0, 284_900), (287_900.0, 289_900), (329_900.0, 329_900), (1.0, LOWEST_PRICE)]
        {
            assert_eq!(on_the_windscreen(pesos), price);
        }
    }

    #[test]
    fn age_and_use_lower_the_value() {
        assert!(used_price(400_000, 2020, 60_000) > used_price(400_000, 2018, 60_000));
        assert!(used_price(400_000, 2020, 60_000) > used_price(400_000, 2020, 120_000));
        assert!(used_price(400_000, 2026, 500) < 400_000.0);
    }

    #[test]
    fn the_monthly_payment_pays_the_loan_off_to_the_peso() {
        for (loan, months) in [(100_000, 60), (329_900, 72), (70_000, 12)] {
            let payment = monthly_payment(loan, months);
            let left = |payment: f64| {
                (0..months).fold(scaled(loan, 1.0), |owed, _| owed * (1.0 + ANNUAL_RATE / 12.0) - payment)
            };
            assert!(left(scaled(payment, 1.0)) <= 0.0, "{loan} over {months}");
            assert!(left(scaled(payment - 1, 1.0)) > 0.0, "{loan} over {months}");
        }
    }
}
