//! The log of the real program, as a collector reads it: JSON, one line for each sync and each run, and no secrets.

use std::{
    process::Stdio,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use vitrina::simulator::{Fault, Options, Refusal, Simulator, Target, What};

use crate::{
    fields,
    support::{Database, eventually, mazda},
};

const SECRET: &str = "webhook-secret-of-the-log";
const ADMIN: &str = "admin-token-of-the-log";

struct Program {
    url: String,
    lines: Arc<Mutex<Vec<String>>>,
    _process: Child,
}

impl Program {
    async fn start(airtable: &Simulator, db: &Database) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_vitrina"))
            .arg("serve")
            .env_clear()
            .envs([
                ("DATABASE_URL", db.url.as_str()),
                ("AIRTABLE_API_URL", &airtable.url()),
                ("AIRTABLE_API_KEY", &airtable.token()),
                ("AIRTABLE_BASE_ID", airtable.base_id()),
                ("AIRTABLE_TABLE_ID", airtable.table_id()),
                ("WEBHOOK_SECRET", SECRET),
                ("ADMIN_TOKEN", ADMIN),
                ("BIND_ADDR", "127.0.0.1:0"),
                ("LOG_FORMAT", "json"),
                ("VITRINA__AIRTABLE__REQUESTS_PER_SECOND", "1000"),
                ("VITRINA__AIRTABLE__MAX_ATTEMPTS", "1"),
                ("VITRINA__SYNC__RECHECK_AFTER", "0s"),
                ("VITRINA__SYNC__QUEUE_BACKOFF_BASE", "20ms"),
            ])
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok(Some(line)) = log.next_line().await {
                kept.lock().unwrap().push(line);
            }
        });
        let program = Self { url: String::new(), lines, _process: process };
        eventually("it listens", || async { program.url().is_some() }).await;
        Self { url: program.url().unwrap(), ..program }
    }

    fn url(&self) -> Option<String> {
        let lines = self.lines();
        let message =
            lines.iter().find_map(|line| line["message"].as_str()?.strip_prefix("listening on "))?;
        Some(message.to_owned())
    }

    /// All lines so far, each of which is a JSON object.
    fn lines(&self) -> Vec<Value> {
        let lines = self.lines.lock().unwrap();
        let object = |line: &String| match serde_json::from_str(line) {
            Ok(Value::Object(object)) => Value::Object(object),
            other => panic!("not an object: {line}: {other:?}"),
        };
        lines.iter().map(object).collect()
    }

    fn about(&self, key: &str, value: &Value) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line[key] == *value).collect()
    }

    async fn webhook(&self, id: &str) -> u16 {
        let body = json!({ "recordId": id, "timestamp": vitrina::clock::now() });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http.post(format!("{}/airtable-sync", self.url)).bearer_auth(SECRET).json(&body);
        request.send().await.unwrap().status().as_u16()
    }
}

#[tokio::test]
async fn each_sync_and_each_run_has_one_line_with_what_was_done_and_how_long_the_parts_took() {
    let airtable = Simulator::start(Options { rate_limit: None, ..Options::default() }).await.unwrap();
    let loaded = airtable.create(mazda());
    let db = Database::new().await;
    let program = Program::start(&airtable, &db).await;
    let of_run = || program.about("run.kind", &json!("full"));
    eventually("the first load is told", || async { !of_run().is_empty() }).await;

    let line = &of_run()[0];
    assert_eq!((&line["run.trigger"], &line["run.status"]), (&json!("bulk"), &json!("succeeded")), "{line}");
    assert_eq!((&line["run.seen"], &line["run.created"]), (&json!(1), &json!(1)), "{line}");
    assert!(line["run.duration_ms"].is_u64() && line["run.id"].is_u64(), "{line}");
    let by_load = program.about("record.id", &json!(loaded));
    assert_eq!(by_load.len(), 1, "{by_load:#?}");
    assert_eq!((&by_load[0]["sync.trigger"], &by_load[0]["run.id"]), (&json!("bulk"), &line["run.id"]));

    let id = airtable.create(mazda());
    assert_eq!(program.webhook(&id).await, 200);
    airtable.edit(&id, fields! { "Precio": 5 });
    assert_eq!(program.webhook(&id).await, 200);
    assert_eq!(program.webhook(&id).await, 200);
    eventually("three syncs are told", || async { program.about("record.id", &json!(id)).len() >= 3 }).await;
    let lines = program.about("record.id", &json!(id));
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
    assert_eq!(program.webhook(&id).await, 502);
    let failed = || program.about("sync.action", &json!("failed"));
    eventually("the failure is told", || async { !failed().is_empty() }).await;
    assert_eq!(failed().len(), 1);
    assert_eq!((&failed()[0]["record.id"], &failed()[0]["level"]), (&json!(id), &json!("ERROR")));

    for secret in [SECRET, ADMIN, &airtable.token()] {
        assert!(
            !program.lines.lock().unwrap().iter().any(|line| line.contains(secret)),
            "a secret in the log"
        );
    }
}
