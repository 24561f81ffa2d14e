//! Durations as people write them: `500ms`, `8s`, `15min`, `24h`.
//!
//! **Invariants:** none is longer than [`LONGEST`], so that adding one to any clock cannot overflow.

use std::{fmt, ops::Deref, time::Duration};

use serde::{Deserialize, Deserializer, de::Error as _};

use super::Wrong;

/// The longest duration that a setting may have: a year.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// A duration above zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PositiveDuration(Duration);

impl PositiveDuration {
    /// The duration.
    pub fn get(self) -> Duration {
        self.0
    }
}

impl Deref for PositiveDuration {
    type Target = Duration;

    fn deref(&self) -> &Duration {
        &self.0
    }
}

impl fmt::Debug for PositiveDuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl TryFrom<Duration> for PositiveDuration {
    type Error = Wrong;

    fn try_from(duration: Duration) -> Result<Self, Wrong> {
        if (Duration::from_nanos(1)..=LONGEST).contains(&duration) {
            Ok(Self(duration))
        } else {
            Err(Wrong::expected("a duration above zero, such as 500ms, 8s, 15min or 24h, and at most a year"))
        }
    }
}

impl<'de> Deserialize<'de> for PositiveDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

/// Reads a duration that may be zero; for `#[serde(with = "duration")]`.
pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let wrong = "a duration with its unit, such as 500ms, 8s, 15min or 24h, and at most a year";
    let text = String::deserialize(deserializer).ok();
    text.and_then(|text| parse(&text)).ok_or_else(|| D::Error::custom(Wrong::expected(wrong)))
}

fn parse(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok().filter(|duration| *duration <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_with_its_unit() {
        for (text, seconds) in [("8s", 8), ("15min", 900), ("24h", 86_400), ("1h 30min", 5_400), ("0s", 0)] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("500ms"), Some(Duration::from_millis(500)));
        for wrong in ["", "8", "s", "-8s", "8 parsecs", "2years", "99999999999999999999s"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_positive_duration_is_not_zero() {
        assert!(PositiveDuration::try_from(Duration::ZERO).is_err());
        assert_eq!(PositiveDuration::try_from(LONGEST).unwrap().get(), LONGEST);
    }
}
