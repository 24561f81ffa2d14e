//! Several instances on one database.

use std::sync::Arc;

use vitrina::simulator::{Fault, RateLimit, Refusal, What};

use crate::{
    fields,
    support::{Database, World, eventually, mazda},
};

#[tokio::test]
async fn a_change_through_one_instance_is_soon_seen_on_the_other() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    let other = world.another_instance().await;
    let price = || async { world.get_from(&other, "/vehicles").await.ok()["vehicles"][0]["precio"].clone() };
    assert_eq!(price().await, 329_900);
    world.airtable.edit(&id, fields! { "Precio": 1 });
    let answered = std::time::Instant::now();
    world.webhook(&id).await.ok();

    eventually("the other instance shows the new price", || async { price().await == 1 }).await;

    assert!(answered.elapsed().as_secs_f64() < 10.0, "a notice, not the time to live, made it fresh");
    other.stop().await;
}

#[tokio::test]
async fn an_operator_drops_the_cache_of_all_instances() {
    let world = World::start().await;
    world.known(mazda()).await;
    let other = world.another_instance().await;
    let invalidations =
        || async { world.get_from(&other, "/cache-stats").await.ok()["invalidations"].as_u64().unwrap() };
    eventually("the other instance listens", || async { invalidations().await > 0 }).await;
    let before = invalidations().await;

    world.post_as_admin("/invalidate-cache").await.ok();

    eventually("the other instance has dropped its cache", || async { invalidations().await > before }).await;
    other.stop().await;
}

#[tokio::test]
async fn an_instance_passes_over_its_own_notices() {
    let world = World::start().await;
    world.known(mazda()).await;
    let before = world.get("/cache-stats").await.ok()["invalidations"].as_u64().unwrap();
    let other = world.another_instance().await;
    let id = world.airtable.create(mazda());
    world.webhook(&id).await.ok();
    // When the other instance has heard of it, so would have the first.
    eventually("the other instance has heard", || async {
        world.get_from(&other, "/vehicles").await.ok()["totalCount"] == 2
    })
    .await;
    assert_eq!(world.get("/cache-stats").await.ok()["invalidations"].as_u64().unwrap(), before + 1);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_that_sync_the_same_records_end_in_airtables_state() {
    let world = Arc::new(World::start().await);
    let other = Arc::new(world.another_instance().await);
    let ids: Vec<String> = (0..5).map(|_| world.airtable.create(mazda())).collect();
    let deliveries: Vec<_> = (0..200)
        .map(|number| {
            let (world, other, id) = (Arc::clone(&world), Arc::clone(&other), ids[number % 5].clone());
            tokio::spawn(async move {
                world.airtable.edit(&id, fields! { "Precio": number });
                let answer = if number % 2 == 0 {
                    world.webhook(&id).await
                } else {
                    world.webhook_to(&other, &id).await
                };
                answer.ok();
            })
        })
        .collect();
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    for id in &ids {
        let in_airtable = world.airtable.record(id).unwrap().fields["Precio"].as_f64();
        assert_eq!(world.row(id).await.unwrap()["precio"].as_f64(), in_airtable);
    }
}

/// Airtable counts the requests of all instances together, and a refused one costs everybody half a minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_together_ask_no_more_than_the_base_allows() {
    let world = World::set("airtable.requests_per_second", "5").start().await;
    world.airtable.set_rate_limit(Some(RateLimit::default()));
    let other = world.another_instance().await;
    let ids: Vec<String> = (0..24).map(|_| world.airtable.create(mazda())).collect();
    world.airtable.requests_clear();

    // Each is answered before the next is sent, so that nothing is fetched together.
    let (mine, theirs) = ids.split_at(12);
    let through_one = async {
        for id in mine {
            world.webhook(id).await.ok();
        }
    };
    let through_the_other = async {
        for id in theirs {
            world.webhook_to(&other, id).await.ok();
        }
    };
    tokio::join!(through_one, through_the_other);

    assert!(world.airtable.requests().len() >= 24);
    assert_eq!(world.airtable.rate_limited(), 0);
    assert!(world.airtable.max_in_any_second() <= 5, "{}", world.airtable.max_in_any_second());
    other.stop().await;
}

/// A pause that one instance was told to make holds for all.
#[tokio::test]
async fn when_airtable_sends_one_instance_away_the_other_keeps_away_too() {
    let world = World::set("airtable.pause_after_429", "1h").set("sync.reply_within", "50ms").start().await;
    let other = world.another_instance().await;
    let ids = [world.airtable.create(mazda()), world.airtable.create(mazda())];
    world.no_run().await;
    world.airtable.fault(Fault::new(What::Answer(Refusal::RateLimited(None))).next(1));
    world.webhook(&ids[0]).await;
    eventually("Airtable has refused", || async { !world.airtable.requests().is_empty() }).await;
    eventually("the pause is known", || async {
        let paused = sqlx::query_scalar("select paused_until > now() from airtable_turns");
        paused.fetch_optional(&world.db.pool).await.unwrap() == Some(Some(true))
    })
    .await;
    world.airtable.requests_clear();

    let answer = world.webhook_to(&other, &ids[1]).await;

    assert_eq!(answer.status, 202);
    assert_eq!(world.airtable.requests().len(), 0);
    other.stop().await;
}

/// Instances that migrate at once take turns.
#[tokio::test]
async fn instances_may_start_on_an_empty_database_at_once() {
    let world = World::start().await;
    let db = Arc::new(Database::empty().await);
    let (first, second) = tokio::join!(world.instance_on(&db), world.instance_on(&db));
    assert_eq!(world.get_from(&first, "/vehicles").await.ok()["totalCount"], 0);
    assert_eq!(world.get_from(&second, "/vehicles").await.ok()["totalCount"], 0);
    first.stop().await;
    second.stop().await;
}
