//! What strangers may send without harm to anybody else.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{WEBHOOK_SECRET, World, mazda};

/// A connection on which `text` has been sent.
async fn sent(world: &World, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(world.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// The answer to a raw request that asks for the connection's end.
async fn answer(world: &World, text: &str) -> String {
    let mut answer = String::new();
    sent(world, text).await.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn two_host_lines_are_refused() {
    let world = World::start().await;
    for path in ["/vehicles", "/healthz", "/nothing"] {
        let two = format!("GET {path} HTTP/1.1\r\nhost: a.mx\r\nhost: b.mx\r\nconnection: close\r\n\r\n");
        let refused = answer(&world, &two).await;
        assert!(
            refused.starts_with("HTTP/1.1 400 ") && refused.contains("application/problem+json"),
            "{refused}"
        );
        assert!(refused.contains("x-request-id: "), "{refused}");
    }
}

#[tokio::test]
async fn requests_whose_body_does_not_come_take_no_place() {
    let world = World::set("server.max_in_flight", "2").start().await;
    let id = world.airtable.create(mazda());
    let mut waiting = Vec::new();
    for path in ["/dashboard/login", "/airtable-notifications", "/airtable-sync"] {
        for _ in 0..4 {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\nauthorization: Bearer {WEBHOOK_SECRET}\r\n\
                 x-airtable-content-mac: hmac-sha256={}\r\n\r\n",
                "0".repeat(64)
            );
            waiting.push(sent(&world, &head).await);
        }
    }
    for _ in 0..5 {
        world.webhook(&id).await.ok();
    }
    drop(waiting);
}

#[tokio::test]
async fn an_odd_member_of_a_webhook_costs_only_itself() {
    let world = World::start().await;
    let id = world.airtable.create(mazda());
    for odd in [
        r#""attempt":1e999"#,
        r#""attempt":-1e999"#,
        r#""source":"\ud800""#,
        r#""timestamp":"\udfff x""#,
        r#""other":[1e999,"\ud800"]"#,
        r#""source":"a","source":{"b":1}"#,
    ] {
        let body = format!(r#"{{"recordId":"{id}",{odd}}}"#);
        let request = world.webhook_request(&world.url).header("content-type", "application/json").body(body);
        let answer = crate::support::Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.ok()["success"], json!(true), "{odd}");
    }
}

#[tokio::test]
async fn too_many_different_questions_are_refused_at_once_and_nobody_else_is() {
    let world = World::set("database.max_connections", "8").start().await;
    world.no_run().await;
    let mut lock = world.db.pool.begin().await.unwrap();
    sqlx::query("lock table listing in access exclusive mode").execute(&mut *lock).await.unwrap();
    // Half of the connections, and a line for each.
    let (places, waiting) = (4, 4 * 16);
    let questions: Vec<_> = (1..=places + waiting + 16)
        .map(|price| {
            let request = world.http.get(format!("{}/vehicles/facets?maxPrice={price}", world.url));
            tokio::spawn(async move { crate::support::Answer::read(request.send().await.unwrap()).await })
        })
        .collect();
    crate::support::eventually("those that find the line full are answered", || async {
        questions.iter().filter(|question| question.is_finished()).count() == 16
    })
    .await;
    assert_eq!(world.get("/readyz").await.status, 200);
    assert_eq!(world.get_as_admin("/queue").await.status, 200);
    lock.rollback().await.unwrap();
    let (mut answered, mut refused) = (0, 0);
    for question in questions {
        let answer = question.await.unwrap();
        if answer.status == 200 {
            answered += 1;
        } else {
            answer.problem(503);
            assert!(!answer.header("retry-after").is_empty());
            refused += 1;
        }
    }
    assert_eq!((answered, refused), (places + waiting, 16));
    assert_ne!(world.get("/vehicles").await.header("x-cache"), "stale", "a line that is full is no outage");
}
