use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, http::HeaderMap, http::StatusCode, routing::post};

use super::*;
use crate::simulator::{PingFault, Scope, webhooks::courier::mac};

const DAY: Duration = Duration::from_hours(24);

/// Takes pings and says what it is told to say.
#[derive(Clone)]
struct Receiver {
    url: String,
    answer: Arc<Mutex<StatusCode>>,
    pings: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ping", listener.local_addr().unwrap());
        let receiver =
            Self { url, answer: Arc::new(Mutex::new(StatusCode::NO_CONTENT)), pings: Arc::default() };
        let taking = receiver.clone();
        let take = move |headers: HeaderMap, body: Bytes| async move {
            let mac = headers["x-airtable-content-mac"].to_str().unwrap().to_owned();
            taking.pings.lock().unwrap().push((mac, String::from_utf8(body.to_vec()).unwrap()));
            *taking.answer.lock().unwrap()
        };
        tokio::spawn(async { axum::serve(listener, Router::new().route("/ping", post(take))).await });
        receiver
    }

    fn answers(&self, status: u16) {
        *self.answer.lock().unwrap() = StatusCode::from_u16(status).unwrap();
    }

    async fn gets(&self, count: usize) -> Vec<(String, String)> {
        for _ in 0..20_000 {
            let pings = self.pings.lock().unwrap().clone();
            if pings.len() >= count {
                return pings;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("only {} pings", self.pings.lock().unwrap().len());
    }
}

impl Setup {
    fn hooks(&self, rest: &str) -> String {
        format!("/v0/bases/{}/webhooks{rest}", self.simulator.base_id())
    }

    async fn make_hook(&self, url: Option<&str>) -> Value {
        let body = json!({"notificationUrl": url, "specification": {"options": {"filters": {
            "dataTypes": ["tableData", "tableFields"], "recordChangeScope": self.simulator.table_id()}}}});
        let (status, made) = answer(self.request(Method::POST, &self.hooks("")).json(&body)).await;
        assert_eq!(status, 200, "{made}");
        made
    }

    async fn payloads(&self, hook: &Value, query: &str) -> Value {
        let (status, page) =
            self.get(&self.hooks(&format!("/{}/payloads{query}", hook["id"].as_str().unwrap()))).await;
        assert_eq!(status, 200, "{page}");
        page
    }

    async fn listed(&self) -> Value {
        self.get(&self.hooks("")).await.1["webhooks"].clone()
    }

    /// Waits until the hook's last ping has its result.
    async fn last_result(&self, success: bool) -> Value {
        for _ in 0..20_000 {
            let result = self.listed().await[0]["lastNotificationResult"].clone();
            if result["success"] == success {
                return result;
            }
        }
        panic!("{}", self.listed().await);
    }
}

#[tokio::test]
async fn a_hook_tells_of_creations_changes_deletions_and_fields() {
    let setup = setup().await;
    let hook = setup.make_hook(None).await;
    let id = setup.simulator.create(cells(json!({"Auto": "Jetta"})));
    setup.send(Method::PATCH, &format!("/{id}"), &json!({"fields": {"Auto": null, "Precio": 5}})).await;
    setup.simulator.create_in_other_table(cells(json!({"Nombre": "Ana"})));
    setup.simulator.delete(&id);
    setup.simulator.rename_field("Precio", "Precio MXN");
    let page = setup.payloads(&hook, "").await;
    let told: Vec<_> = page["payloads"].as_array().unwrap().iter().collect();
    let of = |place: usize| &told[place]["changedTablesById"][setup.simulator.table_id()];
    let field = |name: &str| setup.simulator.field_id(name).unwrap();
    assert_eq!((told.len(), &page["cursor"], &page["mightHaveMore"]), (4, &json!(5), &json!(false)));
    assert_eq!(of(0)["createdRecordsById"][&id]["cellValuesByFieldId"], json!({field("Auto"): "Jetta"}));
    assert_eq!(
        of(1)["changedRecordsById"][&id]["current"]["cellValuesByFieldId"],
        json!({field("Auto"): null, field("Precio MXN"): 5})
    );
    assert_eq!(of(2)["destroyedRecordIds"], json!([id]));
    assert_eq!(of(3)["changedFieldsById"][field("Precio MXN")]["current"]["name"], "Precio MXN");
    let sources: Vec<_> = told.iter().map(|payload| payload["actionMetadata"]["source"].clone()).collect();
    assert_eq!(sources, ["client", "publicApi", "client", "client"]);
}

#[tokio::test]
async fn payloads_come_in_pages_and_keep_their_numbers() {
    let setup = setup().await;
    let hook = setup.make_hook(None).await;
    for number in 0..53 {
        setup.simulator.create(cells(json!({"Precio": number})));
    }
    let first = setup.payloads(&hook, "").await;
    assert_eq!((first["payloads"].as_array().unwrap().len(), &first["cursor"]), (50, &json!(51)));
    assert_eq!(first["mightHaveMore"], true);
    let rest = setup.payloads(&hook, "?cursor=51&limit=2").await;
    assert_eq!((&rest["cursor"], &rest["mightHaveMore"]), (&json!(53), &json!(true)));
    assert_eq!(
        setup.payloads(&hook, "?cursor=54").await,
        json!({"cursor": 54, "mightHaveMore": false, "payloads": []})
    );
    for query in ["?cursor=0", "?limit=51", "?limit=0", "?cursor=x"] {
        let path = setup.hooks(&format!("/{}/payloads{query}", hook["id"].as_str().unwrap()));
        assert_eq!(setup.get(&path).await.0, 422, "{query}");
    }
    assert_eq!(setup.listed().await[0]["cursorForNextPayload"], 54);
    setup.simulator.advance(DAY * 6);
    setup.simulator.create(cells(json!({})));
    setup.payloads(&hook, "?cursor=54").await;
    setup.simulator.advance(DAY);
    let left = setup.payloads(&hook, "").await;
    assert_eq!((left["payloads"].as_array().unwrap().len(), &left["cursor"]), (1, &json!(55)));
}

#[tokio::test]
async fn a_hook_ends_after_seven_days_unless_it_is_refreshed_or_read() {
    let setup = setup().await;
    let hook = setup.make_hook(None).await;
    let refresh = setup.hooks(&format!("/{}/refresh", hook["id"].as_str().unwrap()));
    let refresh = || answer(setup.request(Method::POST, &refresh));
    setup.simulator.advance(DAY * 6);
    assert_eq!(refresh().await.0, 200);
    setup.simulator.advance(DAY * 6);
    setup.payloads(&hook, "").await;
    setup.simulator.advance(DAY * 6);
    setup.simulator.create(cells(json!({"Auto": "still told"})));
    setup.simulator.advance(DAY);
    assert_eq!(setup.listed().await[0]["isHookEnabled"], false);
    assert_eq!(refresh().await.0, 422);
    setup.simulator.create(cells(json!({"Auto": "not told"})));
    let told = setup.payloads(&hook, "").await;
    assert_eq!(
        (told["payloads"].as_array().unwrap().len(), setup.listed().await[0]["isHookEnabled"].clone()),
        (1, json!(false))
    );
    setup.simulator.advance(DAY * 7);
    assert_eq!(setup.listed().await, json!([]));
    assert_eq!(refresh().await, (404, json!({"error": {"type": "NOT_FOUND"}})));
}

#[tokio::test]
async fn a_ping_is_signed_and_says_nothing_but_that_there_is_something() {
    let (setup, receiver) = (setup().await, Receiver::start().await);
    let hook = setup.make_hook(Some(&receiver.url)).await;
    setup.simulator.create(cells(json!({"Auto": "Jetta"})));
    let (given, body) = receiver.gets(1).await.remove(0);
    let secret = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        hook["macSecretBase64"].as_str().unwrap(),
    );
    assert_eq!(given, mac(&secret.unwrap(), body.as_bytes()));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&body["base"]["id"], &body["webhook"]["id"]),
        (&json!(setup.simulator.base_id()), &hook["id"])
    );
    assert_eq!(body.as_object().unwrap().len(), 3);
    assert_eq!(setup.last_result(true).await["retryNumber"], 0);
    assert!(setup.listed().await[0].get("macSecretBase64").is_none());
}

#[tokio::test]
async fn a_ping_that_is_not_taken_is_tried_for_a_day_and_then_there_are_no_more() {
    let (setup, receiver) = (setup().await, Receiver::start().await);
    receiver.answers(500);
    let hook = setup.make_hook(Some(&receiver.url)).await;
    setup.simulator.create(cells(json!({})));
    setup.simulator.create(cells(json!({})));
    for tries in 1..=14 {
        receiver.gets(tries).await;
        while setup.listed().await[0]["lastNotificationResult"]["retryNumber"] != json!(tries - 1) {}
        setup.simulator.advance(Duration::from_secs(10 << (tries - 1)));
    }
    let state = setup.listed().await[0].clone();
    assert_eq!((&state["areNotificationsEnabled"], &state["isHookEnabled"]), (&json!(false), &json!(true)));
    assert_eq!(state["lastNotificationResult"]["willBeRetried"], false);
    receiver.answers(200);
    setup.simulator.create(cells(json!({})));
    assert_eq!(setup.payloads(&hook, "").await["payloads"].as_array().unwrap().len(), 3, "payloads go on");
    let switch = setup.hooks(&format!("/{}/enableNotifications", hook["id"].as_str().unwrap()));
    let switched = answer(setup.request(Method::POST, &switch).json(&json!({"enable": true}))).await;
    assert_eq!(switched, (200, json!("")));
    setup.simulator.create(cells(json!({})));
    assert_eq!(receiver.gets(15).await.len(), 15);
    setup.last_result(true).await;
}

#[tokio::test]
async fn pings_get_lost_doubled_late_and_forged_on_demand() {
    let (setup, receiver) = (setup().await, Receiver::start().await);
    let hook = setup.make_hook(Some(&receiver.url)).await;
    let right = |ping: &(String, String)| {
        let (body, signed) = setup.simulator.ping_of(hook["id"].as_str().unwrap()).unwrap();
        assert_eq!(body.len(), ping.1.len());
        signed.len() == ping.0.len()
    };
    setup.simulator.ping_fault(PingFault::Lose);
    setup.simulator.create(cells(json!({})));
    setup.last_result(true).await;
    assert!(receiver.pings.lock().unwrap().is_empty());
    setup.simulator.ping_fault(PingFault::Twice);
    setup.simulator.create(cells(json!({})));
    let pings = receiver.gets(2).await;
    assert!(pings[0] == pings[1] && right(&pings[0]));
    while setup.simulator.webhooks()[0].next_payload != 3 {}
    setup.simulator.ping_fault(PingFault::Late(DAY));
    setup.simulator.create(cells(json!({})));
    setup.listed().await;
    setup.simulator.advance(DAY);
    receiver.gets(3).await;
    setup.simulator.ping_fault(PingFault::WrongMac);
    setup.simulator.create(cells(json!({})));
    let (given, body) = receiver.gets(4).await.remove(3);
    assert_eq!(given, mac(b"another", body.as_bytes()));
}

#[tokio::test]
async fn a_hook_that_lost_what_it_watches_looks_healthy_and_says_so_in_its_last_payload() {
    let setup = setup().await;
    let field = setup.simulator.field_id("Precio").unwrap();
    let body = json!({"specification": {"options": {"filters": {"dataTypes": ["tableData"], "watchDataInFieldIds": [field]}}}});
    let (_, watching) = answer(setup.request(Method::POST, &setup.hooks("")).json(&body)).await;
    let other = setup.make_hook(None).await;
    setup.simulator.remove_field("Precio");
    setup.simulator.create(cells(json!({})));
    let told = setup.payloads(&watching, "").await["payloads"].clone();
    assert_eq!(
        (told.as_array().unwrap().len(), &told[0]["error"], &told[0]["code"]),
        (1, &json!(true), &json!("INVALID_FILTERS"))
    );
    assert_eq!(setup.payloads(&other, "").await["payloads"].as_array().unwrap().len(), 2);
    setup.simulator.break_webhooks("INVALID_HOOK");
    assert_eq!(setup.payloads(&other, "?cursor=3").await["payloads"][0]["code"], "INVALID_HOOK");
    let listed = setup.listed().await;
    assert_eq!(
        (&listed[0]["isHookEnabled"], &listed[1]["areNotificationsEnabled"]),
        (&json!(true), &json!(true))
    );
}

#[tokio::test]
async fn hooks_are_refused_beyond_ten_without_the_scopes_and_for_what_is_not_there() {
    let setup = setup().await;
    let ask = |options: Value| {
        let body = json!({"notificationUrl": "https://example.test", "specification": {"options": options}});
        answer(setup.request(Method::POST, &setup.hooks("")).json(&body))
    };
    for options in [
        json!({}),
        json!({"filters": {}}),
        json!({"filters": {"dataTypes": []}}),
        json!({"filters": {"dataTypes": ["tableDate"]}}),
        json!({"filters": {"dataTypes": ["tableData"], "recordChangeScope": "tblNowhere"}}),
        json!({"filters": {"dataTypes": ["tableData"], "watchDataInFieldIds": ["fldNowhere"]}}),
    ] {
        assert_eq!(ask(options.clone()).await.0, 422, "{options}");
    }
    let right = || ask(json!({"filters": {"dataTypes": ["tableData"]}}));
    setup.simulator.set_scopes(&[Scope::RecordsRead, Scope::SchemaRead]);
    assert_eq!(error_type(&right().await.1), "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND");
    setup.simulator.set_scopes(&[Scope::RecordsRead, Scope::WebhookManage]);
    for _ in 0..10 {
        assert_eq!(right().await.0, 200);
    }
    assert_eq!(ask(json!({"filters": {"dataTypes": ["tableFields"]}})).await.0, 403);
    let (status, body) = right().await;
    assert_eq!((status, error_type(&body)), (422, "TOO_MANY_WEBHOOKS_IN_BASE"));
    let first = setup.listed().await[0]["id"].as_str().unwrap().to_owned();
    let delete = || answer(setup.request(Method::DELETE, &setup.hooks(&format!("/{first}"))));
    assert_eq!((delete().await.0, delete().await.0), (200, 404));
    assert_eq!(right().await.0, 200);
}
