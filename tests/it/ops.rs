//! Health, request ids, and the form of every error.

use reqwest::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::support::{Answer, World, mazda};

#[tokio::test]
async fn the_service_says_that_it_lives_and_that_it_is_ready() {
    let world = World::start().await;
    assert_eq!(world.get("/healthz").await.ok()["status"], "ok");
    assert_eq!(world.get("/readyz").await.ok()["status"], "ready");
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_problems() {
    let world = World::start().await;
    for path in ["/", "/nothing", "/vehicles/a/b", "/vehicles/", "//", "/airtable-sync/x"] {
        world.get(path).await.problem(404);
    }
    for (method, path, allowed) in [
        (Method::POST, "/vehicles", "GET"),
        (Method::DELETE, "/vehicles/x", "GET"),
        (Method::GET, "/airtable-sync", "POST"),
        (Method::GET, "/invalidate-cache", "POST"),
        (Method::PUT, "/healthz", "GET"),
    ] {
        let answer =
            Answer::read(world.http.request(method, format!("{}{path}", world.url)).send().await.unwrap())
                .await;
        answer.problem(405);
        assert!(answer.header("allow").contains(allowed), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_any_other_replaced() {
    let world = World::start().await;
    let with_id = |id: &'static str| {
        let request = world.http.get(format!("{}/healthz", world.url)).header("x-request-id", id);
        async move { Answer::read(request.send().await.unwrap()).await.header("x-request-id").to_owned() }
    };
    assert_eq!(with_id("order-66_a.b").await, "order-66_a.b");
    for odd in ["two words", "a\"b", "", "<script>"] {
        let given = with_id(odd).await;
        assert!(given != odd && given.len() == 32, "{given}");
    }
    let (first, second) = (world.get("/healthz").await, world.get("/healthz").await);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn what_is_too_much_is_refused_at_once() {
    let world = World::set("server.max_in_flight", "1").start().await;
    let mut lock = world.db.pool.begin().await.unwrap();
    sqlx::query("lock table inventario_cache in access exclusive mode").execute(&mut *lock).await.unwrap();
    let slow = tokio::spawn({
        let request =
            world.webhook_request(&world.url).json(&json!({ "recordId": world.airtable.create(mazda()) }));
        async move { request.send().await.unwrap().status().as_u16() }
    });
    crate::support::eventually("the only place is taken", || async {
        world.get("/docs/").await.status == 503
    })
    .await;

    let refused = world.get("/docs/").await;

    refused.problem(503);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(world.get("/cache-stats").await.status, 200, "public reads take no place");
    // An instance that has much to do is neither dead nor out of sight.
    assert_eq!(world.get("/healthz").await.ok()["status"], "ok");
    assert_eq!(world.get("/readyz").await.ok()["status"], "ready");
    assert_eq!(world.get("/metrics").await.status, 200);
    lock.rollback().await.unwrap();
    assert!([200, 202].contains(&slow.await.unwrap()));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_becomes_a_problem() {
    let world = World::set("server.request_timeout", "300ms")
        .set("server.body_timeout", "100ms")
        .set("sync.reply_within", "200ms")
        .set("cache.load_timeout", "200ms")
        .start()
        .await;
    let mut lock = world.db.pool.begin().await.unwrap();
    sqlx::query("lock table inventario_cache in access exclusive mode").execute(&mut *lock).await.unwrap();

    world.get("/vehicles").await.problem(503);

    lock.rollback().await.unwrap();
    world.get("/vehicles").await.ok();
}

#[tokio::test]
async fn clients_that_ask_and_never_read_keep_nobody_out() {
    let world = World::set("server.max_in_flight", "2")
        .set("server.max_connections", "3")
        .set("server.write_timeout", "100ms")
        .start()
        .await;
    let address = world.url.trim_start_matches("http://");
    let mut silent = Vec::new();
    for _ in 0..4 {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let requests = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
        connection.write_all(requests.as_bytes()).await.unwrap();
        silent.push(connection);
    }
    // A connection of its own, which needs a place.
    let newcomer = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = newcomer.get(format!("{}/healthz", world.url)).send();
    let answer = tokio::time::timeout(std::time::Duration::from_secs(15), answer).await;
    assert_eq!(answer.expect("there is a place").unwrap().status(), 200);
    drop(silent);
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_again_and_nobody_else() {
    let world = World::set("server.client_requests_per_second", "1")
        .set("server.client_burst", "3")
        .set("server.behind_proxy", "true")
        .start()
        .await;
    let ask = |client: &'static str, path: &'static str| {
        let request = world.http.get(format!("{}{path}", world.url)).header("x-forwarded-for", client);
        async move { Answer::read(request.send().await.unwrap()).await }
    };
    let mut refused = None;
    for _ in 0..50 {
        let answer = ask("10.0.0.1", "/vehicles").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.ok();
    }
    let refused = refused.expect("50 requests at once are too many");
    refused.problem(429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(refused.header("access-control-allow-origin"), "*", "a browser may read why");
    ask("6.6.6.6, 10.0.0.2", "/vehicles").await.ok();
    ask("10.0.0.1", "/healthz").await.ok();
}
