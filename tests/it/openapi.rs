//! The description of the API: whole, true, and shown without asking anybody.

use std::collections::BTreeSet;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use vitrina::http::schema::{Facets, OldList, OldVehicle, Slugs, Vehicle, VehicleList};

use crate::support::{World, mazda};

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
            assert!(api["paths"][path]["get"]["responses"][refused].is_object(), "{refused} of {path}");
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
    let given: BTreeSet<&str> =
        parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    assert_eq!(
        given,
        BTreeSet::from([
            "autoano",
            "carroceria",
            "combustible",
            "enganchemin",
            "garantia",
            "hideSeparado",
            "marca",
            "maxEnganche",
            "maxPrice",
            "minPrice",
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
}
