//! Many at once: nobody ever sees what a webhook's answer has made old, and the latest read wins.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use vitrina::simulator::{Fault, Gate, What};

use crate::{
    fields,
    support::{World, mazda},
};

const WRITERS: usize = 8;
const ROUNDS: usize = 150;
const READERS: usize = 6;

/// Writers change their own vehicle, wait for the webhook's answer, and must see the change at once, in the listing and alone.
/// Readers keep loads of the same pages in flight all the while: what they are loading must never be served afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_ever_sees_what_an_answered_webhook_made_old() {
    let world = Arc::new(World::start().await);
    let mut vehicles = Vec::new();
    for number in 0..WRITERS {
        let id = world
            .known(fields! { "Auto": format!("Auto {number}"), "Precio": 0, "OrdenStatus": "Comprado" })
            .await;
        vehicles.push((id, format!("/vehicles/auto-{number}")));
    }
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let (world, done) = (Arc::clone(&world), Arc::clone(&done));
            let paths = ["/vehicles".to_owned(), vehicles[number % WRITERS].1.clone()];
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    for path in &paths {
                        world.get(path).await.ok();
                    }
                }
            })
        })
        .collect();
    let writers: Vec<_> = vehicles
        .iter()
        .cloned()
        .map(|(id, path)| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                for round in 1..=ROUNDS {
                    world.airtable.edit(&id, fields! { "Precio": round });
                    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");
                    let alone = world.get(&path).await.ok();
                    assert_eq!(alone["precio"], round, "stale: {path}");
                    let page = world.get("/vehicles").await.ok();
                    let listed = find(&page, &id);
                    assert_eq!(listed["precio"], round, "stale: /vehicles");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    let stats = world.get("/cache-stats").await.ok();
    assert!(stats["hits"].as_u64().unwrap() > 0 && stats["loads"].as_u64().unwrap() > 0, "{stats}");
}

fn find<'a>(page: &'a Value, id: &str) -> &'a Value {
    page["vehicles"].as_array().unwrap().iter().find(|vehicle| vehicle["id"] == id).unwrap()
}

/// A → B → A, the read of B arriving last: a read that began earlier must not undo what a later one found, also when the later
/// one found nothing to change.
#[tokio::test]
async fn a_read_that_began_earlier_never_undoes_a_later_one() {
    let world = Arc::new(World::start().await);
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "Precio": 1 });
    let gate = Gate::closed();
    world.airtable.fault(Fault::new(What::Held(gate.clone())).next(1));
    let early = tokio::spawn({
        let (world, id) = (Arc::clone(&world), id.clone());
        async move { world.webhook(&id).await }
    });
    gate.reached(1).await;
    world.airtable.edit(&id, fields! { "Precio": 329_900 });
    assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
    gate.open();

    let late = early.await.unwrap().ok();

    assert_eq!(late["action"], "unchanged", "it was read first and arrived last");
    assert_eq!(world.get("/vehicles").await.ok()["vehicles"][0]["precio"], 329_900);
    assert_eq!(world.logs(&id).await.last().unwrap()["metadata"]["superseded"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn repeated_and_overlapping_deliveries_end_in_the_latest_state() {
    let world = Arc::new(World::start().await);
    let id = world.known(mazda()).await;
    for round in 1..=20 {
        let deliveries: Vec<_> = (0..10)
            .map(|delivery| {
                let (world, id) = (Arc::clone(&world), id.clone());
                tokio::spawn(async move {
                    world.airtable.edit(&id, fields! { "Precio": round * 100 + delivery });
                    world.webhook(&id).await.ok();
                })
            })
            .collect();
        for delivery in deliveries {
            delivery.await.unwrap();
        }
        let in_airtable = world.airtable.record(&id).unwrap().fields["Precio"].clone();
        assert_eq!(world.get("/vehicles").await.ok()["vehicles"][0]["precio"], in_airtable);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deliveries_that_wait_together_share_one_request() {
    let world = Arc::new(World::set("airtable.requests_per_second", "5").start().await);
    let ids: Vec<String> = (0..120).map(|_| world.airtable.create(mazda())).collect();
    let deliveries: Vec<_> = ids
        .iter()
        .cloned()
        .flat_map(|id| [id.clone(), id])
        .map(|id| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.webhook(&id).await.ok() })
        })
        .collect();
    for delivery in deliveries {
        assert_eq!(delivery.await.unwrap()["success"], true);
    }
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 120);
    let requests = world.airtable.requests().len();
    assert!(requests <= 12, "{requests} requests for 240 deliveries of 120 records");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_hangs_up_does_not_cancel_the_load_that_others_wait_for() {
    let world = Arc::new(World::start().await);
    world.known(mazda()).await;
    // The load cannot go on while somebody else holds the table.
    let mut lock = world.db.pool.begin().await.unwrap();
    sqlx::query("lock table inventario_cache in access exclusive mode").execute(&mut *lock).await.unwrap();
    let loads = || async { world.get("/cache-stats").await.ok()["loads"].as_u64().unwrap() };
    let before = loads().await;
    let impatient =
        world.http.get(format!("{}/vehicles", world.url)).timeout(Duration::from_millis(100)).send();
    assert!(impatient.await.unwrap_err().is_timeout());
    let patient = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.get("/vehicles").await }
    });
    crate::support::eventually("the second request has come", || async {
        world.get("/cache-stats").await.ok()["misses"].as_u64().unwrap() >= 2
    })
    .await;
    lock.rollback().await.unwrap();

    assert_eq!(patient.await.unwrap().ok()["totalCount"], 1);
    assert_eq!(
        loads().await - before,
        1,
        "the load that the first client began is the one that the second gets"
    );
}
