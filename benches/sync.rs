//! The sync's targets, each against its physical limit in the same run: `cargo bench --bench sync [-- one burst full large tenfold start]`.
//! `large` takes a quarter of an hour: 100,000 records at Airtable's pace, three times. `tenfold` is the same at ten times that pace.
//!
//! A simulated Airtable with its limit of 5 requests a second and 200 ms for an answer, a PostgreSQL of our own, and the real
//! binary where memory or start is measured. Figures are printed; nothing fails for being slow.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and fails by panicking")]

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use sqlx::PgPool;
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
    task::JoinSet,
};
use vitrina::{
    airtable::{AirtableClient, Lane, Listing},
    app::App,
    config::{Config, Loader, Needs},
    domain::Trigger,
    lifecycle::Lifecycle,
    private_pg::{Keep, PrivatePg},
    simulator::{Options, RateLimit, Simulator, inventory},
    sync::Scope,
};

const SECRET: &str = "webhook-secret-for-benches";
const TOKEN: &str = "admin-token-for-the-benches";

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|word| word == part);
    let _ = rlimit::increase_nofile_limit(u64::from(u16::MAX));
    let postgres = PrivatePg::start(vitrina::private_pg::Options::new(Keep::Nothing)).await.unwrap();
    if wanted("one") {
        share_of_one_webhook(&postgres).await;
    }
    for count in [500, 5_000] {
        if wanted("burst") {
            burst(&postgres, count).await;
        }
    }
    for (part, count, per_second, latency) in
        [("full", 10_000, 5, 200), ("large", 100_000, 5, 200), ("tenfold", 100_000, 50, 20)]
    {
        if wanted(part) {
            let name = format!("full_{part}");
            Box::pin(full_sync(&postgres, &name, count, per_second, Duration::from_millis(latency))).await;
        }
    }
    if wanted("start") {
        start(&postgres).await;
    }
    postgres.stop().await.unwrap();
}

/// A dealership of `count` vehicles in a database of its own.
struct Place {
    airtable: Simulator,
    url: String,
    pool: PgPool,
    requests_per_second: u32,
}

impl Place {
    async fn new(
        postgres: &PrivatePg,
        name: &str,
        count: usize,
        requests_per_second: u32,
        latency: Duration,
    ) -> Self {
        let rate_limit = RateLimit { per_second: requests_per_second as usize, ..RateLimit::default() };
        let airtable =
            Simulator::start(Options { rate_limit: Some(rate_limit), latency, ..Options::default() })
                .await
                .unwrap();
        for fields in vehicles(count) {
            airtable.create(fields);
        }
        let admin = PgPool::connect(&postgres.url()).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&admin).await.unwrap();
        let url = postgres.url_for(name);
        let pool = PgPool::connect(&url).await.unwrap();
        Self { airtable, url, pool, requests_per_second }
    }

    fn config(&self) -> Config {
        Loader::new(self.environment().into_iter()).load(Needs::Serve).unwrap()
    }

    fn environment(&self) -> Vec<(String, String)> {
        let rate = self.requests_per_second.to_string();
        [
            ("BIND_ADDR", "127.0.0.1:0"),
            ("DATABASE_URL", &self.url),
            ("AIRTABLE_API_URL", &self.airtable.url()),
            ("AIRTABLE_API_KEY", &self.airtable.token()),
            ("AIRTABLE_BASE_ID", self.airtable.base_id()),
            ("AIRTABLE_TABLE_ID", self.airtable.table_id()),
            ("VITRINA__AIRTABLE__REQUESTS_PER_SECOND", &rate),
            ("WEBHOOK_SECRET", SECRET),
            ("ADMIN_TOKEN", TOKEN),
            ("RUST_LOG", "error"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    async fn serve(&self) -> (App, Lifecycle) {
        let lifecycle = Lifecycle::new(Duration::from_secs(20));
        let app = App::start(&self.config(), lifecycle.clone()).await.unwrap();
        while !app.state().db.was_ever_loaded().await.unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Let the limiter's window pass, as it has on a quiet day.
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.airtable.requests_clear();
        (app, lifecycle)
    }
}

fn vehicles(count: usize) -> impl Iterator<Item = Map<String, Value>> {
    let models = inventory::vehicles(7, 300, "https://photos.example");
    (0..count).map(move |number| {
        let mut fields = models[number % models.len()].clone();
        fields.insert("OrdenStatus".into(), "Comprado".into());
        fields.insert("OrdenCompra".into(), format!("OC-{number}").into());
        fields
    })
}

/// All but Airtable's time, in the log of each.
async fn share_of_one_webhook(postgres: &PrivatePg) {
    let place = Place::new(postgres, "one", 300, 1000, Duration::ZERO).await;
    let (app, lifecycle) = place.serve().await;
    let http = client();
    let ids: Vec<String> = place.airtable.records().into_iter().map(|record| record.id).collect();
    let mut seen = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        place.airtable.edit(id, Map::from_iter([("Precio".to_owned(), json!(number))]));
        let started = Instant::now();
        let answer = deliver(&http, &format!("http://{}", app.addr()), id).await;
        assert_eq!(answer.0, 200);
        seen.push(started.elapsed());
    }
    let mut shares: Vec<f64> = sqlx::query_scalar(
        "select duration_ms - (metadata->'timings'->>'airtable')::float8 from sync_logs where sync_type = 'webhook'",
    )
    .fetch_all(&place.pool)
    .await
    .unwrap();
    println!(
        "one webhook, 300 in turn: vitrina's share median {:.1} ms (target <= 5 ms); seen by the sender, Airtable included, median {:?}",
        median(&mut shares),
        median_duration(&mut seen)
    );
    stop(app, lifecycle).await;
}

/// So many webhooks at once, at 5 requests a second and 200 ms.
async fn burst(postgres: &PrivatePg, count: usize) {
    let place = Place::new(postgres, &format!("burst_{count}"), count, 5, Duration::from_millis(200)).await;
    let (app, lifecycle) = place.serve().await;
    let http = client();
    let url = format!("http://{}", app.addr());
    let ids: Vec<String> = place.airtable.records().into_iter().map(|record| record.id).collect();
    for id in &ids {
        place.airtable.edit(id, Map::from_iter([("Precio".to_owned(), json!(123_456))]));
    }
    let started = Instant::now();
    let mut deliveries = JoinSet::new();
    for id in ids {
        let (http, url) = (http.clone(), url.clone());
        deliveries.spawn(async move { deliver(&http, &url, &id).await.0 });
    }
    let (mut synced, mut queued) = (0, 0);
    while let Some(status) = deliveries.join_next().await {
        match status.unwrap() {
            200 => synced += 1,
            202 => queued += 1,
            other => println!("an answer of {other}"),
        }
    }
    let answered = started.elapsed();
    let stored = loop {
        let done: i64 = sqlx::query_scalar("select count(*) from inventario_cache where precio = 123456")
            .fetch_one(&place.pool)
            .await
            .unwrap();
        if done == i64::try_from(count).unwrap() {
            break started.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    println!(
        "{count} webhooks at once: all answered after {answered:.2?} ({synced} as synced, {queued} with 202), all stored after {stored:.2?}; \
         {} requests (at least {}), {} refused with 429, {} in the busiest second",
        place.airtable.requests().len(),
        count.div_ceil(100),
        place.airtable.rate_limited(),
        place.airtable.max_in_any_second()
    );
    stop(app, lifecycle).await;
}

/// A full sync by the real binary against fetching the same pages and doing nothing with them.
async fn full_sync(
    postgres: &PrivatePg,
    name: &str,
    count: usize,
    requests_per_second: u32,
    latency: Duration,
) {
    let place = Place::new(postgres, name, count, requests_per_second, latency).await;
    let alone = fetch_alone(&place).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (first, memory) = sync_by_the_binary(&place).await;
    println!(
        "full sync of {count} records, all new, at {requests_per_second} requests/s and {latency:?}: {first:.2?}, fetching alone {alone:.2?}: \
         {:.3} x (target 1.1 x); peak resident {memory} MiB (target 120 MB)",
        first.as_secs_f64() / alone.as_secs_f64()
    );
    let before = versions(&place.pool).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (again, memory) = sync_by_the_binary(&place).await;
    let written = versions(&place.pool).await.iter().zip(&before).filter(|(now, then)| now != then).count();
    println!(
        "full sync of {count} records, unchanged: {again:.2?}, {:.3} x; peak resident {memory} MiB; {written} vehicle rows written (target 0)",
        again.as_secs_f64() / alone.as_secs_f64()
    );
    if count <= 10_000 {
        warm_cache(&place).await;
    }
}

/// The cache after an unchanged full sync.
async fn warm_cache(place: &Place) {
    let (app, lifecycle) = place.serve().await;
    let (http, front) = (client(), format!("http://{}/vehicles", app.addr()));
    let from = async || {
        let answer = http.get(&front).send().await.unwrap();
        answer.headers()["x-cache"].to_str().unwrap().to_owned()
    };
    from().await;
    let engine = &app.state().engine;
    let run = loop {
        match engine.begin_run(Scope::Full { force: false }, Trigger::Manual).await {
            Ok(run) => break run,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    };
    let report = engine.carry_out(run).await.unwrap();
    println!(
        "after an unchanged full sync ({} unchanged) the front page is a {}",
        report.counts.unchanged,
        from().await
    );
    stop(app, lifecycle).await;
}

async fn fetch_alone(place: &Place) -> Duration {
    let client = AirtableClient::new(&place.config().airtable).unwrap();
    let listing =
        Listing { formula: Some("LOWER(TRIM({OrdenStatus}&''))='comprado'".to_owned()), page_size: 100 };
    let started = Instant::now();
    let mut offset = None;
    loop {
        let page = client.page(client.permit(Lane::Run).await, &listing, offset.as_deref()).await.unwrap();
        offset = page.offset;
        if offset.is_none() {
            return started.elapsed();
        }
    }
}

/// How long the run took by its own report, and the most memory that the process had resident, in MiB.
async fn sync_by_the_binary(place: &Place) -> (Duration, u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vitrina"))
        .args(["sync", "--full", "--json"])
        .env_clear()
        .envs(place.environment())
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let reading = tokio::spawn(async move {
        let mut report = String::new();
        out.read_to_string(&mut report).await.unwrap();
        report
    });
    let mut peak = 0;
    while !reading.is_finished() {
        peak = peak.max(status(&child, "VmHWM"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let report = reading.await.unwrap();
    assert!(child.wait().await.unwrap().success(), "{report}");
    let report: Value = serde_json::from_str(&report).unwrap();
    (Duration::from_millis(report["duration_ms"].as_u64().unwrap()), peak / 1024)
}

/// From the start of the process to ready, on a database that is there, and its memory when it has nothing to do.
async fn start(postgres: &PrivatePg) {
    let place = Place::new(postgres, "start", 300, 5, Duration::ZERO).await;
    let (app, lifecycle) = place.serve().await;
    stop(app, lifecycle).await;
    let mut times = Vec::new();
    let mut idle = 0;
    for port in [18_431_u16, 18_432, 18_433, 18_434, 18_435] {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_vitrina"))
            .arg("serve")
            .env_clear()
            .envs(place.environment())
            .env("BIND_ADDR", format!("127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let http = client();
        while http.get(format!("http://127.0.0.1:{port}/readyz")).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        times.push(started.elapsed());
        tokio::time::sleep(Duration::from_secs(3)).await;
        idle = status(&child, "VmRSS") / 1024;
        child.kill().await.unwrap();
    }
    println!(
        "start to ready: median {:.0?} (target <= 300 ms); idle resident {idle} MiB (target 40 MB)",
        median_duration(&mut times)
    );
}

fn status(child: &Child, key: &str) -> u64 {
    let Some(pid) = child.id() else { return 0 };
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or_default()
}

async fn versions(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select xmin::text || ' ' || record_id from inventario_cache order by record_id")
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn deliver(http: &reqwest::Client, url: &str, id: &str) -> (u16, String) {
    let body = json!({ "recordId": id }).to_string();
    let answer =
        http.post(format!("{url}/airtable-sync")).bearer_auth(SECRET).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn stop(app: App, lifecycle: Lifecycle) {
    lifecycle.stop();
    let _ = app.finish().await;
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn median_duration(values: &mut [Duration]) -> Duration {
    values.sort();
    values[values.len() / 2]
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build().unwrap()
}
