//! Volume and duration by the hour.

use std::collections::HashMap;

use askama::Template;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::T;
use crate::{
    db::history::StatsRow,
    http::dashboard::{
        chart::{Bar, Chart},
        format::{self, Clock},
        snapshot::{HOURS, Snapshot},
    },
};

/// What an average should stay below, in ms: the target of the key figure.
const SLOW_MS: f64 = 2_000.0;

#[derive(Template)]
#[template(path = "dashboard/parts/charts.html", config = "src/http/askama.toml")]
pub(super) struct Charts {
    t: T,
    hours: Vec<Hour>,
    volume: Plot,
    durations: Plot,
    /// What the line in the durations stands for.
    target: String,
    /// Every sixth hour.
    labels: Vec<String>,
}

/// An hour's syncs.
#[derive(Debug, Default, Clone)]
struct Hour {
    label: String,
    success: i64,
    warning: i64,
    error: i64,
    /// Of successes, in ms.
    average: Option<f64>,
    longest: Option<i32>,
}

struct Plot {
    chart: Chart,
    summary: String,
    top: String,
    middle: String,
    tips: Vec<String>,
}

impl Charts {
    pub(super) fn new(now: &Snapshot, clock: Clock) -> Self {
        let t: T = clock.t;
        let hours = hours(&now.sums.stats, now.at, clock);
        let labels = hours.iter().step_by(6).map(|hour| hour.label.clone()).collect();
        Self {
            t,
            volume: volume(&hours, t),
            durations: durations(&hours, t),
            target: (t.target_below)("2 s"),
            labels,
            hours,
        }
    }

    /// What a bar of the volume stands for.
    #[expect(clippy::unused_self, reason = "templates call methods of themselves")]
    fn class(&self, bar: &Bar) -> &'static str {
        ["success", "warning", "error"][bar.part % 3]
    }
}

impl Hour {
    fn average(&self) -> String {
        self.average.map(format::duration).unwrap_or_default()
    }

    fn longest(&self) -> String {
        self.longest.map(|ms| format::duration(ms.into())).unwrap_or_default()
    }
}

/// One entry for each of the last hours, the present one last.
fn hours(stats: &[StatsRow], now: DateTime<Utc>, clock: Clock) -> Vec<Hour> {
    let mut rows: HashMap<DateTime<Utc>, Vec<&StatsRow>> = HashMap::new();
    for row in stats {
        rows.entry(row.hour).or_default().push(row);
    }
    let present = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
    let hour = |ago: i64| {
        let begins = present - TimeDelta::hours(ago);
        sum(rows.get(&begins).map(Vec::as_slice).unwrap_or_default(), clock.hour(begins))
    };
    (0..HOURS).rev().map(hour).collect()
}

fn sum(rows: &[&StatsRow], label: String) -> Hour {
    let mut hour = Hour { label, ..Hour::default() };
    let mut ms = 0.0;
    for row in rows {
        match row.status.as_str() {
            "success" => {
                hour.success += row.count;
                #[expect(clippy::cast_precision_loss, reason = "an average for people")]
                let count = row.count as f64;
                ms += f64::from(row.avg_duration_ms.unwrap_or(0)) * count;
                hour.longest = hour.longest.max(row.max_duration_ms);
            }
            "warning" => hour.warning += row.count,
            _ => hour.error += row.count,
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "an average for people")]
    let count = hour.success as f64;
    hour.average = (hour.success > 0).then(|| ms / count);
    hour
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "heights of bars and round numbers"
)]
fn volume(hours: &[Hour], t: T) -> Plot {
    let columns: Vec<[f64; 3]> =
        hours.iter().map(|hour| [hour.success as f64, hour.warning as f64, hour.error as f64]).collect();
    let chart = Chart::stacked(&columns, None);
    let totals = || hours.iter().map(|hour| hour.success + hour.warning + hour.error);
    let tips = hours.iter().map(|hour| {
        let [success, warning, error] = [hour.success, hour.warning, hour.error].map(format::count);
        let (a, b, c) = (t.success, t.warning, t.error);
        format!("{}: {a} {success}, {b} {warning}, {c} {error}", hour.label)
    });
    Plot {
        summary: (t.volume_sum)(&format::count(totals().sum()), &format::count(totals().max().unwrap_or(0))),
        top: format::count(chart.top as i64),
        middle: if chart.top >= 2.0 { format::count((chart.top / 2.0) as i64) } else { String::new() },
        tips: tips.collect(),
        chart,
    }
}

fn durations(hours: &[Hour], t: T) -> Plot {
    let any = hours.iter().any(|hour| hour.success + hour.warning + hour.error > 0);
    let columns: Vec<[f64; 1]> = hours.iter().map(|hour| [hour.average.unwrap_or(0.0)]).collect();
    let chart = Chart::stacked(&columns, Some(SLOW_MS));
    let averages = || hours.iter().filter_map(|hour| hour.average);
    let summary = match averages().fold(None, |range: Option<(f64, f64)>, ms| {
        Some(range.map_or((ms, ms), |(low, high)| (low.min(ms), high.max(ms))))
    }) {
        Some((low, high)) => match (format::duration(low), format::duration(high)) {
            (low, high) if low == high => (t.durations_one)(&low),
            (low, high) => (t.durations_sum)(&low, &high),
        },
        None if any => t.durations_none_good.to_owned(),
        None => t.durations_none.to_owned(),
    };
    let drawn = averages().next().is_some();
    let label = |ms: f64| if drawn && ms >= 1.0 { format::duration(ms) } else { String::new() };
    let tips = hours.iter().map(|hour| {
        format!("{}: {} {}, {} {}", hour.label, t.average, hour.average(), t.longest, hour.longest())
    });
    Plot { summary, top: label(chart.top), middle: label(chart.top / 2.0), tips: tips.collect(), chart }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::dashboard::texts::EN;

    fn row(hour: &str, status: &str, count: i64, avg: i32) -> StatsRow {
        StatsRow {
            hour: hour.parse().unwrap(),
            sync_type: "webhook".to_owned(),
            status: status.to_owned(),
            count,
            avg_duration_ms: Some(avg),
            min_duration_ms: Some(avg),
            max_duration_ms: Some(avg * 2),
            unique_records: count,
        }
    }

    fn hour(success: i64, error: i64, average: Option<f64>) -> Hour {
        Hour { success, error, average, ..Hour::default() }
    }

    #[test]
    fn durations_say_what_there_is_and_draw_no_axis_of_nothing() {
        for (hours, summary, top) in [
            (vec![hour(0, 0, None)], "No sync in the last 24 hours.", ""),
            (vec![hour(0, 2, None)], "No sync succeeded in the last 24 hours.", ""),
            (
                vec![hour(1, 0, Some(233.0))],
                "233 ms in the last 24 hours, of those that succeeded.",
                "500 ms",
            ),
            (
                vec![hour(1, 0, Some(20.0)), hour(1, 0, Some(40.0))],
                "Between 20 ms and 40 ms in the last 24 hours, of those that succeeded.",
                "50 ms",
            ),
        ] {
            let plot = durations(&hours, &EN);
            assert_eq!((plot.summary.as_str(), plot.top.as_str()), (summary, top));
            assert_eq!(plot.middle.is_empty(), top.is_empty());
        }
    }

    #[test]
    fn every_hour_has_its_place_and_averages_are_weighted() {
        let now: DateTime<Utc> = "2026-11-24T05:30:00Z".parse().unwrap();
        let clock = Clock { zone: chrono_tz::America::Monterrey, t: &EN, now };
        let stats = [
            row("2026-11-24T05:00:00Z", "success", 1, 1000),
            row("2026-11-24T05:00:00Z", "success", 3, 200),
            row("2026-11-24T05:00:00Z", "error", 2, 9000),
            row("2026-11-23T06:00:00Z", "warning", 4, 10),
            row("2026-11-23T05:00:00Z", "success", 99, 1),
        ];
        let hours = hours(&stats, now, clock);
        assert_eq!((hours.len(), hours[23].label.as_str(), hours[0].label.as_str()), (24, "23:00", "00:00"));
        assert_eq!(
            (hours[23].success, hours[23].error, hours[23].average, hours[23].longest),
            (4, 2, Some(400.0), Some(2000))
        );
        assert_eq!((hours[0].warning, hours[0].average), (4, None));
        assert_eq!(hours.iter().map(|hour| hour.success).sum::<i64>(), 4, "25 hours ago is too long ago");
    }
}
