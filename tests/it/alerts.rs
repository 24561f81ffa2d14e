//! Alerts: what fires, when it is over, and that several instances agree on it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Executor;
use vitrina::{
    alerts::{AlertState, Rule},
    clock,
    domain::Trigger,
    signals::Signal,
    simulator::FieldKind,
    sync::Scope,
};

use crate::support::{Instance, World, eventually};

/// A dealership whose alerts are only checked when the test says so.
async fn world() -> World {
    World::set("alerts.check_every", "0s").start().await
}

/// The state of an alert, if it ever fired.
async fn state(world: &World, rule: Rule) -> Option<AlertState> {
    let alerts = world.state().alerts.list().await.unwrap();
    alerts.into_iter().find(|alert| alert.rule == rule).map(|alert| alert.state)
}

async fn check(world: &World, now: DateTime<Utc>) {
    world.state().alerts.check(now).await.unwrap();
}

async fn check_on(instance: &Instance, now: DateTime<Utc>) {
    instance.state().alerts.check(now).await.unwrap();
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

#[tokio::test]
async fn an_alert_fires_stays_and_is_over_when_its_cause_has_been_gone_for_a_while() {
    let world = world().await;
    let now = clock::now();
    check(&world, now).await;
    assert_eq!(world.state().alerts.list().await.unwrap(), []);

    let dead = "insert into sync_queue (record_id, trigger, status, last_error) values ('recA', 'webhook', 'dead', 'refused')";
    world.db.pool.execute(dead).await.unwrap();
    check(&world, now + minutes(1)).await;
    let alert = world.state().alerts.list().await.unwrap().remove(0);
    assert_eq!((alert.rule, alert.state, alert.resolved_at), (Rule::DeadRecords, AlertState::Firing, None));
    assert_eq!(alert.detail, "1 record was given up after the last try. The latest error: refused.");

    world.db.pool.execute("delete from sync_queue").await.unwrap();
    check(&world, now + minutes(2)).await;
    assert_eq!(state(&world, Rule::DeadRecords).await, Some(AlertState::Firing));
    check(&world, now + minutes(3)).await;
    assert_eq!(state(&world, Rule::DeadRecords).await, Some(AlertState::Resolved));
}

#[tokio::test]
async fn an_instance_that_is_well_does_not_end_what_another_reports_and_one_that_died_does_not_keep_it() {
    let world = world().await;
    let other = world.another_instance().await;
    let now = clock::now();
    other.state().engine.signals().raise(Signal::WebhookDead, "Airtable has forgotten the webhook");
    check_on(&other, now).await;
    for minute in 1..=2 {
        check(&world, now + minutes(minute)).await;
        check_on(&other, now + minutes(minute)).await;
    }
    check(&world, now + minutes(3)).await;
    assert_eq!(state(&world, Rule::WebhookDead).await, Some(AlertState::Firing));

    // The other one is silent from now on, as after a `kill -9`.
    for minute in 4..=7 {
        check(&world, now + minutes(minute)).await;
    }
    assert_eq!(state(&world, Rule::WebhookDead).await, Some(AlertState::Resolved));
    other.stop().await;
}

#[tokio::test]
async fn a_field_that_is_gone_stays_told_when_the_instance_that_noticed_dies() {
    let mut world = world().await;
    let other = world.another_instance().await;
    let id = world.known(crate::support::mazda()).await;
    // It has looked at the fields by now, and will not do so again for a while.
    world.webhook_to(&other, &id).await.ok();
    world.no_run().await;
    world.airtable.remove_field("Precio");
    world.state().engine.fields_changed();
    let noticed = || async { world.state().engine.signals().get(Signal::FieldsMissing).is_some() };
    eventually("one of them has looked", noticed).await;
    assert_eq!(other.state().engine.signals().get(Signal::FieldsMissing), None);
    let now = clock::now();
    check(&world, now).await;
    assert_eq!(state(&world, Rule::FieldsMissing).await, Some(AlertState::Firing));

    world.kill().await;
    let alert = async || {
        let alerts = other.state().alerts.list().await.unwrap();
        alerts.into_iter().find(|alert| alert.rule == Rule::FieldsMissing).unwrap()
    };
    for minute in 1..=8 {
        check_on(&other, now + minutes(minute)).await;
        assert_eq!(alert().await.state, AlertState::Firing, "after {minute} minutes");
    }
    assert!(alert().await.detail.starts_with("The field \"Precio\" is gone from Airtable"));

    world.airtable.add_field("Precio", FieldKind::Currency);
    other.state().engine.fields_changed();
    eventually("the survivor sees it back", || async {
        other.state().engine.remembered_field_troubles().await.unwrap().is_none()
    })
    .await;
    check_on(&other, now + minutes(20)).await;
    assert_eq!(alert().await.state, AlertState::Resolved);
    assert!(world.row(&id).await.is_some());
    other.stop().await;
}

#[tokio::test]
async fn summaries_of_runs_neither_hide_failures_nor_count_as_such() {
    let world = World::set("alerts.check_every", "0s").set("sync.catch_up_every", "1h").start().await;
    world.no_run().await;
    let rows = "truncate sync_logs;
                insert into sync_logs (created_at, record_id, sync_type, status, duration_ms)
                    select now() - n * interval '1 minute', case when n <= 20 then 'rec' || n end,
                        case when n <= 20 then 'webhook' else 'catch_up' end,
                        case when n <= 10 or n > 120 then 'error' else 'success' end,
                        case when n <= 20 then 100 else 60000 end
                    from generate_series(1, 140) n";
    world.db.pool.execute(rows).await.unwrap();

    let kpis = world.get_as_admin("/kpis").await.ok();
    assert_eq!((&kpis["syncs"], &kpis["errors"]), (&20.into(), &10.into()));
    assert_eq!(kpis["success_rate"]["value"], 50.0);
    assert_eq!(
        (&kpis["average_duration"]["value"], &kpis["p95_duration"]["value"]),
        (&100.0.into(), &100.0.into())
    );
    check(&world, clock::now()).await;
    assert_eq!(state(&world, Rule::SuccessRate).await, Some(AlertState::Firing));
    assert_eq!(state(&world, Rule::Slow).await, None);
    assert_eq!(state(&world, Rule::Errors).await, None, "10 of an hour are records");

    let charted = world.state().monitor.record_stats(24).await.unwrap().stats;
    assert_eq!(charted.iter().map(|row| row.count).sum::<i64>(), 20);
    let plain = world.get_as_admin("/sync-stats").await.ok();
    let every: i64 =
        plain["stats"].as_array().unwrap().iter().map(|row| row["count"].as_i64().unwrap()).sum();
    assert_eq!(every, 140, "the operators' view counts every row");
}

/// Rates count records by their last outcome, so an alert ends when its cause is fixed.
#[tokio::test]
async fn a_record_counts_once_and_is_no_failure_once_it_has_worked() {
    let world = World::set("alerts.check_every", "0s").set("sync.catch_up_every", "1h").start().await;
    world.no_run().await;
    let log = async |rows: &str| {
        let insert = format!(
            "insert into sync_logs (created_at, record_id, sync_type, status, duration_ms, message)
             select now() - minute * interval '1 minute', 'rec' || n, 'webhook', '{rows}"
        );
        world.db.pool.execute(sqlx::AssertSqlSafe(insert)).await.unwrap();
    };
    let errors = async || world.get_as_admin("/kpis").await.ok()["errors"].as_i64().unwrap();
    world.db.pool.execute("truncate sync_logs").await.unwrap();
    log("success', 100, null from generate_series(1, 30) n, (values (50)) minutes(minute)").await;
    log("error', 100, 'it broke' from generate_series(1, 10) n, generate_series(31, 35) minute").await;
    let now = clock::now();
    check(&world, now).await;
    assert_eq!(errors().await, 10, "five failures of a record are one record that failed");
    assert_eq!(state(&world, Rule::Errors).await, None);
    assert_eq!(state(&world, Rule::SuccessRate).await, Some(AlertState::Firing));

    log("error', 100, 'it broke' from generate_series(11, 11) n, (values (30)) minutes(minute)").await;
    check(&world, now + minutes(1)).await;
    assert_eq!((errors().await, state(&world, Rule::Errors).await), (11, Some(AlertState::Firing)));

    log("success', 100, null from generate_series(1, 11) n, (values (1)) minutes(minute)").await;
    let kpis = world.get_as_admin("/kpis").await.ok();
    assert_eq!((&kpis["syncs"], &kpis["errors"]), (&30.into(), &0.into()));
    assert_eq!((&kpis["success_rate"]["value"], &kpis["error_rate"]["value"]), (&100.0.into(), &0.0.into()));
    check(&world, now + minutes(9)).await;
    for rule in [Rule::Errors, Rule::SuccessRate] {
        assert_eq!(state(&world, rule).await, Some(AlertState::Resolved), "{rule:?}");
    }
}

#[tokio::test]
async fn instances_that_check_at_once_find_the_same_alert_once() {
    let world = world().await;
    let other = world.another_instance().await;
    let now = clock::now();
    for signals in [world.state().engine.signals(), other.state().engine.signals()] {
        signals.raise(Signal::FieldsMissing, "Precio is gone");
    }
    for _ in 0..5 {
        tokio::join!(check(&world, now), check_on(&other, now));
    }
    let alerts = world.state().alerts.list().await.unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].detail, "Precio is gone. 2 instances say so.");
    other.stop().await;
}

#[tokio::test]
async fn a_token_that_airtable_refuses_fires_until_airtable_answers_again() {
    let world = world().await;
    let (token, now) = (world.airtable.token(), clock::now());
    world.airtable.set_token("patRevokedRevoke.0123456789");
    world.run(Scope::Full { force: false }, Trigger::Manual).await;
    check(&world, now).await;
    let alert = world.state().alerts.list().await.unwrap().remove(0);
    assert_eq!((alert.rule, alert.state), (Rule::AirtableRefuses, AlertState::Firing));
    assert!(alert.detail.contains("401"), "{alert:?}");

    world.airtable.set_token(&token);
    world.run(Scope::Full { force: false }, Trigger::Manual).await;
    check(&world, now + minutes(5)).await;
    assert_eq!(state(&world, Rule::AirtableRefuses).await, Some(AlertState::Resolved));
}

#[tokio::test]
async fn a_listener_that_is_cut_off_is_known_until_it_is_back() {
    let world = world().await;
    let down = || async { world.state().engine.signals().get(Signal::ListenerDown).is_some() };
    world.db.cut().await;
    eventually("the loss is noticed", || async { down().await }).await;
    world.db.mend().await;
    eventually("it listens again", || async { !down().await }).await;
}

#[tokio::test]
async fn a_listener_that_reconnects_soon_is_not_worth_an_alert() {
    let world = world().await;
    let now = clock::now();
    let signals = world.state().engine.signals();
    signals.raise(Signal::ListenerDown, "connection reset");
    check(&world, now).await;
    signals.clear(Signal::ListenerDown);
    check(&world, now + minutes(1)).await;
    signals.raise(Signal::ListenerDown, "connection reset");
    check(&world, now + minutes(2)).await;
    assert_eq!(state(&world, Rule::ListenerDown).await, None);
    check(&world, now + minutes(3)).await;
    assert_eq!(state(&world, Rule::ListenerDown).await, Some(AlertState::Firing));
}

#[tokio::test]
async fn an_instance_that_is_stopped_takes_its_reports_with_it() {
    let mut world = World::set("alerts.check_every", "50ms").start().await;
    world.state().engine.signals().raise(Signal::WebhookDead, "gone");
    let reports = || async {
        let count = sqlx::query_scalar::<_, i64>("select count(*) from alert_reports");
        count.fetch_one(&world.db.pool).await.unwrap()
    };
    eventually("it is reported", || async { reports().await == 1 }).await;
    world.stop().await;
    let left: i64 =
        sqlx::query_scalar("select count(*) from alert_reports").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(left, 0);
}

/// A year of runs and a month of logs do not make the look that every instance takes each minute slower.
/// How many rows of logs and runs were read in this way so far.
async fn rows_read(world: &World, way: &str) -> i64 {
    let sum = match way {
        "idx_tup_read" => "select sum(idx_tup_read)::bigint from pg_stat_user_indexes",
        _ => "select sum(seq_tup_read)::bigint from pg_stat_user_tables",
    };
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{sum} where relname in ('sync_logs', 'sync_runs')")))
        .fetch_one(&world.db.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_figures_come_from_indexes() {
    let mut world = world().await;
    world
        .db
        .pool
        .execute(
            "insert into sync_logs (created_at, record_id, sync_type, status, duration_ms)
                 select now() - n * interval '9 seconds', 'rec' || n, 'webhook', case when n % 50 = 0 then 'error' else 'success' end, 500
                 from generate_series(1, 300000) n;
             insert into sync_runs (started_at, finished_at, kind, trigger, status)
                 select now() - n * interval '15 minutes', now() - n * interval '15 minutes',
                     case when n % 96 = 0 then 'full' else 'catch_up' end, case when n % 96 = 0 then 'nightly' else 'catch_up' end, 'succeeded'
                 from generate_series(1, 35000) n;",
        )
        .await
        .unwrap();
    world.db.pool.execute("vacuum analyze sync_logs").await.unwrap();
    world.db.pool.execute("vacuum analyze sync_runs").await.unwrap();
    check(&world, clock::now()).await;

    // Connections that end have told PostgreSQL's statistics what they read.
    world.stop().await;
    eventually("the check is in the statistics", async || rows_read(&world, "idx_tup_read").await > 0).await;
    assert_eq!(rows_read(&world, "seq_tup_read").await / 35_000, 0, "a whole table was read");
}
