//! Bad days: Airtable fails, refuses or hangs; PostgreSQL is away; the service stops. Nothing is lost.

use serde_json::json;
use vitrina::simulator::{Fault, Gate, Refusal, Target, What};

use crate::{
    fields,
    support::{Answer, Setting, World, eventually, mazda},
};

#[tokio::test]
async fn what_airtable_fails_once_or_twice_is_retried_within_the_answer() {
    let world = World::start().await;
    for what in [
        What::Answer(Refusal::Unavailable(None)),
        What::Answer(Refusal::BadGateway),
        What::Answer(Refusal::ServerError),
        What::Answer(Refusal::RateLimited(None)),
        What::Answer(Refusal::RateLimitedArray),
        What::Reset,
        What::TruncatedBody,
        What::NotJson,
    ] {
        let id = world.airtable.create(mazda());
        let told = format!("{what:?}");
        world.airtable.fault(Fault::new(what).next(2));
        assert_eq!(world.webhook(&id).await.ok()["action"], "created", "{told}");
        world.airtable.clear_faults();
    }
}

#[tokio::test]
async fn what_airtable_keeps_failing_is_queued_and_synced_later() {
    let world = impatient().start().await;
    let id = world.airtable.create(mazda());
    world.airtable.fault(Fault::new(What::Answer(Refusal::Unavailable(None))));

    let answer = world.webhook(&id).await;

    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!((&answer.json()["success"], &answer.json()["action"]), (&json!(true), &json!("queued")));
    assert_eq!(world.queue().await.len(), 1);
    world.airtable.clear_faults();
    eventually("the queue is worked off", || async { world.queue().await.is_empty() }).await;
    assert_eq!(world.listed_titles().await, ["Mazda 3 Sport 2.5"]);
    let logs = world.logs(&id).await;
    assert_eq!(logs[0]["status"], "error");
    assert_eq!(
        (&logs[0]["error_details"]["kind"], &logs[0]["http_status"]),
        (&json!("unavailable"), &json!(503))
    );
    assert!(logs[0]["error_details"]["remedy"].is_string());
    assert_eq!(logs.last().unwrap()["status"], "success");
}

#[tokio::test]
async fn what_takes_too_long_is_queued_and_stored_by_the_read_under_way_or_the_next() {
    let world = World::set("sync.reply_within", "50ms").start().await;
    let id = world.airtable.create(mazda());
    let gate = Gate::closed();
    world.airtable.fault(Fault::new(What::Held(gate.clone())).next(1));

    let answer = world.webhook(&id).await;

    assert_eq!((answer.status.as_u16(), &answer.json()["action"]), (202, &json!("queued")));
    gate.open();
    eventually("it is stored and the queue is empty", || async {
        world.row(&id).await.is_some() && world.queue().await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn what_airtable_refuses_is_502_and_kept_until_it_is_mended() {
    let world = impatient().start().await;
    let id = world.airtable.create(mazda());
    let token = world.airtable.token();
    world.airtable.set_token("patRevokedRevoke.0123456789");

    let problem = world.webhook(&id).await.problem(502);

    assert_eq!((&problem["success"], &problem["retryable"]), (&json!(false), &json!(false)));
    assert!(problem["error"].as_str().unwrap().contains("AIRTABLE_API_KEY"), "{problem}");
    assert!(!problem.to_string().contains(&token));
    let problem = world.post_webhook(&json!({ "recordIds": [id] })).await.problem(502);
    assert_eq!((&problem["success"], &problem["retryable"]), (&json!(false), &json!(false)));
    assert_eq!(problem["detail"], problem["results"][0]["detail"]);
    world.airtable.set_token(&token);
    eventually("it is synced once the token is mended", || async { world.row(&id).await.is_some() }).await;
    eventually("and leaves the queue", || async { world.queue().await.is_empty() }).await;
}

#[tokio::test]
async fn a_token_that_was_mended_by_a_restart_lets_the_queue_drain_at_once() {
    let mut world = World::start().await;
    let id = world.airtable.create(mazda());
    world.airtable.set_token("patNewNewNewNewN.0123456789");
    world.webhook(&id).await.problem(502);
    eventually("its next try is a quarter of an hour away", || async {
        let tries = world.logs(&id).await.len();
        tries == 2 && world.queue().await.iter().all(|row| row["claimed_until"].is_null())
    })
    .await;

    world.restart().await;

    eventually("it is synced", || async { world.row(&id).await.is_some() && world.queue().await.is_empty() })
        .await;
}

#[tokio::test]
async fn after_the_last_try_a_record_is_dead_and_a_new_delivery_revives_it() {
    let world =
        impatient().set("sync.queue_max_attempts", "2").set("airtable.max_attempts", "1").start().await;
    let id = world.airtable.create(mazda());
    world.airtable.fault(Fault::new(What::Answer(Refusal::InvalidFormula("x".into()))));
    assert_eq!(world.webhook(&id).await.status, 202);

    eventually("it is dead", || async {
        world.queue().await.first().is_some_and(|row| row["status"] == "dead" && row["attempts"] == 2)
    })
    .await;

    world.airtable.clear_faults();
    assert_eq!(world.webhook(&id).await.ok()["action"], "created");
    assert!(world.row(&id).await.is_some());
    assert!(world.queue().await.is_empty(), "a read that began later settles it");
}

#[tokio::test]
async fn a_poisoned_record_harms_no_other_in_its_batch() {
    let world = World::start().await;
    let good: Vec<String> = (0..9).map(|_| world.airtable.create(mazda())).collect();
    let bad = world.airtable.create(mazda());
    world
        .airtable
        .fault(Fault::new(What::Answer(Refusal::InvalidFormula("x".into()))).on(Target::Record(bad.clone())));
    let mut ids = good.clone();
    ids.insert(4, bad.clone());

    let answer = world.post_webhook(&json!({ "recordIds": ids })).await;

    assert_eq!(answer.status, 202);
    for result in answer.json()["results"].as_array().unwrap() {
        let expected = if result["data"]["record_id"] == bad.as_str() { "queued" } else { "created" };
        assert_eq!(result["action"], expected, "{result}");
    }
}

#[tokio::test]
async fn while_postgresql_is_away_pages_are_served_stale_and_webhooks_told_to_come_again() {
    let world = World::set("database.acquire_timeout", "100ms").start().await;
    let id = world.known(mazda()).await;
    let fresh = world.get("/vehicles").await;
    world.post_as_admin("/invalidate-cache").await.ok();
    let fresh_again = world.get("/vehicles").await;
    world.db.cut().await;

    eventually("the page is told to be stale", async || {
        world.get("/vehicles").await.header("x-cache") == "stale"
    })
    .await;
    let stale = world.get("/vehicles").await;
    assert_eq!((stale.status.as_u16(), stale.header("x-cache")), (200, "stale"));
    assert_eq!((&stale.body, stale.header("etag")), (&fresh.body, fresh_again.header("etag")));
    world.get("/vehicles?page=7").await.problem(503);
    world.post_as_admin("/invalidate-cache").await.problem(503);
    assert_eq!(
        world.get("/vehicles").await.header("x-cache"),
        "stale",
        "what could not be told was not done here either"
    );
    world.get("/readyz").await.problem(503);
    assert_eq!(world.get("/healthz").await.status, 200);
    world.airtable.edit(&id, fields! { "Precio": 1 });
    let refused = world.webhook(&id).await;
    assert_eq!(refused.problem(503)["retryable"], true);
    assert!(!refused.header("retry-after").is_empty());

    world.db.mend().await;
    eventually("it is ready again", || async { world.get("/readyz").await.status == 200 }).await;
    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");
    assert_eq!(world.get("/vehicles").await.ok()["vehicles"][0]["precio"], 1);
}

#[tokio::test]
async fn a_stop_leaves_what_is_not_finished_in_the_queue() {
    let mut world = World::start().await;
    let id = world.airtable.create(mazda());
    world.airtable.fault(Fault::new(What::Answer(Refusal::RateLimited(None))));
    let waiting = tokio::spawn({
        let request = world.webhook_request(&world.url).json(&json!({ "recordId": id }));
        async move { Answer::read(request.send().await.unwrap()).await }
    });
    eventually("Airtable has been asked", || async { !world.airtable.requests().is_empty() }).await;

    world.stop().await;

    assert_eq!(waiting.await.unwrap().status, 202);
    assert_eq!(world.queue().await.len(), 1);
    world.airtable.clear_faults();
    let other = world.another_instance().await;
    eventually("the next start drains it", || async { world.row(&id).await.is_some() }).await;
    other.stop().await;
}

#[tokio::test]
async fn a_listing_that_airtable_forgets_is_begun_again() {
    let vehicles =
        (0..250).map(|number| fields! { "Auto": format!("Auto {number}"), "OrdenStatus": "Comprado" });
    let lost = Fault::new(What::Answer(Refusal::IteratorNotAvailable)).on(Target::LaterPages).next(1);
    let world = Setting::default().vehicles(vehicles).fault(lost).start().await;
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 250);
}

/// A world that tries again at once.
fn impatient() -> Setting {
    World::set("sync.queue_backoff_base", "20ms").set("sync.queue_backoff_max", "50ms")
}
