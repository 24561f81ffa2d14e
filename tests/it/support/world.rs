//! A dealership: its Airtable, its database, vitrina, and a client.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use vitrina::{
    app::App,
    config::{Config, Loader, Needs},
    domain::Trigger,
    http::AppState,
    lifecycle::{Ending, Lifecycle},
    simulator::{Fault, Options, Simulator},
    sync::{RunError, RunReport, Scope},
};

use super::{Answer, Database, eventually};

pub const WEBHOOK_SECRET: &str = "webhook-secret-for-tests";
pub const ADMIN_TOKEN: &str = "admin-token-for-the-tests";

/// A dealership of a test's own.
pub struct World {
    pub airtable: Simulator,
    pub db: Arc<Database>,
    pub url: String,
    pub http: reqwest::Client,
    settings: Vec<(&'static str, String)>,
    instance: Option<Instance>,
}

/// How a world differs from the usual one.
#[derive(Default)]
pub struct Setting {
    settings: Vec<(&'static str, String)>,
    vehicles: Vec<Map<String, Value>>,
    fault: Option<Fault>,
}

impl Setting {
    pub fn set(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((key, value.into()));
        self
    }

    pub fn vehicles(mut self, vehicles: impl IntoIterator<Item = Map<String, Value>>) -> Self {
        self.vehicles.extend(vehicles);
        self
    }

    /// What is wrong with Airtable from the beginning.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    pub async fn start(self) -> World {
        let airtable = Simulator::start(Options { rate_limit: None, ..Options::default() }).await.unwrap();
        for fields in self.vehicles {
            airtable.create(fields);
        }
        if let Some(fault) = self.fault {
            airtable.fault(fault);
        }
        let db = Arc::new(Database::new().await);
        let instance = Instance::start(&airtable, &db, &self.settings).await;
        let world = World {
            url: instance.url.clone(),
            airtable,
            db,
            http: client(),
            settings: self.settings,
            instance: Some(instance),
        };
        world.loaded().await;
        world.airtable.requests_clear();
        world
    }
}

impl World {
    /// An empty dealership, loaded.
    pub async fn start() -> Self {
        Setting::default().start().await
    }

    /// A dealership one of whose settings differs.
    pub fn set(key: &'static str, value: impl Into<String>) -> Setting {
        Setting::default().set(key, value)
    }

    /// A further instance on the same Airtable and database.
    pub async fn another_instance(&self) -> Instance {
        Instance::start(&self.airtable, &self.db, &self.settings).await
    }

    /// A further instance on the same Airtable and database, with other settings.
    pub async fn instance_with(&self, settings: &[(&'static str, String)]) -> Instance {
        Instance::start(&self.airtable, &self.db, settings).await
    }

    /// A further instance on another database.
    pub async fn instance_on(&self, db: &Arc<Database>) -> Instance {
        Instance::start(&self.airtable, db, &[]).await
    }

    /// Stops the service as SIGTERM does, and starts it again on the same Airtable and database.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// Starts the service again after a stop.
    pub async fn start_again(&mut self) {
        let instance = self.another_instance().await;
        self.url.clone_from(&instance.url);
        self.instance = Some(instance);
    }

    /// Ends the service in the middle of whatever it does, as `kill -9` would.
    pub async fn kill(&mut self) {
        self.instance.take().unwrap().kill().await;
    }

    /// Stops the service as SIGTERM does.
    pub async fn stop(&mut self) {
        self.instance.take().unwrap().stop().await;
    }

    /// Where health and metrics are, when they are apart.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.instance.as_ref().unwrap().app.admin_addr().unwrap())
    }

    /// The parts of the service.
    pub fn state(&self) -> &AppState {
        self.instance.as_ref().unwrap().app.state()
    }

    async fn loaded(&self) {
        let db = &self.state().db;
        eventually("the first load succeeds", || async { db.was_ever_loaded().await.unwrap() }).await;
    }

    /// What Airtable's automation does when a record has changed.
    pub async fn webhook(&self, record_id: &str) -> Answer {
        self.post_webhook(&json!({ "recordId": record_id, "source": "airtable_automation", "attempt": 1 }))
            .await
    }

    /// Any body, with the right secret.
    pub async fn post_webhook(&self, body: &Value) -> Answer {
        Answer::read(self.webhook_request(&self.url).json(body).send().await.unwrap()).await
    }

    /// A webhook that says whom it is for and who sends it, and nothing yet.
    pub fn webhook_request(&self, url: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{url}/airtable-sync")).bearer_auth(WEBHOOK_SECRET)
    }

    /// A webhook to another instance.
    pub async fn webhook_to(&self, instance: &Instance, record_id: &str) -> Answer {
        let request = self.webhook_request(&instance.url).json(&json!({ "recordId": record_id }));
        Answer::read(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::read(self.http.get(format!("{}{path}", self.url)).send().await.unwrap()).await
    }

    /// As an operator.
    pub async fn get_as_admin(&self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(ADMIN_TOKEN);
        Answer::read(request.send().await.unwrap()).await
    }

    pub async fn get_from(&self, instance: &Instance, path: &str) -> Answer {
        Answer::read(self.http.get(format!("{}{path}", instance.url)).send().await.unwrap()).await
    }

    pub async fn get_if_none_match(&self, path: &str, tags: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.url)).header("if-none-match", tags);
        Answer::read(request.send().await.unwrap()).await
    }

    /// As an operator.
    pub async fn post_as_admin(&self, path: &str) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(ADMIN_TOKEN);
        Answer::read(request.send().await.unwrap()).await
    }

    /// As an operator, to another instance.
    pub async fn post_to(&self, url: &str, path: &str) -> Answer {
        Answer::read(self.http.post(format!("{url}{path}")).bearer_auth(ADMIN_TOKEN).send().await.unwrap())
            .await
    }

    /// Waits until no run is under way.
    pub async fn no_run(&self) {
        eventually("no run is under way", || async {
            match self.state().db.try_lock_runs().await.unwrap() {
                Some(lock) => {
                    lock.release().await;
                    true
                }
                None => false,
            }
        })
        .await;
    }

    /// As an operator, with a body.
    pub async fn post_as_admin_with(&self, path: &str, body: &Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(ADMIN_TOKEN).json(body);
        Answer::read(request.send().await.unwrap()).await
    }

    /// A run of this kind, carried out to its end.
    pub async fn run(&self, scope: Scope, trigger: Trigger) -> RunReport {
        let engine = &self.state().engine;
        let patience = async {
            loop {
                match engine.begin_run(scope.clone(), trigger).await {
                    Ok(run) => return run,
                    Err(RunError::Busy(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        let run =
            tokio::time::timeout(Duration::from_secs(20), patience).await.expect("no other run is under way");
        engine.carry_out(run).await.unwrap()
    }

    /// Fails unless every vehicle here is what Airtable has, listed or not, field by field. A record that is not listed may have been
    /// deleted in Airtable, which tells nobody unless a webhook does.
    pub async fn equals_airtable(&self) {
        let mut differences = self.differences().await;
        differences.retain(|difference| !difference.was_told_to_nobody);
        let Some(first) = differences.first() else { return };
        panic!("{differences:#?}; logs of the first: {:#?}", self.logs(&first.record_id).await);
    }

    /// Every record that is another one here than in Airtable.
    pub async fn differences(&self) -> Vec<Difference> {
        let rows: Vec<Value> =
            sqlx::query_scalar("select to_jsonb(v) from inventario_cache v where deleted_at is null")
                .fetch_all(&self.db.pool)
                .await
                .unwrap();
        let mut stored: BTreeMap<String, Value> =
            rows.into_iter().map(|row| (row["record_id"].as_str().unwrap().to_owned(), row)).collect();
        let mut differences = Vec::new();
        for record in self.airtable.records() {
            let row = stored.remove(&record.id);
            if let Some(what) = difference(&record.fields, row.as_ref()) {
                differences.push(Difference { record_id: record.id, what, was_told_to_nobody: false });
            }
        }
        differences.extend(stored.into_iter().map(|(record_id, row)| Difference {
            record_id,
            what: "deleted in Airtable".to_owned(),
            was_told_to_nobody: row["listed"] == false,
        }));
        differences
    }

    /// The titles that the listing shows, in its order.
    pub async fn listed_titles(&self) -> Vec<String> {
        let page = self.get("/vehicles?pageSize=100").await.ok();
        let vehicles = page["vehicles"].as_array().unwrap();
        vehicles.iter().map(|vehicle| vehicle["title"].as_str().unwrap().to_owned()).collect()
    }

    /// A vehicle that vitrina already knows.
    pub async fn known(&self, fields: Map<String, Value>) -> String {
        let id = self.airtable.create(fields);
        assert_eq!(self.webhook(&id).await.ok()["action"], "created");
        id
    }

    /// The stored row as JSON, with the version of the row, which every write changes.
    pub async fn row(&self, record_id: &str) -> Option<Value> {
        sqlx::query_scalar("select to_jsonb(v) || jsonb_build_object('xmin', v.xmin::text) from inventario_cache v where record_id = $1")
            .bind(record_id)
            .fetch_optional(&self.db.pool)
            .await
            .unwrap()
    }

    /// The logs of a record, oldest first.
    pub async fn logs(&self, record_id: &str) -> Vec<Value> {
        sqlx::query_scalar("select to_jsonb(l) from sync_logs l where record_id = $1 order by id")
            .bind(record_id)
            .fetch_all(&self.db.pool)
            .await
            .unwrap()
    }

    /// What waits in the durable queue.
    pub async fn queue(&self) -> Vec<Value> {
        sqlx::query_scalar("select to_jsonb(q) from sync_queue q order by record_id")
            .fetch_all(&self.db.pool)
            .await
            .unwrap()
    }
}

/// A record that is not here what it is in Airtable.
pub struct Difference {
    pub record_id: String,
    what: String,
    was_told_to_nobody: bool,
}

impl fmt::Debug for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.record_id, self.what)
    }
}

fn difference(fields: &Map<String, Value>, row: Option<&Value>) -> Option<String> {
    let listed = fields.get("OrdenStatus").and_then(Value::as_str) == Some("Comprado");
    let Some(row) = row else { return listed.then(|| "missing here".to_owned()) };
    if row["listed"] != listed {
        return Some(format!("listed: {} here, {listed} there", row["listed"]));
    }
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    if number(row.get("precio")) != number(fields.get("Precio")) {
        return Some(format!("precio: {} here, {:?} there", row["precio"], fields.get("Precio")));
    }
    (row["data"] != Value::Object(fields.clone()))
        .then(|| format!("data: {} here, {fields:?} there", row["data"]))
}

/// An instance of the service.
pub struct Instance {
    pub url: String,
    app: App,
    lifecycle: Lifecycle,
}

impl Instance {
    async fn start(airtable: &Simulator, db: &Database, settings: &[(&'static str, String)]) -> Self {
        let lifecycle = Lifecycle::new(Duration::from_secs(20));
        let app = App::start(&config(airtable, db, settings), lifecycle.clone()).await.unwrap();
        Self { url: format!("http://{}", app.addr()), app, lifecycle }
    }

    /// The parts of the service.
    pub fn state(&self) -> &AppState {
        self.app.state()
    }

    pub async fn stop(self) {
        self.lifecycle.stop();
        assert_eq!(self.app.finish().await, Ending::Asked);
    }

    /// Drops everything that is under way.
    pub async fn kill(self) {
        self.lifecycle.stop();
        self.lifecycle.stop();
        let _ = self.app.finish().await;
    }
}

/// The settings of a test: quick where the product is patient.
fn config(airtable: &Simulator, db: &Database, settings: &[(&'static str, String)]) -> Config {
    let mut loader = Loader::new(std::iter::empty())
        .set("server.bind_addr", "127.0.0.1:0")
        .set("database.url", &db.url_for_vitrina)
        .set("database.max_connections", "5")
        .set("airtable.api_url", airtable.url())
        .set("airtable.api_key", airtable.token())
        .set("airtable.base_id", airtable.base_id())
        .set("airtable.table_id", airtable.table_id())
        .set("airtable.requests_per_second", "1000")
        .set("airtable.pause_after_429", "100ms")
        .set("airtable.backoff_base", "5ms")
        .set("airtable.backoff_max", "20ms")
        .set("sync.recheck_after", "0s")
        .set("auth.webhook_secret", WEBHOOK_SECRET)
        .set("auth.admin_token", ADMIN_TOKEN);
    for (key, value) in settings {
        loader = loader.set(key, value.as_str());
    }
    loader.load(Needs::Serve).unwrap()
}

/// A client that follows no redirects, as a test wants to see them.
fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}
