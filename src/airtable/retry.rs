//! When a request is sent again.
//!
//! **Invariants:** only what [`Policy`] calls for is sent again, at most `airtable.max_attempts` times in all. What the server
//! asks for in `Retry-After` goes before our own schedule, within [`MAX_RETRY_AFTER`].
//!
//! **Units:** the schedule is exponential with full jitter: the n-th wait is anything between nothing and
//! `backoff_base · 2ⁿ`, at most `backoff_max`, so that callers who failed together do not come back together.
//!
//! **Sources:** `Retry-After` in seconds or as a date, RFC 9110, 10.2.3; Airtable documents it for 503 only. After a 429,
//! requests succeed again after 30 seconds (<https://airtable.com/developers/web/api/rate-limits>).

use std::time::Duration;

use backon::ExponentialBuilder;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;

use super::{AirtableError, Policy};
use crate::config::AirtableSettings;

/// The longest that a server can make us wait.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_mins(5);

/// The longest wait before each further attempt.
pub(super) fn schedule(settings: &AirtableSettings) -> ExponentialBuilder {
    let further_attempts = usize::try_from(settings.max_attempts.get() - 1).unwrap_or(usize::MAX);
    ExponentialBuilder::new()
        .with_min_delay(settings.backoff_base.min(settings.backoff_max))
        .with_max_delay(settings.backoff_max)
        .with_max_times(further_attempts)
}

/// Whether sending the request again may help.
pub(super) fn may_help(error: &AirtableError) -> bool {
    matches!(error.kind.policy(), Policy::Retry | Policy::PauseBase)
}

/// How long this request waits before its next attempt, where the schedule allows `longest`.
pub(super) fn wait(error: &AirtableError, longest: Duration) -> Duration {
    match error.kind.policy() {
        // The pause of the whole base is wait enough.
        Policy::PauseBase => Duration::ZERO,
        _ => error.retry_after.unwrap_or_else(|| longest.mul_f64(fastrand::f64())),
    }
}

/// How long the base is left alone at least after a 429: what it asked for or the setting.
fn least_pause(error: &AirtableError, settings: &AirtableSettings) -> Duration {
    error.retry_after.unwrap_or(*settings.pause_after_429)
}

/// How long it is until the next attempt at least; `wait` is this request's own, and its next turn comes after a pause of the whole base.
pub(super) fn until_next(error: &AirtableError, wait: Duration, settings: &AirtableSettings) -> Duration {
    if error.kind.policy() == Policy::PauseBase { least_pause(error, settings) } else { wait }
}

/// How long it is: up to a tenth more.
pub(super) fn pause(error: &AirtableError, settings: &AirtableSettings) -> Duration {
    let asked = least_pause(error, settings);
    asked + asked.mul_f64(0.1 * fastrand::f64())
}

/// What the server asks for. A wait of nothing, a date that has passed and what cannot be read count as not asked.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => (DateTime::parse_from_rfc2822(value).ok()?.with_timezone(&Utc) - now).to_std().ok()?,
    };
    Some(wait.min(MAX_RETRY_AFTER)).filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use backon::BackoffBuilder;

    use super::*;
    use crate::airtable::tests::{positive, settings};

    #[test]
    fn retry_after_is_seconds_or_a_date_and_never_endless() {
        let now: DateTime<Utc> = "2026-11-23T05:05:00Z".parse().unwrap();
        for (value, expected) in [
            ("3", Some(3)),
            (" 30 ", Some(30)),
            ("86400", Some(300)),
            ("Mon, 23 Nov 2026 05:05:12 GMT", Some(12)),
            ("Tue, 24 Nov 2026 05:05:12 GMT", Some(300)),
            ("Mon, 23 Nov 2026 05:04:00 GMT", None),
            ("0", None),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn the_schedule_doubles_up_to_its_maximum_and_ends_with_the_attempts() {
        let settings = AirtableSettings {
            max_attempts: NonZeroU32::new(5).unwrap(),
            backoff_base: positive(1_000),
            backoff_max: Duration::from_secs(3),
            ..settings("http://localhost")
        };
        let waits: Vec<u64> = schedule(&settings).build().map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [1, 2, 3, 3]);

        let once = AirtableSettings { max_attempts: NonZeroU32::MIN, ..settings };
        assert_eq!(schedule(&once).build().next(), None);
    }

    #[test]
    fn jitter_spreads_over_the_whole_wait_unless_the_server_asks_for_one() {
        let longest = Duration::from_secs(8);
        let mut error = AirtableError::refused(503, None, b"");
        let waits: Vec<Duration> = (0..200).map(|_| wait(&error, longest)).collect();
        assert!(waits.iter().all(|wait| *wait <= longest));
        assert!(
            waits.iter().any(|wait| *wait < longest / 4) && waits.iter().any(|wait| *wait > longest * 3 / 4)
        );

        error.retry_after = Some(Duration::from_secs(20));
        assert_eq!(wait(&error, longest), Duration::from_secs(20));
    }

    #[test]
    fn a_429_pauses_the_base_for_what_it_asks_or_for_the_setting() {
        let settings = AirtableSettings { pause_after_429: positive(30_000), ..settings("http://localhost") };
        for (asked, seconds) in [(None, 30), (Some(4), 4), (Some(90), 90)] {
            let error = AirtableError::refused(429, asked.map(Duration::from_secs), b"");
            let least = Duration::from_secs(seconds);
            let pause = pause(&error, &settings);
            assert!((least..=least * 11 / 10).contains(&pause), "{asked:?}: {pause:?}");
            assert_eq!(wait(&error, Duration::from_secs(8)), Duration::ZERO);
        }
    }
}
