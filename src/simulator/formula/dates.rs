//! Dates and times in formulas: reading them, and calculating with units.
//!
//! **Invariants:** everything is UTC; a text without an offset is read as UTC, as Airtable does for the API.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// Reads ISO 8601 in the forms that Airtable writes and people type.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    // Most cells are not dates, and this is asked of many of them.
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| midnight(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?))
        .map(|time| time.and_utc())
}

/// Reads `text` by a format in Moment's tokens, such as `YYYY-MM-DD HH:mm:ss`.
pub(super) fn parse_as(text: &str, format: &str) -> Option<DateTime<Utc>> {
    let format = strftime(format);
    if let Ok(time) = DateTime::parse_from_str(text, &format) {
        return Some(time.to_utc());
    }
    let naive = NaiveDateTime::parse_from_str(text, &format).ok();
    naive.or_else(|| midnight(NaiveDate::parse_from_str(text, &format).ok()?)).map(|time| time.and_utc())
}

fn midnight(date: NaiveDate) -> Option<NaiveDateTime> {
    date.and_hms_opt(0, 0, 0)
}

const MOMENT: [(&str, &str); 21] = [
    ("YYYY", "%Y"),
    ("YY", "%y"),
    ("MMMM", "%B"),
    ("MMM", "%b"),
    ("MM", "%m"),
    ("M", "%m"),
    ("DD", "%d"),
    ("D", "%d"),
    ("HH", "%H"),
    ("H", "%H"),
    ("hh", "%I"),
    ("h", "%I"),
    ("mm", "%M"),
    ("m", "%M"),
    ("ss", "%S"),
    ("s", "%S"),
    (".SSS", "%.3f"),
    ("A", "%p"),
    ("a", "%P"),
    ("ZZ", "%z"),
    ("Z", "%:z"),
];

fn strftime(moment: &str) -> String {
    let mut rest = moment;
    let mut format = String::new();
    while let Some(next) = rest.chars().next() {
        if let Some((literal, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            format.push_str(&literal.replace('%', "%%"));
            rest = after;
        } else if let Some((token, specifier)) = MOMENT.iter().find(|(token, _)| rest.starts_with(token)) {
            format.push_str(specifier);
            rest = rest.get(token.len()..).unwrap_or_default();
        } else {
            format.push_str(if next == '%' { "%%" } else { rest.get(..next.len_utf8()).unwrap_or_default() });
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    format
}

/// A unit of time, as the third argument of a date function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "milliseconds" | "millisecond" | "ms" => Self::Millisecond,
            "seconds" | "second" | "s" => Self::Second,
            "minutes" | "minute" | "m" => Self::Minute,
            "hours" | "hour" | "h" => Self::Hour,
            "days" | "day" | "d" => Self::Day,
            "weeks" | "week" | "w" => Self::Week,
            "months" | "month" | "M" => Self::Month,
            "quarters" | "quarter" | "Q" => Self::Quarter,
            "years" | "year" | "y" => Self::Year,
            _ => return None,
        })
    }

    fn millis(self) -> Option<i64> {
        Some(match self {
            Self::Millisecond => 1,
            Self::Second => 1_000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 7 * 86_400_000,
            Self::Month | Self::Quarter | Self::Year => return None,
        })
    }

    /// In months; only asked of the units that [`Unit::millis`] cannot tell.
    fn months(self) -> i64 {
        match self {
            Self::Quarter => 3,
            Self::Year => 12,
            _ => 1,
        }
    }

    /// The number of the unit `time` lies in, counted from some fixed beginning.
    pub(super) fn start(self, time: DateTime<Utc>) -> i64 {
        let month = i64::from(time.year()) * 12 + i64::from(time.month0());
        match self.millis() {
            // Weeks begin on Sunday in Airtable, and 1970 began on a Thursday.
            Some(millis) if self == Self::Week => {
                (time.timestamp_millis() + 4 * 86_400_000).div_euclid(millis)
            }
            Some(millis) => time.timestamp_millis().div_euclid(millis),
            None => month.div_euclid(self.months()),
        }
    }

    /// How many whole units lie between `earlier` and `later`; negative when they stand the other way round.
    pub(super) fn between(self, later: DateTime<Utc>, earlier: DateTime<Utc>) -> i64 {
        if let Some(millis) = self.millis() {
            return (later.timestamp_millis() - earlier.timestamp_millis()) / millis;
        }
        if later < earlier {
            return -self.between(earlier, later);
        }
        let months = Self::Month.start(later) - Self::Month.start(earlier);
        let in_month = |time: DateTime<Utc>| (time.day(), time.time());
        (months - i64::from(in_month(later) < in_month(earlier))) / self.months()
    }

    /// `amount` units later; `None` beyond the calendar.
    pub(super) fn add(self, time: DateTime<Utc>, amount: i64) -> Option<DateTime<Utc>> {
        if let Some(millis) = self.millis() {
            return time.checked_add_signed(TimeDelta::try_milliseconds(amount.checked_mul(millis)?)?);
        }
        let months = amount.checked_mul(self.months())?;
        let step = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
        if months < 0 { time.checked_sub_months(step) } else { time.checked_add_months(step) }
    }
}
