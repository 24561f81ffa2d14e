//! The migrations: up, down, twice, and on filled tables.

use serde_json::Value;
use sqlx::Executor;
use vitrina::{
    config::{Loader, Needs},
    db::{Db, MIGRATOR},
};

use crate::support::Database;

fn db(database: &Database, schema: &str) -> Db {
    let settings =
        Loader::new(std::iter::empty()).set("database.schema", schema).load(Needs::Database).unwrap();
    Db::new(&database.url, &settings.database).unwrap()
}

/// What a database at each version may hold; the migrations after it must cope.
const SAMPLES: &[(i64, &str)] = &[
    (
        1,
        "insert into inventario_cache (record_id, slug, title, descripcion, listed, created_at)
         select 'recAAAAAAAAAAAAAA', slug, 'A', 'F–150', true, now() from vitrina_free_slugs('a', 1) slug;
         insert into slug_redirects (slug, record_id) values ('b', 'recAAAAAAAAAAAAAA');
         insert into record_reads values ('recAAAAAAAAAAAAAA', 1)",
    ),
    (
        2,
        "insert into inventario_cache (record_id, slug, title, listed, created_at) values ('recBBBBBBBBBBBBBB', 'c', 'C3 Citroën', true, now());
         insert into listing (record_id, updated_at, arrived_at, rules, con_oferta, separado, carroceria, ubicacion, promociones,
             carroceria_names, ubicacion_names, promociones_names)
         values ('recBBBBBBBBBBBBBB', now(), now(), 1, false, false, '{}', '{}', '{}', '{}', '{}', '{}');
         insert into listing_texts values ('recBBBBBBBBBBBBBB', 'citroen', 'citroen');
         insert into search_words values ('citroen', true)",
    ),
    (
        3,
        "insert into sync_queue (record_id, trigger) values ('recAAAAAAAAAAAAAA', 'webhook');
         insert into sync_runs (kind, trigger) values ('full', 'nightly');
         insert into sync_logs (record_id, sync_type, status, duration_ms) values ('recAAAAAAAAAAAAAA', 'webhook', 'success', 5)",
    ),
    (
        4,
        "insert into airtable_fields (table_id, field_id, name, present_name, field_type, missing_since)
             values ('tbl', 'fldB', 'Km', 'Km', 'number', now());
         insert into airtable_turns values ('app', array[now(), now()], now());
         insert into airtable_usage (month, calls) values ('2026-11-01', 5);
         insert into airtable_webhooks (target, webhook_id, table_id, notification_url, mac_secret, expires_at, read_at)
         values ('app/tbl', 'ach', 'tbl', 'https://example.test', 'c2VjcmV0', now(), now())",
    ),
    (
        5,
        "insert into alerts (key, severity, state, since, seen_at, detail) values ('errors', 'warning', 'firing', now(), now(), '11 errors');
         insert into alert_reports values ('listener_down', gen_random_uuid(), now(), now(), now(), 'refused');
         insert into alert_messages (channel, subject, content, created_at, next_attempt_at) values ('slack', 'errors', '{}', now(), now());
         insert into alert_channels values ('slack', false, now()), ('pagerduty', true, now())",
    ),
    (
        6,
        "insert into sync_logs (sync_type, status) values ('nightly', 'error')",
    ),
];

#[tokio::test]
async fn every_step_goes_up_and_down_on_filled_tables() {
    let database = Database::empty().await;
    let steps: Vec<_> = MIGRATOR.iter().filter(|step| step.migration_type.is_up_migration()).collect();
    let sampled: Vec<i64> = SAMPLES.iter().map(|(version, _)| *version).collect();
    assert_eq!(
        steps.iter().map(|step| step.version).collect::<Vec<_>>(),
        sampled,
        "each migration has sample data"
    );
    for (version, sample) in SAMPLES {
        MIGRATOR.run_to(*version, &database.pool).await.unwrap();
        database.pool.execute(*sample).await.unwrap();
    }
    let db = db(&database, "public");
    assert_eq!(db.version().await.unwrap(), steps.last().map(|step| step.version));
    for _ in &steps {
        db.revert_last().await.unwrap();
    }
    let left: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relname !~ '^_sqlx'",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert!(left.is_empty(), "{left:?}");
    db.revert_last().await.unwrap();
    db.migrate(&[]).await.unwrap();
}

#[tokio::test]
async fn every_script_may_run_twice() {
    let database = Database::empty().await;
    for migration in MIGRATOR.iter() {
        if migration.migration_type.is_up_migration() {
            for _ in 0..2 {
                database.pool.execute(migration.sql.clone()).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused_and_left_as_they_are() {
    let database = Database::new().await;
    database
        .pool
        .execute("insert into _sqlx_migrations values (9999, 'later', now(), true, '', 0); drop function vitrina_secure(text[], text[])")
        .await
        .unwrap();
    let error = db(&database, "public").migrate(&[]).await.unwrap_err();
    let said = error.to_string();
    let named = ["a newer version of vitrina has been here", "its migration 9999"];
    assert!(named.iter().all(|part| said.contains(part)), "{said}");
    assert!(said.contains("run the newer version") && !error.is_transient(), "{said}");
    let version = db(&database, "public").version().await.unwrap();
    assert_eq!(version, Some(9999));
}

#[tokio::test]
async fn tables_may_live_in_a_schema_of_their_own() {
    let database = Database::empty().await;
    let db = db(&database, "vitrina");
    db.migrate(&[]).await.unwrap();
    db.migrate(&[]).await.unwrap();
    let schemas: Vec<String> =
        sqlx::query_scalar("select schemaname::text from pg_tables where tablename = 'inventario_cache'")
            .fetch_all(&database.pool)
            .await
            .unwrap();
    assert_eq!(schemas, ["vitrina"]);
    assert_eq!(db.count_listed().await.unwrap(), 0);
}

#[tokio::test]
async fn old_logs_are_deleted_and_counted() {
    let database = Database::new().await;
    database
        .pool
        .execute(
            "insert into sync_logs (created_at, sync_type, status) values
                 (now() - interval '29 days', 'webhook', 'success'),
                 (now() - interval '31 days', 'webhook', 'success'),
                 (now() - interval '1 year', 'nightly', 'error')",
        )
        .await
        .unwrap();
    let deleted: i64 =
        sqlx::query_scalar("select cleanup_old_sync_logs()").fetch_one(&database.pool).await.unwrap();
    let left: i64 =
        sqlx::query_scalar("select count(*) from sync_logs").fetch_one(&database.pool).await.unwrap();
    assert_eq!((deleted, left), (2, 1));
}

#[tokio::test]
async fn sync_stats_sums_the_last_seven_days_up_by_the_hour() {
    let database = Database::new().await;
    database
        .pool
        .execute(
            "insert into sync_logs (created_at, record_id, sync_type, status, duration_ms) values
                 (date_trunc('hour', now()), 'recA', 'webhook', 'success', 100),
                 (date_trunc('hour', now()), 'recA', 'webhook', 'success', 200),
                 (date_trunc('hour', now()), 'recB', 'webhook', 'success', 600),
                 (date_trunc('hour', now()), 'recB', 'webhook', 'error', 7),
                 (now() - interval '8 days', 'recC', 'webhook', 'success', 1)",
        )
        .await
        .unwrap();
    let rows: Vec<Value> =
        sqlx::query_scalar("select to_jsonb(s) - 'hour' from sync_stats s order by status desc")
            .fetch_all(&database.pool)
            .await
            .unwrap();
    insta::assert_json_snapshot!(rows, @r#"
    [
      {
        "avg_duration_ms": 300,
        "count": 3,
        "max_duration_ms": 600,
        "min_duration_ms": 100,
        "status": "success",
        "sync_type": "webhook",
        "unique_records": 2
      },
      {
        "avg_duration_ms": 7,
        "count": 1,
        "max_duration_ms": 7,
        "min_duration_ms": 7,
        "status": "error",
        "sync_type": "webhook",
        "unique_records": 1
      }
    ]
    "#);
}

/// What the edge functions that vitrina replaced have left in Supabase's `public`.
const OLD_SYSTEM: &str = "
    create table inventario_cache (id bigserial primary key, record_id text, slug text, title text, data jsonb);
    insert into inventario_cache (record_id, slug) values ('recAAAAAAAAAAAAAA', 'a');
    create table sync_logs (id uuid primary key default gen_random_uuid(), record_id text, status text, created_at timestamptz default now());
    create view sync_stats as select status, count(*) from sync_logs group by 1;
    create function cleanup_old_sync_logs() returns void language sql as 'delete from sync_logs'";

#[tokio::test]
async fn tables_of_the_old_system_are_refused_and_left_as_they_are() {
    let database = Database::empty().await;
    database.pool.execute(OLD_SYSTEM).await.unwrap();
    let db = db(&database, "public");
    assert_eq!(db.version().await.unwrap(), None);

    let said = db.migrate(&[]).await.unwrap_err().to_string();

    assert!(
        said.contains(r#"the schema "public" already holds inventario_cache, sync_logs, sync_stats"#)
            && said.contains("VITRINA__DATABASE__SCHEMA"),
        "{said}"
    );
    db.revert_last().await.unwrap();
    assert!(db.migrate(&[]).await.is_err(), "asking for the version has not made them ours");
    let tables: i64 = sqlx::query_scalar("select count(*) from pg_tables where schemaname = 'public'")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(tables, 2);
}

#[tokio::test]
async fn beside_the_old_system_vitrina_lives_in_a_schema_of_its_own_and_goes_without_a_trace() {
    let database = Database::empty().await;
    database.pool.execute(OLD_SYSTEM).await.unwrap();
    let db = db(&database, "vitrina");
    db.migrate(&[]).await.unwrap();
    assert_eq!(db.count_listed().await.unwrap(), 0);

    // Once more than there are steps: what is dropped must never be found in another schema.
    for _ in 0..=MIGRATOR.iter().filter(|step| step.migration_type.is_up_migration()).count() {
        db.revert_last().await.unwrap();
    }

    let old: i64 = sqlx::query_scalar("select count(*) from public.sync_stats, public.sync_logs")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    let functions: i64 =
        sqlx::query_scalar("select count(*) from pg_proc where proname = 'cleanup_old_sync_logs'")
            .fetch_one(&database.pool)
            .await
            .unwrap();
    assert_eq!((old, functions), (0, 1));
    let left: i64 = sqlx::query_scalar("select count(*) from public.inventario_cache")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(left, 1);
}
