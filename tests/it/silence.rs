//! Connections that die unseen, and answers that never come: nothing waits for ever, nothing is asked without end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::Executor;
use vitrina::{
    catalog::{Catalog, ListQuery, Query, Shape},
    config::{Loader, Needs},
    db::vehicles::Locations,
    simulator::{Fault, Operation, Refusal, Target, What},
};

use crate::{
    fields,
    support::{World, eventually, mazda, proxy::Commits},
};

async fn catch_ups(world: &World) -> i64 {
    sqlx::query_scalar("select count(*) from sync_runs where kind = 'catch_up'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_instance_whose_listener_died_unseen_notices_and_is_fresh_again() {
    let world = World::set("database.acquire_timeout", "200ms").start().await;
    let other = world.another_instance().await;
    let id = world.known(mazda()).await;
    let price = async || world.get_from(&other, "/vehicles").await.json()["vehicles"][0]["precio"].clone();
    eventually("the other has it", async || price().await == json!(329_900)).await;

    world.db.freeze();
    // With connections of its own, so nothing of the first two is needed for it.
    let third = world.another_instance().await;
    world.airtable.edit(&id, fields! { "Precio": 1 });
    world.webhook_to(&third, &id).await.ok();

    eventually("the other shows it", async || price().await == json!(1)).await;
    third.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_question_whose_connection_died_is_asked_again() {
    let world =
        World::set("cache.load_timeout", "300ms").set("database.acquire_timeout", "200ms").start().await;
    world.known(mazda()).await;
    let mut lock = world.db.pool.begin().await.unwrap();
    lock.execute("lock table listing in access exclusive mode").await.unwrap();
    let (http, url) = (world.http.clone(), format!("{}/vehicles?page=2", world.url));
    let asking = tokio::spawn(async move { http.get(url).send().await.unwrap().status() });
    eventually("it waits in the database", async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
        waiting > 0
    })
    .await;

    world.db.freeze();
    lock.rollback().await.unwrap();

    assert_eq!(asking.await.unwrap(), 503, "it does not wait for ever");
    eventually("it is answered", async || world.get("/vehicles?page=2").await.status == 200).await;
}

#[tokio::test]
async fn a_page_that_a_slow_database_does_not_give_in_time_is_served_stale() {
    let world = World::set("cache.load_timeout", "300ms").start().await;
    world.known(mazda()).await;
    world.get("/vehicles").await.ok();
    let mut lock = world.db.pool.begin().await.unwrap();
    lock.execute("lock table listing in access exclusive mode").await.unwrap();
    world.state().catalog.suspect();
    assert_eq!(world.get("/vehicles").await.header("x-cache"), "stale");
    lock.rollback().await.unwrap();
    eventually("it is fresh again", async || world.get("/vehicles").await.header("x-cache") != "stale").await;
}

#[tokio::test]
async fn what_is_older_than_stale_for_is_not_served_any_more() {
    let world = World::set("cache.stale_for", "500ms").set("database.acquire_timeout", "100ms").start().await;
    world.known(mazda()).await;
    world.get("/vehicles").await.ok();
    world.db.cut().await;
    eventually("it is too old", async || world.get("/vehicles").await.status == 503).await;
}

#[tokio::test]
async fn one_record_that_airtable_cannot_give_is_no_outage() {
    let world = World::set("sync.queue_backoff_base", "20ms")
        .set("sync.queue_backoff_max", "50ms")
        .set("airtable.max_attempts", "1")
        .start()
        .await;
    let (bad, good) = (world.known(mazda()).await, world.known(mazda()).await);
    world.no_run().await;
    let before = catch_ups(&world).await;
    world.airtable.fault(Fault::new(What::Answer(Refusal::ServerError)).on(Target::Record(bad.clone())));
    assert_eq!(world.webhook(&bad).await.status, 202);
    for price in 0..12 {
        world.airtable.edit(&good, fields! { "Precio": price });
        world.webhook(&good).await;
    }
    world.no_run().await;
    assert_eq!(catch_ups(&world).await, before);
}

#[tokio::test]
async fn a_schema_that_cannot_be_read_costs_an_emptied_cell_its_turn_and_nothing_else() {
    let world =
        World::set("sync.queue_backoff_base", "20ms").set("sync.queue_backoff_max", "50ms").start().await;
    let id = world.known(mazda()).await;
    world.no_run().await;
    let before = catch_ups(&world).await;
    world
        .airtable
        .fault(Fault::new(What::Answer(Refusal::Unavailable(None))).on(Target::Only(Operation::Schema)));
    world.airtable.edit(&id, fields! { "Precio": Value::Null });
    assert_eq!(world.webhook(&id).await.status, 202);
    eventually("it was tried", async || world.logs(&id).await.len() >= 4).await;
    assert_eq!(world.queue().await[0]["attempts"], 0, "no fault of the record");
    assert_eq!(catch_ups(&world).await, before, "Airtable's records were never away");
    assert_eq!(world.row(&id).await.unwrap()["precio"], 329_900.0);

    world.airtable.clear_faults();
    eventually("it is stored", async || world.row(&id).await.unwrap()["precio"].is_null()).await;
}

#[tokio::test]
async fn while_the_months_requests_are_used_up_the_queue_rests() {
    let world =
        World::set("sync.queue_backoff_base", "20ms").set("sync.queue_backoff_max", "50ms").start().await;
    let id = world.known(mazda()).await;
    world.no_run().await;
    world.airtable.fault(Fault::new(What::Answer(Refusal::QuotaExceeded)).next(1));
    assert_eq!(world.webhook(&id).await.status, 502);
    let tried = async || world.queue().await[0]["attempts"].as_i64().unwrap();
    let before = (tried().await, world.logs(&id).await.len());
    world.db.pool.execute("update sync_queue set next_attempt_at = now()").await.unwrap();
    for _ in 0..3 {
        // Each of these wakes the queue's worker.
        assert_eq!(world.webhook(&world.airtable.create(mazda())).await.status, 502);
    }
    assert_eq!((tried().await, world.logs(&id).await.len()), before);
}

#[tokio::test]
async fn what_is_cached_counts_as_fresh_only_while_the_database_is_heard() {
    let world = World::start().await;
    world.no_run().await;
    let catalog = &world.state().catalog;
    let query = || Query::List(ListQuery::default(), Shape::Plain);
    let long_ago = Instant::now().checked_sub(Duration::from_secs(5)).unwrap();
    // The service's own listener may speak in between.
    let mut dropped = false;
    for _ in 0..100 {
        assert!(catalog.get(query()).await.is_ok());
        catalog.heard(long_ago);
        dropped |= catalog.cached(query(), Instant::now()).is_err();
    }
    assert!(dropped, "what was not heard of for long is trusted");
}

#[tokio::test]
async fn what_a_commit_changed_shows_although_its_answer_was_lost() {
    let world = World::start().await;
    world.no_run().await;
    let id = world.known(mazda()).await;
    let price = async || world.get("/vehicles").await.ok()["vehicles"][0]["precio"].clone();
    assert_eq!(price().await, json!(329_900));
    world.airtable.edit(&id, fields! { "Precio": 1 });

    world.db.commits(Commits::Lost);
    assert_eq!(world.webhook(&id).await.status, 503);
    eventually("the page shows it", async || price().await == json!(1)).await;

    let again = world.webhook(&id).await.ok();
    assert_eq!(again["action"], "unchanged");
    assert_eq!(price().await, json!(1));
}

#[tokio::test]
async fn what_a_commit_changed_shows_while_its_answer_is_late() {
    let world = World::start().await;
    world.no_run().await;
    let id = world.known(mazda()).await;
    let price = async || world.get("/vehicles").await.ok()["vehicles"][0]["precio"].clone();
    assert_eq!(price().await, json!(329_900));
    world.airtable.edit(&id, fields! { "Precio": 1 });

    world.db.commits(Commits::Late);
    let (request, body) = (world.webhook_request(&world.url), json!({ "recordId": id }));
    let webhook = tokio::spawn(async move { request.json(&body).send().await.unwrap().status() });
    eventually("the page shows it", async || price().await == json!(1)).await;
    assert!(!webhook.is_finished(), "nobody has answered for it");

    world.db.commits(Commits::Answered);
    assert_eq!(webhook.await.unwrap(), 200);
    assert_eq!(price().await, json!(1));
}

#[tokio::test]
async fn what_is_cached_counts_as_fresh_for_a_moment_only_when_nobody_has_ever_been_heard() {
    let world = World::start().await;
    let settings = Loader::new(std::iter::empty()).load(Needs::Database).unwrap();
    let catalog = Catalog::new(world.state().db.clone(), Locations::default(), &settings.cache);
    let query = || Query::List(ListQuery::default(), Shape::Plain);
    assert!(catalog.get(query()).await.is_ok());
    let later = Instant::now() + Duration::from_secs(2);
    assert!(catalog.cached(query(), later).is_ok(), "nobody listens");
    catalog.heard(Instant::now());
    assert!(catalog.cached(query(), later).is_err());
}
