//! The description of the API: whole, true, and shown without asking anybody.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use vitrina::http::schema::{Facets, OldList, OldVehicle, Slugs, Vehicle, VehicleList};

use crate::{
    fields,
    support::{ADMIN_TOKEN, Answer, WEBHOOK_SECRET, World, mazda},
};

/// The type reads the text and knows every name in it.
fn reads<T: DeserializeOwned + Serialize>(text: &str) {
    let known: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let (known, sent) = (serde_json::to_value(known).unwrap(), serde_json::from_str(text).unwrap());
    assert_eq!(names(&known), names(&sent));
}

fn names(of: &Value) -> BTreeSet<String> {
    match of {
        Value::Object(members) => {
            let below = |(name, member): (&String, &Value)| {
                names(member)
                    .into_iter()
                    .map(|inner| format!("{name}.{inner}"))
                    .chain([name.clone()])
                    .collect::<Vec<_>>()
            };
            members.iter().flat_map(below).collect()
        }
        Value::Array(items) => items.iter().flat_map(names).collect(),
        _ => BTreeSet::new(),
    }
}

#[tokio::test]
async fn real_responses_are_what_the_description_says() {
    let world = World::start().await;
    world.known(mazda()).await;
    let slug = "mazda-3-sport-2-5-2020";
    reads::<VehicleList>(&world.get("/vehicles").await.body);
    reads::<Vehicle>(&world.get(&format!("/vehicles/{slug}")).await.body);
    reads::<Facets>(&world.get("/vehicles/facets").await.body);
    reads::<Slugs>(&world.get("/vehicles/slugs").await.body);
    reads::<OldList>(&world.get("/rapid-processor").await.body);
    reads::<OldVehicle>(&world.get(&format!("/rapid-processor/{slug}")).await.body);
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_says_what_it_answers() {
    let world = World::start().await;
    let answer = world.get("/openapi.json").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let api = answer.ok();
    assert_eq!(api["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} twice");
            assert!(operation["summary"].is_string(), "{method} {path}");
            let answers = &operation["responses"];
            assert!(!answers["405"].is_object(), "{method} {path} is taken");
            assert!(
                ["200", "202", "308"].iter().any(|status| answers[status].is_object()),
                "{method} {path}"
            );
        }
    }
    for path in ["/openapi.json", "/docs", "/docs/", "/dashboard"] {
        assert!(api["paths"][path]["get"].is_object(), "{path} is not described");
    }
    for path in
        ["/vehicles", "/vehicles/slugs", "/cache-stats", "/rapid-processor/cache-stats", "/openapi.json"]
    {
        for refused in ["429", "503"] {
            for method in ["get", "head"] {
                assert!(api["paths"][path][method]["responses"][refused].is_object(), "{refused} of {path}");
            }
        }
    }
    for path in [
        "/airtable-sync",
        "/vehicles",
        "/vehicles/{slug}",
        "/vehicles/facets",
        "/vehicles/slugs",
        "/cache-stats",
        "/invalidate-cache",
        "/healthz",
        "/readyz",
        "/rapid-processor",
        "/functions/v1/airtable-sync",
        "/functions/v1/rapid-processor/{slug}",
        "/functions/v1/rapid-processor/cache-stats",
        "/functions/v1/rapid-processor/invalidate-cache",
    ] {
        assert!(api["paths"][path].is_object(), "{path} is not described");
    }
    let parameters = api["paths"]["/vehicles"]["get"]["parameters"].as_array().unwrap();
    let page = &parameters.iter().find(|parameter| parameter["name"] == "page").unwrap()["schema"];
    assert_eq!(
        (&page["format"], &page["maximum"]),
        (&"int64".into(), &Value::Null),
        "any page may be asked for"
    );
    let page = &api["components"]["schemas"]["VehicleList"]["properties"]["page"];
    assert_eq!((&page["format"], &page["maximum"]), (&"int64".into(), &u32::MAX.into()), "{page}");
    let given: BTreeSet<&str> =
        parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    assert_eq!(
        given,
        BTreeSet::from([
            "autoano",
            "carroceria",
            "combustible",
            "conOferta",
            "enganchemin",
            "garantia",
            "hideSeparado",
            "marca",
            "maxEnganche",
            "maxMileage",
            "maxMonthly",
            "maxPrice",
            "maxYear",
            "minMileage",
            "minPrice",
            "minYear",
            "modelo",
            "orderby",
            "page",
            "pageSize",
            "promociones",
            "search",
            "transmision",
            "ubicacion",
        ])
    );
    assert_refs_resolve(&api, &api);
}

fn assert_refs_resolve(api: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(Value::String(link)) = members.get("$ref") {
                assert!(api.pointer(link.trim_start_matches('#')).is_some(), "{link} leads nowhere");
            }
            members.values().for_each(|member| assert_refs_resolve(api, member));
        }
        Value::Array(items) => items.iter().for_each(|item| assert_refs_resolve(api, item)),
        _ => {}
    }
}

#[tokio::test]
async fn the_page_asks_nobody_else() {
    let world = World::start().await;
    assert_eq!(world.get("/docs").await.status, 308);
    for file in ["", "index.html", "swagger-initializer.js", "swagger-ui.css", "index.css"] {
        let answer = world.get(&format!("/docs/{file}")).await;
        assert_eq!(answer.status, 200, "{file}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'self'"), "{file}");
        if file != "swagger-ui.css" {
            assert!(!answer.body.contains("https://"), "{file}: {}", answer.body);
        }
    }
    assert!(world.get("/docs/swagger-initializer.js").await.body.contains("/openapi.json"));
    world.get("/docs/nothing.js").await.problem(404);
    world.get("/docs/%ff").await.problem(404);
}

/// Headers of HTTP itself, which need no description.
const OF_HTTP: [&str; 4] = ["connection", "content-length", "content-type", "date"];

/// A service and what it says of itself.
struct Described {
    world: World,
    api: Value,
    /// As it is sent: nothing is decoded.
    http: reqwest::Client,
    /// Which answers were seen.
    seen: BTreeSet<u16>,
}

impl Described {
    async fn new(world: World) -> Self {
        let api = world.get("/openapi.json").await.ok();
        let none = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_gzip().no_proxy().redirect(none).build().unwrap();
        Self { world, api, http, seen: BTreeSet::new() }
    }

    /// Asks at an address that is described as `path`, and fails if the answer is not.
    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        at: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let method: Method = method.to_uppercase().parse().unwrap();
        let mut request =
            self.http.request(method.clone(), format!("{}{at}", self.world.url)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        let answer = Answer { status, headers, body };
        let what = format!("{method} {at}: {answer:?}");
        self.seen.insert(status.as_u16());

        let item = &self.api["paths"][path];
        let operation = &item[method.as_str().to_lowercase()];
        let said = match (operation.is_object(), item.is_object(), status.as_u16()) {
            (true, ..) => &operation["responses"][status.as_str()],
            (false, false, 404) => &self.api["components"]["responses"]["UnknownAddress"],
            (false, true, 405) => &self.api["components"]["responses"]["WrongMethod"],
            (false, true, 200) if method == Method::OPTIONS => {
                &self.api["components"]["responses"]["Preflight"]
            }
            _ => panic!("no operation is described, {what}"),
        };
        let said = self.resolved(said);
        assert!(said.is_object(), "its status is not described, {what}");
        for name in answer.headers.keys().map(reqwest::header::HeaderName::as_str) {
            let header = self.resolved(&said["headers"][name]);
            assert!(
                header["description"].is_string() || OF_HTTP.contains(&name),
                "{name} is not described, {what}"
            );
        }
        let kinds = &said["content"];
        if method == Method::HEAD {
            assert!((kinds.is_null() || !operation.is_object()) && answer.body.is_empty(), "{what}");
        } else if kinds.is_object() {
            let kind = answer.header("content-type").split(';').next().unwrap().to_owned();
            assert!(kinds[&kind].is_object(), "{kind} is not described, {what}");
        } else {
            assert_eq!(answer.body, "", "a body is not described, {what}");
        }
        answer
    }

    fn resolved<'a>(&'a self, part: &'a Value) -> &'a Value {
        match part["$ref"].as_str() {
            Some(link) => self.api.pointer(link.trim_start_matches('#')).unwrap(),
            None => part,
        }
    }

    /// All that is described, with the methods of each address.
    fn addresses(&self) -> Vec<(String, BTreeSet<String>)> {
        let methods = |item: &Value| item.as_object().unwrap().keys().cloned().collect();
        self.api["paths"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, item)| (path.clone(), methods(item)))
            .collect()
    }
}

#[tokio::test]
async fn no_answer_has_a_status_a_header_or_a_type_that_is_not_described() {
    let world = World::start().await;
    let (moved, gone) =
        (world.known(mazda()).await, world.known(fields! { "Auto": "Kia", "OrdenStatus": "Comprado" }).await);
    let slug = |row: Option<Value>| row.unwrap()["slug"].as_str().unwrap().to_owned();
    let (former, deleted) = (slug(world.row(&moved).await), slug(world.row(&gone).await));
    world.airtable.edit(&moved, fields! { "ligawp": "el-mazda" });
    world.airtable.delete(&gone);
    for id in [&moved, &gone] {
        world.webhook(id).await.ok();
    }
    let mut described = Described::new(world).await;
    let (admin, hook) = (format!("Bearer {ADMIN_TOKEN}"), format!("Bearer {WEBHOOK_SECRET}"));
    let (admin, hook) = (("authorization", admin.as_str()), ("authorization", hook.as_str()));

    for (path, methods) in described.addresses() {
        let at = path.replace("{slug}", "el-mazda").replace("{id}", "1");
        assert_eq!(methods.contains("get"), methods.contains("head"), "{path}");
        for method in &methods {
            for headers in [
                &[][..],
                &[("origin", "https://x.mx")],
                &[admin],
                &[hook],
                &[admin, ("accept-encoding", "br")],
                &[admin, ("if-none-match", "*")],
            ] {
                described.ask(method, &path, &at, headers, "").await;
            }
        }
        for other in ["delete", "put", "patch"] {
            let refused = described.ask(other, &path, &at, &[admin], "").await;
            refused.problem(405);
            let takes: BTreeSet<String> = refused.header("allow").split(',').map(str::to_lowercase).collect();
            assert_eq!(takes, methods, "{path}");
        }
        described.ask("options", &path, &at, &[("origin", "https://x.mx")], "").await;
    }
    for method in ["get", "head"] {
        for folder in ["/vehicles", "/rapid-processor", "/functions/v1/rapid-processor"] {
            let one = format!("{folder}/{{slug}}");
            for (slug, status) in [
                ("el-mazda", 200),
                (&former, 308),
                (&deleted, 410),
                ("nobody", 404),
                ("No body", 404),
                ("%FF", 404),
            ] {
                for _ in ["a miss", "a hit"] {
                    let answer = described.ask(method, &one, &format!("{folder}/{slug}"), &[], "").await;
                    assert_eq!(answer.status, status, "{folder}/{slug}");
                }
            }
            let wrong = described.ask(method, folder, &format!("{folder}?page=0"), &[], "").await;
            assert_eq!(wrong.status, 400);
        }
        for (path, at, status) in [
            ("/sync-logs", "/sync-logs?limit=0", 400),
            ("/runs/{id}", "/runs/1?limit=0", 400),
            ("/runs/{id}", "/runs/none", 404),
            ("/nothing", "/nothing", 404),
            ("/vehicles/", "/vehicles/", 404),
            ("/vehicles/a/b", "/vehicles/a/b", 404),
        ] {
            assert_eq!(described.ask(method, path, at, &[admin], "").await.status, status, "{at}");
        }
        let long = format!("/vehicles?search={}", "x".repeat(33_000));
        assert_eq!(described.ask(method, "/vehicles", &long, &[], "").await.status, 431);
    }
    let large = "x".repeat(70_000);
    for (path, who, body, status) in [
        ("/airtable-sync", hook, format!(r#"{{"recordId":"{moved}"}}"#), 200),
        ("/functions/v1/airtable-sync", hook, format!(r#"{{"recordIds":["{moved}"]}}"#), 200),
        ("/airtable-sync", hook, r#"{"recordId":"x"}"#.to_owned(), 400),
        ("/airtable-sync", hook, large.clone(), 413),
        ("/airtable-notifications", ("x-airtable-content-mac", "hmac-sha256=00"), "{}".to_owned(), 401),
        ("/sync", admin, "null".to_owned(), 400),
        ("/sync", admin, large.clone(), 413),
        ("/replay", admin, r#"{"from":"x"}"#.to_owned(), 400),
        ("/replay", admin, large, 413),
    ] {
        assert_eq!(described.ask("post", path, path, &[who], &body).await.status, status, "{path}");
    }
    described.world.no_run().await;
    assert_eq!(
        described.ask("post", "/sync", "/sync", &[admin], "").await.header("cache-control"),
        "no-store"
    );

    let log_in = described.http.post(format!("{}/dashboard/login", described.world.url));
    let logged_in = log_in.body(format!("token={ADMIN_TOKEN}")).send().await.unwrap();
    let cookie = logged_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for method in ["get", "head"] {
        let page = described.ask(method, "/dashboard", "/dashboard", &[("cookie", &cookie)], "").await;
        assert_eq!(page.status, 200);
    }
    let seen = [200, 202, 303, 304, 308, 400, 401, 404, 405, 410, 413, 431];
    assert!(described.seen.is_superset(&seen.into()), "{:?}", described.seen);
}

#[tokio::test]
async fn what_is_answered_in_trouble_is_described_too() {
    let world = World::set("server.cors_origins", r#"["https://a.mx"]"#)
        .set("server.client_requests_per_second", "1")
        .set("server.client_burst", "20")
        .set("airtable.max_attempts", "1")
        .set("database.acquire_timeout", "200ms")
        .start()
        .await;
    let id = world.airtable.create(mazda());
    world.airtable.set_token("patRevokedRevoke.0123456789");
    let mut described = Described::new(world).await;
    let (admin, hook) = (format!("Bearer {ADMIN_TOKEN}"), format!("Bearer {WEBHOOK_SECRET}"));
    let known = [("origin", "https://a.mx"), ("authorization", admin.as_str())];
    let hook = [("authorization", hook.as_str())];
    for body in [format!(r#"{{"recordId":"{id}"}}"#), format!(r#"{{"recordIds":["{id}"]}}"#)] {
        described.ask("post", "/airtable-sync", "/airtable-sync", &hook, &body).await.problem(502);
    }
    described.ask("options", "/vehicles", "/vehicles", &known, "").await;
    described.ask("get", "/vehicles", "/vehicles", &known, "").await.ok();

    described.world.db.cut().await;
    let body = format!(r#"{{"recordId":"{id}"}}"#);
    described.ask("post", "/airtable-sync", "/airtable-sync", &hook, &body).await.problem(503);
    for (path, methods) in described.addresses() {
        let at = path.replace("{slug}", "nobody").replace("{id}", "1");
        for method in methods {
            described.ask(&method, &path, &at, &known, "").await;
        }
    }
    for method in ["get", "head"] {
        while described.ask(method, "/vehicles", "/vehicles", &known, "").await.status != 429 {}
    }
    assert!(described.seen.is_superset(&[429, 502, 503].into()), "{:?}", described.seen);
}

#[tokio::test]
async fn a_full_run_needs_no_body_and_lists_may_be_long_as_long_as_they_repeat() {
    let world = World::start().await;
    let api = world.get("/openapi.json").await.ok();
    let body = &api["paths"]["/sync"]["post"]["requestBody"];
    assert_ne!(body["required"], true, "{body}");
    let schema = api.pointer(
        body["content"]["application/json"]["schema"]["$ref"].as_str().unwrap().trim_start_matches('#'),
    );
    assert_eq!(schema.unwrap()["type"], "object");
    assert_eq!(world.post_as_admin("/sync").await.status, 202);

    for parameter in api["paths"]["/vehicles"]["get"]["parameters"].as_array().unwrap() {
        assert!(parameter["schema"]["maxItems"].is_null(), "{parameter}");
    }
    for repeated in ["marca=Mazda&".repeat(200), "marca=&".repeat(200)] {
        world.get(&format!("/vehicles?{repeated}")).await.ok();
    }
    let different: Vec<String> = (0..51).map(|number| format!("marca={number}")).collect();
    world.get(&format!("/vehicles?{}", different.join("&"))).await.problem(400);
}
