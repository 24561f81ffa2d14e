//! The cache's figures, its bounds and its invalidation.

use serde_json::json;

use crate::support::{World, mazda};

#[tokio::test]
async fn hits_misses_and_loads_are_counted() {
    let world = World::start().await;
    world.known(mazda()).await;
    let before = world.get("/cache-stats").await.ok();
    for path in ["/vehicles", "/vehicles", "/vehicles?page=1&utm_source=x", "/vehicles?page=2"] {
        world.get(path).await.ok();
    }
    let after = world.get("/cache-stats").await.ok();
    let grown = |key: &str| after[key].as_u64().unwrap() - before[key].as_u64().unwrap();
    assert_eq!((grown("hits"), grown("misses"), grown("loads"), grown("stale")), (2, 2, 2, 0));
    assert!(after["entries"].as_u64().unwrap() >= 2 && after["bytes"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn an_operator_can_drop_everything_and_nobody_else_can() {
    let world = World::start().await;
    world.known(mazda()).await;
    world.get("/vehicles").await.ok();

    let dropped = world.post_as_admin("/invalidate-cache").await;
    assert_eq!((&dropped.ok()["success"], dropped.header("cache-control")), (&json!(true), "no-store"));
    assert_eq!(world.get("/vehicles").await.header("x-cache"), "miss");

    let anybody = world.http.post(format!("{}/invalidate-cache", world.url)).send().await.unwrap();
    crate::support::Answer::read(anybody).await.problem(401);
    assert_eq!(world.get("/vehicles").await.header("x-cache"), "hit");
}

#[tokio::test]
async fn guessed_addresses_cannot_fill_the_cache() {
    let world = World::set("cache.max_bytes", "200000").start().await;
    for number in 0..600 {
        world.get(&format!("/vehicles/nobody-{number}")).await.problem(404);
    }
    let bytes = world.get("/cache-stats").await.ok()["bytes"].as_u64().unwrap();
    assert!(bytes <= 100_000, "{bytes} bytes in the half that holds fresh responses");
}

#[tokio::test]
async fn an_unknown_address_is_known_as_soon_as_its_vehicle_appears() {
    let world = World::start().await;
    world.get("/vehicles/mazda-3-sport-2-5-2020").await.problem(404);
    world.known(mazda()).await;
    let vehicle = world.get("/vehicles/mazda-3-sport-2-5-2020").await.ok();
    assert_eq!(vehicle["marca"], json!("Mazda"));
}
