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
        let all = &stats["cachedAll"];
        assert_eq!((&all["cached"], &all["count"]), (&json!(true), &json!(1)), "{stats}");
        let ttl = stats["cacheTtlMs"].as_u64().unwrap();
        assert!(all["age_ms"].is_u64() && all["expires_in_ms"].as_u64().unwrap() <= ttl, "{stats}");
        let one = &stats["cachedOne"];
        assert_eq!((&one["count"], &one["entries"][0]["slug"]), (&json!(1), &json!(SLUG)), "{stats}");
        assert!(ttl > 0 && stats["lastInvalidation"].is_string());
        let dropped = world.post_as_admin(&format!("{base}/invalidate-cache")).await.ok();
        assert_eq!((&dropped["success"], &dropped["cleared"]), (&json!(true), &json!(2)));
        assert!(dropped["timestamp"].is_string(), "{dropped}");
        let stats = world.get(&format!("{base}/cache-stats")).await.ok();
        let nothing = json!({ "cached": false, "age_ms": null, "count": null, "expires_in_ms": null });
        assert_eq!(stats["cachedAll"], nothing);
        assert_eq!(stats["cachedOne"], json!({ "count": 0, "entries": [] }));
    }
}

#[tokio::test]
async fn errors_have_their_old_member_too_and_a_bound_of_nothing_is_none() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    for base in ["/rapid-processor", "/functions/v1/rapid-processor"] {
        for (path, status) in [("?page=0", 400), ("/nadie", 404), ("/nadie/x", 404)] {
            let problem = world.get(&format!("{base}{path}")).await.problem(status);
            assert_eq!(problem["error"], problem["detail"], "{path}");
        }
        let refused = world.http.post(format!("{}{base}/invalidate-cache", world.url)).send().await.unwrap();
        let problem = crate::support::Answer::read(refused).await.problem(401);
        assert_eq!(problem["error"], problem["detail"]);
        for query in ["maxPrice=0&page=1", "minPrice=0&maxPrice=0&maxEnganche=0.0&page=1"] {
            let page = world.get(&format!("{base}?{query}")).await.ok();
            assert_eq!(page["vehicles"][0]["id"], json!(id), "{query}");
        }
    }
    assert_eq!(
        world.get("/vehicles?maxPrice=0").await.ok()["totalCount"],
        0,
        "0 is a bound at the plain route"
    );
    assert!(world.get("/vehicles?page=0").await.problem(400).get("error").is_none());
}

#[tokio::test]
async fn the_old_addresses_can_be_switched_off() {
    let world = World::set("compat.supabase_paths", "false").start().await;
    for path in ["/rapid-processor", "/functions/v1/rapid-processor", "/rapid-processor/cache-stats"] {
        world.get(path).await.problem(404);
    }
}

#[tokio::test]
async fn a_listing_too_large_for_the_cache_is_sent_as_it_is_read() {
    let cars = (0..230).map(|number| {
        let title = format!("Auto {number}");
        fields! { "Auto": title, "OrdenStatus": "Comprado", "descripcion": "Impecable. ".repeat(20) }
    });
    let world = World::set("cache.max_bytes", "262144").vehicles(cars).start().await;
    for _ in 0..2 {
        let answer = world.get("/rapid-processor").await;
        assert_eq!((answer.header("x-cache"), answer.header("etag")), ("miss", ""), "{:?}", answer.headers);
        let all = answer.ok();
        let data = all["data"].as_array().unwrap();
        let slugs: std::collections::BTreeSet<&str> =
            data.iter().map(|vehicle| vehicle["slug"].as_str().unwrap()).collect();
        assert_eq!((all["count"].as_u64(), data.len(), slugs.len()), (Some(230), 230, 230));
        assert!(data[0]["galeriaExterior"].is_array());
        world.state().catalog.suspect();
    }
    assert_eq!(world.get("/rapid-processor?pageSize=5").await.ok()["vehicles"].as_array().unwrap().len(), 5);
    let again = world.get("/rapid-processor").await;
    assert_eq!(again.ok()["count"], 230);
}
