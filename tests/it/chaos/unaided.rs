//! A storm in which every webhook arrives and nothing else helps: no catch-up, no sweep, no nightly run.
//!
//! Airtable lags by up to [`LAG`], each request by another time, and computed fields follow [`FOLLOWS`] later; formulas break and a field
//! becomes a link for a while; both instances are killed and stopped, and PostgreSQL's connections break. Within ten seconds of the last
//! edit every record is what Airtable has (chapter 4, promise 6), and on the way no broken formula sells a car and no title is a record id.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use fastrand::Rng;
use serde_json::{Map, Value, json};
use tokio::{task::JoinSet, time::sleep};

use super::{Chance, fault, formula_error, ping_fault};
use crate::{
    fields,
    support::{ADMIN_TOKEN, Door, Program, WEBHOOK_SECRET, World},
};

const LAG: Duration = Duration::from_millis(900);
const FOLLOWS: Duration = Duration::from_millis(900);
const WITHIN: Duration = Duration::from_secs(10);
const VEHICLES: usize = 60;
/// Vehicles that are for sale all the time, though their status may be unreadable.
const STEADFAST: usize = 10;

const SETTINGS: &[(&str, &str)] = &[
    ("VITRINA__SYNC__RECHECK_AFTER", "2s"),
    ("VITRINA__SYNC__CATCH_UP_EVERY", "0s"),
    ("VITRINA__SYNC__NIGHTLY", "0 0 1 1 *"),
    ("VITRINA__SYNC__REPLY_WITHIN", "1s"),
    ("VITRINA__SYNC__QUEUE_MAX_ATTEMPTS", "1000"),
    ("VITRINA__DATABASE__ACQUIRE_TIMEOUT", "300ms"),
    ("VITRINA__AIRTABLE__REQUEST_TIMEOUT", "400ms"),
    ("VITRINA__AIRTABLE__CONNECT_TIMEOUT", "200ms"),
    ("VITRINA__AIRTABLE__PAUSE_AFTER_429", "100ms"),
    ("VITRINA__AIRTABLE_WEBHOOK__POLL_EVERY", "200ms"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_catch_ups_every_record_is_right_within_ten_seconds_of_the_last_edit() {
    let chance = Chance::from_environment();
    println!("{chance}");
    let half = chance.duration() / 2;
    let mut storm = Storm::start(chance.rng()).await;
    storm.rage(half, true).await;
    storm.end_troubles_of_fields();
    storm.rage(half, false).await;
    storm.calm_down();
    let last_edit = Instant::now();
    let mut differences = storm.world.differences().await;
    while !differences.is_empty() && last_edit.elapsed() < WITHIN {
        sleep(Duration::from_millis(50)).await;
        differences = storm.world.differences().await;
    }
    storm.look_for_mistakes().await;
    let mut logs = Vec::new();
    for difference in differences.iter().take(3) {
        logs.extend(storm.world.logs(&difference.record_id).await.pop());
    }
    assert!(
        differences.is_empty() && storm.mistakes.is_empty(),
        "told by {}: {} of some {VEHICLES} records differ: {differences:#?}; the last logs of three: {logs:#?}; queue: {:#?}; \
         mistakes on the way: {:#?}",
        if storm.native { "the native webhook" } else { "the automation" },
        differences.len(),
        storm.world.queue().await,
        storm.mistakes,
    );
    println!("right after {:?}, {} edits", last_edit.elapsed(), storm.edits);
}

struct Storm {
    world: World,
    rng: Rng,
    /// Whether Airtable's native webhook tells of edits, instead of the automation.
    native: bool,
    door: Door,
    instances: Vec<Program>,
    /// Where the instances are, for the senders.
    urls: Arc<Mutex<Vec<String>>>,
    senders: JoinSet<()>,
    steadfast: Vec<String>,
    deleted: Vec<String>,
    edits: usize,
    mistakes: BTreeSet<String>,
}

impl Storm {
    async fn start(mut rng: Rng) -> Self {
        let mut world =
            World::set("sync.catch_up_every", "0s").vehicles((0..VEHICLES).map(vehicle)).start().await;
        world.stop().await;
        let steadfast =
            world.airtable.records().into_iter().take(STEADFAST).map(|record| record.id).collect();
        world.airtable.compute("descripcion", FOLLOWS, |fields| {
            json!(format!("{} por {}", text(fields, "Auto"), text(fields, "Precio")))
        });
        world.airtable.lag(LAG);
        let mut storm = Self {
            native: rng.bool(),
            door: Door::new().await,
            world,
            rng,
            instances: Vec::new(),
            urls: Arc::default(),
            senders: JoinSet::new(),
            steadfast,
            deleted: Vec::new(),
            edits: 0,
            mistakes: BTreeSet::new(),
        };
        for _ in 0..2 {
            storm.add_instance().await;
        }
        storm.tell_all();
        storm
    }

    async fn add_instance(&mut self) {
        let notifications = self.door.notifications();
        let mut settings = SETTINGS.to_vec();
        if self.native {
            settings.push(("VITRINA__AIRTABLE_WEBHOOK__NOTIFICATION_URL", &notifications));
        }
        let (airtable, url) = (&self.world.airtable, &self.world.db.url_for_vitrina);
        let instance = Program::start_with(airtable, url, WEBHOOK_SECRET, ADMIN_TOKEN, &settings).await;
        self.door.leads_to(&instance.url);
        self.instances.push(instance);
        self.publish_urls();
    }

    fn publish_urls(&self) {
        *self.urls.lock().unwrap() = self.instances.iter().map(|instance| instance.url.clone()).collect();
    }

    /// Edits and breaks things for so long.
    async fn rage(&mut self, duration: Duration, fields_too: bool) {
        let until = Instant::now() + duration;
        while Instant::now() < until {
            for _ in 0..self.rng.usize(1..5) {
                let id = self.edit();
                if !self.native {
                    self.tell(vec![id]);
                }
            }
            match self.rng.u8(0..80) {
                0 | 1 => self.lose_an_instance().await,
                2 => self.break_connections().await,
                3..=5 => self.world.airtable.fault(fault(&mut self.rng)),
                6 | 7 => self.world.airtable.clear_faults(),
                8 | 9 => self.world.airtable.ping_fault(ping_fault(&mut self.rng)),
                10..=13 if fields_too => self.trouble_a_field(),
                _ => {}
            }
            self.look_for_mistakes().await;
            sleep(Duration::from_millis(self.rng.u64(1..60))).await;
        }
        self.world.airtable.clear_faults();
    }

    /// Kills or stops one of the two, and starts another.
    async fn lose_an_instance(&mut self) {
        let lost = self.instances.remove(self.rng.usize(..self.instances.len()));
        self.publish_urls();
        if self.rng.bool() {
            lost.kill().await;
        } else {
            lost.stop().await;
        }
        self.add_instance().await;
    }

    async fn break_connections(&mut self) {
        self.world.db.cut().await;
        sleep(Duration::from_millis(self.rng.u64(..200))).await;
        self.world.db.mend().await;
    }

    /// A field becomes a link, a formula breaks, or all is mended; the automation fires for every record.
    fn trouble_a_field(&mut self) {
        match self.rng.u8(0..3) {
            0 => drop(self.world.airtable.link_field("AutoMarca")),
            1 => drop(self.world.airtable.break_field("OrdenStatus", formula_error(&mut self.rng))),
            _ => self.end_troubles_of_fields(),
        }
        self.tell_all();
    }

    fn end_troubles_of_fields(&mut self) {
        self.world.airtable.mend_field("AutoMarca");
        self.world.airtable.mend_field("OrdenStatus");
        self.tell_all();
    }

    /// Ends every fault but the lag; the last edit of all is made here.
    fn calm_down(&mut self) {
        for id in self.steadfast.clone() {
            self.change(&id, fields! { "OrdenStatus": "Comprado" });
        }
        for _ in 0..10 {
            let id = self.edit_plainly();
            if !self.native {
                self.tell(vec![id]);
            }
        }
    }

    fn edit(&mut self) -> String {
        self.edits += 1;
        let id = self.any();
        let steadfast = self.steadfast.contains(&id);
        let airtable = &self.world.airtable;
        match self.rng.u8(0..20) {
            0 => {
                let mut draft = vehicle(self.rng.usize(..1_000));
                draft.insert("OrdenStatus".to_owned(), json!("En proceso"));
                airtable.create(draft)
            }
            1 | 2 if !steadfast && airtable.records().len() > VEHICLES / 2 => {
                airtable.delete(&id);
                self.deleted.push(id.clone());
                id
            }
            3 | 4 if !self.deleted.is_empty() => {
                let id = self.deleted.swap_remove(self.rng.usize(..self.deleted.len()));
                airtable.restore(&id);
                id
            }
            5..=7 if !steadfast => {
                let status = *self.rng.choice(["Comprado", "Vendido", "En proceso"].iter()).unwrap();
                airtable.edit(&id, fields! { "OrdenStatus": status });
                id
            }
            5..=7 => {
                let status = if self.rng.bool() { formula_error(&mut self.rng) } else { json!("Comprado") };
                airtable.edit(&id, fields! { "OrdenStatus": status });
                id
            }
            _ => self.edit_plainly(),
        }
    }

    fn edit_plainly(&mut self) -> String {
        let id = self.any();
        let price = self.rng.u32(..500_000);
        self.world.airtable.edit(&id, fields! { "Precio": price });
        id
    }

    fn change(&mut self, id: &str, fields: Map<String, Value>) {
        self.world.airtable.edit(id, fields);
        if !self.native {
            self.tell(vec![id.to_owned()]);
        }
    }

    fn any(&mut self) -> String {
        let records = self.world.airtable.records();
        records[self.rng.usize(..records.len())].id.clone()
    }

    fn tell_all(&mut self) {
        self.tell(self.world.airtable.records().into_iter().map(|record| record.id).collect());
    }

    /// The automation tells of these records until an instance has accepted them.
    fn tell(&mut self, ids: Vec<String>) {
        let (urls, http) = (Arc::clone(&self.urls), self.world.http.clone());
        let mut rng = self.rng.fork();
        self.senders.spawn(async move {
            loop {
                let url = rng.choice(urls.lock().unwrap().iter()).cloned();
                if let Some(url) = url {
                    let request = http.post(format!("{url}/airtable-sync")).bearer_auth(WEBHOOK_SECRET);
                    let answer =
                        request.json(&json!({ "recordIds": ids })).timeout(Duration::from_secs(12)).send();
                    if answer.await.is_ok_and(|answer| matches!(answer.status().as_u16(), 200 | 202)) {
                        return;
                    }
                }
                sleep(Duration::from_millis(30)).await;
            }
        });
    }

    /// Notes steadfast vehicles that are not listed, and titles that show a record id.
    async fn look_for_mistakes(&mut self) {
        let wrong: Vec<String> = sqlx::query_scalar(
            "select format('%s %s: status %s', record_id, title, data->'OrdenStatus') from inventario_cache
             where (record_id = any($1) and not listed) or title ~ 'rec[A-Za-z0-9]{14}'",
        )
        .bind(&self.steadfast)
        .fetch_all(&self.world.db.pool)
        .await
        .unwrap();
        self.mistakes.extend(wrong);
    }
}

fn vehicle(number: usize) -> Map<String, Value> {
    fields! {
        "Auto": format!("Auto {}", number % 40), "AutoMarca": "Kia", "AutoSubmarcaVersion": format!("Rio {}", number % 40),
        "Precio": number, "OrdenStatus": "Comprado"
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).map(Value::to_string).unwrap_or_default()
}
