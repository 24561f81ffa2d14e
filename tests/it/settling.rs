//! Airtable lags: a read shortly after an edit may show an older state. Every delivery is settled by a read that is late enough.

use std::time::Duration;

use serde_json::json;
use vitrina::simulator::{Fault, Gate, Refusal, What};

use crate::{
    fields,
    support::{Setting, World, eventually, mazda, proxy::Commits},
};

/// A dealership whose deliveries are settled after a moment.
fn soon() -> Setting {
    World::set("sync.recheck_after", "50ms")
}

/// One whose deliveries are settled when the test has long ended.
fn late() -> Setting {
    World::set("sync.recheck_after", "1h")
}

async fn price(world: &World, id: &str) -> serde_json::Value {
    world.row(id).await.map(|row| row["precio"].clone()).unwrap_or_default()
}

async fn settled(world: &World) {
    eventually("every delivery is settled", async || world.queue().await.is_empty()).await;
}

#[tokio::test]
async fn the_last_of_two_edits_is_stored_although_both_webhooks_were_answered_with_the_first() {
    let world = soon().start().await;
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "Precio": 1 });
    world.airtable.miss(&id, 1);
    assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
    world.airtable.edit(&id, fields! { "Precio": 2 });
    world.airtable.miss(&id, 1);
    assert_eq!(world.webhook(&id).await.ok()["action"], "updated", "Airtable shows the first edit");

    eventually("the second edit is stored", async || price(&world, &id).await == json!(2.0)).await;
    settled(&world).await;
}

#[tokio::test]
async fn a_draft_that_becomes_listed_is_stored_although_it_was_read_too_early() {
    let world = soon().start().await;
    let id = world.airtable.create(fields! { "Auto": "Mazda 3", "OrdenStatus": "Borrador" });
    world.airtable.edit(&id, fields! { "OrdenStatus": "Comprado" });
    world.airtable.miss(&id, 1);
    assert_eq!(world.webhook(&id).await.ok()["action"], "archived");

    eventually("it is listed", async || world.listed_titles().await == ["Mazda 3"]).await;
}

#[tokio::test]
async fn a_record_that_shows_late_is_stored() {
    let world = soon().start().await;
    let id = world.airtable.create(mazda());
    world.airtable.miss(&id, 1);
    assert_eq!(world.webhook(&id).await.ok()["action"], "absent");

    eventually("it is stored", async || world.row(&id).await.is_some()).await;
}

#[tokio::test]
async fn deletions_and_restorations_that_show_late_are_stored() {
    let world = soon().start().await;
    let id = world.known(mazda()).await;
    let deleted = async || !world.row(&id).await.unwrap()["deleted_at"].is_null();
    world.airtable.delete(&id);
    world.airtable.miss(&id, 1);
    assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
    eventually("it is deleted", async || deleted().await).await;
    settled(&world).await;

    world.airtable.restore(&id);
    world.airtable.miss(&id, 1);
    assert_eq!(world.webhook(&id).await.ok()["action"], "deleted");
    eventually("it is back", async || !deleted().await).await;
}

#[tokio::test]
async fn an_answer_that_a_later_read_has_overtaken_is_settled_too() {
    let world = late().start().await;
    let id = world.known(mazda()).await;
    let gate = Gate::closed();
    world.airtable.fault(Fault::new(What::Held(gate.clone())).next(1));
    let request = world.webhook_request(&world.url).json(&json!({ "recordId": id }));
    let first = tokio::spawn(async move { request.send().await.unwrap().status() });
    gate.reached(1).await;
    world.airtable.edit(&id, fields! { "Precio": 1 });
    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");
    sqlx::query("delete from sync_queue").execute(&world.db.pool).await.unwrap();

    gate.open();

    assert_eq!(first.await.unwrap(), 200);
    assert_eq!(world.queue().await[0]["settling"], true);
    assert_eq!(price(&world, &id).await, json!(1.0));
}

#[tokio::test]
async fn what_is_owed_survives_a_kill_and_a_stop() {
    let mut world = World::set("sync.recheck_after", "1s").start().await;
    let id = world.known(mazda()).await;
    for (number, killed) in [(1, true), (2, false)] {
        world.airtable.edit(&id, fields! { "Precio": number });
        world.airtable.miss(&id, 1);
        world.webhook(&id).await.ok();
        if killed {
            world.kill().await;
        } else {
            world.stop().await;
        }
        assert_eq!(
            world.queue().await.len(),
            1,
            "it was written in the transaction that stored the first read"
        );
        world.start_again().await;
        eventually("the edit is stored", async || price(&world, &id).await == json!(f64::from(number))).await;
        settled(&world).await;
    }
}

#[tokio::test]
async fn a_settling_read_that_fails_is_tried_again() {
    let world = soon()
        .set("sync.queue_backoff_base", "20ms")
        .set("sync.queue_backoff_max", "50ms")
        .set("sync.queue_max_attempts", "1")
        .start()
        .await;
    let id = world.known(mazda()).await;
    settled(&world).await;
    world.airtable.edit(&id, fields! { "Precio": 5 });
    world.airtable.miss(&id, 1);
    world.webhook(&id).await.ok();
    world.airtable.fault(Fault::new(What::Answer(Refusal::Unavailable(None))));
    eventually("it has failed", async || {
        let logs = world.logs(&id).await;
        logs.iter().filter(|log| log["status"] == "error").count() >= 2
    })
    .await;
    let queue = world.queue().await;
    assert_eq!((&queue[0]["status"], &queue[0]["attempts"]), (&json!("waiting"), &json!(0)), "not its fault");
    world.airtable.clear_faults();

    eventually("the edit is stored", async || price(&world, &id).await == json!(5.0)).await;
}

#[tokio::test]
async fn a_settling_read_that_changes_nothing_is_not_logged() {
    let world = soon().start().await;
    let id = world.known(mazda()).await;
    settled(&world).await;
    assert_eq!(world.logs(&id).await.len(), 1);

    world.airtable.edit(&id, fields! { "Precio": 5 });
    world.airtable.miss(&id, 1);
    world.webhook(&id).await.ok();
    settled(&world).await;

    let logs = world.logs(&id).await;
    assert_eq!(logs.len(), 3);
    assert_eq!(logs[2]["metadata"]["changes"]["precio"], json!({ "before": 329_900, "after": 5 }));
}

#[tokio::test]
async fn settling_reads_leave_together() {
    let world = World::set("sync.recheck_after", "1s").start().await;
    let ids: Vec<String> = (0..30).map(|_| world.airtable.create(mazda())).collect();
    for id in &ids {
        world.webhook(id).await.ok();
    }
    world.airtable.requests_clear();
    settled(&world).await;
    let reads = world.airtable.requests().len();
    assert!((1..=3).contains(&reads), "{reads} requests for 30 records");
}

#[tokio::test]
async fn a_record_that_waits_to_be_settled_is_no_backlog() {
    let world = late().start().await;
    let id = world.known(mazda()).await;
    assert_eq!(world.queue().await[0]["settling"], true);
    assert_eq!(world.get_as_admin("/queue").await.ok()["records"], json!([]));
    assert_eq!(world.get_as_admin("/kpis").await.ok()["queue_depth"]["value"], 0.0);
    assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long this test runs is no setting of vitrina")]
async fn an_answer_that_found_another_deliverys_commit_shows_it_before_anybody_has_told_of_it() {
    let world = World::start().await;
    world.no_run().await;
    let id = world.known(mazda()).await;
    let shown = async || world.get("/vehicles").await.ok()["vehicles"][0]["precio"].clone();
    // More of them, such as 20000, for whoever wants to be surer.
    let rounds = std::env::var("VITRINA_ROUNDS").map_or(5, |rounds| rounds.parse().unwrap());
    for number in 1..=rounds {
        world.airtable.edit(&id, fields! { "Precio": number });
        shown().await;
        world.db.commits(Commits::Late);
        world.db.hold_notices(true);
        let request = world.webhook_request(&world.url).json(&json!({ "recordId": id }));
        let first = tokio::spawn(async move { request.send().await.unwrap().status() });
        eventually("it is in force", async || price(&world, &id).await == json!(f64::from(number))).await;

        assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
        assert_eq!(shown().await, json!(number));

        world.db.hold_notices(false);
        world.db.commits(Commits::Answered);
        assert_eq!(first.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_delivery_that_changes_nothing_leaves_the_cache_warm() {
    let world = World::start().await;
    world.no_run().await;
    let id = world.known(mazda()).await;
    world.get("/vehicles").await.ok();
    let invalidations = async || world.get("/cache-stats").await.ok()["invalidations"].clone();
    let before = invalidations().await;
    for _ in 0..3 {
        assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
    }
    assert_eq!(invalidations().await, before);
}

#[tokio::test]
async fn a_queue_from_before_the_clock_was_set_back_is_read_all_the_same() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "Precio": 7 });
    let tomorrow = "insert into sync_queue (record_id, trigger, settle_at, next_attempt_at) \
                    values ($1, 'webhook', now() + interval '1 day', now() + interval '1 day')";
    sqlx::query(tomorrow).bind(&id).execute(&world.db.pool).await.unwrap();

    eventually("it is read", async || price(&world, &id).await == json!(7.0)).await;
    settled(&world).await;
}

#[tokio::test]
async fn many_senders_and_the_queue_do_not_block_each_other() {
    let world = std::sync::Arc::new(
        World::set("sync.recheck_after", "20ms").set("sync.reply_within", "30ms").start().await,
    );
    let ids: Vec<String> = (0..60).map(|_| world.airtable.create(mazda())).collect();
    world.airtable.set_latency(Duration::from_millis(20));
    let senders: Vec<_> = (0..6)
        .map(|sender| {
            let (world, mut ids) = (std::sync::Arc::clone(&world), ids.clone());
            if sender % 2 == 0 {
                ids.reverse();
            }
            tokio::spawn(async move {
                for _ in 0..5 {
                    let answer = world.post_webhook(&json!({ "recordIds": ids })).await;
                    assert!([200, 202].contains(&answer.status.as_u16()), "{}", answer.status);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    settled(&world).await;
    let failed: i64 = sqlx::query_scalar("select count(*) from sync_logs where status = 'error'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(failed, 0);
}

#[tokio::test]
async fn turns_from_before_the_clock_was_set_back_keep_no_request_from_leaving() {
    let world = World::set("airtable.requests_per_second", "5").start().await;
    let later = "update airtable_turns set starts = array(select now() + interval '1 day' from generate_series(1, 5)), \
                 paused_until = now() + interval '1 day'";
    sqlx::query(later).execute(&world.db.pool).await.unwrap();
    let id = world.airtable.create(mazda());

    assert_eq!(world.webhook(&id).await.ok()["action"], "created");
}
