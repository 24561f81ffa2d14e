//! Addresses: given once, unique, and followed when they move.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;

use crate::{
    fields,
    support::{World, mazda},
};

#[tokio::test]
async fn a_new_title_does_not_move_a_page() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "AutoSubmarcaVersion": "3 Grand Touring" });

    let answer = world.webhook(&id).await.ok();

    assert_eq!(
        (&answer["data"]["title"], &answer["data"]["slug"]),
        (&json!("Mazda 3 Grand Touring"), &json!("mazda-3-sport-2-5-2020"))
    );
}

#[tokio::test]
async fn an_address_that_airtable_asks_for_moves_the_page_and_the_old_one_redirects() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    for (wanted, slug) in
        [("Mazda Rojo", "mazda-rojo"), ("https://old.example/autos/mazda-azul/", "mazda-azul")]
    {
        world.airtable.edit(&id, fields! { "ligawp": wanted });
        assert_eq!(world.webhook(&id).await.ok()["data"]["slug"], slug);
        world.get(&format!("/vehicles/{slug}")).await.ok();
    }
    let log = world.logs(&id).await.pop().unwrap();
    let changed = log["metadata"]["changed"].as_array().unwrap();
    assert!(changed.contains(&json!("slug")) && changed.contains(&json!("slug_wanted")), "{log}");
    for former in ["mazda-3-sport-2-5-2020", "mazda-rojo"] {
        let answer = world.get(&format!("/vehicles/{former}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (308, "/vehicles/mazda-azul"),
            "{former}"
        );
    }
}

#[tokio::test]
async fn a_vehicle_may_have_its_former_address_back_and_nobody_else_may() {
    let world = World::start().await;
    let first = world.known(mazda()).await;
    world.airtable.edit(&first, fields! { "ligawp": "otro" });
    world.webhook(&first).await.ok();

    let second = world.airtable.create(mazda());
    assert_eq!(world.webhook(&second).await.ok()["data"]["slug"], "mazda-3-sport-2-5-2020-2");

    world.airtable.edit(&first, fields! { "ligawp": "mazda-3-sport-2-5-2020" });
    assert_eq!(world.webhook(&first).await.ok()["data"]["slug"], "mazda-3-sport-2-5-2020");
    world.get("/vehicles/mazda-3-sport-2-5-2020").await.ok();
    assert_eq!(world.get("/vehicles/otro").await.header("location"), "/vehicles/mazda-3-sport-2-5-2020");
}

#[tokio::test]
async fn a_reserved_word_is_no_address() {
    let world = World::start().await;
    for word in ["facets", "slugs"] {
        let id = world.known(fields! { "Auto": "X", "ligawp": word, "OrdenStatus": "Comprado" }).await;
        let slug = world.row(&id).await.unwrap()["slug"].as_str().unwrap().to_owned();
        assert_ne!(slug, word);
        world.get(&format!("/vehicles/{slug}")).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn equal_vehicles_that_arrive_at_once_get_addresses_of_their_own() {
    let world = Arc::new(World::start().await);
    let deliveries: Vec<_> = (0..40)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let id = world.airtable.create(mazda());
                world.webhook(&id).await.ok()["data"]["slug"].as_str().unwrap().to_owned()
            })
        })
        .collect();
    let mut slugs = BTreeSet::new();
    for delivery in deliveries {
        assert!(slugs.insert(delivery.await.unwrap()));
    }
    assert!(slugs.contains("mazda-3-sport-2-5-2020") && slugs.contains("mazda-3-sport-2-5-2020-40"));
}
