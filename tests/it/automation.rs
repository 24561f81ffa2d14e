//! The automation's script, the real one, against the real service: whatever stops and starts, no edit is lost.
//!
//! Each edit runs `node tests/airtable/deliver.mjs`, as Airtable runs the script. The address it is given is that of a [`Gateway`],
//! which stays while the service behind it comes and goes.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::header::AUTHORIZATION;
use serde_json::{Map, Value};
use tokio::{
    io::{AsyncReadExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Semaphore, watch},
    task::JoinSet,
};
use vitrina::simulator::{Fault, Options, Refusal, Simulator, Target, What};

use crate::{
    fields,
    support::{Database, Program, Setting, World, eventually, mazda},
};

const EDITS: usize = 100;
/// The service goes after each so many deliveries.
const EVERY: usize = 20;
/// Scripts that run at the same time.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn a_hundred_edits_survive_restarts_of_the_service() {
    let mut world = Setting::default().vehicles((0..EDITS).map(|_| mazda())).start().await;
    let secret = secret_of(&world);
    let gateway = Gateway::open(&world.url).await;
    let mut edits = Edits::begin(&world.airtable, &gateway, &secret);

    edits.arrive(EVERY).await;
    // First the way, since a port that is free again may soon be somebody else's.
    gateway.leads_nowhere();
    world.stop().await;
    gateway.turned_somebody_away().await;
    let mut instance = world.another_instance().await;
    gateway.leads_to(&instance.url);
    for _ in 2..EDITS / EVERY {
        edits.arrive(EVERY).await;
        gateway.leads_nowhere();
        instance.stop().await;
        gateway.turned_somebody_away().await;
        instance = world.another_instance().await;
        gateway.leads_to(&instance.url);
    }
    edits.arrive(EVERY).await;

    edits.were_all_accepted();
    everything_equals_airtable(&world.airtable, &world.db).await;
    instance.stop().await;
}

#[tokio::test]
async fn a_hundred_edits_survive_that_the_service_is_killed_and_airtable_fails() {
    const SECRET: &str = "webhook-secret-of-the-killed";
    let airtable = Simulator::start(Options { rate_limit: None, ..Options::default() }).await.unwrap();
    for _ in 0..EDITS {
        airtable.create(mazda());
    }
    let db = Database::new().await;
    let mut service = Program::start(&airtable, &db, SECRET, "admin-token-of-the-killed").await;
    everything_equals_airtable(&airtable, &db).await;
    airtable.fault(Fault::new(What::Answer(Refusal::Unavailable(None))).on(Target::Any).every(3));
    let gateway = Gateway::open(&service.url).await;
    let mut edits = Edits::begin(&airtable, &gateway, SECRET);

    for _ in 1..EDITS / EVERY {
        edits.arrive(EVERY).await;
        // Killed with requests in flight; a port that is free again may soon be somebody else's.
        service.kill().await;
        gateway.leads_nowhere();
        gateway.turned_somebody_away().await;
        service = Program::start(&airtable, &db, SECRET, "admin-token-of-the-killed").await;
        gateway.leads_to(&service.url);
        end_leases(&db).await;
    }
    edits.arrive(EVERY).await;

    let queued = edits.were_all_accepted();
    assert!(queued > 0, "Airtable's failures sent some of them into the queue");
    everything_equals_airtable(&airtable, &db).await;
    service.kill().await;
}

/// A claim of the one that was killed ends after a minute; this is that minute.
async fn end_leases(db: &Database) {
    sqlx::query("update sync_queue set claimed_until = now() where claimed_until is not null")
        .execute(&db.pool)
        .await
        .unwrap();
}

/// Every record is stored as Airtable has it, and nothing waits.
async fn everything_equals_airtable(airtable: &Simulator, db: &Database) {
    let wanted: BTreeMap<String, Value> =
        airtable.records().into_iter().map(|record| (record.id, Value::Object(record.fields))).collect();
    assert_eq!(wanted.len(), EDITS);
    eventually("every record equals Airtable's and the queue is empty", || async {
        let stored: Vec<(String, Value)> =
            sqlx::query_as("select record_id, data from inventario_cache").fetch_all(&db.pool).await.unwrap();
        let waiting: i64 =
            sqlx::query_scalar("select count(*) from sync_queue").fetch_one(&db.pool).await.unwrap();
        waiting == 0 && BTreeMap::from_iter(stored) == wanted
    })
    .await;
}

/// The edits, each with the run of the automation that it sets off.
struct Edits {
    running: JoinSet<Map<String, Value>>,
    outputs: Vec<Map<String, Value>>,
}

impl Edits {
    fn begin(airtable: &Simulator, gateway: &Gateway, secret: &str) -> Self {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut running = JoinSet::new();
        for (price, record) in (400_000..).zip(airtable.records()) {
            let (airtable, turns) = (airtable.clone(), Arc::clone(&turns));
            let mut script = Command::new("node");
            script
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/airtable/deliver.mjs"))
                .args([&format!("{}/airtable-sync", gateway.url), &record.id])
                .env("VITRINA_SECRET", secret)
                .kill_on_drop(true);
            running.spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                assert!(airtable.edit(&record.id, fields! { "Precio": price }));
                let ended = script.output().await.unwrap_or_else(|error| {
                    panic!("these tests run Airtable's script with node, 20 or newer, which must be in PATH: {error}")
                });
                serde_json::from_slice(&ended.stdout)
                    .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ended.stderr)))
            });
        }
        Self { running, outputs: Vec::new() }
    }

    /// Waits until so many more scripts have ended.
    async fn arrive(&mut self, count: usize) {
        for _ in 0..count {
            self.outputs.push(self.running.join_next().await.unwrap().unwrap());
        }
    }

    /// Every script was told that its edit is stored or in the queue, some only by their retries. Says how many were queued.
    fn were_all_accepted(&self) -> usize {
        let of = |status: &str| self.outputs.iter().filter(|outputs| outputs["status"] == status).count();
        assert_eq!(of("success") + of("queued"), EDITS, "{:#?}", self.outputs);
        let retried = self.outputs.iter().filter(|outputs| outputs["attempts"].as_i64() > Some(1)).count();
        assert!(retried > 0, "nobody noticed that the service was away");
        of("queued")
    }
}

/// An address that stays.
struct Gateway {
    url: String,
    target: watch::Sender<Option<SocketAddr>>,
    turned_away: Arc<AtomicUsize>,
}

impl Gateway {
    async fn open(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let (target, leads) = watch::channel(None);
        let turned_away = Arc::new(AtomicUsize::new(0));
        let gateway = Self { url: own, target, turned_away: Arc::clone(&turned_away) };
        gateway.leads_to(url);
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let (target, turned_away) = (*leads.borrow(), Arc::clone(&turned_away));
                tokio::spawn(async move {
                    let service = async { TcpStream::connect(target?).await.ok() };
                    if let Some(mut service) = service.await {
                        let _ = copy_bidirectional(&mut client, &mut service).await;
                    } else {
                        // It breaks off when the request is under way, as when a process dies.
                        let _ = client.read(&mut [0; 1024]).await;
                        turned_away.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        gateway
    }

    fn leads_to(&self, url: &str) {
        let address = url.strip_prefix("http://").unwrap().parse().unwrap();
        self.target.send_replace(Some(address));
    }

    /// From now on requests break off.
    fn leads_nowhere(&self) {
        self.target.send_replace(None);
    }

    /// Waits until a script has found the service away.
    async fn turned_somebody_away(&self) {
        let before = self.turned_away.load(Ordering::SeqCst);
        eventually("a script finds the service away", || async {
            self.turned_away.load(Ordering::SeqCst) > before
        })
        .await;
    }
}

fn secret_of(world: &World) -> String {
    let request = world.webhook_request(&world.url).build().unwrap();
    request.headers()[AUTHORIZATION].to_str().unwrap().trim_start_matches("Bearer ").to_owned()
}
