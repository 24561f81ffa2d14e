//! Full, catch-up and replay runs, the dry run, and who may run when.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Executor as _;
use vitrina::{
    domain::{Change, Mapping, Trigger},
    simulator::{Fault, Gate, Refusal, Target, What},
    sync::{Difference, RunReport, Scope},
};

use crate::{
    fields,
    support::{Setting, World, eventually, mazda},
};

const FULL: Scope = Scope::Full { force: false };

fn numbered(count: usize) -> impl Iterator<Item = serde_json::Map<String, Value>> {
    (0..count).map(
        |number| fields! { "Auto": format!("Auto {number}"), "Precio": number, "OrdenStatus": "Comprado" },
    )
}

fn told(report: &RunReport) -> [i32; 5] {
    let counts = report.counts;
    [counts.created, counts.updated, counts.unchanged, counts.archived, counts.deleted]
}

#[tokio::test]
async fn a_full_run_repairs_whatever_webhooks_missed() {
    let world = Setting::default().vehicles(numbered(150)).start().await;
    let ids: Vec<String> = world.airtable.records().into_iter().map(|record| record.id).collect();
    world.airtable.edit(&ids[0], fields! { "Precio": 77_777 });
    world.airtable.edit(&ids[1], fields! { "OrdenStatus": "Vendido" });
    world.airtable.delete(&ids[2]);
    world.airtable.create(mazda());

    let report = world.run(FULL, Trigger::Nightly).await;

    assert_eq!((told(&report), report.error.as_deref()), ([1, 1, 147, 1, 1], None));
    world.equals_airtable().await;
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 149);
    let row: Value = sqlx::query_scalar("select to_jsonb(r) from sync_runs r where id = $1")
        .bind(report.run.0)
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(
        (&row["status"], &row["trigger"], &row["deleted"]),
        (&json!("succeeded"), &json!("nightly"), &json!(1))
    );
    let logs: Vec<Value> =
        sqlx::query_scalar("select to_jsonb(l) from sync_logs l where sync_type = 'nightly'")
            .fetch_all(&world.db.pool)
            .await
            .unwrap();
    assert_eq!(logs.len(), 5, "four that were written and one summary");
    assert!(logs.iter().any(|log| log["record_id"].is_null() && log["message"] == report.to_string()));
}

#[tokio::test]
async fn what_a_run_writes_is_logged_with_how_long_its_page_took() {
    let world = World::start().await;
    world.no_run().await;
    let first = world.airtable.create(mazda());
    world.airtable.fault(Fault::new(What::Latency(Duration::from_millis(20))));
    world.run(Scope::Full { force: false }, Trigger::Manual).await;
    world.airtable.edit(&first, fields! { "Precio": 5 });
    world.run(Scope::Records(vec![first.parse().unwrap()]), Trigger::Replay).await;

    let logs = world.logs(&first).await;
    assert_eq!(logs.len(), 2, "{logs:?}");
    for log in logs {
        assert!(log["metadata"]["timings"]["airtable"].as_f64().unwrap() >= 20.0, "{log}");
    }
}

#[tokio::test]
async fn an_unchanged_table_writes_no_vehicle_and_keeps_the_cache() {
    let world = Setting::default().vehicles(numbered(150)).start().await;
    world.get("/vehicles").await.ok();
    let versions = || async {
        let versions: Vec<String> =
            sqlx::query_scalar("select xmin::text || record_id from inventario_cache order by record_id")
                .fetch_all(&world.db.pool)
                .await
                .unwrap();
        versions
    };
    let before = versions().await;

    let report = world.run(FULL, Trigger::Nightly).await;

    assert_eq!(told(&report), [0, 0, 150, 0, 0]);
    assert_eq!(versions().await, before);
    assert_eq!(world.get("/vehicles").await.header("x-cache"), "hit");
}

#[tokio::test]
async fn a_full_run_asks_for_the_listed_records_alone_and_costs_their_pages() {
    let world = Setting::default().vehicles(numbered(250)).start().await;
    for _ in 0..300 {
        world.airtable.create(fields! { "Auto": "X", "OrdenStatus": "Vendido" });
    }
    world.airtable.requests_clear();

    let report = world.run(FULL, Trigger::Manual).await;

    assert_eq!((report.counts.seen, report.counts.pages), (250, 3));
    assert_eq!(report.counts.api_calls, 4, "the schema and three pages");
}

#[tokio::test]
async fn the_brake_keeps_the_listing_when_too_many_would_leave_it() {
    let world = Setting::default().vehicles(numbered(40)).start().await;
    let ids: Vec<String> = world.airtable.records().into_iter().map(|record| record.id).collect();
    for id in &ids[..12] {
        world.airtable.edit(id, fields! { "OrdenStatus": "Vendido" });
    }

    let report = world.run(FULL, Trigger::Nightly).await;

    assert!(report.error.as_ref().unwrap().contains("12 of 40 listed vehicles"), "{report}");
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 40);
    let status: String = sqlx::query_scalar("select status from sync_runs where id = $1")
        .bind(report.run.0)
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(status, "failed");

    let forced = world.run(Scope::Full { force: true }, Trigger::Manual).await;

    assert_eq!((told(&forced), forced.error), ([0, 0, 28, 12, 0], None));
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 28);
}

#[tokio::test]
async fn a_listing_that_lacks_records_unlists_none_that_are_still_there() {
    let world = Setting::default().vehicles(numbered(30)).start().await;
    let empty = Fault::new(What::EmptyPage).on(Target::List).next(1);
    world.airtable.fault(empty);

    let report = world.run(FULL, Trigger::Nightly).await;

    assert_eq!((told(&report)[3..].to_vec(), report.error.as_deref()), (vec![0, 0], None));
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 30);
}

#[tokio::test]
async fn a_catch_up_reads_what_changed_since_the_last_run() {
    let world = Setting::default().vehicles(numbered(150)).start().await;
    let ids: Vec<String> = world.airtable.records().into_iter().map(|record| record.id).collect();
    world.airtable.advance(std::time::Duration::from_hours(1));
    sqlx::query("update sync_runs set started_at = started_at + interval '50 minutes'")
        .execute(&world.db.pool)
        .await
        .unwrap();
    world.airtable.edit(&ids[0], fields! { "Precio": 5 });
    world.airtable.edit(&ids[1], fields! { "OrdenStatus": "Vendido" });
    world.airtable.requests_clear();

    let report = world.run(Scope::CatchUp, Trigger::CatchUp).await;

    assert_eq!((told(&report), report.counts.seen), ([0, 1, 0, 1, 0], 2));
    assert_eq!(world.airtable.requests().len(), 1);
    world.equals_airtable().await;
}

#[tokio::test]
async fn a_lost_webhook_is_made_up_for_at_the_next_start() {
    let mut world = World::start().await;
    let id = world.known(mazda()).await;
    world.stop().await;
    world.airtable.edit(&id, fields! { "Precio": 5 });
    world.start_again().await;
    eventually("the catch-up at the start has read it", || async {
        world.get("/vehicles").await.ok()["vehicles"][0]["precio"] == 5
    })
    .await;
}

#[tokio::test]
async fn after_an_outage_of_airtable_what_was_missed_is_read() {
    let world = World::set("airtable.max_attempts", "1").start().await;
    let (told, missed) = (world.known(mazda()).await, world.known(mazda()).await);
    world.airtable.fault(Fault::new(What::Answer(Refusal::Unavailable(None))));
    for _ in 0..3 {
        assert_eq!(world.webhook(&told).await.status, 202);
    }
    world.airtable.edit(&missed, fields! { "Precio": 5 });
    world.airtable.clear_faults();

    world.webhook(&told).await.ok();

    eventually("the other record was read too", || async {
        world.row(&missed).await.unwrap()["precio"] == 5.0
    })
    .await;
}

#[tokio::test]
async fn a_replay_reads_given_records_those_of_a_span_and_those_that_failed() {
    let world = World::set("airtable.max_attempts", "1").set("sync.queue_max_attempts", "1").start().await;
    let (first, second) = (world.known(mazda()).await, world.known(mazda()).await);
    world.airtable.edit(&first, fields! { "Precio": 1 });
    world.airtable.edit(&second, fields! { "Precio": 2 });

    let started = world.post_as_admin_with("/replay", &json!({ "recordIds": [first] })).await;
    assert_eq!(started.status, 202, "{started:?}");
    eventually("the first is replayed", || async { world.row(&first).await.unwrap()["precio"] == 1.0 }).await;
    assert_eq!(world.row(&second).await.unwrap()["precio"], 329_900.0);

    world.no_run().await;
    let started = world.post_as_admin_with("/replay", &json!({ "from": "2000-01-01T00:00:00Z" })).await;
    assert_eq!(started.status, 202, "{started:?}");
    eventually("both are replayed", || async { world.row(&second).await.unwrap()["precio"] == 2.0 }).await;

    world.no_run().await;
    world.airtable.fault(Fault::new(What::Answer(Refusal::InvalidFormula("x".into()))));
    world.airtable.edit(&first, fields! { "Precio": 3 });
    assert_eq!(world.webhook(&first).await.status, 202);
    eventually("it is dead", || async { world.queue().await.iter().any(|row| row["status"] == "dead") })
        .await;
    world.airtable.clear_faults();
    world.post_as_admin_with("/replay", &json!({ "failed": true })).await;
    eventually("what failed is replayed", || async { world.row(&first).await.unwrap()["precio"] == 3.0 })
        .await;
    assert!(world.queue().await.is_empty());
}

#[tokio::test]
async fn a_replay_shows_how_far_it_is_and_counts_no_request_but_its_own() {
    let world = World::set("airtable.page_size", "1").start().await;
    let (first, second) = (world.known(mazda()).await, world.known(mazda()).await);
    world.no_run().await;
    let gate = Gate::closed();
    world.airtable.fault(Fault::new(What::Held(gate.clone())).on(Target::Record(second.clone())));
    world.post_as_admin_with("/replay", &json!({ "recordIds": [first, second] })).await;
    let run = async || world.get_as_admin("/runs").await.json()["runs"][0].clone();
    eventually("the first record is counted", async || {
        let run = run().await;
        run["status"] == "running" && run["kind"] == "replay" && run["seen"] == 1
    })
    .await;
    let other = world.airtable.create(mazda());
    assert_eq!(world.webhook(&other).await.status, 200);
    gate.open();
    world.no_run().await;
    let run = run().await;
    assert_eq!(
        (&run["status"], &run["seen"], &run["api_calls"]),
        (&json!("succeeded"), &json!(2), &json!(2))
    );
}

#[tokio::test]
async fn a_run_can_be_started_by_an_operator_and_by_nobody_else() {
    let world = World::start().await;
    let missed = world.airtable.create(mazda());
    let anybody = world.http.post(format!("{}/sync", world.url)).send().await.unwrap();
    crate::support::Answer::read(anybody).await.problem(401);
    world.no_run().await;

    // The first load may just be giving its lock back.
    world.no_run().await;
    let started = world.post_as_admin("/sync").await;

    assert_eq!((started.status.as_u16(), started.json()["run"].is_i64()), (202, true));
    eventually("the record is there", || async { world.row(&missed).await.is_some() }).await;
    for wrong in [
        json!({ "kind": "some" }),
        json!({ "recordIds": ["x"] }),
        json!({ "fource": true }),
        json!([]),
        json!(5),
        json!({ "recordIds": [] }),
    ] {
        let problem = world.post_as_admin_with("/sync", &wrong).await.problem(400);
        assert!(!problem["detail"].as_str().unwrap().contains("struct"), "{problem}");
    }
    for wrong in
        [json!({ "kind": "catch_up", "force": true }), json!({ "recordIds": [missed], "force": true })]
    {
        assert_eq!(world.post_as_admin_with("/sync", &wrong).await.problem(400)["param"], "force", "{wrong}");
    }
    for wrong in [json!({}), json!({ "failed": true, "recordIds": [missed] }), json!({ "from": "yesterday" })]
    {
        world.post_as_admin_with("/replay", &wrong).await.problem(400);
    }
}

#[tokio::test]
async fn one_run_at_a_time_on_all_instances() {
    let world = World::start().await;
    let other = world.another_instance().await;
    // The run with which the other starts may come first; then this one is asked for again.
    let gate = loop {
        world.no_run().await;
        let gate = Gate::closed();
        world.airtable.fault(Fault::new(What::Held(gate.clone())));
        if world.post_as_admin("/sync").await.status == 202 {
            break gate;
        }
        gate.open();
        world.airtable.clear_faults();
    };

    for instance in [&world.url, &other.url] {
        let busy = world.post_to(instance, "/sync").await;
        assert!(busy.problem(409)["detail"].as_str().unwrap().contains("full, manual"), "{busy:?}");
    }

    world.airtable.clear_faults();
    gate.open();
    eventually("the run is over", || async { world.post_to(&other.url, "/sync").await.status == 202 }).await;
    other.stop().await;
}

#[tokio::test]
async fn a_webhook_passes_a_run_and_wins() {
    let world = Setting::default().vehicles(numbered(150)).start().await;
    let id = world.airtable.records()[0].id.clone();
    let gate = Gate::closed();
    world.airtable.fault(Fault::new(What::Held(gate.clone())).on(Target::List).next(1));
    world.airtable.edit(&id, fields! { "Precio": 1 });
    let run = tokio::spawn({
        let engine = world.state().engine.clone();
        async move {
            let run = loop {
                if let Ok(run) = engine.begin_run(FULL, Trigger::Nightly).await {
                    break run;
                }
            };
            engine.carry_out(run).await.unwrap()
        }
    });
    gate.reached(1).await;
    world.airtable.edit(&id, fields! { "Precio": 2 });

    assert_eq!(world.webhook(&id).await.ok()["action"], "updated", "a run does not keep a webhook waiting");
    gate.open();

    assert_eq!(run.await.unwrap().error, None);
    assert_eq!(world.row(&id).await.unwrap()["precio"], 2.0, "the run had read it earlier");
}

#[tokio::test]
async fn a_dry_run_tells_what_would_change_and_writes_nothing() {
    let world = Setting::default().vehicles(numbered(12)).start().await;
    let ids: Vec<String> = world.airtable.records().into_iter().map(|record| record.id).collect();
    let price = world.airtable.records()[0].fields["Precio"].clone();
    world.airtable.edit(&ids[0], fields! { "Precio": 5_000 });
    world.airtable.edit(&ids[1], fields! { "OrdenStatus": "Vendido" });
    world.airtable.delete(&ids[2]);
    world.airtable.create(mazda());
    let everything = || async {
        let all: Value = sqlx::query_scalar(
            "select jsonb_build_array((select jsonb_agg(to_jsonb(v)) from inventario_cache v), (select count(*) from sync_logs),
             (select jsonb_agg(to_jsonb(r) order by record_id) from record_reads r), (select count(*) from sync_runs))",
        )
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
        all
    };
    let before = everything().await;
    let mut told: Vec<Difference> = Vec::new();

    let report =
        world.state().engine.preview(FULL, None, |difference| told.push(difference.clone())).await.unwrap();

    assert_eq!(
        (report.seen, report.created, report.updated, report.archived, report.deleted),
        (13, 1, 1, 1, 1)
    );
    let changed = told.iter().find(|difference| difference.record_id.as_str() == ids[0]).unwrap();
    assert_eq!(changed.columns["precio"], Change { before: price, after: json!(5_000) });
    assert_eq!(everything().await, before);
}

#[tokio::test]
async fn a_dry_run_tries_another_mapping_on_live_data() {
    let world = Setting::default().vehicles(numbered(5)).start().await;
    let builtin = include_str!("../../config/fields.toml");
    let other = Mapping::parse(&builtin.replace(r#"from = ["Precio"]"#, r#"from = ["Oferta"]"#)).unwrap();

    let report = world.state().engine.preview(FULL, Some(&other), |_| {}).await.unwrap();

    assert_eq!((report.updated, report.columns.get("precio")), (5, Some(&5)));
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 5);
}

#[tokio::test]
async fn a_dry_run_tells_which_fields_of_the_mapping_there_are_not_and_which_records() {
    let world = Setting::default().vehicles([mazda()]).start().await;
    let text = include_str!("../../config/fields.toml").replace(r#"["Precio"]"#, r#"["Precios"]"#);
    let mapping = Mapping::parse(&text).unwrap();
    let engine = &world.state().engine;
    let scope = Scope::Records(vec!["recNobodyKnows001".parse().unwrap()]);

    let report = engine.preview(scope.clone(), Some(&mapping), |_| {}).await.unwrap();

    assert_eq!(
        report.fields,
        [r#"no field feeds precio: Airtable has none called "Precios"; closest: "Precio""#]
    );
    assert_eq!((report.absent, report.seen), (1, 1));
    assert_eq!(engine.preview(scope.clone(), None, |_| {}).await.unwrap().fields, [""; 0]);
    let run = world.run(scope, Trigger::Manual).await;
    assert!(run.to_string().ends_with("; 1 not in Airtable and not known here"), "{run}");
}

#[tokio::test]
async fn an_ai_text_that_is_still_being_written_leaves_the_former_one() {
    let world = Setting::default().start().await;
    let mut fields = mazda();
    fields.insert(
        "descripcion".to_owned(),
        json!({"state": "generated", "isStale": false, "value": "Único dueño"}),
    );
    let id = world.known(fields).await;
    world.airtable.edit(
        &id,
        fields! { "descripcion": {"state": "loading", "isStale": true, "value": null}, "Precio": 5 },
    );

    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");

    let row = world.row(&id).await.unwrap();
    assert_eq!((&row["descripcion"], &row["precio"]), (&json!("Único dueño"), &json!(5.0)));
}

#[tokio::test]
async fn a_page_with_a_record_that_the_database_refuses_costs_only_that_record() {
    let world = World::start().await;
    sqlx::query("alter table inventario_cache add constraint odd check (title <> 'Auto 7')")
        .execute(&world.db.pool)
        .await
        .unwrap();
    for fields in numbered(20) {
        world.airtable.create(fields);
    }

    let report = world.run(FULL, Trigger::Nightly).await;

    assert_eq!((report.counts.created, report.counts.failed, report.error.as_deref()), (19, 1, None));
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 19);
}

#[tokio::test]
async fn a_record_that_airtable_refuses_to_tell_of_does_not_hold_the_others_up() {
    let world = Setting::default().vehicles(numbered(30)).start().await;
    let ids: Vec<String> = world.airtable.records().into_iter().map(|record| record.id).collect();
    for id in &ids[..3] {
        world.airtable.edit(id, fields! { "OrdenStatus": "Vendido" });
    }
    let refused = What::Answer(Refusal::InvalidFormula("x".into()));
    world.airtable.fault(Fault::new(refused).on(Target::Record(ids[0].clone())));

    let report = world.run(FULL, Trigger::Nightly).await;

    assert_eq!((report.counts.archived, report.counts.failed, report.error.as_deref()), (2, 1, None));
    assert_eq!(world.row(&ids[0]).await.unwrap()["listed"], true);
}

#[tokio::test]
async fn a_run_that_has_lost_its_lock_ends() {
    let world = Setting::default().vehicles(numbered(150)).start().await;
    world.no_run().await;
    let gate = Gate::closed();
    world.airtable.fault(Fault::new(What::Held(gate.clone())).on(Target::LaterPages).next(1));
    let engine = world.state().engine.clone();
    let run = loop {
        if let Ok(run) = engine.begin_run(FULL, Trigger::Manual).await {
            break run;
        }
    };
    let run = tokio::spawn(async move { engine.carry_out(run).await.unwrap() });
    gate.reached(1).await;
    let ended: Vec<bool> = sqlx::query_scalar(
        "select pg_terminate_backend(pid) from pg_locks
         where locktype = 'advisory' and objsubid = 2
           and database = (select oid from pg_database where datname = current_database())",
    )
    .fetch_all(&world.db.pool)
    .await
    .unwrap();
    assert_eq!(ended, [true]);
    gate.open();

    let report = run.await.unwrap();

    assert!(report.error.as_ref().unwrap().contains("lock on runs was lost"), "{report}");
}

#[tokio::test]
async fn a_run_that_a_stop_cuts_off_says_so_in_its_row() {
    let mut world = Setting::default().vehicles(numbered(150)).start().await;
    world.no_run().await;
    // Those of the first load are not meant.
    world.airtable.requests_clear();
    world.airtable.fault(Fault::new(What::Hang).on(Target::LaterPages));
    let run = world.post_as_admin("/sync").await.json()["run"].as_i64().unwrap();
    eventually("the run waits for its second page", || async {
        world.airtable.requests().iter().any(|seen| seen.options.get("offset").is_some())
    })
    .await;

    world.stop().await;

    let (status, error): (String, Option<String>) =
        sqlx::query_as("select status, error from sync_runs where id = $1")
            .bind(run)
            .fetch_one(&world.db.pool)
            .await
            .unwrap();
    assert_eq!(status, "failed");
    assert!(error.as_deref().unwrap_or_default().contains("stopped"), "{error:?}");
}

#[tokio::test]
async fn a_replay_of_a_wrong_span_is_refused_by_the_name_of_what_is_wrong() {
    let world = World::start().await;
    world.no_run().await;
    for (wrong, param, said) in [
        (json!({ "failed": true, "to": "2026-11-24" }), "to", "from has to be given"),
        (json!({ "recordIds": ["recA1b2C3d4E5f6G7"], "to": "2026-11-24" }), "to", "from has to be given"),
        (json!({ "from": "2020-11-24", "to": "2020-11-23T08:00:00Z" }), "to", "after from"),
        (json!({ "from": "2020-11-24", "to": "2020-11-24" }), "to", "after from"),
        (json!({ "from": "9999-01-01" }), "from", "yet to come"),
        (json!({ "from": "yesterday" }), "from", "or a day such as"),
        (json!({ "from": "2020-11-24", "to": 5 }), "to", "or a day such as"),
    ] {
        let problem = world.post_as_admin_with("/replay", &wrong).await.problem(400);
        assert_eq!(problem["param"], param, "{wrong}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{wrong}: {problem}");
    }
    let runs: i64 = sqlx::query_scalar("select count(*) from sync_runs where kind = 'replay'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(runs, 0);

    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "Precio": 7 });
    let started = world.post_as_admin_with("/replay", &json!({ "from": "2020-11-24" })).await;
    assert_eq!(started.status, 202, "{started:?}");
    eventually("what was logged since that day is replayed", || async {
        world.row(&id).await.unwrap()["precio"] == 7.0
    })
    .await;
}

#[tokio::test]
async fn the_command_line_reads_a_span_as_the_api_does() {
    for (arguments, said) in [
        (&["--from", "yesterday"][..], "a day such as 2026-11-23"),
        (&["--from", "2020-11-24", "--to", "2020-11-23"], "it should be after from"),
        (&["--from", "9999-01-01"], "yet to come"),
        (&["--failed", "--to", "2020-11-23"], "--failed"),
    ] {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_vitrina"));
        let output = command.arg("replay").args(arguments).env_clear().output().await.unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {log}");
        assert!(log.contains(said), "{arguments:?}: {log}");
    }
}

#[tokio::test]
async fn a_dry_run_asks_nothing_when_the_months_requests_are_used_up() {
    let world = World::start().await;
    world.no_run().await;
    // By another process, which has told the database.
    sqlx::query("insert into airtable_usage (month, calls, stopped_until) values (date_trunc('month', now() at time zone 'utc')::date, 1, now() + interval '1 day')
                 on conflict (month) do update set stopped_until = excluded.stopped_until")
        .execute(&world.db.pool)
        .await
        .unwrap();
    world.airtable.requests_clear();
    let error = world.state().engine.preview(FULL, None, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("used up"), "{error}");
    assert!(world.airtable.requests().is_empty());
}

#[tokio::test]
async fn what_the_database_refuses_to_every_record_alike_ends_the_run() {
    let world = Setting::default().vehicles(numbered(120)).start().await;
    world.no_run().await;
    world.airtable.edit_all(&fields! { "Precio": 7 });
    sqlx::query("drop table listing_texts").execute(&world.db.pool).await.unwrap();

    let report = world.run(FULL, Trigger::Manual).await;

    let error = report.error.unwrap();
    assert!(error.contains("vitrina migrate") && error.contains("listing_texts"), "{error}");
    assert_eq!((report.counts.failed, report.counts.updated), (0, 0));
}

#[tokio::test]
async fn a_full_run_forgets_words_that_no_vehicle_has_any_more() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "AutoMarca": "Toyota", "AutoSubmarcaVersion": "Corolla" });
    world.webhook(&id).await.ok();
    let words = async || -> Vec<String> {
        let words =
            "select word from search_words where word in ('mazda', 'sport', 'toyota', 'corolla') order by 1";
        sqlx::query_scalar(words).fetch_all(&world.db.pool).await.unwrap()
    };
    assert_eq!(words().await, ["corolla", "mazda", "sport", "toyota"]);
    world.run(FULL, Trigger::Nightly).await;
    assert_eq!(words().await, ["corolla", "toyota"]);
}

const ROWS: &str =
    "select (l, t)::text from listing l join listing_texts t using (record_id) order by record_id";
const VERSIONS: &str = "select xmin::text from inventario_cache order by record_id";

#[tokio::test]
async fn a_full_run_repairs_rows_of_the_listing_that_are_missing_or_outdated_and_writes_no_vehicle() {
    let world = Setting::default().vehicles(numbered(30)).start().await;
    world.no_run().await;
    let rows = async |of: &'static str| -> Vec<String> {
        sqlx::query_scalar(of).fetch_all(&world.db.pool).await.unwrap()
    };
    let (listing, versions) = (rows(ROWS).await, rows(VERSIONS).await);
    assert_eq!(listing.len(), 30);
    world.get("/vehicles").await.ok();
    world
        .db
        .pool
        .execute("delete from listing where record_id in (select record_id from listing limit 3)")
        .await
        .unwrap();
    world.db.pool.execute("update listing set rules = 0, marca = 'otra' where record_id in (select record_id from listing limit 5)").await.unwrap();

    let report = world.run(FULL, Trigger::Manual).await;

    assert_eq!((report.counts.updated, report.counts.unchanged), (0, 30));
    assert_eq!((rows(ROWS).await, rows(VERSIONS).await), (listing, versions));
    let is_missed = async || world.get("/vehicles").await.header("x-cache") == "miss";
    eventually("nothing is cached that was made of the rows before", is_missed).await;
}

#[tokio::test]
async fn a_deletion_that_nobody_told_of_is_found_by_a_sweep_of_a_small_inventory() {
    let sweeping = |up_to: &str| {
        World::set("sync.catch_up_every", "50ms")
            .set("sync.sweep_every", "100ms")
            .set("sync.sweep_up_to", up_to)
    };
    for (up_to, found) in [("3", true), ("2", false)] {
        let world = sweeping(up_to).vehicles(numbered(3)).start().await;
        let id = world.airtable.records()[0].id.clone();
        world.airtable.delete(&id);
        let catch_ups = async || {
            let count: i64 = sqlx::query_scalar("select count(*) from sync_runs where kind = 'catch_up'")
                .fetch_one(&world.db.pool)
                .await
                .unwrap();
            count
        };
        let before = catch_ups().await;
        let is_deleted = async || !world.row(&id).await.unwrap()["deleted_at"].is_null();
        if found {
            eventually("it is deleted", async || is_deleted().await).await;
        }
        eventually("catch-ups go on", async || catch_ups().await > before + 2).await;
        assert_eq!(is_deleted().await, found, "{up_to}");
    }
}
