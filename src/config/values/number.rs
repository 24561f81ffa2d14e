//! Numbers within bounds.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::Wrong;

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole<T, const MIN: u64, const MAX: u64 = { u64::MAX }>(T);

impl<T: Copy, const MIN: u64, const MAX: u64> Whole<T, MIN, MAX> {
    /// The number.
    pub fn get(self) -> T {
        self.0
    }
}

impl<T: TryFrom<u64>, const MIN: u64, const MAX: u64> TryFrom<u64> for Whole<T, MIN, MAX> {
    type Error = Wrong;

    fn try_from(number: u64) -> Result<Self, Wrong> {
        let within = (MIN..=MAX).contains(&number).then(|| T::try_from(number).ok()).flatten();
        within.map(Self).ok_or_else(|| {
            Wrong::expected(match MAX {
                u64::MAX => format!("a whole number of {MIN} or more"),
                _ => format!("a whole number from {MIN} to {MAX}"),
            })
        })
    }
}

impl<'de, T: TryFrom<u64>, const MIN: u64, const MAX: u64> Deserialize<'de> for Whole<T, MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl<T: fmt::Debug, const MIN: u64, const MAX: u64> fmt::Debug for Whole<T, MIN, MAX> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A share from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// The share.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let share = f64::deserialize(deserializer).ok().filter(|share| (0.0..=1.0).contains(share));
        share.map(Self).ok_or_else(|| D::Error::custom(Wrong::expected("a share from 0 to 1, such as 0.2")))
    }
}
