//! How fast the listing is: hits against a handler that returns the same bytes from a constant, misses against their SQL alone, and
//! how both grow with the inventory.
//!
//! `cargo bench --bench listing [-- [hits|misses] 1000 10000 100000]`. It starts a PostgreSQL of its own and the whole service on a free port, and
//! measures over HTTP with clients in the same process. Ratios within a run mean something; absolute numbers are this machine's.

#![expect(clippy::print_stdout, reason = "its results are for a terminal")]

use std::{
    os::unix::fs::MetadataExt,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, header},
    routing::get,
};
use sqlx::{Executor, PgPool};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use vitrina::{
    app::App,
    catalog::ListQuery,
    config::{Config, Loader, Needs},
    db::vehicles::Window,
    http::serve,
    lifecycle::Lifecycle,
    private_pg::{Keep, Options, PrivatePg},
};

const CONNECTIONS: usize = 32;
const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
const MISSES: usize = 40;
const SEED: &str = include_str!("../tests/it/support/inventory.sql");

/// What is asked uncached: what it is called, and the query.
const QUESTIONS: [(&str, &str); 19] = [
    ("no filter", ""),
    ("marca", "marca=mazda"),
    ("two brands", "marca=mazda&marca=kia"),
    ("autoano", "autoano=2020"),
    ("transmision", "transmision=automatica"),
    ("combustible", "combustible=gasolina"),
    ("garantia", "garantia=1+ano"),
    ("carroceria", "carroceria=suv"),
    ("ubicacion", "ubicacion=GPE"),
    ("promociones", "promociones=bono"),
    ("minPrice", "minPrice=500000"),
    ("hideSeparado", "hideSeparado=true"),
    ("price-asc", "orderby=price-asc"),
    ("search", "search=mazda+sentra"),
    ("common words", "search=excelente+garantia"),
    ("modelo", "modelo=sentra"),
    ("minYear", "minYear=2020"),
    ("maxMonthly", "maxMonthly=5000"),
    ("four together", "marca=mazda&maxPrice=300000&ubicacion=MTY&orderby=price-asc"),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let wanted = |what: &str| {
        let asked: Vec<String> = std::env::args().filter(|word| word == "hits" || word == "misses").collect();
        asked.is_empty() || asked.iter().any(|word| word == what)
    };
    let mut sizes: Vec<i32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 10_000, 100_000];
    }
    for (index, size) in sizes.iter().enumerate() {
        let postgres = PrivatePg::start(Options::new(Keep::Nothing)).await?;
        let lifecycle = Lifecycle::new(Duration::from_secs(5));
        let app = App::start(&config(&postgres.url())?, lifecycle.clone()).await?;
        let pool = PgPool::connect(&postgres.url()).await?;
        pool.execute("insert into sync_runs (kind, trigger, status) values ('full', 'manual', 'succeeded')")
            .await?;
        pool.execute(sqlx::AssertSqlSafe(SEED.replace("$1", &size.to_string()))).await?;
        app.state().db.list_anew().await?;
        settle(&pool).await?;
        app.state().catalog.suspect();
        println!("\n{size} listed vehicles");
        if wanted("misses") {
            misses(&app).await?;
        }
        if index == 0 && wanted("hits") {
            hits(&app).await?;
        }
        pool.close().await;
        lifecycle.stop();
        let _ending = app.finish().await;
        postgres.stop().await?;
    }
    Ok(())
}

/// What autovacuum does within a minute of a load. A snapshot that is held somewhere makes one pass useless.
async fn settle(pool: &PgPool) -> anyhow::Result<()> {
    loop {
        pool.execute("vacuum analyze").await?;
        let unseen = "select count(*) from pg_class where relname = 'listing' and relpages > 0 and relallvisible < relpages / 2";
        if sqlx::query_scalar::<_, i64>(unseen).fetch_one(pool).await? == 0 {
            return Ok(());
        }
    }
}

fn config(url: &str) -> anyhow::Result<Config> {
    Ok(Loader::new(std::iter::empty())
        .set("server.bind_addr", "127.0.0.1:0")
        .set("database.url", url)
        .set("airtable.api_url", "http://127.0.0.1:9")
        .set("airtable.api_key", "patNobody")
        .set("airtable.base_id", "appNobody")
        .set("airtable.table_id", "tblNobody")
        .set("auth.webhook_secret", "a-secret-for-benches")
        .set("auth.admin_token", "another-secret-for-benches")
        .load(Needs::Serve)?)
}

/// Each question uncached over HTTP, and its statement alone on the same pool.
async fn misses(app: &App) -> anyhow::Result<()> {
    let state = app.state();
    let mut client = Client::connect(&app.addr().to_string()).await?;
    println!("  {:<16}{:>12}{:>12}{:>8}", "uncached page", "SQL, ms", "HTTP, ms", "ratio");
    for (name, query) in QUESTIONS {
        let list = ListQuery::parse(query, state.catalog.locations()).ok().flatten().unwrap_or_default();
        let window = Window { order: list.order, limit: Some(20), offset: 0 };
        let request = get_request(&format!("/vehicles?{query}"), "identity");
        let (mut sql, mut http) = (Vec::new(), Vec::new());
        for _ in 0..MISSES {
            let started = Instant::now();
            let search = state.db.understand(list.filter.search()).await?;
            state.db.listed(state.catalog.branches(), &list.filter, &search, window).await?;
            sql.push(started.elapsed());
            state.catalog.suspect();
            let started = Instant::now();
            client.ask(&request).await?;
            http.push(started.elapsed());
        }
        let (sql, http) = (median(&mut sql), median(&mut http));
        println!(
            "  {name:<16}{:>12.2}{:>12.2}{:>8.2}",
            ms(sql),
            ms(http),
            http.as_secs_f64() / sql.as_secs_f64()
        );
    }
    for (name, path) in [("facets", "/vehicles/facets"), ("facets, marca", "/vehicles/facets?marca=mazda")] {
        let mut times = Vec::new();
        for _ in 0..10 {
            state.catalog.suspect();
            let started = Instant::now();
            client.ask(&get_request(path, "identity")).await?;
            times.push(started.elapsed());
        }
        println!("  {name:<16}{:>24.2}", ms(median(&mut times)));
    }
    Ok(())
}

/// Requests per second: the cached page against the same bytes from a constant, and from nginx where it is installed.
async fn hits(app: &App) -> anyhow::Result<()> {
    let path = "/vehicles?pageSize=21";
    println!("  {:<16}{:>12}{:>12}{:>8}", "cached page", "/s", "vitrina/s", "ratio");
    for coding in ["identity", "br"] {
        let request: Arc<[u8]> = get_request(path, coding).into();
        let vitrina = app.addr().to_string();
        let mut client = Client::connect(&vitrina).await?;
        let body = client.ask(&request).await?.to_vec();
        let nginx = Nginx::start(&body)?;
        let head = client.head(&request).await?;
        let mut others = vec![
            ("constant", constant(body.clone(), HeaderMap::new()).await?),
            ("same head", constant(body, head).await?),
        ];
        others.extend(nginx.as_ref().map(|nginx| ("nginx", nginx.address.clone())));
        for (name, address) in others {
            let (mut theirs, mut ours) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                theirs.push(throughput(&address, &request).await?);
                ours.push(throughput(&vitrina, &request).await?);
            }
            let (theirs, ours) = (middle(&mut theirs), middle(&mut ours));
            println!("  {coding:<9}{name:<9}{theirs:>10.0}{ours:>12.0}{:>8.2}", ours / theirs);
        }
    }
    Ok(())
}

/// nginx with one file.
struct Nginx {
    process: std::process::Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// `None` when it is not installed.
    fn start(body: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(program) = ["/usr/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists())
        else {
            println!("  (no nginx here)");
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("vehicles"), body)?;
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let home = folder.path().display();
        // Its worker must be able to read the folder.
        let user = if folder.path().metadata()?.uid() == 0 { "user root;" } else { "" };
        let config = format!(
            "{user} worker_processes auto; daemon off; pid {home}/pid; error_log {home}/log;
             events {{ worker_connections 1024; }}
             http {{
                 access_log off; default_type application/json; sendfile on; tcp_nopush on; open_file_cache max=10;
                 keepalive_requests 1000000000;
                 client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
                 uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
                 server {{ listen {address}; root {home}; }}
             }}"
        );
        std::fs::write(folder.path().join("conf"), config)?;
        let process = std::process::Command::new(program)
            .arg("-c")
            .arg(folder.path().join("conf"))
            .args(["-p", &home.to_string(), "-e", "stderr"])
            .spawn()?;
        let nginx = Self { process, address, _folder: folder };
        let until = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(&nginx.address).is_err() {
            ensure!(Instant::now() < until, "nginx does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(nginx))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM lets it end its workers.
        let _asked = std::process::Command::new("kill").arg(self.process.id().to_string()).status();
        let _ended = self.process.wait();
    }
}

/// A server like vitrina's with one handler and nothing around it; `head`: what it says besides, made once.
async fn constant(body: Vec<u8>, head: HeaderMap) -> anyhow::Result<String> {
    let body = Bytes::from(body);
    let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], head, body) };
    let router = Router::new().route("/vehicles", get(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let limits = serve::Limits {
        header_timeout: Duration::from_secs(20),
        write_timeout: Duration::from_secs(30),
        max_connections: 8000,
    };
    tokio::spawn(serve::serve(listener, router, limits, CancellationToken::new(), CancellationToken::new()));
    Ok(address)
}

async fn throughput(address: &str, request: &Arc<[u8]>) -> anyhow::Result<f64> {
    let mut clients = JoinSet::new();
    let started = Instant::now();
    for _ in 0..CONNECTIONS {
        let (mut client, request) = (Client::connect(address).await?, Arc::clone(request));
        clients.spawn(async move {
            let mut answered = 0_u32;
            while started.elapsed() < ROUND {
                client.ask(&request).await?;
                answered += 1;
            }
            anyhow::Ok(answered)
        });
    }
    let mut answered = 0;
    while let Some(client) = clients.join_next().await {
        answered += client??;
    }
    Ok(f64::from(answered) / started.elapsed().as_secs_f64())
}

fn get_request(path: &str, coding: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: {coding}\r\n\r\n").into_bytes()
}

/// A client that does as little as possible.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of it the last answer takes.
    filled: usize,
}

impl Client {
    async fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 1 << 20], filled: 0 })
    }

    /// The headers of a 200, but those that every server sets by itself.
    async fn head(&mut self, request: &[u8]) -> anyhow::Result<HeaderMap> {
        let length = self.ask(request).await?.len();
        let text = self.buffer.get(..self.filled - length).unwrap_or_default();
        let lines = std::str::from_utf8(text)?.lines().skip(1).filter_map(|line| line.split_once(": "));
        let own = lines.filter(|(name, _)| !["content-length", "content-type", "date"].contains(name));
        own.map(|(name, value)| Ok((name.parse()?, value.parse()?))).collect()
    }

    /// The body of a 200. It does as little as it can with what comes before, or answers with long heads would seem slow.
    async fn ask(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.filled = 0;
        let (head, length) = loop {
            self.filled += self.read(self.filled).await?;
            let text = self.buffer.get(..self.filled).unwrap_or_default();
            let Some(end) = memchr::memmem::find(text, b"\r\n\r\n") else { continue };
            ensure!(text.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(text));
            let head = text.get(..end).unwrap_or_default();
            // hyper and nginx write it differently.
            let at = [&b"content-length: "[..], b"Content-Length: "]
                .into_iter()
                .find_map(|name| Some(memchr::memmem::find(head, name)? + name.len()));
            let digits = head.get(at.context("no length")?..).unwrap_or_default();
            let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
            break (end + 4, digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0')));
        };
        while self.filled < head + length {
            self.filled += self.read(self.filled).await?;
        }
        Ok(self.buffer.get(head..head + length).unwrap_or_default())
    }

    async fn read(&mut self, from: usize) -> anyhow::Result<usize> {
        let read = self.stream.read(self.buffer.get_mut(from..).unwrap_or_default()).await?;
        ensure!(read > 0, "the connection ended, or the answer is longer than the buffer");
        Ok(read)
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn middle(numbers: &mut [f64]) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
