//! The key figures with their targets.

use askama::Template;

use super::{T, Tone};
use crate::{
    alerts::{AlertState, Rule},
    http::dashboard::{
        format::{self, Clock},
        snapshot::Snapshot,
    },
    monitor::{Comparison, Kpi, Unit},
};

#[derive(Template)]
#[template(path = "dashboard/parts/kpis.html", config = "src/http/askama.toml")]
pub(super) struct Kpis {
    t: T,
    tiles: Vec<Tile>,
}

/// A figure as it is shown.
struct Tile {
    name: &'static str,
    label: &'static str,
    value: String,
    detail: String,
    target: Option<String>,
    verdict: &'static str,
    tone: Tone,
    /// How much of an allowance is used, in percent.
    meter: Option<f64>,
}

impl Kpis {
    pub(super) fn new(now: &Snapshot, clock: Clock) -> Self {
        let t: T = clock.t;
        Self { t, tiles: tiles(now, t) }
    }
}

/// The labels of the figures that miss their targets, but for the queue when an alert tells of its dead records already.
pub(super) fn missed(now: &Snapshot, clock: Clock) -> Vec<&'static str> {
    let told =
        now.alerts.iter().any(|alert| alert.rule == Rule::DeadRecords && alert.state == AlertState::Firing);
    let missed = |tile: &Tile| tile.tone == Tone::Bad && !(told && tile.name == "queue_depth");
    tiles(now, clock.t).into_iter().filter(missed).map(|tile| tile.label).collect()
}

fn tiles(now: &Snapshot, t: T) -> Vec<Tile> {
    let kpis = &now.sums.kpis;
    let number = |kpi: Kpi| kpi.value.map(|value| show(kpi.unit, value));
    let p95 = |kpi: Kpi| number(kpi).map(|value| (t.p95)(&value));
    let judged = |name, label, kpi: Kpi, detail: String| Tile {
        name,
        label,
        value: number(kpi).unwrap_or_else(|| t.no_figure.to_owned()),
        detail,
        target: kpi.target.map(|target| {
            let value = goal(kpi.unit, target.value);
            match target.comparison {
                Comparison::Above => (t.target_above)(&value),
                Comparison::Below => (t.target_below)(&value),
                Comparison::AtLeast => (t.target_at_least)(&value),
            }
        }),
        verdict: match kpi.holds {
            Some(true) => t.holds,
            Some(false) => t.misses,
            None if kpi.value.is_none() => t.no_data,
            None => "",
        },
        tone: match kpi.holds {
            Some(true) => Tone::Good,
            Some(false) => Tone::Bad,
            None => Tone::Plain,
        },
        meter: None,
    };
    let problems = (t.errors_and_warnings)(&format::count(kpis.errors), &format::count(kpis.warnings));
    vec![
        judged("success_rate", t.success_rate, kpis.success_rate, (t.syncs)(&format::count(kpis.syncs))),
        judged("error_rate", t.error_rate, kpis.error_rate, problems),
        judged(
            "average_duration",
            t.average_duration,
            kpis.average_duration,
            p95(kpis.p95_duration).unwrap_or_default(),
        ),
        judged(
            "consistency",
            t.consistency,
            kpis.consistency_average,
            p95(kpis.consistency_p95).unwrap_or_else(|| t.consistency_hint.to_owned()),
        ),
        judged("cache_hit_rate", t.cache_hit_rate, kpis.cache_hit_rate, t.this_instance.to_owned()),
        judged("nightly_success", t.nightly_success, kpis.nightly_success, t.seven_nights.to_owned()),
        queue(now, t, judged("queue_depth", t.queue_depth, kpis.queue_depth, String::new())),
        calls(now, t, judged("api_calls", t.api_calls, kpis.api_calls, t.this_month.to_owned())),
    ]
}

/// The queue as it is now: what was given up needs somebody.
fn queue(now: &Snapshot, t: T, tile: Tile) -> Tile {
    let queue = &now.queue;
    let given_up = (queue.dead > 0).then(|| (t.given_up)(queue.dead));
    let waits = queue.oldest_seconds.map(|seconds| (t.oldest_waits)(&format::duration(seconds * 1000.0)));
    Tile {
        value: format::count(queue.waiting),
        tone: if given_up.is_some() { Tone::Bad } else { tile.tone },
        verdict: if given_up.is_some() { t.dead } else { tile.verdict },
        detail: given_up.or(waits).unwrap_or_else(|| t.nothing_waits.to_owned()),
        ..tile
    }
}

/// The month's requests, as a part of what the plan allows when that is known.
fn calls(now: &Snapshot, t: T, tile: Tile) -> Tile {
    let kpis = &now.sums.kpis;
    match (kpis.api_calls_share.value, kpis.api_calls.target) {
        (Some(share), Some(target)) => Tile {
            detail: (t.of_the_month)(&format::percent(share), &show(Unit::Count, target.value)),
            target: None,
            meter: Some(share.min(100.0)),
            ..tile
        },
        _ => tile,
    }
}

fn show(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Percent => format::percent(value),
        Unit::Ms => format::duration(value),
        Unit::Seconds => format::duration(value * 1000.0),
        #[expect(clippy::cast_possible_truncation, reason = "a count, far below the limits of both")]
        Unit::Count => format::count(value as i64),
    }
}

/// A target, which has no more digits than it needs.
fn goal(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Ms if value % 1_000.0 == 0.0 => format!("{:.0} s", value / 1_000.0),
        _ => show(unit, value),
    }
}
