//! What operators may ask for in a URL's query.
//!
//! **Invariants:** a wrong value is named, never guessed at. Parameters that are not known, and empty values, are ignored; of a repeated
//! single one the last counts. What may be asked for is bounded in number and length.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::domain::{MOMENT, RecordId, WrongParameter, moment, wrong};

/// Characters of a text that is searched for, at most.
const MAX_CHARS: usize = 200;

/// The parameters of a query, as text.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn parse(query: &str) -> Self {
        let given = form_urlencoded::parse(query.as_bytes());
        let trimmed = given.map(|(name, value)| (name.into_owned(), value.trim().to_owned()));
        Self(trimmed.filter(|(_, value)| !value.is_empty()).collect())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    fn last(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }

    /// Any of the known values; given several times, or separated by commas.
    pub(super) fn any_of(&self, name: &'static str, known: &[&str]) -> Result<Vec<String>, WrongParameter> {
        let mut chosen: Vec<String> = Vec::new();
        for value in self.all(name).flat_map(|value| value.split(',')).map(str::trim) {
            if !known.contains(&value) {
                return Err(wrong(name, value, &format!("one of {}", known.join(", "))));
            }
            if !chosen.iter().any(|other| other == value) {
                chosen.push(value.to_owned());
            }
        }
        Ok(chosen)
    }

    /// A whole number from 1 to `most`.
    pub(super) fn whole(&self, name: &'static str, most: i64) -> Result<Option<i64>, WrongParameter> {
        let read = |value: &str| {
            let number = i64::from_str(value).ok().filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| wrong(name, value, &format!("a whole number from 1 to {most}")))
        };
        self.last(name).map(read).transpose()
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, WrongParameter> {
        let read = |value: &str| {
            let short = value.chars().count() <= MAX_CHARS && !value.contains('\0');
            short.then(|| value.to_owned()).ok_or_else(|| {
                wrong(name, value, &format!("a text of at most {MAX_CHARS} characters, without NUL"))
            })
        };
        self.last(name).map(read).transpose()
    }

    pub(super) fn record_id(&self, name: &'static str) -> Result<Option<String>, WrongParameter> {
        let read = |value: &str| {
            let id: Result<RecordId, _> = value.parse();
            id.map(|id| id.to_string())
                .map_err(|_| wrong(name, value, "a record id such as recA1b2C3d4E5f6G7"))
        };
        self.last(name).map(read).transpose()
    }

    /// A time by RFC 3339, or a day, which stands for its beginning in UTC.
    pub(super) fn time(&self, name: &'static str) -> Result<Option<DateTime<Utc>>, WrongParameter> {
        let read = |value: &str| {
            // A plus that was not encoded arrives as a space.
            moment(&value.replace(' ', "+")).ok_or_else(|| wrong(name, value, MOMENT))
        };
        self.last(name).map(read).transpose()
    }

    /// Where a page begins: two keys, as a former answer's `next` has them.
    pub(super) fn cursor<T: FromStr>(
        &self,
        name: &'static str,
    ) -> Result<Option<(DateTime<Utc>, T)>, WrongParameter> {
        let read = |value: &str| {
            let keys = value.split_once('_').and_then(|(time, key)| {
                let time = DateTime::from_timestamp_micros(time.parse().ok()?)?;
                Some((within_reach(time)?, key.parse().ok()?))
            });
            keys.ok_or_else(|| wrong(name, value, "the next of a former answer"))
        };
        self.last(name).map(read).transpose()
    }
}

/// The cursor of a page that ends with these keys.
pub(super) fn cursor(time: DateTime<Utc>, key: impl std::fmt::Display) -> String {
    format!("{}_{key}", time.timestamp_micros())
}

/// PostgreSQL knows fewer years than we do.
fn within_reach(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    use chrono::Datelike;
    (1..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_be_a_day_and_its_plus_may_have_become_a_space() {
        let read = |query: &str| Parameters::parse(query).time("from").map(|time| time.unwrap().to_rfc3339());
        assert_eq!(read("from=2026-11-23").unwrap(), "2026-11-23T00:00:00+00:00");
        assert_eq!(read("from=2026-11-23T02:00:00+02:00").unwrap(), "2026-11-23T00:00:00+00:00");
        assert_eq!(read("from=2026-11-23T02:00:00%2B02:00").unwrap(), "2026-11-23T00:00:00+00:00");
        for odd in ["yesterday", "2026-13-01", "+262000-01-01T00:00:00Z", "-0005-01-01T00:00:00Z"] {
            assert_eq!(read(&format!("from={odd}")).unwrap_err().param, "from", "{odd}");
        }
    }

    #[test]
    fn values_are_chosen_from_those_that_exist() {
        let read = |query: &str| Parameters::parse(query).any_of("status", &["success", "error"]);
        assert_eq!(read("status=error&status=success,error&status=").unwrap(), ["error", "success"]);
        assert_eq!(read("other=1").unwrap(), Vec::<String>::new());
        assert!(read("status=good").unwrap_err().detail.contains("one of success, error"));
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let time = "2026-11-23T08:00:00.123456Z".parse().unwrap();
        let query = format!("cursor={}", cursor(time, 42));
        assert_eq!(Parameters::parse(&query).cursor::<i64>("cursor").unwrap(), Some((time, 42)));
        for odd in ["42", "x_1", "1_x", "99999999999999999999_1", "_"] {
            let parameters = Parameters::parse(&format!("cursor={odd}"));
            assert_eq!(parameters.cursor::<i64>("cursor").unwrap_err().param, "cursor", "{odd}");
        }
    }
}
