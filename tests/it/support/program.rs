//! The service as a process of its own: its log can be read, and it can be killed.

use std::{
    process::Stdio,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use vitrina::simulator::Simulator;

use super::{Database, eventually};

pub struct Program {
    pub url: String,
    lines: Arc<Mutex<Vec<String>>>,
    process: Child,
}

impl Program {
    /// Returns when it listens. Retries are quick, and unchanged records are not looked at again.
    pub async fn start(airtable: &Simulator, db: &Database, secret: &str, admin: &str) -> Self {
        Self::start_with(airtable, &db.url, secret, admin, &[]).await
    }

    /// The same with a database's URL and further settings, by variable.
    pub async fn start_with(
        airtable: &Simulator,
        database_url: &str,
        secret: &str,
        admin: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_vitrina"))
            .arg("serve")
            .env_clear()
            .envs([
                ("DATABASE_URL", database_url),
                ("AIRTABLE_API_URL", &airtable.url()),
                ("AIRTABLE_API_KEY", &airtable.token()),
                ("AIRTABLE_BASE_ID", airtable.base_id()),
                ("AIRTABLE_TABLE_ID", airtable.table_id()),
                ("WEBHOOK_SECRET", secret),
                ("ADMIN_TOKEN", admin),
                ("BIND_ADDR", "127.0.0.1:0"),
                ("LOG_FORMAT", "json"),
                ("VITRINA__AIRTABLE__REQUESTS_PER_SECOND", "1000"),
                ("VITRINA__AIRTABLE__MAX_ATTEMPTS", "1"),
                ("VITRINA__SYNC__RECHECK_AFTER", "0s"),
                ("VITRINA__SYNC__QUEUE_BACKOFF_BASE", "20ms"),
                ("VITRINA__SYNC__QUEUE_BACKOFF_MAX", "50ms"),
            ])
            .envs(settings.iter().copied())
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
        let program = Self { url: String::new(), lines, process };
        eventually("it listens", || async { program.listens_on().is_some() }).await;
        Self { url: program.listens_on().unwrap(), ..program }
    }

    fn listens_on(&self) -> Option<String> {
        let lines = self.lines();
        let message =
            lines.iter().find_map(|line| line["message"].as_str()?.strip_prefix("listening on "))?;
        Some(message.to_owned())
    }

    /// All lines of its log so far, each of which is a JSON object.
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.lines.lock().unwrap();
        let object = |line: &String| match serde_json::from_str(line) {
            Ok(Value::Object(object)) => Value::Object(object),
            other => panic!("not an object: {line}: {other:?}"),
        };
        lines.iter().map(object).collect()
    }

    /// SIGKILL: it cannot finish anything.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// SIGTERM: it finishes what is under way and ends well.
    pub async fn stop(mut self) {
        let id = self.process.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        let ended = self.process.wait().await.unwrap();
        assert!(ended.success(), "{ended}: {:#?}", self.lines().last());
    }
}
