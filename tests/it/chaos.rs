//! Everything that can go wrong, at once, at random: and in the end the database is what Airtable is, record by record.
//!
//! Random edits, creations, deletions and restorations, formula errors, a fifth of whose webhooks are lost; an Airtable that lags and has every
//! fault; a PostgreSQL that comes and goes; a token that is revoked and mended; runs; two instances, one of which is stopped and killed.
//! Beside the automation's webhooks there is the native one, whose pings get lost, doubled, late and forged, and which is deleted and broken.
//!
//! [`unaided`] is the same without anything that makes up for a lost webhook: every webhook arrives, and must suffice.
//!
//! `VITRINA_CHAOS_SECONDS` and `VITRINA_CHAOS_SEED` make them longer and different; a failure names its seed.

mod unaided;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use fastrand::Rng;
use vitrina::{
    domain::Trigger,
    simulator::{Fault, PingFault, Refusal, Target, What},
    sync::Scope,
};

use crate::{
    fields,
    support::{Door, World},
};

const DEFAULT_SECONDS: u64 = 6;
const VEHICLES: usize = 130;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_happens_the_database_ends_as_airtable_is() {
    let chance = Chance::from_environment();
    println!("{chance}");
    let mut rng = chance.rng();
    let door = Door::new().await;
    let world = World::set("database.acquire_timeout", "300ms")
        .set("airtable_webhook.notification_url", door.notifications())
        .set("airtable_webhook.poll_every", "200ms")
        .set("airtable.request_timeout", "400ms")
        .set("airtable.connect_timeout", "200ms")
        .set("airtable.max_attempts", "2")
        .set("sync.reply_within", "1s")
        .set("sync.recheck_after", "150ms")
        .set("sync.queue_max_attempts", "1000")
        .set("sync.queue_backoff_base", "20ms")
        .set("sync.queue_backoff_max", "200ms")
        .vehicles((0..VEHICLES).map(vehicle))
        .start()
        .await;
    door.leads_to(&world.url);
    let mut other = Some(world.another_instance().await);
    let token = world.airtable.token();
    let world = Arc::new(world);
    let mut deliveries = tokio::task::JoinSet::new();
    let mut cut = false;
    let until = Instant::now() + chance.duration();
    let mut edits = 0;
    while Instant::now() < until {
        for _ in 0..rng.usize(1..20) {
            edits += 1;
            let id = edit(&world, &mut rng);
            if rng.f64() < 0.8 {
                let url = match &other {
                    Some(other) if rng.bool() => other.url.clone(),
                    _ => world.url.clone(),
                };
                let request = world.webhook_request(&url).json(&serde_json::json!({ "recordId": id }));
                deliveries.spawn(async move { drop(request.send().await) });
            }
        }
        match rng.u8(0..18) {
            0 => world.airtable.clear_faults(),
            1..=4 => world.airtable.fault(fault(&mut rng)),
            5 => world.airtable.lag(Duration::from_millis(rng.u64(0..100))),
            6 if cut => {
                world.db.mend().await;
                cut = false;
            }
            6 => {
                world.db.cut().await;
                cut = true;
            }
            7 => world.airtable.set_token(if rng.bool() { &token } else { "patRevoked00000.revoked" }),
            8 => drop(world.post_as_admin("/sync").await),
            9 => drop(world.post_as_admin_with("/sync", &serde_json::json!({ "kind": "catch_up" })).await),
            10 if !cut => match other.take() {
                Some(other) if rng.bool() => other.kill().await,
                Some(other) => other.stop().await,
                None => other = Some(world.another_instance().await),
            },
            11 => world.airtable.expire_iterators(),
            12 => world.airtable.lose_webhooks(),
            13 => world.airtable.break_webhooks(rng.choice(["INVALID_HOOK", "INTERNAL_ERROR"]).unwrap_or("")),
            14 | 15 => world.airtable.ping_fault(ping_fault(&mut rng)),
            16 => match &other {
                Some(other) if rng.bool() => door.leads_to(&other.url),
                _ => door.leads_to(&world.url),
            },
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(rng.u64(1..40))).await;
    }
    world.airtable.clear_faults();
    world.airtable.set_token(&token);
    world.airtable.lag(Duration::ZERO);
    if cut {
        world.db.mend().await;
    }
    for record in
        world.airtable.records().into_iter().filter(|record| !record.fields["OrdenStatus"].is_string())
    {
        world.airtable.edit(&record.id, fields! { "OrdenStatus": "Comprado" });
    }
    while deliveries.join_next().await.is_some() {}
    let left = tokio::time::timeout(Duration::from_secs(40), async {
        while !world.queue().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(left.await.is_ok(), "the queue is not worked off: {:#?}", world.queue().await);
    for scope in [Scope::CatchUp, Scope::Full { force: true }] {
        assert_eq!(world.run(scope, Trigger::Nightly).await.error, None);
    }
    println!("{edits} edits");
    world.equals_airtable().await;
    let page = world.get("/vehicles").await.ok();
    let listed =
        world.airtable.records().iter().filter(|record| record.fields["OrdenStatus"] == "Comprado").count();
    assert_eq!(page["totalCount"], listed);
}

/// What a storm is made from.
struct Chance {
    seed: u64,
    seconds: u64,
}

impl Chance {
    /// As the variables say, else short and by chance.
    fn from_environment() -> Self {
        Self {
            seed: number("VITRINA_CHAOS_SEED", fastrand::u64(..)),
            seconds: number("VITRINA_CHAOS_SECONDS", DEFAULT_SECONDS),
        }
    }

    fn rng(&self) -> Rng {
        Rng::with_seed(self.seed)
    }

    fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VITRINA_CHAOS_SEED={} VITRINA_CHAOS_SECONDS={}", self.seed, self.seconds)
    }
}

#[expect(clippy::disallowed_methods, reason = "how long this test runs is no setting of vitrina")]
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn vehicle(number: usize) -> serde_json::Map<String, serde_json::Value> {
    fields! { "Auto": format!("Auto {}", number % 40), "Precio": number, "OrdenStatus": "Comprado" }
}

/// Somebody does something in Airtable; gives the record.
fn edit(world: &World, rng: &mut Rng) -> String {
    let records = world.airtable.records();
    let id = records[rng.usize(..records.len())].id.clone();
    match rng.u8(0..20) {
        0 => return world.airtable.create(vehicle(rng.usize(..1000))),
        1 if records.len() > VEHICLES / 2 => drop(world.airtable.delete(&id)),
        2..=4 => {
            let status = *rng.choice(["Comprado", "Vendido", "En proceso"].iter()).unwrap();
            world.airtable.edit(&id, fields! { "OrdenStatus": status });
        }
        5 => {
            world.airtable.delete(&id);
            world.airtable.restore(&id);
        }
        6 => drop(world.airtable.edit(&id, fields! { "OrdenStatus": formula_error(rng) })),
        7 => drop(world.airtable.edit(&id, fields! { "ligawp": format!("auto-{}", rng.u8(..9)) })),
        _ => drop(world.airtable.edit(&id, fields! { "Precio": rng.u32(..500_000) })),
    }
    id
}

/// What a formula that fails leaves in its cell.
fn formula_error(rng: &mut Rng) -> serde_json::Value {
    let error = serde_json::json!({ "error": "#ERROR!" });
    match rng.u8(0..3) {
        0 => error,
        1 => serde_json::json!([error]),
        _ => serde_json::json!({ "specialValue": "NaN" }),
    }
}

fn ping_fault(rng: &mut Rng) -> PingFault {
    match rng.u8(0..4) {
        0 => PingFault::Lose,
        1 => PingFault::Twice,
        2 => PingFault::Late(Duration::from_millis(rng.u64(..300))),
        _ => PingFault::WrongMac,
    }
}

fn fault(rng: &mut Rng) -> Fault {
    let what = match rng.u8(0..12) {
        0 => What::Reset,
        1 => What::TruncatedBody,
        2 => What::NotJson,
        3 => What::Hang,
        4 => What::SlowBody(Duration::from_millis(rng.u64(1..40))),
        5 => What::Latency(Duration::from_millis(rng.u64(1..600))),
        6 => What::Answer(Refusal::RateLimited(None)),
        7 => What::Answer(Refusal::RateLimitedArray),
        8 => What::Answer(Refusal::ServerError),
        9 => What::Answer(Refusal::BadGateway),
        10 => What::Answer(Refusal::Unavailable(None)),
        _ => return Fault::new(What::Answer(Refusal::IteratorNotAvailable)).on(Target::LaterPages).next(1),
    };
    if rng.bool() { Fault::new(what).next(rng.usize(1..6)) } else { Fault::new(what).every(rng.usize(2..6)) }
}
