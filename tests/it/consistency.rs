//! The time to consistency: from the edit in Airtable to the stored row, measured and not assumed.

use serde_json::{Value, json};
use vitrina::{
    domain::Trigger,
    simulator::{Fault, FieldKind, Refusal, Target, What},
    sync::Scope,
};

use crate::{
    fields,
    support::{World, eventually, mazda},
};

/// What the last log of a record says, if anything was measured.
async fn measured(world: &World, id: &str) -> Option<f64> {
    world.logs(id).await.last().unwrap()["metadata"]["consistency_ms"].as_f64()
}

fn ago(seconds: i64) -> Value {
    json!(vitrina::clock::now() - chrono::TimeDelta::seconds(seconds))
}

#[tokio::test]
async fn it_begins_with_the_time_that_the_automation_sends() {
    let world = World::start().await;
    let id = world.airtable.create(mazda());
    world.post_webhook(&json!({ "recordId": id, "timestamp": ago(90) })).await.ok();
    let first = measured(&world, &id).await.unwrap();
    assert!((90_000.0..120_000.0).contains(&first), "{first}");
    let kpis = world.get_as_admin("/kpis").await.ok();
    assert_eq!(kpis["consistency_average"]["value"].as_f64(), Some(first));
    assert_eq!(kpis["consistency_p95"]["unit"], "ms");
}

#[tokio::test]
async fn a_time_that_cannot_be_true_counts_as_none() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    for (number, timestamp) in
        [ago(-60), ago(25 * 3600), json!("soon"), json!(17), Value::Null, json!("1970-01-01T00:00:00Z")]
            .into_iter()
            .enumerate()
    {
        world.airtable.edit(&id, fields! { "Precio": 100_000 + number });
        world.post_webhook(&json!({ "recordId": id, "timestamp": timestamp })).await.ok();
        let from_acceptance = measured(&world, &id).await.unwrap();
        assert!((0.0..20_000.0).contains(&from_acceptance), "{timestamp}: {from_acceptance}");
    }
}

#[tokio::test]
async fn what_was_not_written_is_not_measured() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.post_webhook(&json!({ "recordId": id, "timestamp": ago(90) })).await.ok();
    assert_eq!(measured(&world, &id).await, None);
}

#[tokio::test]
async fn airtables_own_time_of_modification_serves_runs_and_webhooks_without_a_time() {
    let world = World::start().await;
    world.airtable.add_field("Modificado", FieldKind::LastModifiedTime);
    let mut car = mazda();
    car.insert("Modificado".into(), ago(300));
    let id = world.airtable.create(car);
    // Fields that were added are found when the schema is read anew, as a full run does.
    world.run(Scope::Full { force: false }, Trigger::Nightly).await;
    let by_run = measured(&world, &id).await.unwrap();
    assert!((300_000.0..330_000.0).contains(&by_run), "{by_run}");

    world.airtable.edit(&id, fields! { "Precio": 1, "Modificado": ago(200) });
    world.webhook(&id).await.ok();
    let by_webhook = measured(&world, &id).await.unwrap();
    assert!((200_000.0..230_000.0).contains(&by_webhook), "{by_webhook}");

    world.airtable.edit(&id, fields! { "Precio": 2, "Modificado": ago(48 * 3600) });
    world.run(Scope::Full { force: false }, Trigger::Nightly).await;
    assert_eq!(
        measured(&world, &id).await,
        None,
        "a run's write without an edit of today has another reason"
    );
}

#[tokio::test]
async fn time_in_the_queue_counts() {
    let world = World::set("sync.reply_within", "100ms").set("airtable.max_attempts", "1").start().await;
    let id = world.airtable.create(mazda());
    world.airtable.fault(Fault::new(What::Answer(Refusal::Unavailable(None))).on(Target::List).next(1));
    let answer = world.post_webhook(&json!({ "recordId": id, "timestamp": ago(60) })).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    eventually("the queue settles it", || async { world.row(&id).await.is_some() }).await;
    // Whoever wrote it: the queue's own read, or the catch-up that follows an outage.
    let logs = world.logs(&id).await;
    let measured = logs.iter().find_map(|log| log["metadata"]["consistency_ms"].as_f64()).unwrap();
    assert!((60_000.0..90_000.0).contains(&measured), "{logs:?}");
}
