//! Times as operators write them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};

/// What a time looks like, for those who wrote it in another way.
pub const MOMENT: &str = "a time such as 2026-11-23T08:00:00Z or a day such as 2026-11-23";

/// A time by RFC 3339, or a day, which stands for its beginning in UTC. `None` also for years that PostgreSQL does not know.
pub fn moment(text: &str) -> Option<DateTime<Utc>> {
    let time = text.parse().ok().or_else(|| {
        let day: NaiveDate = text.parse().ok()?;
        Some(day.and_time(NaiveTime::MIN).and_utc())
    });
    time.filter(|time: &DateTime<Utc>| (1..=9999).contains(&time.year()))
}

/// Why nothing can lie between two times, and which of them is at fault: `from` or `to`.
pub fn no_span(
    from: DateTime<Utc>,
    to: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<(&'static str, String)> {
    match to {
        Some(to) if to <= from => {
            Some(("to", format!("to is {to:?}; it should be after from, which is {from:?}.")))
        }
        None if from > now => Some(("from", format!("from is {from:?}, which is yet to come."))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_the_beginning_of_a_day() {
        let read = |text: &str| moment(text).map(|time| time.to_rfc3339());
        assert_eq!(read("2026-11-23").as_deref(), Some("2026-11-23T00:00:00+00:00"));
        assert_eq!(read("2026-11-23T02:00:00+02:00").as_deref(), Some("2026-11-23T00:00:00+00:00"));
        for odd in ["", "yesterday", "2026-13-01", "+262000-01-01T00:00:00Z", "-0005-01-01T00:00:00Z"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_span_goes_forward_and_begins_in_the_past() {
        let at = |day: &str| moment(day).unwrap();
        let wrong = |from: &str, to: Option<&str>| {
            no_span(at(from), to.map(at), at("2026-11-23")).map(|(which, _)| which)
        };
        assert_eq!(wrong("2026-11-20", Some("2026-11-21")), None);
        assert_eq!(wrong("2026-11-20", None), None);
        assert_eq!(wrong("2026-11-21", Some("2026-11-20")), Some("to"));
        assert_eq!(wrong("2026-11-20", Some("2026-11-20")), Some("to"));
        assert_eq!(wrong("2026-11-24", None), Some("from"));
    }
}
