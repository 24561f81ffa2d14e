//! What Airtable's native webhook tells, without an automation.

use std::time::Instant;

use serde_json::{Value, json};
use vitrina::simulator::{Fault, Gate, Operation, PingFault, Seen, Target, What};

use crate::{
    fields,
    support::{Answer, Door, Setting, World, eventually, mazda},
};

/// A dealership that Airtable notifies by itself, and the door by which it does.
pub async fn notified(setting: Setting) -> (World, Door) {
    let door = Door::new().await;
    let world = setting.set("airtable_webhook.notification_url", door.notifications()).start().await;
    door.leads_to(&world.url);
    kept(&world).await;
    // So that what a test sees is the webhook's doing.
    eventually("the catch-up that follows a new webhook is over", || async {
        let over: bool = sqlx::query_scalar(
            "select exists (select from sync_runs r join airtable_webhooks w on r.started_at > w.created_at
                 where r.kind = 'catch_up' and r.status = 'succeeded')",
        )
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
        over
    })
    .await;
    world.no_run().await;
    (world, door)
}

/// Waits until there is one webhook and its secret is known.
pub async fn kept(world: &World) -> Value {
    eventually("the webhook is kept", || async { row(world).await.is_some() }).await;
    row(world).await.unwrap()
}

/// The webhook that is kept and that Airtable has.
pub async fn row(world: &World) -> Option<Value> {
    let row: Option<Value> = sqlx::query_scalar("select to_jsonb(w) from airtable_webhooks w")
        .fetch_optional(&world.db.pool)
        .await
        .unwrap();
    row.filter(|row| world.airtable.webhooks().iter().any(|hook| row["webhook_id"] == hook.id))
}

pub async fn prices(world: &World) -> Vec<Value> {
    let page = world.get("/vehicles?pageSize=100&orderby=price-asc").await.ok();
    page["vehicles"].as_array().unwrap().iter().map(|vehicle| vehicle["precio"].clone()).collect()
}

pub async fn shows(world: &World, expected: &[i64]) {
    eventually(&format!("the prices are {expected:?}"), || async { prices(world).await == *expected }).await;
}

fn payload_pages(world: &World) -> usize {
    world.airtable.requests().iter().filter(|seen| seen.path.ends_with("/payloads")).count()
}

fn listings(world: &World, holds: impl Fn(&str) -> bool) -> usize {
    let formula = |seen: &Seen| seen.options["filterByFormula"].as_str().unwrap_or_default().to_owned();
    world
        .airtable
        .requests()
        .iter()
        .filter(|seen| seen.operation == Operation::List && holds(&formula(seen)))
        .count()
}

#[tokio::test]
async fn creations_edits_and_deletions_reach_the_website_without_an_automation() {
    let (world, _door) = notified(Setting::default()).await;
    let id = world.airtable.create(mazda());
    shows(&world, &[329_900]).await;
    let edited = Instant::now();
    world.airtable.edit(&id, fields! { "Precio": 1 });
    shows(&world, &[1]).await;
    println!("from the edit to the website: {:?}", edited.elapsed());
    let within = edited.elapsed().as_millis();
    let log = world.logs(&id).await.pop().unwrap();
    let consistency = log["metadata"]["consistency_ms"].as_u64();
    assert!(consistency.is_some_and(|ms| u128::from(ms) <= within), "{within} ms: {log:#}");
    world.airtable.delete(&id);
    shows(&world, &[]).await;
    assert!(world.airtable.restore(&id));
    shows(&world, &[1]).await;
    let logs = world.logs(&id).await;
    assert!(
        logs.iter().all(|log| log["sync_type"] == "webhook" && log["source"] == "airtable_webhook"),
        "{logs:#?}"
    );
    eventually("nothing is left in the queue", || async { world.queue().await.is_empty() }).await;
}

#[tokio::test]
async fn a_record_of_another_table_is_passed_over() {
    let (world, _door) = notified(Setting::default()).await;
    world.airtable.requests_clear();
    let other = world.airtable.create_in_other_table(fields! { "Nombre": "Ana" });
    let id = world.airtable.create(mazda());
    shows(&world, &[329_900]).await;
    assert!(world.logs(&other).await.is_empty() && !world.logs(&id).await.is_empty());
}

#[tokio::test]
async fn a_ping_needs_the_mac_of_its_own_webhook() {
    let (world, door) = notified(Setting::default()).await;
    let id = kept(&world).await["webhook_id"].as_str().unwrap().to_owned();
    let (body, mac) = world.airtable.ping_of(&id).unwrap();
    let other = format!("{{\"webhook\":{{\"id\":\"{id}\"}}}}");
    let unknown = body.replace(&id, "achSomebodyElse00");
    let large = format!("{body}{}", " ".repeat(70_000));
    for (mac, body, status) in [
        (Some(&*mac), &body, 200),
        (Some(&*mac), &body, 200),
        (Some(&*mac.to_uppercase().replace("HMAC-SHA256", "hmac-sha256")), &body, 200),
        (None, &body, 401),
        (Some("hmac-sha256=00"), &body, 401),
        (Some(mac.trim_start_matches("hmac-")), &body, 401),
        (Some(&*mac.replace(|digit: char| digit.is_ascii_digit(), "0")), &body, 401),
        (Some(&*mac), &other, 401),
        (Some(&*mac), &unknown, 401),
        (Some(&*mac), &"{}".to_owned(), 400),
        (Some(&*mac), &"no json".to_owned(), 400),
        (Some(&*mac), &r#"{"webhook":{"id":"\u0000"}}"#.to_owned(), 400),
        (Some(&*mac), &r#"{"webhook":{"id":""}}"#.to_owned(), 400),
        (Some(&*mac), &large, 413),
    ] {
        let mut request = world.http.post(door.notifications()).body(body.clone());
        if let Some(mac) = mac {
            request = request.header("X-Airtable-Content-MAC", mac);
        }
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{answer:?} for {body:.80}");
        if status == 200 {
            assert_eq!(answer.body, "");
        } else {
            answer.problem(status);
        }
    }
}

#[tokio::test]
async fn without_the_database_a_ping_is_asked_for_again() {
    let (world, door) = notified(Setting::default().set("database.acquire_timeout", "200ms")).await;
    let id = kept(&world).await["webhook_id"].as_str().unwrap().to_owned();
    let (body, mac) = world.airtable.ping_of(&id).unwrap();
    world.db.cut().await;
    let request = world.http.post(door.notifications()).header("X-Airtable-Content-MAC", mac).body(body);
    Answer::read(request.send().await.unwrap()).await.problem(503);
    world.db.mend().await;
}

#[tokio::test]
async fn a_ping_that_is_lost_or_forged_costs_no_more_than_the_next_look() {
    let (world, _door) = notified(Setting::default().set("airtable_webhook.poll_every", "100ms")).await;
    for (price, fault) in [(1, PingFault::Lose), (2, PingFault::WrongMac), (3, PingFault::Twice)] {
        world.airtable.ping_fault(fault);
        let id = world.airtable.create(mazda());
        world.airtable.edit(&id, fields! { "Precio": price });
        let expected: Vec<i64> = (1..=price).collect();
        shows(&world, &expected).await;
    }
}

#[tokio::test]
async fn more_payloads_than_a_page_holds_are_read_to_their_end() {
    let (world, _door) = notified(Setting::default()).await;
    let gate = Gate::closed();
    let payloads = Target::of(|seen| seen.path.ends_with("/payloads"));
    world.airtable.fault(Fault::new(What::Held(gate.clone())).on(payloads).next(1));
    let id = world.airtable.create(mazda());
    gate.reached(1).await;
    for price in 1..=120 {
        world.airtable.edit(&id, fields! { "Precio": price });
    }
    world.airtable.requests_clear();
    gate.open();
    shows(&world, &[120]).await;
    eventually("the cursor is behind the last payload", || async {
        row(&world).await.unwrap()["cursor"] == 122
    })
    .await;
    assert!((3..=6).contains(&payload_pages(&world)), "{} pages", payload_pages(&world));
}

#[tokio::test]
async fn what_was_read_survives_a_crash_before_it_is_synced() {
    let (mut world, door) = notified(Setting::default()).await;
    world.airtable.fault(Fault::new(What::Hang).on(Target::List));
    let ids: Vec<String> = (0..3).map(|_| world.airtable.create(mazda())).collect();
    eventually("the payloads are read", || async { row(&world).await.unwrap()["cursor"] == 4 }).await;
    assert_eq!(world.queue().await.len(), 3);
    world.kill().await;
    door.leads_nowhere();
    world.airtable.clear_faults();
    world.airtable.fault(Fault::new(What::EmptyPage).on(Target::of(|seen| {
        seen.options["filterByFormula"].as_str().is_some_and(|formula| formula.contains("LAST_MODIFIED_TIME"))
    })));
    world.start_again().await;
    eventually("all are synced", || async { world.get("/vehicles").await.ok()["totalCount"] == 3 }).await;
    for id in &ids {
        assert_eq!(world.logs(id).await.last().unwrap()["source"], "airtable_webhook");
    }
}

#[tokio::test]
async fn what_was_read_and_not_kept_is_read_again() {
    let (world, _door) = notified(Setting::default().set("database.acquire_timeout", "200ms")).await;
    let gate = Gate::closed();
    let payloads = Target::of(|seen| seen.path.ends_with("/payloads"));
    world.airtable.fault(Fault::new(What::Held(gate.clone())).on(payloads).next(1));
    world.airtable.create(mazda());
    gate.reached(1).await;
    world.db.cut().await;
    gate.open();
    eventually("the answer is there", || async {
        world
            .airtable
            .requests()
            .iter()
            .any(|seen| seen.path.ends_with("/payloads") && seen.status == Some(200))
    })
    .await;
    world.db.mend().await;
    shows(&world, &[329_900]).await;
}

#[tokio::test]
async fn of_two_instances_one_reads_and_the_other_takes_over() {
    let (mut world, door) = notified(Setting::default()).await;
    let other = world.another_instance().await;
    door.leads_to(&other.url);
    world.airtable.requests_clear();
    let ids: Vec<String> = (0..20).map(|_| world.airtable.create(mazda())).collect();
    eventually("all are here", || async {
        world.get_from(&other, "/vehicles").await.ok()["totalCount"] == 20
    })
    .await;
    for id in &ids {
        // The catch-up at the other one's start may have been the first to see it.
        let told = world.logs(id).await.into_iter().filter(|log| log["source"] == "airtable_webhook").count();
        assert!(told <= 1, "a payload was read {told} times");
    }
    assert_eq!(world.airtable.webhooks().len(), 1);
    world.kill().await;
    for id in &ids {
        world.airtable.edit(id, fields! { "Precio": 7 });
    }
    eventually("the other one reads now", || async {
        let page = world.get_from(&other, "/vehicles?minPrice=7&maxPrice=7").await.ok();
        page["totalCount"] == 20
    })
    .await;
    assert_eq!(world.airtable.webhooks().len(), 1);
    other.stop().await;
}

#[tokio::test]
async fn a_change_of_the_whole_inventory_is_read_page_by_page() {
    let vehicles =
        (0..2_000).map(|number| fields! { "Auto": format!("Auto {number}"), "OrdenStatus": "Comprado" });
    let (world, _door) = notified(Setting::default().vehicles(vehicles)).await;
    world.airtable.requests_clear();
    let edited = Instant::now();
    world.airtable.edit_all(&fields! { "Precio": 5 });
    eventually("all have the new price", || async {
        world.get("/vehicles?minPrice=5").await.ok()["totalCount"] == 2_000 && world.queue().await.is_empty()
    })
    .await;
    let by_pages = listings(&world, |formula| formula.contains("LAST_MODIFIED_TIME"));
    let by_ids = listings(&world, |formula| formula.contains("RECORD_ID"));
    println!(
        "2,000 edits: {:?}, {by_pages} pages, {by_ids} requests by ids, {} pages of payloads",
        edited.elapsed(),
        payload_pages(&world)
    );
    assert!((20..=21).contains(&by_pages) && by_ids <= 1, "{by_pages} pages, {by_ids} requests by ids");
}

#[tokio::test]
async fn a_few_hundred_of_many_are_read_by_their_ids() {
    let vehicles =
        (0..450).map(|number| fields! { "Auto": format!("Auto {number}"), "OrdenStatus": "Comprado" });
    let (world, _door) = notified(Setting::default().vehicles(vehicles)).await;
    world.no_run().await;
    let gate = Gate::closed();
    let payloads = Target::of(|seen| seen.path.ends_with("/payloads"));
    world.airtable.fault(Fault::new(What::Held(gate.clone())).on(payloads).next(1));
    world.airtable.create(fields! { "OrdenStatus": "Vendido" });
    gate.reached(1).await;
    world.airtable.requests_clear();
    for record in world.airtable.records().iter().take(201) {
        world.airtable.edit(&record.id, fields! { "Precio": 5, "OrdenStatus": "Comprado" });
    }
    gate.open();
    eventually("all have the new price", || async {
        world.get("/vehicles?minPrice=5").await.ok()["totalCount"] == 201 && world.queue().await.is_empty()
    })
    .await;
    let by_ids = listings(&world, |formula| formula.contains("RECORD_ID"));
    assert!((3..=6).contains(&by_ids), "{by_ids} requests by ids");
    assert_eq!(listings(&world, |formula| formula.contains("LAST_MODIFIED_TIME")), 0);
}

#[tokio::test]
async fn what_cannot_be_read_is_looked_for_by_a_catch_up() {
    let (world, _door) = notified(Setting::default()).await;
    world.no_run().await;
    for payload in [
        json!("rubbish"),
        json!({"changedTablesById": {world.airtable.table_id(): {"changedRecordsById": [1]}}}),
        json!({"timestamp": 7, "changedTablesById": 7, "destroyedTableIds": "x"}),
    ] {
        world.no_run().await;
        world.airtable.requests_clear();
        world.airtable.garble_webhooks(&payload);
        eventually("a catch-up looks", || async {
            listings(&world, |formula| formula.contains("LAST_MODIFIED_TIME")) > 0
        })
        .await;
    }
    world.airtable.create(mazda());
    shows(&world, &[329_900]).await;
}

#[tokio::test]
async fn fields_that_change_make_the_schema_be_read_at_once() {
    let (world, _door) = notified(Setting::default()).await;
    world.no_run().await;
    world.airtable.requests_clear();
    assert!(world.airtable.rename_field("Precio", "Precio MXN"));
    eventually("the schema is read", || async {
        world.airtable.requests().iter().any(|seen| seen.operation == Operation::Schema)
    })
    .await;
}

#[tokio::test]
async fn with_the_automation_as_well_nothing_is_done_twice_to_a_vehicle() {
    let (world, _door) = notified(Setting::default()).await;
    let id = world.airtable.create(mazda());
    assert!(world.webhook(&id).await.ok()["success"] == true);
    shows(&world, &[329_900]).await;
    eventually("the queue is worked off", || async {
        world.queue().await.is_empty() && row(&world).await.unwrap()["cursor"] == 2
    })
    .await;
    let version = world.row(&id).await.unwrap()["xmin"].clone();
    world.webhook(&id).await.ok();
    assert_eq!(world.row(&id).await.unwrap()["xmin"], version);
}
