//! Numbers, durations and times for people.
//!
//! **Invariants:** pure; the time zone is the dealership's (`sync.time_zone`). Both languages, as Mexico writes them, put a comma between
//! thousands and a point before decimals.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, Utc};
use chrono_tz::Tz;

use super::texts::Texts;

/// `12,345`.
pub(super) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `98.7 %`; whole numbers without a point.
pub(super) fn percent(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // What is not quite all must not look like all.
    let rounded = if value < 100.0 && rounded >= 100.0 { 99.9 } else { rounded };
    if rounded.fract() == 0.0 { format!("{rounded:.0} %") } else { format!("{rounded:.1} %") }
}

/// `240 ms`, `1.8 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
pub(super) fn duration(ms: f64) -> String {
    let ms = ms.max(0.0);
    if ms < 999.5 {
        return format!("{ms:.0} ms");
    }
    if ms < 59_950.0 {
        return format!("{:.1} s", ms / 1000.0);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and saturating"
    )]
    let seconds = (ms / 1000.0).round() as u64;
    let parts = |big: u64, unit: &str, small: u64, part: &str| {
        if small == 0 { format!("{big} {unit}") } else { format!("{big} {unit} {small} {part}") }
    };
    match seconds {
        0..3_600 => parts(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => parts(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => parts(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// `64.0 MB`, in units of 1,000.
pub(super) fn bytes(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "rounded for people")]
    let number = number as f64;
    match number {
        ..1_000.0 => format!("{number:.0} B"),
        ..1_000_000.0 => format!("{:.1} kB", number / 1e3),
        ..1_000_000_000.0 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.1} GB", number / 1e9),
    }
}

/// How times are told: where, in which language, and what day it is.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    pub(super) zone: Tz,
    pub(super) t: &'static Texts,
    pub(super) now: DateTime<Utc>,
}

impl Clock {
    /// `14:03:22`, or `23 nov 14:03` when it is not today.
    pub(super) fn time(&self, time: DateTime<Utc>) -> String {
        let local = time.with_timezone(&self.zone);
        let today = self.now.with_timezone(&self.zone);
        let mut text = String::new();
        if local.date_naive() != today.date_naive() {
            let month = self.t.months[local.month0() as usize % 12];
            // Writing to a text cannot fail.
            let _ = write!(text, "{} {month} ", local.day());
            if local.year() != today.year() {
                let _ = write!(text, "{} ", local.year());
            }
        }
        let form = if text.is_empty() { "%H:%M:%S" } else { "%H:%M" };
        let _ = write!(text, "{}", local.format(form));
        text
    }

    /// `23 nov 2026, 14:03:22`, whatever day it is.
    pub(super) fn moment(&self, time: DateTime<Utc>) -> String {
        let local = time.with_timezone(&self.zone);
        let month = self.t.months[local.month0() as usize % 12];
        format!("{} {month} {}, {}", local.day(), local.year(), local.format("%H:%M:%S"))
    }

    /// `14:00`.
    pub(super) fn hour(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.zone).format("%H:%M").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::texts, *};

    #[test]
    fn numbers_are_readable() {
        let shown: Vec<_> = [0, 7, 999, 1_000, 12_345, -1_234_567].map(count).into();
        assert_eq!(shown, ["0", "7", "999", "1,000", "12,345", "-1,234,567"]);
        let shown: Vec<_> = [0.0, 95.0, 98.74, 99.96, 100.0].map(percent).into();
        assert_eq!(shown, ["0 %", "95 %", "98.7 %", "99.9 %", "100 %"]);
        let shown: Vec<_> = [0, 999, 1_000, 64_000_000, 2_500_000_000].map(bytes).into();
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "64.0 MB", "2.5 GB"]);
    }

    #[test]
    fn durations_have_the_unit_that_fits() {
        let shown: Vec<_> =
            [-1.0, 240.4, 999.4, 999.5, 59_949.0, 60_000.0, 200_000.0, 7_500_000.0, 86_400_000.0]
                .map(duration)
                .into();
        assert_eq!(
            shown,
            ["0 ms", "240 ms", "999 ms", "1.0 s", "59.9 s", "1 min", "3 min 20 s", "2 h 5 min", "1 d"]
        );
    }

    #[test]
    fn a_time_of_another_day_says_which() {
        let at = |text: &str| text.parse().unwrap();
        let clock =
            Clock { zone: chrono_tz::America::Monterrey, t: &texts::ES, now: at("2026-01-03T05:00:00Z") };
        assert_eq!(clock.time(at("2026-01-03T04:59:59Z")), "22:59:59");
        assert_eq!(clock.time(at("2026-01-02T04:59:59Z")), "1 ene 22:59");
        assert_eq!(clock.time(at("2026-01-01T05:00:00Z")), "31 dic 2025 23:00");
        assert_eq!(clock.moment(at("2026-01-03T04:59:59Z")), "2 ene 2026, 22:59:59");
        assert_eq!(clock.hour(at("2026-01-02T04:00:00Z")), "22:00");
    }
}
