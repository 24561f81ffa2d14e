//! Settings of the alerts.
//!
//! **Not here:** who is told (`channels`).

use std::{num::NonZeroUsize, time::Duration};

use serde::Deserialize;

use super::values::{HttpUrl, PositiveDuration, Share, Words, duration};

/// When an alert fires.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertSettings {
    /// How often the rules are checked; zero: never.
    #[serde(with = "duration")]
    pub check_every: Duration,
    /// How long a trouble must be gone before its alert resolves.
    #[serde(with = "duration")]
    pub resolve_after: Duration,
    /// The name of this installation in messages.
    pub name: Words,
    /// Where operators reach the service, for links in messages.
    pub public_url: Option<HttpUrl>,
    /// The span that success rate and average duration are taken over.
    pub rate_window: PositiveDuration,
    /// The fewest records that rates are judged by.
    pub min_syncs: u32,
    /// The least share of records whose last outcome must be a success.
    pub min_success_rate: Share,
    /// The longest average duration of a sync.
    pub max_average: PositiveDuration,
    /// The most records that may have failed within an hour and not worked since.
    pub max_errors: u32,
    /// How late a nightly run may begin.
    #[serde(with = "duration")]
    pub nightly_overdue: Duration,
    /// How many nights in a row without a full sync are critical.
    pub critical_nights: NonZeroUsize,
    /// The longest that a record may wait in the queue.
    #[serde(with = "duration")]
    pub max_queue_age: Duration,
    /// How long the listener for other instances' notices may be down.
    #[serde(with = "duration")]
    pub listener_down_after: Duration,
}
