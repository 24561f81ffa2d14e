//! What operators see: key figures, and the requests of the month.

use serde_json::{Value, json};
use sqlx::Executor;
use vitrina::simulator::{Fault, Refusal, What};

use crate::support::{World, eventually, mazda};

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
             select now() - interval '1 hour', 'rec', 'webhook', case when n <= 90 then 'success' when n <= 97 then 'error' else 'warning' end,
                 case when n <= 90 then n * 10 else 60000 end
             from generate_series(1, 100) n
             union all select now() - interval '25 hours', 'rec', 'webhook', 'error', 1 from generate_series(1, 100);
             insert into sync_queue (record_id, trigger, status, enqueued_at) values
                 ('recAAAAAAAAAAAAAA', 'webhook', 'waiting', now() - interval '5 minutes'),
                 ('recBBBBBBBBBBBBBB', 'webhook', 'dead', now() - interval '2 days');
             update sync_queue set next_attempt_at = now() + interval '1 hour';
             update airtable_usage set calls = 250;
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
    let loaded = calls(&world).await;
    assert!(loaded > 0, "the first load took some");
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
