//! The key figures with their targets.

use askama::Template;

use super::{T, Tone};
use crate::{
    alerts::Rule,
    http::dashboard::{
        format::{self, Clock},
        snapshot::Snapshot,
    },
    monitor::{Comparison, Kpi, Unit},
};

/// Requests from which on the cache is judged.
const JUDGED_FROM: u64 = 100;

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

/// What is wrong where figures miss their targets, in words, each once; not what one of the alerts tells already.
pub(super) fn missed(now: &Snapshot, clock: Clock, told: &[Rule]) -> Vec<&'static str> {
    let t: T = clock.t;
    let bad: Vec<&str> =
        tiles(now, t).iter().filter(|tile| tile.tone == Tone::Bad).map(|tile| tile.name).collect();
    let untold = bad.iter().filter(|name| {
        // Errors are the stronger word for what the success rate says too.
        let by_errors = **name == "success_rate" && bad.contains(&"error_rate");
        let by_alert = same_as(name).iter().any(|rule| told.contains(rule));
        !by_errors && !by_alert
    });
    untold.filter_map(|name| in_words(name, t)).collect()
}

/// The alerts that tell of the same trouble as a figure.
fn same_as(name: &str) -> &'static [Rule] {
    match name {
        "success_rate" | "error_rate" => {
            &[Rule::SuccessRate, Rule::Errors, Rule::AirtableRefuses, Rule::QuotaUsedUp]
        }
        "average_duration" => &[Rule::Slow],
        "nightly_success" => &[Rule::NightlyFailing, Rule::NightlyFailed],
        "queue_depth" => &[Rule::DeadRecords],
        "api_calls" => &[Rule::QuotaUsedUp],
        _ => &[],
    }
}

/// What is wrong when a figure misses its target.
fn in_words(name: &str, t: T) -> Option<&'static str> {
    Some(match name {
        "success_rate" => t.fail_or_warn,
        "error_rate" => (t.alert)(Rule::SuccessRate).cause,
        "average_duration" => (t.alert)(Rule::Slow).cause,
        "cache_hit_rate" => t.few_hits,
        "nightly_success" => t.nights_missed,
        "queue_depth" => (t.alert)(Rule::DeadRecords).cause,
        "api_calls" => (t.alert)(Rule::QuotaUsedUp).cause,
        _ => return None,
    })
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
        hits(
            now,
            t,
            judged("cache_hit_rate", t.cache_hit_rate, kpis.cache_hit_rate, t.this_instance.to_owned()),
        ),
        judged("nightly_success", t.nightly_success, kpis.nightly_success, t.seven_nights.to_owned()),
        queue(now, t, judged("queue_depth", t.queue_depth, kpis.queue_depth, String::new())),
        calls(now, t, judged("api_calls", t.api_calls, kpis.api_calls, t.this_month.to_owned())),
    ]
}

/// The cache's share of answers, which a few requests after the start say nothing about.
fn hits(now: &Snapshot, t: T, tile: Tile) -> Tile {
    let asked = now.cache.hits + now.cache.misses;
    if asked == 0 || asked >= JUDGED_FROM {
        return tile;
    }
    Tile { tone: Tone::Plain, verdict: t.too_few, ..tile }
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
