//! The simulator as a client sees it: over HTTP, on a port of its own.

mod faults;
mod files;
mod lag;
mod listing;
mod schema;
mod webhooks;
mod writes;

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use super::{Options, Simulator};

/// A simulator without a rate limit, and a client of it.
struct Setup {
    simulator: Simulator,
    http: reqwest::Client,
}

async fn setup() -> Setup {
    setup_with(Options { rate_limit: None, ..Options::default() }).await
}

async fn setup_with(options: Options) -> Setup {
    let simulator = Simulator::start(options).await.unwrap();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).no_proxy().build().unwrap();
    Setup { simulator, http }
}

/// Cells, from an object.
fn cells(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(cells) => cells,
        other => panic!("{other} is no object"),
    }
}

impl Setup {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.simulator.url()))
            .bearer_auth(self.simulator.token())
    }

    /// `/v0/{base}/{table}` and what follows.
    fn table(&self, rest: &str) -> String {
        format!("/v0/{}/{}{rest}", self.simulator.base_id(), self.simulator.table_id())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    async fn list(&self, query: &[(&str, &str)]) -> (u16, Value) {
        answer(self.request(Method::GET, &self.table("")).query(query)).await
    }

    async fn send(&self, method: Method, rest: &str, body: &Value) -> (u16, Value) {
        answer(self.request(method, &self.table(rest)).json(body)).await
    }
}

/// Status and body; the body as a string if it is not JSON.
async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(json!(text)))
}

fn ids(page: &Value) -> Vec<String> {
    page["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect()
}

fn error_type(body: &Value) -> &str {
    body["error"]["type"]
        .as_str()
        .or(body["errors"][0]["error"].as_str())
        .or(body["error"].as_str())
        .unwrap_or("")
}

#[tokio::test]
async fn a_request_needs_the_token_that_is_in_force() {
    let setup = setup().await;
    let url = format!("{}/v0/meta/whoami", setup.simulator.url());
    let (status, body) = answer(setup.http.get(&url)).await;
    assert_eq!((status, error_type(&body)), (401, "AUTHENTICATION_REQUIRED"));

    let old = setup.simulator.token();
    setup.simulator.set_token("patNewToken000001.new");
    let (status, body) = answer(setup.http.get(&url).bearer_auth(old)).await;
    assert_eq!((status, error_type(&body)), (401, "UNAUTHORIZED"));
    assert_eq!(setup.get("/v0/meta/whoami").await.0, 200);
}

#[tokio::test]
async fn another_base_or_table_is_forbidden_and_another_path_unknown() {
    let setup = setup().await;
    let base = setup.simulator.base_id();
    for path in
        ["/v0/appOther000000000/tblX".to_owned(), format!("/v0/{base}/tblX"), format!("/v0/{base}/tblX/recX")]
    {
        let (status, body) = setup.get(&path).await;
        assert_eq!((status, error_type(&body)), (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"), "{path}");
    }
    for path in ["/", "/v0/meta/nothing", "/v1/x"] {
        assert_eq!(setup.get(path).await, (404, json!({"error": "NOT_FOUND"})), "{path}");
    }
}

#[tokio::test]
async fn an_outage_refuses_connections_and_keeps_the_base() {
    let setup = setup().await;
    let id = setup.simulator.create(cells(json!({"Auto": "Jetta"})));
    let path = setup.table(&format!("/{id}"));
    assert_eq!(setup.get(&path).await.0, 200);
    setup.simulator.go_down().await;
    assert!(setup.request(Method::GET, &path).send().await.unwrap_err().is_connect());
    setup.simulator.come_back().await.unwrap();
    assert_eq!(setup.get(&path).await.1["fields"], json!({"Auto": "Jetta"}));
}

#[tokio::test]
async fn it_stops_with_its_last_handle() {
    let Setup { simulator, http } = setup().await;
    let (url, clone) = (simulator.url(), simulator.clone());
    drop(simulator);
    assert!(http.get(&url).send().await.is_ok());
    drop(clone);
    for _ in 0..1_000 {
        if http.get(&url).send().await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("still answering");
}
