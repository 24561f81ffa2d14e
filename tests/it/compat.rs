//! The old system's addresses and shapes.

use serde_json::json;

use crate::{
    fields,
    support::{World, mazda},
};

const SLUG: &str = "mazda-3-sport-2-5-2020";

#[tokio::test]
async fn without_parameters_everything_is_there_and_with_them_a_page() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    for base in ["/rapid-processor", "/functions/v1/rapid-processor"] {
        for path in [base.to_owned(), format!("{base}?utm_source=x&page=")] {
            let all = world.get(&path).await.ok();
            assert_eq!((&all["count"], &all["data"][0]["id"]), (&json!(1), &json!(id)), "{path}");
        }
        let page = world.get(&format!("{base}?marca=mazda")).await.ok();
        assert_eq!((&page["totalCount"], &page["vehicles"][0]["id"]), (&json!(1), &json!(id)));
        assert_eq!(world.get(&format!("{base}?marca=kia")).await.ok()["totalCount"], 0);
        assert_eq!(world.get(&format!("{base}?page=0")).await.problem(400)["param"], "page");
    }
}

#[tokio::test]
async fn vehicles_carry_their_old_names_too() {
    let world = World::start().await;
    let mut car = mazda();
    car.extend(fields! {
        "fotos_exterior_url": ["https://a.mx/1.jpg", "https://a.mx/2.jpg"], "fotos_interior_url": ["https://a.mx/3.jpg"]
    });
    world.known(car).await;
    let present = world.get(&format!("/vehicles/{SLUG}")).await.ok();
    for old in [
        world.get(&format!("/rapid-processor/{SLUG}")).await.ok(),
        world.get("/rapid-processor").await.ok()["data"][0].clone(),
        world.get("/functions/v1/rapid-processor?page=1").await.ok()["vehicles"][0].clone(),
    ] {
        for (name, value) in present.as_object().unwrap() {
            assert_eq!(&old[name], value, "{name}");
        }
        let (outside, inside) =
            (json!(["https://a.mx/1.jpg", "https://a.mx/2.jpg"]), json!(["https://a.mx/3.jpg"]));
        assert_eq!(old["thumbnail"], "https://a.mx/1.jpg");
        assert_eq!((&old["galeriaExterior"], &old["galeriaInterior"]), (&outside, &inside));
        assert_eq!(
            old["public_urls"],
            json!({ "feature_image": "https://a.mx/1.jpg", "galeriaExterior": outside, "galeriaInterior": inside })
        );
        assert_eq!(old["raw_feature_image"], "https://a.mx/1.jpg");
        assert_eq!((&old["raw_fotos_exterior"], &old["raw_fotos_interior"]), (&outside, &inside));
    }
    assert!(present.get("thumbnail").is_none());
}

#[tokio::test]
async fn a_former_slug_redirects_below_the_address_that_was_asked() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "ligawp": "otro" });
    world.webhook(&id).await.ok();
    for folder in ["/vehicles", "/rapid-processor", "/functions/v1/rapid-processor"] {
        let moved = world.get(&format!("{folder}/{SLUG}")).await;
        assert_eq!(
            (moved.status.as_u16(), moved.header("location")),
            (308, format!("{folder}/otro").as_str())
        );
        world.get(&format!("{folder}/nadie")).await.problem(404);
    }
}

#[tokio::test]
async fn the_webhook_and_the_invalidation_answer_at_their_old_addresses() {
    let world = World::start().await;
    let id = world.airtable.create(mazda());
    let old = world.webhook_request(&format!("{}/functions/v1", world.url)).json(&json!({ "recordId": id }));
    let answer = crate::support::Answer::read(old.send().await.unwrap()).await;
    assert_eq!(answer.ok()["action"], "created");

    for base in ["/rapid-processor", "/functions/v1/rapid-processor"] {
        world.get("/rapid-processor").await.ok();
        world.get(&format!("{base}/{SLUG}")).await.ok();
        let stats = world.get(&format!("{base}/cache-stats")).await.ok();
        assert_eq!((&stats["cachedAll"], &stats["cachedOne"]), (&json!(true), &json!(1)), "{stats}");
        assert!(stats["cacheTtlMs"].as_u64().unwrap() > 0 && stats["lastInvalidation"].is_string());
        assert_eq!(world.post_as_admin(&format!("{base}/invalidate-cache")).await.ok()["success"], true);
        let stats = world.get(&format!("{base}/cache-stats")).await.ok();
        assert_eq!((&stats["cachedAll"], &stats["cachedOne"]), (&json!(false), &json!(0)), "{stats}");
    }
}

#[tokio::test]
async fn the_old_addresses_can_be_switched_off() {
    let world = World::set("compat.supabase_paths", "false").start().await;
    for path in ["/rapid-processor", "/functions/v1/rapid-processor", "/rapid-processor/cache-stats"] {
        world.get(path).await.problem(404);
    }
}
