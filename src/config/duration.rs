//! Durations as people write them: `500ms`, `8s`, `15min`, `24h`; for `#[serde(with = "super::duration")]`.
//!
//! **Invariants:** never longer than [`LONGEST`], so that adding one to any clock cannot overflow.

use std::time::Duration;

use serde::{Deserialize as _, Deserializer, de::Error as _};

/// The longest duration that a setting may have: a year.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// Reads a duration for serde.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not a duration"))
}

/// The duration, if it is one and not too long.
pub(super) fn parse(text: &str) -> Option<Duration> {
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
}
