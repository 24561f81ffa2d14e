//! The key figures: each with its unit, its target, and whether that holds.
//!
//! **Invariants:** a figure without anything to judge is `null`, and so is whether it holds. Judging is pure.
//!
//! **Units:** as each figure's [`Unit`] says. Shares are in percent.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::figures::{Consistency, QueueFigures, SyncFigures};

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Of a hundred.
    Percent,
    /// Milliseconds.
    Ms,
    /// Seconds.
    Seconds,
    /// Pieces.
    Count,
}

/// How a figure should stand to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// More than it.
    Above,
    /// Less than it.
    Below,
    /// It or more.
    AtLeast,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Target {
    /// On which side of the value.
    pub comparison: Comparison,
    /// In the figure's unit.
    pub value: f64,
}

impl Target {
    fn holds(self, value: f64) -> bool {
        match self.comparison {
            Comparison::Above => value > self.value,
            Comparison::Below => value < self.value,
            Comparison::AtLeast => value >= self.value,
        }
    }
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Kpi {
    /// The figure; `null`: there is nothing to judge yet.
    #[schema(required)]
    pub value: Option<f64>,
    /// What it is counted in.
    pub unit: Unit,
    /// What it should be; `null`: there is no target for it.
    #[schema(required)]
    pub target: Option<Target>,
    /// Whether it is what it should be; `null`: no figure or no target.
    #[schema(required)]
    pub holds: Option<bool>,
}

impl Kpi {
    fn new(unit: Unit, value: Option<f64>, target: Option<Target>) -> Self {
        let holds = value.zip(target).map(|(value, target)| target.holds(value));
        // Judged as measured, told with as many digits as mean something.
        Self { value: value.map(|value| (value * 100.0).round() / 100.0), unit, target, holds }
    }
}

/// The key figures of the last 24 hours, and how things stand now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Kpis {
    /// When they were taken.
    pub at: DateTime<Utc>,
    /// Records synced in the last 24 hours, by all instances; each counts once, by its last outcome.
    pub syncs: i64,
    /// Those whose last outcome is a `warning`: stored without what could not be read.
    pub warnings: i64,
    /// Those whose last outcome is an `error`; one that worked later is none.
    pub errors: i64,
    /// The share of records whose last outcome is a `success`.
    pub success_rate: Kpi,
    /// The share of records whose last outcome is an `error`.
    pub error_rate: Kpi,
    /// How long a successful sync took on average, from acceptance to the stored row.
    pub average_duration: Kpi,
    /// What 95 of 100 successful syncs took at most.
    pub p95_duration: Kpi,
    /// The share of requests that this instance answered from its cache since its start.
    pub cache_hit_rate: Kpi,
    /// The share of the last seven nights whose run succeeded.
    pub nightly_success: Kpi,
    /// From an edit in Airtable to the stored row, on average.
    pub consistency_average: Kpi,
    /// From an edit in Airtable to the stored row, for 95 of 100 at most.
    pub consistency_p95: Kpi,
    /// Records that wait in the durable queue.
    pub queue_depth: Kpi,
    /// How long the first of them has waited.
    pub queue_oldest: Kpi,
    /// Records that the queue has given up.
    pub dead_records: Kpi,
    /// Requests to Airtable this month, by all instances; its target is what the plan allows.
    pub api_calls: Kpi,
    /// What they are of those that the plan allows; `null`: `airtable.monthly_calls` is not set.
    pub api_calls_share: Kpi,
}

/// What the figures are made from.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) syncs: SyncFigures,
    pub(super) consistency: Consistency,
    pub(super) queue: QueueFigures,
    /// 0 to 1.
    pub(super) hit_rate: Option<f64>,
    /// 0 to 1.
    pub(super) nightly: Option<f64>,
    pub(super) calls: i64,
    /// Zero: unknown.
    pub(super) monthly_calls: u64,
}

impl Kpis {
    /// Judges what was measured.
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub(super) fn judge(at: DateTime<Utc>, measured: &Measured) -> Self {
        let Measured { syncs, consistency, queue, hit_rate, nightly, calls, monthly_calls } = measured;
        let count = |pieces: i64| pieces as f64;
        let share = |part: i64| (syncs.records > 0).then(|| count(part) * 100.0 / count(syncs.records));
        let percent = |part: f64| part * 100.0;
        let target = |comparison, value| Some(Target { comparison, value });
        let allowed = (*monthly_calls > 0).then_some(*monthly_calls as f64);
        let quota = allowed.map(|allowed| Target { comparison: Comparison::Below, value: allowed });
        Self {
            at,
            syncs: syncs.records,
            warnings: syncs.warnings,
            errors: syncs.errors,
            success_rate: Kpi::new(Unit::Percent, share(syncs.successes), target(Comparison::Above, 95.0)),
            error_rate: Kpi::new(Unit::Percent, share(syncs.errors), target(Comparison::Below, 5.0)),
            average_duration: Kpi::new(Unit::Ms, syncs.average_ms, target(Comparison::Below, 2_000.0)),
            p95_duration: Kpi::new(Unit::Ms, syncs.p95_ms, None),
            cache_hit_rate: Kpi::new(Unit::Percent, hit_rate.map(percent), target(Comparison::Above, 70.0)),
            nightly_success: Kpi::new(
                Unit::Percent,
                nightly.map(percent),
                target(Comparison::AtLeast, 100.0),
            ),
            consistency_average: Kpi::new(Unit::Ms, consistency.average_ms, None),
            consistency_p95: Kpi::new(Unit::Ms, consistency.p95_ms, None),
            queue_depth: Kpi::new(Unit::Count, Some(count(queue.waiting)), None),
            queue_oldest: Kpi::new(Unit::Seconds, queue.oldest_seconds, None),
            dead_records: Kpi::new(Unit::Count, Some(count(queue.dead)), None),
            api_calls: Kpi::new(Unit::Count, Some(count(*calls)), quota),
            api_calls_share: Kpi::new(
                Unit::Percent,
                allowed.map(|allowed| count(*calls) * 100.0 / allowed),
                allowed.and(target(Comparison::Below, 100.0)),
            ),
        }
    }

    /// All of them with their names, in the order in which operators look at them.
    pub fn all(&self) -> [(&'static str, Kpi); 13] {
        [
            ("success_rate", self.success_rate),
            ("error_rate", self.error_rate),
            ("average_duration", self.average_duration),
            ("p95_duration", self.p95_duration),
            ("cache_hit_rate", self.cache_hit_rate),
            ("nightly_success", self.nightly_success),
            ("consistency_average", self.consistency_average),
            ("consistency_p95", self.consistency_p95),
            ("queue_depth", self.queue_depth),
            ("queue_oldest", self.queue_oldest),
            ("dead_records", self.dead_records),
            ("api_calls", self.api_calls),
            ("api_calls_share", self.api_calls_share),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Measured {
        Measured {
            syncs: SyncFigures::default(),
            consistency: Consistency::default(),
            queue: QueueFigures::default(),
            hit_rate: None,
            nightly: None,
            calls: 0,
            monthly_calls: 0,
        }
    }

    fn judge(measured: &Measured) -> Kpis {
        Kpis::judge(DateTime::UNIX_EPOCH, measured)
    }

    #[test]
    fn where_there_is_nothing_nothing_is_judged() {
        for (name, kpi) in judge(&nothing()).all() {
            assert_eq!(kpi.holds, None, "{name}");
            let counted = ["queue_depth", "dead_records", "api_calls"].contains(&name);
            assert_eq!(kpi.value, counted.then_some(0.0), "{name}");
        }
    }

    #[test]
    fn a_target_that_is_just_reached_is_not_passed() {
        let measured = |good: i64, bad: i64, ms: f64, hits: f64, nights: f64| Measured {
            syncs: SyncFigures {
                records: good + bad,
                successes: good,
                errors: bad,
                average_ms: Some(ms),
                ..SyncFigures::default()
            },
            hit_rate: Some(hits),
            nightly: Some(nights),
            ..nothing()
        };
        let verdict = |measured: &Measured| {
            let kpis = judge(measured);
            [
                kpis.success_rate,
                kpis.error_rate,
                kpis.average_duration,
                kpis.cache_hit_rate,
                kpis.nightly_success,
            ]
            .map(|kpi| kpi.holds.unwrap())
        };
        assert_eq!(verdict(&measured(95, 5, 2000.0, 0.7, 0.99)), [false; 5]);
        assert_eq!(verdict(&measured(9501, 499, 1999.9, 0.701, 1.0)), [true; 5]);
    }

    #[test]
    fn a_warning_is_neither_a_success_nor_an_error() {
        let syncs =
            SyncFigures { records: 10, successes: 8, warnings: 1, errors: 1, ..SyncFigures::default() };
        let kpis = judge(&Measured { syncs, ..nothing() });
        assert_eq!((kpis.success_rate.value, kpis.error_rate.value), (Some(80.0), Some(10.0)));
    }

    #[test]
    fn the_months_requests_are_judged_when_their_limit_is_known() {
        let kpis = judge(&Measured { calls: 1_000, monthly_calls: 1_000, ..nothing() });
        assert_eq!((kpis.api_calls.holds, kpis.api_calls_share.value), (Some(false), Some(100.0)));
        let kpis = judge(&Measured { calls: 250, monthly_calls: 1_000, ..nothing() });
        assert_eq!((kpis.api_calls.holds, kpis.api_calls_share.value), (Some(true), Some(25.0)));
    }
}
