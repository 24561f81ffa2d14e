//! A dealership: its Airtable, its database, vitrina, and a client.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use serde_json::{Map, Value, json};
use vitrina::{
    app::App,
    config::{Config, Loader, Needs},
    lifecycle::Lifecycle,
    simulator::{Options, Simulator},
};

use super::{Answer, Database, eventually};

pub const WEBHOOK_SECRET: &str = "webhook-secret-for-tests";
pub const ADMIN_TOKEN: &str = "admin-token-for-the-tests";

/// A dealership of a test's own.
pub struct World {
    pub airtable: Simulator,
    pub db: Database,
    pub url: String,
    pub app: Option<App>,
    pub http: reqwest::Client,
    pub lifecycle: Lifecycle,
}

/// How a world differs from the usual one.
#[derive(Default)]
pub struct WorldOptions {
    pub airtable: Options,
    pub settings: BTreeMap<&'static str, String>,
    pub vehicles: Vec<Map<String, Value>>,
}

impl World {
    /// An empty dealership, loaded.
    pub async fn start() -> Self {
        Self::with(WorldOptions::default()).await
    }

    /// A dealership whose settings differ.
    pub async fn with_settings(settings: &[(&'static str, &str)]) -> Self {
        let settings = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        Self::with(WorldOptions { settings, ..WorldOptions::default() }).await
    }

    pub async fn with(options: WorldOptions) -> Self {
        let airtable = Simulator::start(options.airtable).await.unwrap();
        for fields in options.vehicles {
            airtable.create(fields);
        }
        let db = Database::new().await;
        let config = config(&airtable, &db, &options.settings);
        let lifecycle = Lifecycle::new(Duration::from_secs(20));
        let app = App::start(&config, lifecycle.clone()).await.unwrap();
        let world = Self {
            url: format!("http://{}", app.addr()),
            airtable,
            db,
            app: Some(app),
            http: client(),
            lifecycle,
        };
        world.loaded().await;
        world.airtable.requests_clear();
        world
    }

    /// A further instance on the same Airtable and database.
    pub async fn another_instance(&self) -> Instance {
        let config = config(&self.airtable, &self.db, &BTreeMap::new());
        let lifecycle = Lifecycle::new(Duration::from_secs(20));
        let app = App::start(&config, lifecycle.clone()).await.unwrap();
        Instance { addr: app.addr(), app, lifecycle }
    }

    async fn loaded(&self) {
        let db = &self.app.as_ref().unwrap().state().db;
        eventually("the first load succeeds", || async { db.was_ever_loaded().await.unwrap() }).await;
    }

    /// What Airtable's automation does when a record has changed.
    pub async fn webhook(&self, record_id: &str) -> Answer {
        self.post_webhook(&json!({ "recordId": record_id, "source": "airtable_automation", "attempt": 1 })).await
    }

    /// Any body, with the right secret.
    pub async fn post_webhook(&self, body: &Value) -> Answer {
        let request = self.http.post(format!("{}/airtable-sync", self.url)).bearer_auth(WEBHOOK_SECRET).json(body);
        Answer::read(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::read(self.http.get(format!("{}{path}", self.url)).send().await.unwrap()).await
    }

    /// As an operator.
    pub async fn post_as_admin(&self, path: &str) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(ADMIN_TOKEN);
        Answer::read(request.send().await.unwrap()).await
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

    /// Stops the service as SIGTERM does.
    pub async fn stop(&mut self) {
        self.lifecycle.stop();
        let _ = self.app.take().unwrap().finish().await;
    }
}

/// A further instance of the service.
pub struct Instance {
    pub addr: SocketAddr,
    pub app: App,
    pub lifecycle: Lifecycle,
}

/// The settings of a test: quick where the product is patient.
pub fn config(airtable: &Simulator, db: &Database, settings: &BTreeMap<&'static str, String>) -> Config {
    let mut loader = Loader::new(std::iter::empty())
        .set("server.bind_addr", "127.0.0.1:0")
        .set("database.url", &db.url)
        .set("database.max_connections", "5")
        .set("airtable.api_url", airtable.url())
        .set("airtable.api_key", airtable.token())
        .set("airtable.base_id", airtable.base_id())
        .set("airtable.table_id", airtable.table_id())
        .set("airtable.requests_per_second", "1000")
        .set("airtable.pause_after_429", "100ms")
        .set("airtable.backoff_base", "5ms")
        .set("airtable.backoff_max", "20ms")
        .set("auth.webhook_secret", WEBHOOK_SECRET)
        .set("auth.admin_token", ADMIN_TOKEN);
    for (key, value) in settings {
        loader = loader.set(key, value);
    }
    loader.load(Needs::Serve).unwrap()
}

/// A client that follows no redirects, as a test wants to see them.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}
