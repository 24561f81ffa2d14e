//! Settings of the alerts, and what these must be.
//!
//! **Not here:** who is told (`channels`).

use std::time::Duration;

use serde::Deserialize;

use super::{
    checks::{not_empty, not_zero},
    optional,
    problem::{form, shown_text},
    report::Report,
    settings::Config,
};

/// When an alert fires.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertSettings {
    /// How often it is looked whether something is wrong; zero: never.
    #[serde(with = "super::duration")]
    pub check_every: Duration,
    /// How long a trouble must be gone before it counts as over.
    #[serde(with = "super::duration")]
    pub resolve_after: Duration,
    /// What messages call this installation.
    pub name: String,
    /// Where operators reach the service, for links in messages.
    #[serde(deserialize_with = "optional::deserialize")]
    pub public_url: Option<String>,
    /// How far back success rate and average duration look.
    #[serde(with = "super::duration")]
    pub rate_window: Duration,
    /// The least number of syncs by which rates are judged.
    pub min_syncs: i64,
    /// The least share of syncs that must succeed, 0 to 1.
    pub min_success_rate: f64,
    /// The longest that a sync may take on average.
    #[serde(with = "super::duration")]
    pub max_average: Duration,
    /// The most errors in one hour.
    pub max_errors: i64,
    /// How late a nightly run may begin.
    #[serde(with = "super::duration")]
    pub nightly_overdue: Duration,
    /// How many nights in a row without a full sync are critical.
    pub critical_nights: usize,
    /// The longest that a record may wait in the queue.
    #[serde(with = "super::duration")]
    pub max_queue_age: Duration,
    /// How long the notices of other instances may go unheard.
    #[serde(with = "super::duration")]
    pub listener_down_after: Duration,
}

/// Notes all that is wrong with the thresholds.
pub(super) fn check(config: &Config, report: &mut Report) {
    let alerts = &config.alerts;
    not_empty("alerts.name", &alerts.name, report);
    if let Some(url) = &alerts.public_url
        && !super::checks::is_http(url)
    {
        report.wrong("alerts.public_url", shown_text(url), form("alerts.public_url"));
    }
    not_zero("alerts.rate_window", &alerts.rate_window, report);
    if !(0.0..=1.0).contains(&alerts.min_success_rate) {
        let rate = alerts.min_success_rate.to_string();
        report.wrong("alerts.min_success_rate", rate, form("alerts.min_success_rate"));
    }
    for (key, number) in [("alerts.min_syncs", alerts.min_syncs), ("alerts.max_errors", alerts.max_errors)] {
        if number < 0 {
            report.wrong(key, number.to_string(), "a number of 0 or more");
        }
    }
    not_zero("alerts.max_average", &alerts.max_average, report);
    not_zero("alerts.critical_nights", &alerts.critical_nights, report);
}
