//! Every rule, on both sides of its threshold.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Rule,
    rules::{Judge, Trouble},
};
use crate::{
    config::{Loader, Needs},
    db::{
        alerts::Report,
        figures::{AlertFigures, FullRun, QueueFigures, RunFigures, SyncFigures},
    },
    sync::Nightly,
};

/// Thursday noon; the night began at 08:00 UTC.
fn now() -> DateTime<Utc> {
    "2026-11-26T18:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

fn judge() -> Judge {
    let config = Loader::new(std::iter::empty()).load(Needs::Database).unwrap();
    Judge {
        settings: config.alerts,
        nightly: Nightly::new(config.sync.nightly, config.sync.time_zone),
        zone: config.sync.time_zone,
    }
}

/// All is well: syncs, an empty queue, a full sync last night.
fn well() -> AlertFigures {
    AlertFigures {
        syncs: SyncFigures {
            records: 100,
            successes: 100,
            average_ms: Some(800.0),
            ..SyncFigures::default()
        },
        queue: QueueFigures::default(),
        runs: succeeded(60 * 10),
    }
}

/// The last full run that succeeded began that many minutes ago.
fn succeeded(minutes: i64) -> RunFigures {
    RunFigures {
        first: Some(ago(60 * 24 * 90)),
        succeeded: Some(ago(minutes)),
        full: vec![FullRun { started_at: ago(minutes), status: "succeeded".into(), ..FullRun::default() }],
    }
}

/// A full run failed that many minutes ago, after all that are known.
fn fail(runs: &mut RunFigures, minutes: i64, error: &str, braked: bool) {
    let status = "failed".to_owned();
    runs.full.insert(0, FullRun { started_at: ago(minutes), status, braked, error: Some(error.to_owned()) });
}

fn wait(queue: &mut QueueFigures, minutes: i64) {
    (queue.waiting, queue.oldest) = (1, Some(ago(minutes)));
}

fn troubles(figures: &AlertFigures, reports: &[Report]) -> Vec<Trouble> {
    judge().troubles(figures, reports, now())
}

fn rules(figures: &AlertFigures) -> Vec<Rule> {
    troubles(figures, &[]).into_iter().map(|trouble| trouble.rule).collect()
}

fn report(rule: Rule, minutes: i64, detail: &str) -> Report {
    Report {
        signal: rule.key().to_owned(),
        since: ago(minutes + 1),
        first_heard_at: ago(minutes),
        detail: detail.to_owned(),
    }
}

#[test]
fn nothing_fires_when_all_is_well() {
    assert_eq!(rules(&well()), []);
    let new = AlertFigures {
        runs: RunFigures { first: Some(ago(5)), ..RunFigures::default() },
        ..AlertFigures::default()
    };
    assert_eq!(rules(&new), [], "nor on the first day");
    assert_eq!(rules(&AlertFigures::default()), [], "nor before anything was done");
}

#[test]
fn each_threshold_fires_beyond_it_and_not_at_it() {
    type Change = fn(&mut AlertFigures);
    let table: &[(&str, Change, &[Rule])] = &[
        ("90 % is enough", |f| (f.syncs.successes, f.syncs.errors) = (90, 10), &[]),
        ("89 % is not", |f| (f.syncs.successes, f.syncs.errors) = (89, 11), &[Rule::SuccessRate]),
        (
            "warnings are no successes",
            |f| (f.syncs.successes, f.syncs.warnings) = (80, 20),
            &[Rule::SuccessRate],
        ),
        ("19 syncs are too few", |f| (f.syncs.records, f.syncs.successes) = (19, 0), &[]),
        ("20 syncs are judged", |f| (f.syncs.records, f.syncs.successes) = (20, 17), &[Rule::SuccessRate]),
        ("5 s on average is bearable", |f| f.syncs.average_ms = Some(5000.0), &[]),
        ("more is slow", |f| f.syncs.average_ms = Some(5000.1), &[Rule::Slow]),
        ("no success has no average", |f| f.syncs.average_ms = None, &[]),
        ("few syncs are not slow", |f| (f.syncs.records, f.syncs.average_ms) = (19, Some(9e9)), &[]),
        ("10 errors in an hour", |f| f.syncs.errors_in_an_hour = 10, &[]),
        ("11 errors in an hour", |f| f.syncs.errors_in_an_hour = 11, &[Rule::Errors]),
        ("waiting for 10 minutes", |f| wait(&mut f.queue, 10), &[]),
        ("waiting for 11", |f| wait(&mut f.queue, 11), &[Rule::QueueOld]),
        ("a dead record", |f| f.queue.dead = 1, &[Rule::DeadRecords]),
        ("the brake", |f| fail(&mut f.runs, 30, "", true), &[Rule::BrakePulled]),
        (
            "a failed night",
            |f| {
                f.runs = succeeded(60 * 34);
                fail(&mut f.runs, 600, "", false);
            },
            &[Rule::NightlyFailed],
        ),
        ("a night without a run", |f| f.runs = succeeded(60 * 34), &[Rule::NightlyFailed]),
        ("two nights", |f| f.runs = succeeded(60 * 58), &[Rule::NightlyFailing]),
        (
            "two failed nights",
            |f| {
                f.runs = succeeded(60 * 58);
                fail(&mut f.runs, 600, "", false);
            },
            &[Rule::NightlyFailing],
        ),
    ];
    for (what, change, expected) in table {
        let mut figures = well();
        change(&mut figures);
        assert_eq!(rules(&figures), *expected, "{what}");
    }
}

#[test]
fn each_report_of_an_instance_fires_and_the_listener_only_when_it_lasts() {
    let at_once = [Rule::AirtableRefuses, Rule::QuotaUsedUp, Rule::FieldsMissing, Rule::WebhookDead];
    for rule in at_once {
        assert_eq!(troubles(&well(), &[report(rule, 0, "It is so")])[0].rule, rule);
    }
    assert_eq!(troubles(&well(), &[report(Rule::ListenerDown, 0, "refused")]), []);
    assert_eq!(troubles(&well(), &[report(Rule::ListenerDown, 1, "refused")])[0].rule, Rule::ListenerDown);
    let reported: BTreeSet<Rule> = at_once.into_iter().chain([Rule::ListenerDown]).collect();
    let figures = AlertFigures {
        syncs: SyncFigures {
            records: 20,
            average_ms: Some(1e9),
            errors_in_an_hour: 99,
            ..SyncFigures::default()
        },
        queue: QueueFigures { oldest: Some(ago(99)), dead: 1, ..QueueFigures::default() },
        runs: RunFigures { first: Some(ago(60 * 99)), ..RunFigures::default() },
    };
    let mut one_night = AlertFigures { runs: succeeded(60 * 34), ..AlertFigures::default() };
    fail(&mut one_night.runs, 1, "", true);
    let judged: BTreeSet<Rule> = rules(&figures).into_iter().chain(rules(&one_night)).collect();
    let all: BTreeSet<Rule> = Rule::ALL.into_iter().collect();
    assert_eq!(judged.union(&reported).copied().collect::<BTreeSet<_>>(), all, "no rule is left out");
}

#[test]
fn what_several_instances_say_is_one_trouble_since_the_first_of_them() {
    let reports = [
        report(Rule::AirtableRefuses, 3, "Airtable answered 401"),
        report(Rule::AirtableRefuses, 9, "Airtable answered 403"),
        report(Rule::AirtableRefuses, 5, "Airtable answered 401"),
    ];
    let troubles = troubles(&well(), &reports);
    assert_eq!(troubles.len(), 1);
    assert_eq!(troubles[0].since, Some(ago(10)));
    assert_eq!(troubles[0].detail, "Airtable answered 401. Airtable answered 403. 3 instances say so.");
}

#[test]
fn details_say_what_and_how_much() {
    let mut figures = well();
    figures.syncs = SyncFigures {
        records: 200,
        successes: 150,
        warnings: 10,
        errors: 40,
        average_ms: Some(6123.4),
        errors_in_an_hour: 40,
        last_error: Some("Airtable answered 503".into()),
        p95_ms: None,
    };
    figures.queue = QueueFigures {
        waiting: 3,
        oldest: Some(ago(95)),
        oldest_seconds: None,
        oldest_error: Some("x".repeat(1000)),
        dead: 2,
        dead_error: Some("PostgreSQL refused a statement".into()),
    };
    figures.runs = succeeded(60 * 58);
    fail(&mut figures.runs, 601, "15 of 20 listed vehicles would leave the listing", true);
    fail(&mut figures.runs, 600, "Airtable answered 503", false);
    let details: Vec<String> = troubles(&figures, &[])
        .into_iter()
        .map(|trouble| format!("{}: {}", trouble.rule.key(), trouble.detail.replace(&"x".repeat(300), "xxx")))
        .collect();
    insta::assert_snapshot!(details.join("\n"), @r"
    brake_pulled: The full sync of 2026-11-26 01:59 CST was stopped: 15 of 20 listed vehicles would leave the listing.
    nightly_failing: 2 nights in a row had no full sync, the first of them 2026-11-25 02:00 CST. The last one that succeeded began 2026-11-24 02:00 CST. The last try, 2026-11-26 02:00 CST, failed: Airtable answered 503.
    queue_old: 3 records wait, the oldest for 1 h 35 min (more than 10 min). Its last error: xxx…
    dead_records: 2 records were given up after the last try. The latest error: PostgreSQL refused a statement.
    success_rate: 150 of 200 records synced in 1 d are well, 75.0 %, less than 90.0 %; 40 failed and have not worked since, 10 have warnings.
    slow: The syncs that succeeded in 1 d took 6123 ms on average, more than 5000 ms.
    errors: 40 records failed in the last hour and have not worked since, more than 10. The latest: Airtable answered 503.
    ");
}

#[test]
fn what_an_instance_says_is_told_as_sentences() {
    for (said, told) in [
        (
            "the month's requests are used up; nothing is sent",
            "The month's requests are used up; nothing is sent.",
        ),
        ("élite está aquí", "Élite está aquí."),
        ("refused!", "Refused!"),
        ("db.example.mx: refused", "db.example.mx: refused."),
        ("\"Precio\" is gone.", "\"Precio\" is gone."),
        ("", "."),
    ] {
        let found = troubles(&well(), &[report(Rule::WebhookDead, 0, said)]);
        assert_eq!(found[0].detail, told);
    }
}
