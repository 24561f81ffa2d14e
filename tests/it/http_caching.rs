//! Forms, validators and timings of what is cached.

use std::io::Read;

use serde_json::json;

use crate::{
    fields,
    support::{Answer, World, mazda},
};

/// A client that decodes nothing.
async fn raw(
    world: &World,
    path: &str,
    headers: &[(&str, &str)],
) -> (reqwest::header::HeaderMap, u16, Vec<u8>) {
    let client = reqwest::Client::builder().no_gzip().no_proxy().build().unwrap();
    let mut request = client.get(format!("{}{path}", world.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (headers, status) = (response.headers().clone(), response.status().as_u16());
    (headers, status, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn a_response_comes_in_the_form_that_the_client_likes_best() {
    let world = World::start().await;
    for number in 0..5 {
        world.known(fields! { "Auto": format!("Auto {number}"), "OrdenStatus": "Comprado" }).await;
    }
    // A miss and a hit: what a CDN tells answers apart by is said once, and nothing else.
    let (mut headers, mut plain) = Default::default();
    for from in ["miss", "hit"] {
        (headers, _, plain) = raw(&world, "/vehicles", &[]).await;
        let vary: Vec<_> = headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!((headers["x-cache"].to_str().unwrap(), vary), (from, vec!["accept-encoding"]));
    }
    assert_eq!(headers.get("content-encoding"), None);
    let mut etags = vec![headers["etag"].clone()];
    for (accepted, coding) in
        [("gzip, deflate, br, zstd", "br"), ("zstd, gzip;q=0.5", "zstd"), ("gzip", "gzip")]
    {
        let (headers, status, bytes) = raw(&world, "/vehicles", &[("accept-encoding", accepted)]).await;
        assert_eq!((status, headers["content-encoding"].to_str().unwrap()), (200, coding));
        assert!(bytes.len() * 2 <= plain.len());
        let text = match coding {
            "gzip" => {
                let mut text = Vec::new();
                flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
                text
            }
            "zstd" => zstd::stream::decode_all(&bytes[..]).unwrap(),
            _ => {
                let mut text = Vec::new();
                brotli::BrotliDecompress(&mut &bytes[..], &mut text).unwrap();
                text
            }
        };
        assert_eq!(text, plain, "{coding}");
        etags.push(headers["etag"].clone());
    }
    for etag in &etags {
        let given = [("if-none-match", etag.to_str().unwrap()), ("accept-encoding", "br")];
        let (headers, status, bytes) = raw(&world, "/vehicles", &given).await;
        assert_eq!((status, bytes.len(), &headers["etag"]), (304, 0, etag));
        assert!(headers.contains_key("vary") && headers.contains_key("cache-control"));
    }
    etags.sort();
    etags.dedup();
    assert_eq!(etags.len(), 4, "each form has a validator of its own");
}

#[tokio::test]
async fn what_is_held_never_outgrows_what_was_counted() {
    let world = World::start().await;
    world.known(mazda()).await;
    raw(&world, "/vehicles", &[]).await;
    let counted = world.get("/cache-stats").await.ok()["bytes"].as_u64().unwrap();
    for coding in ["br", "zstd", "gzip"] {
        raw(&world, "/vehicles", &[("accept-encoding", coding)]).await;
    }
    assert_eq!(world.get("/cache-stats").await.ok()["bytes"], counted);
}

#[tokio::test]
async fn facets_and_slugs_are_cached_and_dropped_like_the_listing() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    for path in ["/vehicles/facets", "/vehicles/slugs", "/rapid-processor"] {
        let first = world.get(path).await;
        assert_eq!(first.header("x-cache"), "miss", "{path}");
        assert_eq!(world.get(path).await.header("x-cache"), "hit", "{path}");
        assert_eq!(world.get_if_none_match(path, first.header("etag")).await.status, 304);
        assert!(first.header("server-timing").starts_with("db;dur="), "{first:?}");
        let head = Answer::read(world.http.head(format!("{}{path}", world.url)).send().await.unwrap()).await;
        assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
        assert_eq!(head.header("content-length"), first.header("content-length"));
        let known = world.http.head(format!("{}{path}", world.url)).header("if-none-match", "*");
        let known = Answer::read(known.send().await.unwrap()).await;
        assert_eq!((known.status.as_u16(), known.header("content-length")), (304, ""), "0 would be a lie");
    }
    let slugs = world.get("/vehicles/slugs").await.ok();
    assert_eq!(
        (&slugs["totalCount"], &slugs["slugs"][0]["slug"]),
        (&json!(1), &json!("mazda-3-sport-2-5-2020"))
    );
    world.airtable.edit(&id, fields! { "AutoMarca": "Kia", "ligawp": "kia" });
    world.webhook(&id).await.ok();
    assert_eq!(world.get("/vehicles/facets").await.ok()["marcas"], json!([{ "name": "Kia", "count": 1 }]));
    assert_eq!(world.get("/vehicles/slugs").await.ok()["slugs"][0]["slug"], "kia");
}

#[tokio::test]
async fn equal_questions_share_one_entry() {
    let world = World::start().await;
    world.known(mazda()).await;
    assert_eq!(world.get("/vehicles?marca=Mazda&ubicacion=MTY").await.header("x-cache"), "miss");
    for same in [
        "/vehicles?ubicacion=monterrey&marca=MAZDA&fbclid=1",
        "/vehicles?marca=m%C3%A1zda&marca=mazda&ubicacion=mty&pageSize=20&page=1",
    ] {
        assert_eq!(world.get(same).await.header("x-cache"), "hit", "{same}");
    }
}

#[tokio::test]
async fn during_an_outage_nobody_waits_for_a_connection_and_nothing_that_was_answered_is_forgotten() {
    let world = World::set("database.acquire_timeout", "2s").start().await;
    let (id, other) = (world.known(mazda()).await, world.known(mazda()).await);
    let mut pages = Vec::new();
    for id in [&id, &other] {
        let page = format!("/vehicles/{}", world.row(id).await.unwrap()["slug"].as_str().unwrap());
        world.get(&page).await.ok();
        pages.push(page);
    }
    world.get("/vehicles").await.ok();
    world.get("/vehicles/slugs").await.ok();
    world.airtable.edit(&id, fields! { "Precio": 1 });
    world.webhook(&id).await.ok();
    world.get("/vehicles").await.ok();
    world.db.cut().await;

    // The first finds out, the others are spared.
    crate::support::eventually("it is stale", async || {
        world.get("/vehicles").await.header("x-cache") == "stale"
    })
    .await;
    let started = std::time::Instant::now();
    for _ in 0..20 {
        let stale = world.get("/vehicles").await;
        assert_eq!((stale.header("x-cache"), &stale.ok()["vehicles"][0]["precio"]), ("stale", &json!(1)));
    }
    assert!(started.elapsed().as_secs_f64() < 10.0, "twenty waits would take forty seconds");
    // Loaded before a commit that was answered: better nothing than that.
    world.get("/vehicles/slugs").await.problem(503);
    world.get(&pages[0]).await.problem(503);
    // The page of a vehicle that it did not concern.
    assert_eq!(world.get(&pages[1]).await.header("x-cache"), "stale");

    world.db.mend().await;
    crate::support::eventually("it is fresh again", || async {
        world.get("/vehicles").await.header("x-cache") != "stale"
    })
    .await;
}

#[tokio::test]
async fn a_hit_says_what_a_miss_says() {
    let world = World::start().await;
    world.known(mazda()).await;
    let told = |answer: &Answer| {
        let own = ["x-cache", "server-timing", "x-request-id", "date"];
        let mut told: Vec<(String, String)> = answer
            .headers
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        told.sort();
        (answer.status, told, answer.body.clone())
    };
    let slug = world.get("/vehicles").await.ok()["vehicles"][0]["slug"].as_str().unwrap().to_owned();
    let paths =
        ["/vehicles?marca=mazda", "/vehicles/facets", "/vehicles/slugs", &format!("/vehicles/{slug}")];
    for path in paths {
        let miss = world.get(path).await;
        let hit = world.get(path).await;
        assert_eq!((miss.header("x-cache"), hit.header("x-cache")), ("miss", "hit"), "{path}");
        assert_eq!(told(&hit), told(&miss), "{path}");
        assert_eq!(hit.header("x-request-id").len(), 32);

        let etag = miss.header("etag").to_owned();
        let known = world.get_if_none_match(path, &etag).await;
        world.post_as_admin("/invalidate-cache").await.ok();
        let known_by_miss = world.get_if_none_match(path, &etag).await;
        assert_eq!(known_by_miss.header("x-cache"), "miss");
        assert_eq!((known.status.as_u16(), told(&known)), (304, told(&known_by_miss)), "{path}");
    }
    let hits = || async { world.get("/cache-stats").await.ok()["hits"].as_u64().unwrap() };
    let before = hits().await;
    world.get("/vehicles/slugs").await.ok();
    world.get("/vehicles/slugs").await.ok();
    assert!(hits().await > before, "hits are counted");
}

#[tokio::test]
async fn a_client_that_takes_anything_for_valid_is_told_the_form_that_it_would_get() {
    let world = World::start().await;
    for number in 0..5 {
        world.known(fields! { "Auto": format!("Auto {number}"), "OrdenStatus": "Comprado" }).await;
    }
    for coding in ["br", "gzip", "identity"] {
        let asked = [("if-none-match", "*"), ("accept-encoding", coding)];
        let (first, status, _) = raw(&world, "/vehicles", &asked).await;
        assert_eq!(status, 304);
        let (whole, ..) = raw(&world, "/vehicles", &[("accept-encoding", coding)]).await;
        let (again, ..) = raw(&world, "/vehicles", &asked).await;
        assert_eq!((&first["etag"], &again["etag"]), (&whole["etag"], &whole["etag"]), "{coding}");
    }
}

#[tokio::test]
async fn what_never_changes_is_sent_compressed_and_only_once() {
    let world = World::start().await;
    for path in ["/openapi.json", "/docs/swagger-ui.css", "/docs/swagger-initializer.js", "/assets/base.css"]
    {
        let (headers, _, plain) = raw(&world, path, &[]).await;
        assert!(!headers.contains_key("surrogate-key"), "{path}");
        for coding in ["br", "zstd", "gzip"] {
            let (headers, status, bytes) = raw(&world, path, &[("accept-encoding", coding)]).await;
            assert_eq!(status, 200, "{path}");
            if plain.len() > 2048 {
                assert_eq!(headers["content-encoding"], coding, "{path}");
                assert!(bytes.len() * 2 <= plain.len(), "{path}");
            }
            assert!(headers["vary"].to_str().unwrap().contains("accept-encoding"), "{path}");
            let known = [("if-none-match", headers["etag"].to_str().unwrap()), ("accept-encoding", coding)];
            let (again, status, bytes) = raw(&world, path, &known).await;
            assert_eq!((status, bytes.len(), &again["etag"]), (304, 0, &headers["etag"]), "{path}");
        }
    }
}

#[tokio::test]
async fn each_route_has_its_own_cache_control_whatever_way_it_is_answered() {
    let world = World::set("cache.list_control", "public, max-age=1")
        .set("cache.detail_control", "public, max-age=2")
        .set("cache.facets_control", "public, max-age=3")
        .set("cache.slugs_control", "public, max-age=4")
        .start()
        .await;
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "ligawp": "el-mazda" });
    world.webhook(&id).await.ok();
    for (path, seconds) in [
        ("/vehicles", 1),
        ("/rapid-processor", 1),
        ("/rapid-processor?page=1", 1),
        ("/functions/v1/rapid-processor", 1),
        ("/vehicles/el-mazda", 2),
        ("/rapid-processor/el-mazda", 2),
        ("/vehicles/mazda-3-sport-2-5-2020", 2),
        ("/vehicles/facets", 3),
        ("/vehicles/slugs", 4),
    ] {
        let control = format!("public, max-age={seconds}");
        let (miss, hit) = (world.get(path).await, world.get(path).await);
        let known = world.get_if_none_match(path, "*").await;
        for answer in [&miss, &hit, &known] {
            assert_eq!(answer.header("cache-control"), control, "{path}: {answer:?}");
        }
    }
    for path in ["/vehicles/nobody", "/vehicles?page=0"] {
        assert_eq!(world.get(path).await.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn what_holds_for_this_moment_alone_is_kept_by_nobody() {
    let world = World::start().await;
    let api = world.get("/openapi.json").await.ok();
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/cache-stats",
        "/rapid-processor/cache-stats",
        "/functions/v1/rapid-processor/cache-stats",
    ] {
        let answer = world.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"), "{path}");
        let said = &api["paths"][path]["get"]["responses"]["200"]["headers"];
        assert!(said["cache-control"].is_object(), "{path}: {said}");
    }
}

#[tokio::test]
async fn a_response_names_the_vehicles_in_it_for_who_drops_by_key() {
    let world = World::start().await;
    let moved = world.known(mazda()).await;
    world.airtable.edit(&moved, fields! { "ligawp": "a" });
    world.webhook(&moved).await.ok();
    let other = world.known(fields! { "Auto": "Kia", "ligawp": "b", "OrdenStatus": "Comprado" }).await;
    let of = |path: &'static str| async { world.get(path).await.header("surrogate-key").to_owned() };
    for path in ["/vehicles", "/rapid-processor", "/functions/v1/rapid-processor"] {
        assert_eq!(of(path).await, format!("vehicles {other} {moved}"), "{path}: the latest first");
    }
    assert_eq!(of("/vehicles/slugs").await, format!("vehicles {moved} {other}"), "by slug");
    assert_eq!(of("/vehicles/facets").await, "vehicles");
    for path in ["/vehicles/a", "/vehicles/mazda-3-sport-2-5-2020", "/rapid-processor/mazda-3-sport-2-5-2020"]
    {
        assert_eq!(of(path).await, format!("vehicles {moved}"), "{path}");
    }
}
