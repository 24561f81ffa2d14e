//! What operators see: key figures, and the requests of the month.

use serde_json::{Value, json};
use sqlx::Executor;
use vitrina::{
    domain::Trigger,
    simulator::{Fault, Refusal, What},
    sync::{RunReport, Scope},
};

use crate::support::{Setting, World, eventually, mazda};

async fn kpis(world: &World) -> Value {
    world.get_as_admin("/kpis").await.ok()
}

#[tokio::test]
async fn only_operators_see_the_figures() {
    let world = World::start().await;
    world.get("/kpis").await.problem(401);
    let answer = world.get_as_admin("/kpis").await;
    assert_eq!(answer.header("access-control-allow-origin"), "", "no other page may read it");
}

#[tokio::test]
async fn nobody_on_the_way_keeps_what_operators_read() {
    let world = World::start().await;
    world.no_run().await;
    for path in ["/kpis", "/sync-logs", "/sync-stats", "/runs", "/runs/1", "/queue"] {
        let answer = world.get_as_admin(path).await;
        answer.ok();
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    assert_eq!(world.post_as_admin("/sync").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn where_nothing_was_done_nothing_is_judged() {
    let world = World::start().await;
    world.db.pool.execute("truncate sync_logs").await.unwrap();
    let kpis = kpis(&world).await;
    for name in ["success_rate", "error_rate", "average_duration", "cache_hit_rate", "nightly_success"] {
        assert_eq!((&kpis[name]["value"], &kpis[name]["holds"]), (&Value::Null, &Value::Null), "{name}");
        assert!(kpis[name]["target"]["value"].is_number(), "{name}");
    }
    assert_eq!(kpis["syncs"], 0);
    assert_eq!(kpis["queue_depth"]["value"], 0.0);
    assert_eq!(kpis["queue_oldest"]["value"], Value::Null);
}

#[tokio::test]
async fn each_figure_stands_with_its_target_and_whether_it_holds() {
    let world = World::set("airtable.monthly_calls", "1000").start().await;
    world.db.pool.execute("truncate sync_logs").await.unwrap();
    world
        .db
        .pool
        .execute(
            "insert into sync_logs (created_at, record_id, sync_type, status, duration_ms)
             select now() - interval '1 hour', 'rec' || n, 'webhook', case when n <= 90 then 'success' when n <= 97 then 'error' else 'warning' end,
                 case when n <= 90 then n * 10 else 60000 end
             from generate_series(1, 100) n
             union all select now() - interval '25 hours', 'rec' || -n, 'webhook', 'error', 1 from generate_series(1, 100) n;
             insert into sync_queue (record_id, trigger, status, enqueued_at) values
                 ('recAAAAAAAAAAAAAA', 'webhook', 'waiting', now() - interval '5 minutes'),
                 ('recBBBBBBBBBBBBBB', 'webhook', 'dead', now() - interval '2 days');
             update sync_queue set next_attempt_at = now() + interval '1 hour';
             insert into airtable_usage (month, calls) values (date_trunc('month', now()), 250)
                 on conflict (month) do update set calls = 250;
             insert into sync_runs (kind, trigger, status, started_at) values
                 ('full', 'bulk', 'succeeded', now() - interval '60 hours'), ('full', 'nightly', 'succeeded', now() - interval '1 minute')",
        )
        .await
        .unwrap();
    for _ in 0..10 {
        world.get("/vehicles").await.ok();
    }

    let kpis = kpis(&world).await;

    let figure = |name: &str| {
        let kpi = &kpis[name];
        (kpi["value"].as_f64().unwrap(), kpi["unit"].as_str().unwrap(), kpi["holds"].as_bool())
    };
    assert_eq!((&kpis["syncs"], &kpis["warnings"], &kpis["errors"]), (&json!(100), &json!(3), &json!(7)));
    assert_eq!(figure("success_rate"), (90.0, "percent", Some(false)));
    assert_eq!(figure("error_rate"), (7.0, "percent", Some(false)));
    assert_eq!(figure("average_duration"), (455.0, "ms", Some(true)));
    assert_eq!(figure("p95_duration"), (855.5, "ms", None));
    assert_eq!(figure("cache_hit_rate"), (90.0, "percent", Some(true)));
    assert_eq!((figure("queue_depth").0, figure("dead_records").0), (1.0, 1.0));
    assert!((300.0..330.0).contains(&figure("queue_oldest").0), "{kpis}");
    assert_eq!(figure("nightly_success").2, Some(false), "one of the nights since the first run had none");
    let (calls, _, holds) = figure("api_calls");
    assert!((250.0..260.0).contains(&calls) && holds == Some(true), "{kpis}");
    assert!((25.0..26.0).contains(&figure("api_calls_share").0), "{kpis}");
    assert_eq!(kpis["success_rate"]["target"], json!({ "comparison": "above", "value": 95.0 }));
}

async fn calls(world: &World) -> i64 {
    sqlx::query_scalar("select coalesce(sum(calls), 0)::bigint from airtable_usage")
        .fetch_one(&world.db.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_months_requests_are_counted_over_instances_and_restarts() {
    let mut world = World::start().await;
    eventually("what the first load took is told", || async { calls(&world).await > 0 }).await;
    let loaded = calls(&world).await;
    let second = world.another_instance().await;
    eventually("its catch-up is over", || async { calls(&world).await > loaded }).await;
    world.no_run().await;
    let id = world.known(mazda()).await;
    world.webhook_to(&second, &id).await.ok();
    let seen = kpis(&world).await["api_calls"]["value"].as_f64().unwrap();
    assert!(seen > 0.0);

    second.stop().await;
    world.restart().await;

    world.no_run().await;
    world.stop().await;
    let sent = i64::try_from(world.airtable.requests().len()).unwrap();
    assert_eq!(calls(&world).await, sent + loaded, "every request is counted once");
}

#[tokio::test]
async fn a_used_up_quota_stops_every_instance_also_after_a_restart_until_an_operator_resumes() {
    let mut world = World::start().await;
    let id = world.known(mazda()).await;
    let second = world.another_instance().await;
    world.no_run().await;
    world.airtable.fault(Fault::new(What::Answer(Refusal::QuotaExceeded)).next(1));
    assert_eq!(world.webhook(&id).await.status, 502);
    eventually("the database knows", || async {
        let stopped: bool =
            sqlx::query_scalar("select exists (select from airtable_usage where stopped_until > now())")
                .fetch_one(&world.db.pool)
                .await
                .unwrap();
        stopped
    })
    .await;
    world.restart().await;
    assert_eq!(world.webhook(&id).await.status, 502, "it survives a restart");
    eventually("the other instance knows", || async { world.webhook_to(&second, &id).await.status == 502 })
        .await;

    let resume = json!({ "kind": "catch_up", "resume": true });
    eventually("an operator resumes", || async {
        world.post_as_admin_with("/sync", &resume).await.status == 202
    })
    .await;

    world.webhook(&id).await.ok();
    eventually("the other instance goes on", || async { world.webhook_to(&second, &id).await.status == 200 })
        .await;
    second.stop().await;
}

/// All pages of a list, by `next`.
async fn pages(world: &World, path: &str, list: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get_as_admin(&format!("{path}{cursor}")).await.ok();
        all.extend(page[list].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
        assert!(all.len() < 10_000, "it does not end");
    }
}

fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_log_is_filtered_and_paged_without_overlaps_and_gaps() {
    let world = World::start().await;
    // Many of the same time, so that only the number tells them apart.
    world
        .db
        .pool
        .execute(
            "truncate sync_logs restart identity;
             insert into sync_logs (created_at, record_id, sync_type, source, status, message, vehicle_title, error_details)
             select timestamptz '2026-11-20 08:00:00.123456Z' + n / 10 * interval '1 minute',
                 'rec' || lpad((n % 5)::text, 14, '0'), case when n % 4 = 0 then 'nightly' else 'webhook' end,
                 case when n % 2 = 0 then 'airtable_automation' end, case when n % 10 = 3 then 'error' when n % 10 = 7 then 'warning' else 'success' end,
                 'message ' || n, case when n = 50 then 'Citroën 100% C_3' end, case when n = 51 then '{\"remedy\": \"mend IT\"}'::jsonb end
             from generate_series(0, 99) n",
        )
        .await
        .unwrap();

    let all = pages(&world, "/sync-logs?limit=7", "logs").await;
    assert_eq!(ids(&all), (1..=100).rev().collect::<Vec<_>>());
    for (query, count) in [
        ("status=error", 10),
        ("status=error&status=warning", 20),
        ("status=error,warning", 20),
        ("sync_type=nightly", 25),
        ("record_id=rec00000000000003", 20),
        ("record_id=rec00000000000003&status=error", 10),
        ("source=airtable_automation", 50),
        ("from=2026-11-20T08:05:00Z", 50),
        ("to=2026-11-20T08:05:00.123456Z", 50),
        ("from=2026-11-21", 0),
        ("from=2026-11-20&to=2026-11-21&text=MESSAGE%201", 11),
        ("text=citro%C3%ABn", 1),
        ("text=100%25", 1),
        ("text=c_3", 1),
        ("text=%25_%25", 0),
        ("text=mend%20it", 1),
        ("text=&status=&utm_source=x&limit=", 100),
    ] {
        let found = pages(&world, &format!("/sync-logs?{query}&limit=9"), "logs").await;
        assert_eq!(found.len(), count, "{query}");
    }
    assert_eq!(world.get_as_admin("/sync-logs").await.ok()["logs"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let world = World::start().await;
    for (path, param) in [
        ("/sync-logs?status=good", "status"),
        ("/sync-logs?sync_type=hourly", "sync_type"),
        ("/sync-logs?record_id=rec1", "record_id"),
        ("/sync-logs?from=yesterday", "from"),
        ("/sync-logs?to=2026-02-30", "to"),
        ("/sync-logs?text=%00", "text"),
        ("/sync-logs?limit=0", "limit"),
        ("/sync-logs?limit=501", "limit"),
        ("/sync-logs?cursor=1", "cursor"),
        ("/sync-stats?hours=169", "hours"),
        ("/runs?kind=nightly", "kind"),
        ("/runs?trigger=x", "trigger"),
        ("/runs?status=ok", "status"),
        ("/runs?cursor=-1", "cursor"),
        ("/runs/1?limit=x", "limit"),
        ("/queue?status=alive", "status"),
        ("/queue?record_id=x", "record_id"),
        ("/queue?cursor=1_x", "cursor"),
    ] {
        let problem = world.get_as_admin(path).await.problem(400);
        assert_eq!(problem["param"], param, "{path}");
        assert!(problem["detail"].as_str().unwrap().contains("should be"), "{path}: {problem}");
    }
    for path in ["/sync-logs", "/sync-stats", "/runs", "/runs/1", "/queue"] {
        world.get(path).await.problem(401);
    }
    for path in ["/runs/99999", "/runs/x", "/runs/99999999999999999999", "/runs/%FF"] {
        world.get_as_admin(path).await.problem(404);
    }
}

#[tokio::test]
async fn a_run_shows_its_report_and_the_records_that_it_logged() {
    let world = Setting::default().vehicles((0..12).map(|_| mazda())).start().await;
    let mut odd = mazda();
    odd.insert("Precio".into(), "mucho".into());
    let id = world.airtable.create(odd);
    world.webhook(&world.airtable.records()[0].id).await.ok();
    let report = world.run(Scope::Full { force: false }, Trigger::Nightly).await;

    let details = world.get_as_admin(&format!("/runs/{}", report.run.0)).await.ok();

    assert_eq!((&details["run"]["kind"], &details["run"]["trigger"]), (&json!("full"), &json!("nightly")));
    assert_eq!((&details["run"]["seen"], &details["run"]["created"]), (&json!(13), &json!(1)), "{details}");
    assert_eq!(
        details["run"]["report"],
        report.to_string().as_str().replace(&took(&report), &took_of(&details))
    );
    assert_eq!(details["logs"].as_array().unwrap().len(), 1, "{details}");
    assert_eq!(
        (&details["logs"][0]["record_id"], &details["logs"][0]["status"]),
        (&json!(id), &json!("warning"))
    );
    let first_load = pages(&world, "/runs?kind=full&trigger=bulk&limit=1", "runs").await.pop().unwrap();
    let logged = pages(&world, &format!("/runs/{}?limit=5", first_load["id"]), "logs").await;
    assert_eq!(logged.len(), 12);
    let all = pages(&world, "/runs?limit=1", "runs").await;
    assert!(all.len() >= 2 && ids(&all).is_sorted_by(|later, earlier| later > earlier), "{all:?}");
    assert_eq!(pages(&world, "/runs?status=failed&limit=1", "runs").await.len(), 0);
}

fn took(report: &RunReport) -> String {
    format!(" in {:.1} s", report.duration.as_secs_f64())
}

/// The table keeps times of its own, a little longer than what was measured.
fn took_of(details: &Value) -> String {
    format!(" in {:.1} s", details["run"]["duration_ms"].as_f64().unwrap() / 1000.0)
}

#[tokio::test]
async fn the_queue_shows_what_waits_and_what_was_given_up() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world
        .db
        .pool
        .execute(
            "insert into sync_queue (record_id, trigger, status, enqueued_at, next_attempt_at, last_error)
             select 'recAAAAAAAAAAA' || lpad(n::text, 3, '0'), 'webhook', case when n % 4 = 0 then 'dead' else 'waiting' end,
                 now() - n / 10 * interval '1 minute', now() + interval '1 hour', 'Airtable is away'
             from generate_series(0, 29) n",
        )
        .await
        .unwrap();
    sqlx::query("update sync_queue set record_id = $1 where record_id = 'recAAAAAAAAAAA001'")
        .bind(&id)
        .execute(&world.db.pool)
        .await
        .unwrap();

    let page = world.get_as_admin("/queue?limit=1").await.ok();
    assert_eq!((&page["waiting"], &page["dead"]), (&json!(22), &json!(8)));
    assert!((120.0..150.0).contains(&page["oldest_seconds"].as_f64().unwrap()), "{page}");
    let all = pages(&world, "/queue?limit=4", "records").await;
    let mut records: Vec<&str> = all.iter().map(|row| row["record_id"].as_str().unwrap()).collect();
    records.sort_unstable();
    records.dedup();
    assert_eq!(records.len(), 30, "each once");
    assert!(all.is_sorted_by_key(|row| row["enqueued_at"].as_str().unwrap()));
    assert_eq!(pages(&world, "/queue?status=dead&limit=3", "records").await.len(), 8);
    let mazda = world.get_as_admin("/queue?text=MAZDA").await.ok();
    assert_eq!(mazda["records"][0]["record_id"], id);
    assert_eq!(mazda["records"][0]["title"], "Mazda 3 Sport 2.5");
    assert_eq!(pages(&world, "/queue?text=away&limit=10", "records").await.len(), 30);
    assert_eq!(pages(&world, &format!("/queue?record_id={id}"), "records").await.len(), 1);
}

#[tokio::test]
async fn the_hours_are_those_of_the_view() {
    let world = World::start().await;
    world
        .db
        .pool
        .execute(
            "truncate sync_logs;
             insert into sync_logs (created_at, record_id, sync_type, status, duration_ms)
             select now() - n * interval '1 hour', 'rec' || n % 2, 'webhook', 'success', n from generate_series(0, 200) n",
        )
        .await
        .unwrap();
    let stats = world.get_as_admin("/sync-stats").await.ok();
    assert_eq!((&stats["hours"], stats["stats"].as_array().unwrap().len()), (&json!(24), 24));
    assert_eq!(stats["stats"][0]["count"], 1);
    let week = world.get_as_admin("/sync-stats?hours=168").await.ok();
    assert_eq!(week["stats"].as_array().unwrap().len(), 168);
}
