//! The life of the native webhook: made, extended, lost, made anew, and what was missed meanwhile.

use std::{process::Output, time::Duration};

use serde_json::{Value, json};
use tokio::process::Command;
use vitrina::{
    signals::Signal,
    simulator::{Fault, Refusal, Scope, Target, What},
};

use crate::{
    fields,
    native::{kept, notified, row, shows},
    support::{Door, Setting, World, eventually, mazda},
};

const DAY: Duration = Duration::from_hours(24);

/// Looks after the webhook as at the simulator's time.
async fn tend(world: &World) {
    world.state().engine.tend_webhook(world.airtable.now()).await.unwrap();
}

fn asked_to(world: &World, end: &str) -> usize {
    world.airtable.requests().iter().filter(|seen| seen.method == "POST" && seen.path.ends_with(end)).count()
}

fn trouble(world: &World) -> Option<String> {
    world.state().engine.signals().get(Signal::WebhookDead).map(|raised| raised.detail)
}

/// Waits until what was missed has been made up for.
async fn made_up_for(world: &World) {
    eventually("a full run has made up for it", || async {
        tend(world).await;
        row(world).await.is_some_and(|row| row["missed_until"].is_null())
    })
    .await;
}

#[tokio::test]
async fn it_is_made_once_for_the_table_and_kept_over_restarts() {
    let (mut world, door) = notified(Setting::default()).await;
    let first = kept(&world).await;
    assert_eq!(first["table_id"], world.airtable.table_id());
    world.restart().await;
    door.leads_to(&world.url);
    world.airtable.create(mazda());
    shows(&world, &[329_900]).await;
    assert_eq!(
        (world.airtable.webhooks().len(), &kept(&world).await["webhook_id"]),
        (1, &first["webhook_id"])
    );
}

#[tokio::test]
async fn it_is_extended_a_day_before_its_end_and_not_before() {
    let (world, _door) = notified(Setting::default()).await;
    let made = world.airtable.webhooks();
    world.airtable.advance(Duration::from_hours(6 * 24 - 1));
    let listed_only = Fault::new(What::Answer(Refusal::ServerError))
        .on(Target::of(|seen| seen.path.ends_with("/payloads")));
    world.airtable.fault(listed_only);
    let _ = world.state().engine.tend_webhook(world.airtable.now()).await;
    assert_eq!(asked_to(&world, "/refresh"), 0);
    world.airtable.advance(Duration::from_hours(2));
    let _ = world.state().engine.tend_webhook(world.airtable.now()).await;
    assert_eq!(asked_to(&world, "/refresh"), 1);
    let extended = world.airtable.webhooks();
    assert_eq!(extended[0].id, made[0].id);
    assert!(extended[0].expires > made[0].expires + DAY * 5, "{extended:?}");
    world.airtable.clear_faults();
    tend(&world).await;
    world.airtable.create(mazda());
    shows(&world, &[329_900]).await;
}

#[tokio::test]
async fn a_webhook_that_somebody_deleted_is_made_anew_and_what_was_missed_is_found() {
    let (world, _door) = notified(Setting::default()).await;
    let edited = world.airtable.create(mazda());
    let deleted = world.airtable.create(mazda());
    shows(&world, &[329_900, 329_900]).await;
    let before = kept(&world).await;
    world.airtable.lose_webhooks();
    world.airtable.edit(&edited, fields! { "Precio": 1 });
    world.airtable.delete(&deleted);
    world.airtable.advance(Duration::from_hours(2));
    tend(&world).await;
    assert_ne!(kept(&world).await["webhook_id"], before["webhook_id"]);
    assert!(!row(&world).await.unwrap()["missed_until"].is_null());
    made_up_for(&world).await;
    shows(&world, &[1]).await;
    world.airtable.edit(&edited, fields! { "Precio": 2 });
    shows(&world, &[2]).await;
    assert_eq!(world.airtable.webhooks().len(), 1);
}

#[tokio::test]
async fn a_webhook_that_has_ended_tells_its_last_before_it_is_made_anew() {
    let (mut world, door) = notified(Setting::default()).await;
    let id = world.airtable.create(mazda());
    shows(&world, &[329_900]).await;
    let before = kept(&world).await;
    world.stop().await;
    door.leads_nowhere();
    let told = world.airtable.create(mazda());
    world.airtable.advance(DAY * 8);
    world.airtable.edit(&id, fields! { "Precio": 1 });
    world.start_again().await;
    door.leads_to(&world.url);
    // Our own clock has not moved; Airtable says that the webhook is over.
    eventually("it is made anew", || async {
        row(&world).await.is_some_and(|row| row["webhook_id"] != before["webhook_id"])
    })
    .await;
    shows(&world, &[1, 329_900]).await;
    assert!(
        world
            .logs(&told)
            .await
            .iter()
            .any(|log| log["source"] == "airtable_webhook" || log["sync_type"] == "catch_up")
    );
    made_up_for(&world).await;
}

#[tokio::test]
async fn a_webhook_in_error_is_made_anew_although_it_looks_healthy() {
    for code in ["INVALID_HOOK", "INVALID_FILTERS", "INTERNAL_ERROR"] {
        let (world, _door) = notified(Setting::default()).await;
        world.airtable.create(mazda());
        shows(&world, &[329_900]).await;
        let before = kept(&world).await;
        world.airtable.break_webhooks(code);
        let missed = world.airtable.create(mazda());
        eventually("it is made anew", || async {
            row(&world).await.is_some_and(|row| row["webhook_id"] != before["webhook_id"])
        })
        .await;
        shows(&world, &[329_900, 329_900]).await;
        world.airtable.edit(&missed, fields! { "Precio": 1 });
        shows(&world, &[1, 329_900]).await;
        assert_eq!(world.airtable.webhooks().len(), 1);
    }
}

#[tokio::test]
async fn notifications_that_airtable_gave_up_are_told_and_switched_on_again() {
    let (world, door) = notified(Setting::default()).await;
    door.leads_nowhere();
    let id = world.airtable.create(mazda());
    eventually("Airtable gives up", || async {
        world.airtable.advance(DAY);
        world.airtable.webhooks().is_empty() || !world.airtable.webhooks()[0].notifications
    })
    .await;
    tend(&world).await;
    assert!(world.airtable.webhooks()[0].notifications, "switched on, or made anew");
    shows(&world, &[329_900]).await;
    door.leads_to(&world.url);
    world.airtable.edit(&id, fields! { "Precio": 1 });
    shows(&world, &[1]).await;
    eventually("all is well", || async {
        tend(&world).await;
        trouble(&world).is_none()
    })
    .await;
}

#[tokio::test]
async fn pings_that_do_not_arrive_raise_a_signal_and_lose_nothing() {
    let (world, door) = notified(Setting::default().set("airtable_webhook.poll_every", "100ms")).await;
    door.leads_nowhere();
    let id = world.airtable.create(mazda());
    shows(&world, &[329_900]).await;
    eventually("the signal is raised", || async {
        world.airtable.advance(Duration::from_mins(2));
        let _ = world.state().engine.tend_webhook(world.airtable.now()).await;
        trouble(&world).is_some_and(|detail| detail.contains("do not arrive"))
    })
    .await;
    door.leads_to(&world.url);
    eventually("the signal is cleared", || async {
        world.airtable.advance(Duration::from_hours(3));
        world.airtable.edit(&id, fields! { "Precio": fastrand::u32(..) });
        trouble(&world).is_none()
    })
    .await;
}

#[tokio::test]
async fn a_missing_scope_is_told_with_its_remedy_and_made_up_for_when_it_comes() {
    let door = Door::new().await;
    let world = World::start().await;
    world.airtable.set_scopes(&[Scope::RecordsRead, Scope::SchemaRead]);
    let instance = world
        .instance_with(&[
            ("airtable_webhook.notification_url", door.notifications()),
            ("airtable_webhook.poll_every", "100ms".to_owned()),
        ])
        .await;
    let detail = || instance.state().engine.signals().get(Signal::WebhookDead).map(|raised| raised.detail);
    eventually("the signal is raised", || async { detail().is_some() }).await;
    assert!(detail().unwrap().contains("webhook:manage"), "{:?}", detail());
    let id = world.airtable.create(mazda());
    world.airtable.set_scopes(&[Scope::RecordsRead, Scope::WebhookManage]);
    eventually("the webhook is there", || async { detail().is_none() && row(&world).await.is_some() }).await;
    door.leads_to(&instance.url);
    let shown = |price: i64| {
        let (world, url) = (&world, &instance.url);
        async move {
            let page = world.http.get(format!("{url}/vehicles")).send().await.unwrap();
            page.json::<serde_json::Value>().await.unwrap()["vehicles"][0]["precio"] == price
        }
    };
    eventually("what changed before is here", || shown(329_900)).await;
    world.airtable.edit(&id, fields! { "Precio": 1 });
    eventually("what changes now, too", || shown(1)).await;
    instance.stop().await;
}

#[tokio::test]
async fn a_base_with_ten_webhooks_is_told_with_its_remedy() {
    let door = Door::new().await;
    let world = World::start().await;
    for number in 0..10 {
        let body = json!({"notificationUrl": format!("https://{number}.example.test"),
            "specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}});
        let url = format!("{}/v0/bases/{}/webhooks", world.airtable.url(), world.airtable.base_id());
        let made = world.http.post(url).bearer_auth(world.airtable.token()).json(&body).send().await.unwrap();
        assert_eq!(made.status(), 200);
    }
    let instance = world.instance_with(&[("airtable_webhook.notification_url", door.notifications())]).await;
    let detail = || instance.state().engine.signals().get(Signal::WebhookDead).map(|raised| raised.detail);
    eventually("the signal is raised", || async { detail().is_some() }).await;
    assert!(detail().unwrap().contains("vitrina webhook delete"), "{:?}", detail());
    assert_eq!(world.airtable.webhooks().len(), 10, "nobody else's was touched");
    instance.stop().await;
}

#[tokio::test]
async fn a_webhook_whose_secret_nobody_knows_is_replaced() {
    let (mut world, door) = notified(Setting::default()).await;
    let orphan = kept(&world).await;
    world.kill().await;
    sqlx::query("delete from airtable_webhooks").execute(&world.db.pool).await.unwrap();
    world.start_again().await;
    door.leads_to(&world.url);
    let made = kept(&world).await;
    assert_ne!(made["webhook_id"], orphan["webhook_id"]);
    assert_eq!(world.airtable.webhooks().len(), 1);
    world.airtable.create(mazda());
    shows(&world, &[329_900]).await;
}

#[tokio::test]
async fn another_address_moves_the_webhook() {
    let (mut world, _door) = notified(Setting::default()).await;
    let before = kept(&world).await;
    world.stop().await;
    let door = Door::new().await;
    let instance = world.instance_with(&[("airtable_webhook.notification_url", door.notifications())]).await;
    door.leads_to(&instance.url);
    eventually("it is made anew", || async {
        row(&world).await.is_some_and(|row| row["webhook_id"] != before["webhook_id"])
    })
    .await;
    assert_eq!(
        (world.airtable.webhooks().len(), row(&world).await.unwrap()["notification_url"].clone()),
        (1, json!(door.notifications()))
    );
    instance.stop().await;
}

#[tokio::test]
async fn a_reader_that_was_away_for_more_than_seven_days_runs_a_full_sync() {
    let (world, _door) = notified(Setting::default()).await;
    world.airtable.create(mazda());
    shows(&world, &[329_900]).await;
    world.no_run().await;
    let full_runs = || async {
        let count: i64 =
            sqlx::query_scalar("select count(*) from sync_runs where kind = 'full' and status = 'succeeded'")
                .fetch_one(&world.db.pool)
                .await
                .unwrap();
        count
    };
    let before = full_runs().await;
    // Failures of other runs, and of full ones before, say nothing of it.
    sqlx::query(
        "insert into sync_runs (kind, trigger, status, started_at, finished_at) values
             ('replay', 'replay', 'failed', now() + interval '1 minute', now() + interval '1 minute'),
             ('full', 'nightly', 'failed', now() - interval '1 minute', now())",
    )
    .execute(&world.db.pool)
    .await
    .unwrap();
    sqlx::query("update airtable_webhooks set read_at = now() - interval '8 days'")
        .execute(&world.db.pool)
        .await
        .unwrap();
    world.state().engine.tend_webhook(world.airtable.now()).await.unwrap();
    assert!(!row(&world).await.unwrap()["missed_until"].is_null());
    made_up_for(&world).await;
    assert_eq!(full_runs().await, before + 1);
}

#[tokio::test]
async fn nothing_is_made_where_no_address_is_set() {
    let world = World::start().await;
    world.known(mazda()).await;
    assert!(world.airtable.webhooks().is_empty());
    assert!(
        world
            .state()
            .engine
            .tend_webhook(world.airtable.now())
            .await
            .unwrap_err()
            .to_string()
            .contains("notification_url")
    );
}

/// Runs `vitrina webhook …` beside the service.
async fn by_hand(world: &World, url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    command.arg("webhook").args(arguments).env_clear().kill_on_drop(true).envs([
        ("DATABASE_URL", world.db.url.as_str()),
        ("AIRTABLE_API_URL", &world.airtable.url()),
        ("AIRTABLE_API_KEY", &world.airtable.token()),
        ("AIRTABLE_BASE_ID", world.airtable.base_id()),
        ("AIRTABLE_TABLE_ID", "Vehículos"),
        ("VITRINA__AIRTABLE_WEBHOOK__NOTIFICATION_URL", url),
        ("RUST_LOG", "debug"),
    ]);
    command.output().await.unwrap()
}

#[tokio::test]
async fn it_can_be_made_shown_and_deleted_by_hand_and_its_secret_is_never_told() {
    let world = World::start().await;
    let url = "https://sync.example.mx/airtable-notifications";
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let done = |output: &Output| {
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let refused = by_hand(&world, "", &["create"]).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    world.airtable.set_scopes(&[Scope::RecordsRead, Scope::SchemaRead]);
    let refused = by_hand(&world, url, &["create"]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("webhook:manage"), "{refused:?}");
    world.airtable.set_scopes(&[Scope::RecordsRead, Scope::SchemaRead, Scope::WebhookManage]);

    let created = by_hand(&world, url, &["create", "--json"]).await;
    let made = done(&created)["webhooks"][0].clone();
    assert_eq!((&made["kept"], &made["notification_url"]), (&json!(true), &json!(url)));
    let secret: String = sqlx::query_scalar("select mac_secret from airtable_webhooks")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert!(!text(&created.stderr).contains(&secret) && !text(&created.stdout).contains(&secret));
    assert_eq!(done(&by_hand(&world, url, &["create", "--json"]).await)["webhooks"][0]["id"], made["id"]);
    assert_eq!(
        done(&by_hand(&world, url, &["list", "--json"]).await)["webhooks"].as_array().unwrap().len(),
        1
    );
    let listed = by_hand(&world, url, &["list"]).await;
    assert!(text(&listed.stdout).contains("(ours)") && text(&listed.stdout).contains(url), "{listed:?}");

    assert_eq!(by_hand(&world, url, &["delete"]).await.status.code(), Some(2), "which?");
    assert_eq!(by_hand(&world, url, &["delete", "achNobodyKnowsIt0"]).await.status.code(), Some(1));
    assert_eq!(
        done(&by_hand(&world, url, &["delete", "--ours", "--json"]).await)["deleted"],
        json!([made["id"]])
    );
    assert!(world.airtable.webhooks().is_empty());
}

#[tokio::test]
async fn by_hand_the_webhook_of_a_running_service_is_left_to_it() {
    let (world, door) = notified(Setting::default()).await;
    let created = by_hand(&world, &door.notifications(), &["create", "--json"]).await;
    assert_eq!(world.airtable.webhooks().len(), 1, "{created:?}");
}

#[tokio::test]
async fn a_full_run_that_failed_rests_until_another_run_succeeds() {
    let world = World::start().await;
    let db = &world.state().db;
    world.no_run().await;
    let run = |kind: &'static str, status: &'static str, minute: i32| {
        sqlx::query(
            "insert into sync_runs (kind, trigger, status, started_at, finished_at)
             values ($1, 'manual', $2, now() + make_interval(mins => $3), now() + make_interval(mins => $3))",
        )
        .bind(kind)
        .bind(status)
        .bind(minute)
        .execute(&world.db.pool)
    };
    let missed = world.airtable.now();
    assert_eq!(db.full_run_failed(missed).await.unwrap(), None);
    run("full", "failed", 1).await.unwrap();
    assert!(db.full_run_failed(missed).await.unwrap().is_some());
    run("catch_up", "succeeded", 2).await.unwrap();
    assert_eq!(db.full_run_failed(missed).await.unwrap(), None);
    run("full", "failed", 3).await.unwrap();
    sqlx::query("update sync_runs set braked = true where status = 'failed'")
        .execute(&world.db.pool)
        .await
        .unwrap();
    run("catch_up", "succeeded", 4).await.unwrap();
    assert!(db.full_run_failed(missed).await.unwrap().is_some(), "nobody has taken the brake off");
}

#[tokio::test]
async fn the_webhook_stays_when_the_table_is_named_otherwise_in_the_settings() {
    let (mut world, door) = notified(Setting::default()).await;
    let before = kept(&world).await;
    world.stop().await;
    let instance = world
        .instance_with(&[
            ("airtable_webhook.notification_url", door.notifications()),
            ("airtable.table_id", "Vehículos".to_owned()),
        ])
        .await;
    instance.state().engine.tend_webhook(world.airtable.now()).await.unwrap();
    let targets: Vec<(String, String)> = sqlx::query_as("select target, webhook_id from airtable_webhooks")
        .fetch_all(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(targets.len(), 1, "{targets:?}");
    assert!(targets[0].0.ends_with("Vehículos"));
    assert_eq!(json!(targets[0].1), before["webhook_id"]);
    instance.stop().await;
}

#[tokio::test]
async fn by_hand_what_is_missing_is_named_and_nothing_is_migrated_by_looking() {
    let world = World::start().await;
    let url = "https://sync.example.mx/airtable-notifications";
    let said = |done: &Output| String::from_utf8_lossy(&done.stderr).into_owned();
    let deleted = by_hand(&world, url, &["delete", "achA1b2C3d4E5f6G7"]).await;
    assert!(
        said(&deleted).contains("no webhook achA1b2C3d4E5f6G7; `vitrina webhook list`"),
        "{}",
        said(&deleted)
    );

    world.airtable.set_scopes(&[Scope::RecordsRead, Scope::WebhookManage]);
    let named = by_hand(&world, url, &["create"]).await;
    assert!(said(&named).contains("the scope schema.bases:read"), "{}", said(&named));
    assert!(!said(&named).contains("webhook:manage") && !said(&named).contains(".."), "{}", said(&named));

    sqlx::query("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)")
        .execute(&world.db.pool)
        .await
        .unwrap();
    let listed = by_hand(&world, url, &["list"]).await;
    assert!(said(&listed).contains("run `vitrina migrate` first"), "{}", said(&listed));
    assert!(!world.state().db.is_migrated().await.unwrap(), "only looked at");
}
