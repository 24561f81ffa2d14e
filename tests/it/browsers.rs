//! What browsers of other origins may do: the question that they ask before (OPTIONS), and reading what they are answered.

use reqwest::Method;

use crate::support::{Answer, World, mazda};

const SLUG: &str = "/mazda-3-sport-2-5-2020";

/// Every route that websites read.
fn public() -> Vec<String> {
    let mut paths = vec!["/cache-stats".to_owned(), "/openapi.json".to_owned()];
    paths.extend(["", "/facets", "/slugs", SLUG].map(|rest| format!("/vehicles{rest}")));
    for base in ["/rapid-processor", "/functions/v1/rapid-processor"] {
        paths.extend(["", "/cache-stats", SLUG].map(|rest| format!("{base}{rest}")));
    }
    paths
}

async fn ask(world: &World, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = world.http.request(method, format!("{}{path}", world.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

/// What a browser asks before a request that sends these headers.
async fn preflight(world: &World, path: &str, origin: &str, headers: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", headers),
    ];
    ask(world, Method::OPTIONS, path, &headers).await
}

#[tokio::test]
async fn any_origin_may_send_any_header_to_the_public_routes() {
    let world = World::start().await;
    for path in public() {
        for headers in ["apikey", "authorization", "content-type", "if-none-match", "authorization,apikey"] {
            let answer = preflight(&world, &path, "https://x.mx", headers).await;
            assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""), "{path}: {answer:?}");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            assert_eq!(answer.header("access-control-allow-headers"), headers);
            assert_eq!(answer.header("access-control-allow-methods"), "GET,HEAD");
            assert_eq!(answer.header("access-control-max-age"), "7200", "{path} is not asked for each time");
        }
    }
}

#[tokio::test]
async fn where_origins_are_listed_only_they_may_read() {
    let world = World::set("server.cors_origins", r#"["https://a.mx", "https://b.mx"]"#).start().await;
    world.known(mazda()).await;
    for path in public() {
        for (origin, allowed) in
            [("https://a.mx", "https://a.mx"), ("https://b.mx", "https://b.mx"), ("https://x.mx", "")]
        {
            let before = preflight(&world, &path, origin, "if-none-match").await;
            assert_eq!(before.status, 200, "{path}");
            assert_eq!(before.header("access-control-allow-origin"), allowed, "{path}");
            let answer = ask(&world, Method::GET, &path, &[("origin", origin)]).await;
            answer.ok();
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{path}");
            let vary: Vec<_> =
                answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
            assert!(vary.join(",").contains("origin"), "{path}: a proxy must not mix them up: {vary:?}");
        }
    }
}

#[tokio::test]
async fn a_browser_may_read_why_it_was_refused() {
    let world = World::set("cache.load_timeout", "200ms").start().await;
    for path in public() {
        let answer = ask(&world, Method::POST, &path, &[("origin", "https://x.mx")]).await;
        answer.problem(405);
        assert!(answer.header("allow").contains("GET"), "{path}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    }
    let mut lock = world.db.pool.begin().await.unwrap();
    sqlx::query("lock table inventario_cache in access exclusive mode").execute(&mut *lock).await.unwrap();
    let refused = ask(&world, Method::GET, "/vehicles", &[("origin", "https://x.mx")]).await;
    refused.problem(503);
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    assert_eq!(preflight(&world, "/vehicles", "https://x.mx", "apikey").await.status, 200);
    lock.rollback().await.unwrap();
}

#[tokio::test]
async fn a_browser_may_read_that_there_is_nothing_below_a_public_folder_and_only_there() {
    let world = World::start().await;
    for folder in ["/vehicles", "/rapid-processor", "/functions/v1/rapid-processor"] {
        for rest in ["/", "/a/b", "/a/", "//", "//a", "/facets/x"] {
            let path = format!("{folder}{rest}");
            let answer = ask(&world, Method::GET, &path, &[("origin", "https://x.mx")]).await;
            answer.problem(404);
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
            assert!(answer.header("access-control-expose-headers").contains("x-request-id"), "{path}");
            assert_eq!(preflight(&world, &path, "https://x.mx", "apikey").await.status, 200, "{path}");
        }
    }
    for path in ["/nothing", "/airtable-sync/x", "/functions/v1/", "/vehiclesx/a", "/dashboard/x"] {
        let answer = ask(&world, Method::GET, path, &[("origin", "https://x.mx")]).await;
        answer.problem(404);
        assert!(answer.header("access-control-allow-origin").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn where_origins_are_listed_the_others_may_not_read_that_there_is_nothing() {
    let world = World::set("server.cors_origins", r#"["https://a.mx"]"#).start().await;
    for (origin, allowed) in [("https://a.mx", "https://a.mx"), ("https://x.mx", "")] {
        let answer = ask(&world, Method::GET, "/vehicles/a/b", &[("origin", origin)]).await;
        answer.problem(404);
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
    }
}

#[tokio::test]
async fn what_is_not_for_websites_is_closed_to_them() {
    let world = World::start().await;
    for path in [
        "/airtable-sync",
        "/invalidate-cache",
        "/functions/v1/airtable-sync",
        "/kpis",
        "/healthz",
        "/dashboard",
    ] {
        let answer = preflight(&world, path, "https://x.mx", "authorization").await;
        answer.problem(405);
        assert!(answer.header("access-control-allow-origin").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn asking_before_does_not_count_against_a_client() {
    let world =
        World::set("server.client_requests_per_second", "1").set("server.client_burst", "1").start().await;
    for _ in 0..10 {
        assert_eq!(preflight(&world, "/vehicles", "https://x.mx", "apikey").await.status, 200);
    }
    world.get("/vehicles").await.ok();
}
