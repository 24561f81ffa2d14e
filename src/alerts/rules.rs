//! What is wrong: a pure function of figures, reports, thresholds and the time.
//!
//! **Invariants:** the same figures at the same time give the same troubles, each at most once, on every instance. Rates are judged only
//! from `alerts.min_syncs` records on: one failure of two says nothing.
//!
//! **Not here:** whether a trouble is new (`changes`), the figures (`db::figures`).

use std::{fmt::Write as _, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::Rule;
use crate::{
    config::AlertSettings,
    db::{
        alerts::Report,
        figures::{AlertFigures, FullRun, SyncFigures},
    },
    monitor::nights::{Outcome, nights},
    sync::Nightly,
};

/// Something that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What kind of trouble it is.
    pub(super) rule: Rule,
    /// Since when, where the figures tell.
    pub(super) since: Option<DateTime<Utc>>,
    /// What exactly, as sentences with figures.
    pub(super) detail: String,
}

/// What the rules need to know beside figures.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) settings: AlertSettings,
    pub(super) nightly: Nightly,
    /// In which times are told.
    pub(super) zone: Tz,
}

impl Judge {
    /// All that is wrong at `now`, in the order of [`Rule::ALL`].
    pub(super) fn troubles(
        &self,
        figures: &AlertFigures,
        reports: &[Report],
        now: DateTime<Utc>,
    ) -> Vec<Trouble> {
        let found = |rule: Rule| match rule {
            Rule::AirtableRefuses | Rule::QuotaUsedUp | Rule::FieldsMissing | Rule::WebhookDead => {
                reported(rule, reports, now)
            }
            Rule::ListenerDown => reported(rule, reports, now - delta(self.settings.listener_down_after)),
            Rule::BrakePulled => self.brake(figures),
            Rule::NightlyFailing | Rule::NightlyFailed => self.nights(rule, figures, now),
            Rule::QueueOld => self.queue(figures, now),
            Rule::DeadRecords => dead(figures),
            Rule::SuccessRate => self.success_rate(figures),
            Rule::Slow => self.slow(figures),
            Rule::Errors => self.errors(figures),
        };
        Rule::ALL.into_iter().filter_map(found).collect()
    }

    fn brake(&self, figures: &AlertFigures) -> Option<Trouble> {
        let runs = &figures.runs;
        let braked = runs.full.iter().find(|run| run.braked && Some(run.started_at) > runs.succeeded)?;
        let why = braked.error.as_deref().unwrap_or("the brake was pulled");
        let detail = format!("The full sync of {} was stopped: {why}.", self.said(braked.started_at));
        Some(Trouble { rule: Rule::BrakePulled, since: Some(braked.started_at), detail })
    }

    /// One of the two rules: several nights in a row, or fewer.
    fn nights(&self, rule: Rule, figures: &AlertFigures, now: DateTime<Utc>) -> Option<Trouble> {
        let runs = &figures.runs;
        let nights = nights(&self.nightly, runs, delta(self.settings.nightly_overdue), now);
        let judged = nights.iter().filter(|night| night.outcome != Outcome::Open);
        let missed: Vec<DateTime<Utc>> =
            judged.take_while(|night| night.outcome == Outcome::Missed).map(|night| night.start).collect();
        let many = missed.len() >= self.settings.critical_nights.get();
        let since = *missed.last().filter(|_| many == (rule == Rule::NightlyFailing))?;
        let how_many = match missed.len() {
            1 => format!("The night of {} had no full sync.", self.said(since)),
            several => {
                format!("{several} nights in a row had no full sync, the first of them {}.", self.said(since))
            }
        };
        let success = match runs.succeeded {
            Some(full) => format!("The last one that succeeded began {}.", self.said(full)),
            None => "None has ever succeeded.".to_owned(),
        };
        let is_failure = |run: &&FullRun| run.status == "failed" && run.started_at >= since;
        let failure = match runs.full.iter().find(is_failure) {
            Some(failed) => {
                let error = failed.error.as_deref().unwrap_or("no reason given");
                format!("The last try, {}, failed: {error}.", self.said(failed.started_at))
            }
            None => "It did not run at all.".to_owned(),
        };
        let detail = format!("{how_many} {success} {failure}");
        Some(Trouble { rule, since: Some(since), detail })
    }

    fn queue(&self, figures: &AlertFigures, now: DateTime<Utc>) -> Option<Trouble> {
        let (queue, most) = (&figures.queue, delta(self.settings.max_queue_age));
        let oldest = queue.oldest.filter(|oldest| now - *oldest > most)?;
        let detail = format!(
            "{}, the oldest for {} (more than {}).{}",
            if queue.waiting == 1 {
                "1 record waits".to_owned()
            } else {
                format!("{} records wait", queue.waiting)
            },
            lasting(now - oldest),
            lasting(most),
            quoted(" Its last error: ", queue.oldest_error.as_deref())
        );
        Some(Trouble { rule: Rule::QueueOld, since: Some(oldest), detail })
    }

    fn success_rate(&self, figures: &AlertFigures) -> Option<Trouble> {
        let syncs = self.enough(figures)?;
        let rate = share(syncs.successes, syncs.records);
        (rate < self.settings.min_success_rate.get()).then(|| Trouble {
            rule: Rule::SuccessRate,
            since: None,
            detail: format!(
                "{} of {} records synced in {} are well, {}, less than {}; {} failed and have not worked since, {} have warnings.",
                syncs.successes,
                syncs.records,
                lasting(delta(*self.settings.rate_window)),
                percent(rate),
                percent(self.settings.min_success_rate.get()),
                syncs.errors,
                syncs.warnings
            ),
        })
    }

    fn slow(&self, figures: &AlertFigures) -> Option<Trouble> {
        let average = self.enough(figures)?.average_ms?;
        let most = self.settings.max_average.as_secs_f64() * 1000.0;
        (average > most).then(|| Trouble {
            rule: Rule::Slow,
            since: None,
            detail: format!(
                "The syncs that succeeded in {} took {average:.0} ms on average, more than {most:.0} ms.",
                lasting(delta(*self.settings.rate_window))
            ),
        })
    }

    fn errors(&self, figures: &AlertFigures) -> Option<Trouble> {
        let syncs = &figures.syncs;
        (syncs.errors_in_an_hour > i64::from(self.settings.max_errors)).then(|| Trouble {
            rule: Rule::Errors,
            since: None,
            detail: format!(
                "{} records failed in the last hour and have not worked since, more than {}.{}",
                syncs.errors_in_an_hour,
                self.settings.max_errors,
                quoted(" The latest: ", syncs.last_error.as_deref())
            ),
        })
    }

    fn enough<'f>(&self, figures: &'f AlertFigures) -> Option<&'f SyncFigures> {
        let fewest = i64::from(self.settings.min_syncs).max(1);
        Some(&figures.syncs).filter(|syncs| syncs.records >= fewest)
    }

    fn said(&self, time: DateTime<Utc>) -> String {
        said(time, self.zone)
    }
}

/// A time as people at the dealership read it.
pub(super) fn said(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string()
}

/// What instances report, if one of them has for long enough.
fn reported(rule: Rule, reports: &[Report], since: DateTime<Utc>) -> Option<Trouble> {
    let said: Vec<&Report> = reports.iter().filter(|report| report.signal == rule.key()).collect();
    said.iter().find(|report| report.first_heard_at <= since)?;
    let mut detail = String::new();
    for (place, report) in said.iter().enumerate() {
        if said[..place].iter().all(|before| before.detail != report.detail) {
            let space = if detail.is_empty() { "" } else { " " };
            // Writing to a string cannot fail.
            let _ = write!(detail, "{space}{}", sentence(&report.detail));
        }
    }
    if said.len() > 1 {
        let _ = write!(detail, " {} instances say so.", said.len());
    }
    Some(Trouble { rule, since: said.iter().map(|report| report.since).min(), detail })
}

/// What an instance says, as a sentence: with a capital, unless it begins with a name of some kind, and a full stop.
fn sentence(said: &str) -> String {
    let first = said.split(' ').next().unwrap_or_default().trim_end_matches([',', ';', ':', '.', '!', '?']);
    let word = !first.is_empty() && first.chars().all(char::is_lowercase);
    let capital = said.chars().next().filter(|_| word).map(|first| first.to_uppercase().collect::<String>());
    let rest =
        if capital.is_some() { said.char_indices().nth(1).map_or("", |(at, _)| &said[at..]) } else { said };
    let stop = if said.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{rest}{stop}", capital.unwrap_or_default())
}

fn dead(figures: &AlertFigures) -> Option<Trouble> {
    let queue = &figures.queue;
    (queue.dead > 0).then(|| Trouble {
        rule: Rule::DeadRecords,
        since: None,
        detail: format!(
            "{} given up after the last try.{}",
            if queue.dead == 1 { "1 record was".to_owned() } else { format!("{} records were", queue.dead) },
            quoted(" The latest error: ", queue.dead_error.as_deref())
        ),
    })
}

/// Words of others, cut short.
fn quoted(before: &str, said: Option<&str>) -> String {
    const MOST: usize = 300;
    said.map_or_else(String::new, |said| match said.char_indices().nth(MOST) {
        Some((end, _)) => format!("{before}{}…", &said[..end]),
        None => format!("{before}{}.", said.trim_end_matches('.')),
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of syncs are far below 2^52")]
fn share(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A duration as people say it, to the minute where there is one.
pub(super) fn lasting(time: TimeDelta) -> String {
    let (days, hours, minutes) = (time.num_days(), time.num_hours() % 24, time.num_minutes() % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min")];
    let said: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    if said.is_empty() { format!("{} s", time.num_seconds()) } else { said.join(" ") }
}

/// Durations of settings are a year at most.
pub(super) fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
