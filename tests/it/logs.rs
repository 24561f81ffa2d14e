//! The log of the real program, as a collector reads it: JSON, one line for each sync and each run, and no secrets.

use serde_json::{Value, json};
use vitrina::simulator::{Fault, Options, Refusal, Simulator, Target, What};

use crate::{
    fields,
    support::{Database, Program, eventually, mazda},
};

const SECRET: &str = "webhook-secret-of-the-log";
const ADMIN: &str = "admin-token-of-the-log";

fn about(program: &Program, key: &str, value: &Value) -> Vec<Value> {
    program.lines().into_iter().filter(|line| line[key] == *value).collect()
}

async fn webhook(program: &Program, id: &str) -> u16 {
    let body = json!({ "recordId": id, "timestamp": vitrina::clock::now() });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.post(format!("{}/airtable-sync", program.url)).bearer_auth(SECRET).json(&body);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn each_sync_and_each_run_has_one_line_with_what_was_done_and_how_long_the_parts_took() {
    let airtable = Simulator::start(Options { rate_limit: None, ..Options::default() }).await.unwrap();
    let loaded = airtable.create(mazda());
    let db = Database::new().await;
    let program = Program::start(&airtable, &db, SECRET, ADMIN).await;
    let of_run = || about(&program, "run.kind", &json!("full"));
    eventually("the first load is told", || async { !of_run().is_empty() }).await;

    let line = &of_run()[0];
    assert_eq!((&line["run.trigger"], &line["run.status"]), (&json!("bulk"), &json!("succeeded")), "{line}");
    assert_eq!((&line["run.seen"], &line["run.created"]), (&json!(1), &json!(1)), "{line}");
    assert!(line["run.duration_ms"].is_u64() && line["run.id"].is_u64(), "{line}");
    let by_load = about(&program, "record.id", &json!(loaded));
    assert_eq!(by_load.len(), 1, "{by_load:#?}");
    assert_eq!((&by_load[0]["sync.trigger"], &by_load[0]["run.id"]), (&json!("bulk"), &line["run.id"]));

    let id = airtable.create(mazda());
    assert_eq!(webhook(&program, &id).await, 200);
    airtable.edit(&id, fields! { "Precio": 5 });
    assert_eq!(webhook(&program, &id).await, 200);
    assert_eq!(webhook(&program, &id).await, 200);
    eventually("three syncs are told", || async { about(&program, "record.id", &json!(id)).len() >= 3 })
        .await;
    let lines = about(&program, "record.id", &json!(id));
    let actions: Vec<&str> = lines.iter().map(|line| line["sync.action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["created", "updated", "unchanged"]);
    for line in &lines {
        assert_eq!((&line["level"], &line["sync.trigger"]), (&json!("INFO"), &json!("webhook")), "{line}");
        for part in ["duration", "queue", "airtable", "normalize", "upsert", "invalidate"] {
            assert!(line[format!("sync.{part}_ms")].is_number(), "{part}: {line}");
        }
        assert!(line["message"].as_str().unwrap().starts_with("Mazda 3 Sport 2.5"), "{line}");
    }
    assert!(
        lines[1]["sync.consistency_ms"].is_u64() && lines[2]["sync.consistency_ms"].is_null(),
        "{lines:#?}"
    );

    airtable.fault(Fault::new(What::Answer(Refusal::InvalidToken)).on(Target::Record(id.clone())).next(1));
    assert_eq!(webhook(&program, &id).await, 502);
    let failed = || about(&program, "sync.action", &json!("failed"));
    eventually("the failure is told", || async { !failed().is_empty() }).await;
    assert_eq!(failed().len(), 1);
    assert_eq!((&failed()[0]["record.id"], &failed()[0]["level"]), (&json!(id), &json!("ERROR")));

    for secret in [SECRET, ADMIN, &airtable.token()] {
        assert!(!program.lines().iter().any(|line| line.to_string().contains(secret)), "a secret in the log");
    }
}
