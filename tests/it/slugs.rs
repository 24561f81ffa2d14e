//! Addresses: given once, unique, and followed when they move.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;
use vitrina::{domain::Trigger, sync::Scope};

use crate::{
    fields,
    support::{Database, World, mazda},
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

#[tokio::test]
async fn vehicles_that_are_called_alike_get_numbers_in_one_page_of_a_run_and_in_the_next() {
    let world = World::start().await;
    let called = |name: &str| fields! { "Auto": name, "AutoAno": null, "OrdenStatus": "Comprado" };
    let create = |count: usize, name: &str| {
        for _ in 0..count {
            world.airtable.create(called(name));
        }
    };
    // The second `kia` of this page would be called like the third of the others.
    create(3, "Kia 2");
    create(3, "Kia");
    world.run(Scope::Full { force: false }, Trigger::Manual).await;
    create(40, "Kia");
    create(1, "Kia 2 7");
    world.run(Scope::Full { force: false }, Trigger::Manual).await;

    let slugs: BTreeSet<String> = sqlx::query_scalar("select slug from inventario_cache")
        .fetch_all(&world.db.pool)
        .await
        .unwrap()
        .into_iter()
        .collect();
    let mut expected: BTreeSet<String> = (3..=44).map(|number| format!("kia-{number}")).collect();
    expected.extend(["kia", "kia-2", "kia-2-2", "kia-2-3", "kia-2-7"].map(str::to_owned));
    assert_eq!(slugs, expected);
    let transactions: i64 = sqlx::query_scalar("select count(distinct last_synced_at) from inventario_cache")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(transactions, 2, "no page was refused and taken apart");
}

#[tokio::test]
async fn numbers_that_somebody_has_or_had_are_never_given() {
    let database = Database::new().await;
    let vehicles: &[(i32, &[&str])] = &[
        (1, &["x", "x-2", "x-5"]),
        // Without a gap on the way it is at the end.
        (2, &["y", "y-2", "y-4", "y-5", "y-6", "y-8"]),
    ];
    for (vehicle, slugs) in vehicles {
        for (index, slug) in slugs.iter().enumerate() {
            let id = format!("rec{:0>14}", vehicle * 100 + i32::try_from(index).unwrap());
            sqlx::query("insert into inventario_cache (record_id, slug, title, listed, created_at) values ($1, $2, 'X', true, now())")
                .bind(id)
                .bind(slug)
                .execute(&database.pool)
                .await
                .unwrap();
        }
    }
    sqlx::query("insert into slug_redirects (slug, record_id) values ('x-6', 'rec00000000000100'), ('y-7', 'rec00000000000200'), ('z', 'rec00000000000200')")
        .execute(&database.pool)
        .await
        .unwrap();
    let free = async |base: &str| -> Vec<String> {
        let free = sqlx::query_scalar("select vitrina_free_slugs($1, 3)").bind(base);
        free.fetch_all(&database.pool).await.unwrap()
    };
    assert_eq!(free("w").await, ["w", "w-2", "w-3"]);
    assert_eq!(free("x").await, ["x-3", "x-4", "x-7"]);
    assert_eq!(free("y").await, ["y-9", "y-10", "y-11"]);
    assert_eq!(free("z").await, ["z-2", "z-3", "z-4"]);
}

#[tokio::test]
async fn another_spelling_of_an_address_leads_to_it() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    let slug = "mazda-3-sport-2-5-2020";
    for folder in ["/vehicles", "/rapid-processor", "/functions/v1/rapid-processor"] {
        for spelling in [
            "Mazda-3-Sport-2-5-2020",
            "mazda_3_sport_2.5_2020",
            "m%C3%A1zda-3-sport-2-5-2020",
            "mazda-3-sport-2-5-2020/",
        ] {
            let moved = world.get(&format!("{folder}/{spelling}")).await;
            assert_eq!(
                (moved.status.as_u16(), moved.header("location")),
                (308, &*format!("{folder}/{slug}")),
                "{spelling}"
            );
            assert_eq!(moved.header("surrogate-key"), format!("vehicles {id}"));
        }
        for unknown in ["Nadie", "nadie/", "%FF", "Facets", "%00", "_"] {
            world.get(&format!("{folder}/{unknown}")).await.problem(404);
        }
    }
    world.airtable.edit(&id, fields! { "ligawp": "otro" });
    world.webhook(&id).await.ok();
    assert_eq!(world.get("/vehicles/MAZDA-3-sport-2-5-2020").await.header("location"), "/vehicles/otro");
}
