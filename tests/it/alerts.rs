//! Alerts: what fires, when it is over, and that several instances agree on it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Executor;
use vitrina::{
    alerts::{AlertState, Rule},
    clock,
    signals::Signal,
};

use crate::support::{Instance, World};

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
