//! Amounts in pesos.
//!
//! **Invariants:** never negative, whole centavos, below 10^12 pesos, so that every amount is exact in an `i64`, in
//! `numeric(14,2)` and in the double that a JSON reader makes of it.
//!
//! **Units:** Mexican pesos. In JSON an amount is a number, whole when it has no centavos (`329900`, `329900.5`).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount in pesos, exact to the centavo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    centavos: i64,
}

impl Money {
    /// One more than the largest amount, in pesos: what `numeric(14,2)` holds.
    pub const LIMIT_PESOS: f64 = 1e12;

    /// Rounds to centavos; `None` for what is negative, not finite or too large to be a price.
    pub fn from_pesos(pesos: f64) -> Option<Self> {
        // Half a centavo below the limit would be rounded up to it.
        if !(0.0..Self::LIMIT_PESOS - 0.005).contains(&pesos) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "below 10^14 after the check above, far inside an i64"
        )]
        let centavos = (pesos * 100.0).round() as i64;
        Some(Self { centavos })
    }

    /// An amount of so many centavos.
    pub const fn from_centavos(centavos: i64) -> Self {
        Self { centavos }
    }

    /// The amount in centavos.
    pub const fn centavos(self) -> i64 {
        self.centavos
    }

    /// The amount as a double; exact to the centavo when printed.
    pub fn pesos(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "below 10^14, and a double is exact to 9 * 10^15")]
        let centavos = self.centavos as f64;
        centavos / 100.0
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.centavos % 100 == 0 {
            to.serialize_i64(self.centavos / 100)
        } else {
            to.serialize_f64(self.pesos())
        }
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pesos = f64::deserialize(from)?;
        Self::from_pesos(pesos).ok_or_else(|| de::Error::custom(format!("{pesos} is not an amount in pesos")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_to_the_centavo_and_a_plain_number_in_json() {
        for (pesos, json) in [
            (329_900.0, "329900"),
            (0.1, "0.1"),
            (19.999, "20"),
            (0.0, "0"),
            (999_999_999_999.99, "999999999999.99"),
        ] {
            let money = Money::from_pesos(pesos).unwrap();
            assert_eq!(serde_json::to_string(&money).unwrap(), json);
            assert_eq!(serde_json::from_str::<Money>(json).unwrap(), money);
        }
    }

    #[test]
    fn what_cannot_be_a_price_is_refused() {
        for pesos in [-0.01, f64::NAN, f64::INFINITY, 1e12, 999_999_999_999.999] {
            assert_eq!(Money::from_pesos(pesos), None, "{pesos}");
        }
    }
}
