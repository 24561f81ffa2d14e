//! `GET /metrics`: true, by Prometheus' conventions, and without labels that grow. `tests/prometheus/run` lets promtool read it.

#![expect(clippy::float_cmp, reason = "counts are whole numbers, whatever their type")]

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use vitrina::{
    domain::Trigger,
    simulator::{Fault, Refusal, Target, What},
    sync::Scope,
};

use crate::support::{Answer, Setting, World, eventually, mazda};

/// The samples by name and labels, as they are written.
struct Samples(BTreeMap<String, f64>);

impl Samples {
    async fn of(world: &World) -> Self {
        Self::read(&world.get("/metrics").await)
    }

    /// Reads the text format, and fails where it is not well formed or against the conventions.
    fn read(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        let sample = Regex::new(r#"^([a-z_]+)(\{(?:[a-z_]+="[^"\\]*",?)+\})? (\S+)$"#).unwrap();
        let (mut helped, mut types, mut samples) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        for line in answer.body.lines().filter(|line| !line.is_empty()) {
            if let Some(help) = line.strip_prefix("# HELP ") {
                assert!(helped.insert(help.split(' ').next().unwrap().to_owned()), "told twice: {line}");
            } else if let Some((name, kind)) =
                line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' '))
            {
                assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "told twice: {line}");
                assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            } else {
                let parts = sample.captures(line).unwrap_or_else(|| panic!("not a sample: {line}"));
                let family = types.keys().rfind(|family| parts[1].starts_with(family.as_str()));
                assert!(family.is_some_and(|family| helped.contains(family)), "not described: {line}");
                let key = line.rsplit_once(' ').unwrap().0.to_owned();
                assert!(samples.insert(key, parts[3].parse().unwrap()).is_none(), "twice: {line}");
            }
        }
        Self(samples)
    }

    fn get(&self, key: &str) -> f64 {
        *self.0.get(key).unwrap_or_else(|| panic!("{key} is missing: {:#?}", self.0.keys()))
    }

    fn requests(&self, method: &str, route: &str, status: u16) -> f64 {
        let labels = format!(r#"{{method="{method}",route="{route}",status="{status}"}}"#);
        self.get(&format!("http_request_duration_seconds_count{labels}"))
    }
}

#[tokio::test]
async fn requests_are_told_by_the_routers_pattern_whatever_callers_write() {
    let world = World::start().await;
    world.known(mazda()).await;
    for number in 0..30 {
        world.get(&format!("/vehicles/nobody-{number}")).await.problem(404);
        world.get(&format!("/nothing/{number}\"}}x")).await.problem(404);
        world.get(&format!("/vehicles?utm_source={number}")).await.ok();
    }
    for odd in ["BREW", "PROPFIND", "X1"] {
        let method = odd.parse().unwrap();
        world.http.request(method, format!("{}/vehicles", world.url)).send().await.unwrap();
    }

    let samples = Samples::of(&world).await;

    assert_eq!(samples.requests("GET", "/vehicles/{slug}", 404), 30.0);
    assert_eq!(samples.requests("GET", "unknown", 404), 30.0);
    assert_eq!(samples.requests("GET", "/vehicles", 200), 30.0);
    assert_eq!(samples.requests("other", "/vehicles", 405), 3.0);
    assert_eq!(samples.requests("POST", "/airtable-sync", 200), 1.0);
    let series = samples.0.keys().filter(|key| key.contains("_count{")).count();
    assert!(series <= 8, "{:#?}", samples.0.keys());
    let below_a_second =
        r#"http_request_duration_seconds_bucket{method="GET",route="/vehicles",status="200",le="15"}"#;
    assert_eq!(samples.get(below_a_second), 30.0);
}

#[tokio::test]
async fn what_was_done_is_told_by_reason_and_result() {
    let world = World::set("airtable.max_attempts", "1").start().await;
    let id = world.known(mazda()).await;
    world.webhook(&id).await.ok();
    world.run(Scope::Full { force: false }, Trigger::Nightly).await;
    world.airtable.fault(Fault::new(What::Answer(Refusal::Unavailable(None))).on(Target::List).next(1));
    assert_eq!(world.webhook(&id).await.status, 202);
    world.get("/vehicles").await.ok();
    world.get("/vehicles").await.ok();

    let samples = Samples::of(&world).await;

    let syncs = |trigger: &str, result: &str| {
        samples.get(&format!(r#"vitrina_syncs_total{{trigger="{trigger}",result="{result}"}}"#))
    };
    assert_eq!(syncs("webhook", "created"), 1.0);
    assert!(syncs("webhook", "unchanged") >= 1.0);
    assert_eq!(syncs("webhook", "failed"), 1.0);
    assert_eq!(syncs("nightly", "unchanged"), 1.0);
    assert_eq!(syncs("replay", "deleted"), 0.0, "what never happened is told as such");
    assert_eq!(samples.get(r#"vitrina_airtable_requests_total{status="503"}"#), 1.0);
    assert!(samples.get(r#"vitrina_airtable_requests_total{status="200"}"#) >= 4.0);
    assert!(samples.get(r#"vitrina_airtable_permits_total{lane="webhook"}"#) >= 3.0);
    assert!(samples.get(r#"vitrina_airtable_wait_seconds{lane="run"}"#) >= 0.0);
    assert!(samples.get("vitrina_airtable_month_requests") >= 5.0);
    assert_eq!(samples.get(r#"vitrina_runs_total{kind="full",status="succeeded"}"#), 2.0);
    assert_eq!(samples.get(r#"vitrina_runs_total{kind="full",status="failed"}"#), 0.0);
    let last = samples.get(r#"vitrina_run_last_success_timestamp_seconds{kind="full"}"#);
    let start = samples.get("process_start_time_seconds");
    assert!(last >= start && start > 1.7e9, "{last} {start}");
    assert!(samples.get(r#"vitrina_run_last_success_timestamp_seconds{kind="replay"}"#).is_nan());
    assert_eq!(samples.get(r#"vitrina_cache_requests_total{result="hit"}"#), 1.0);
    assert_eq!(samples.get(r#"vitrina_cache_requests_total{result="miss"}"#), 1.0);
    assert_eq!(samples.get("vitrina_cache_entries"), 1.0);
    assert!(samples.get("vitrina_cache_bytes") > 1000.0);
    assert_eq!(samples.get("vitrina_database_max_connections"), 5.0);
    assert!((1.0..=5.0).contains(&samples.get("vitrina_database_connections")));
    assert_eq!(samples.get("vitrina_database_up"), 1.0);
    assert_eq!(samples.get(r#"vitrina_queue_records{status="dead"}"#), 0.0);
}

#[tokio::test]
async fn without_the_database_what_only_it_knows_is_missing_and_the_rest_is_told() {
    let world = World::set("database.acquire_timeout", "300ms").start().await;
    world.get("/vehicles").await.ok();
    world.db.cut().await;
    let samples = Samples::of(&world).await;
    assert_eq!(samples.get("vitrina_database_up"), 0.0);
    assert!(samples.get(r#"vitrina_queue_records{status="waiting"}"#).is_nan());
    assert!(samples.get("vitrina_airtable_month_requests").is_nan());
    assert_eq!(samples.get(r#"vitrina_cache_requests_total{result="miss"}"#), 1.0);
    world.db.mend().await;
    eventually("all is told again", || async {
        Samples::of(&world).await.get(r#"vitrina_queue_records{status="waiting"}"#) == 0.0
    })
    .await;
}

#[tokio::test]
async fn two_services_in_one_process_do_not_mix_their_figures() {
    let world = World::start().await;
    let second = world.another_instance().await;
    world.get("/vehicles").await.ok();
    let others = Samples::read(&world.get_from(&second, "/metrics").await);
    assert!(!others.0.keys().any(|key| key.contains(r#"route="/vehicles""#)), "{:#?}", others.0.keys());
    assert_eq!(Samples::of(&world).await.requests("GET", "/vehicles", 200), 1.0);
    second.stop().await;
}

#[tokio::test]
async fn health_and_metrics_may_have_an_address_of_their_own_and_are_then_nowhere_else() {
    let world = Setting::default().set("server.admin_bind", "127.0.0.1:0").start().await;
    let admin = |path: &str| {
        let request = world.http.get(format!("{}{path}", world.admin_url()));
        async move { Answer::read(request.send().await.unwrap()).await }
    };
    for path in ["/healthz", "/readyz", "/metrics"] {
        world.get(path).await.problem(404);
        assert_eq!(admin(path).await.status, 200, "{path}");
    }
    assert!(world.get("/openapi.json").await.ok()["paths"]["/metrics"].is_null());
    world.get("/vehicles").await.ok();
    for path in ["/vehicles", "/openapi.json", "/kpis", "/"] {
        admin(path).await.problem(404);
    }
    let samples = Samples::read(&admin("/metrics").await);
    assert_eq!(samples.requests("GET", "/vehicles", 200), 1.0, "it tells of both");
}
