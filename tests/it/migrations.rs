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

/// What a database at that version may hold; each migration after it must cope.
const SAMPLES: [&str; 6] = [
    "insert into inventario_cache (record_id, slug, title, listed, created_at) values ('recAAAAAAAAAAAAAA', 'a', 'A', true, now());
     insert into slug_redirects (slug, record_id) values ('b', 'recAAAAAAAAAAAAAA');
     insert into record_reads values ('recAAAAAAAAAAAAAA', 1);
     insert into airtable_fields values ('tbl', 'fldA', 'Precio')",
    "insert into sync_logs (record_id, sync_type, status, duration_ms) values ('recAAAAAAAAAAAAAA', 'webhook', 'success', 5)",
    "insert into sync_queue (record_id, trigger) values ('recAAAAAAAAAAAAAA', 'webhook');
     insert into sync_runs (kind, trigger) values ('full', 'nightly')",
    "insert into inventario_cache (record_id, slug, title, listed, created_at) values ('recBBBBBBBBBBBBBB', 'c', 'C3 Citroën', true, now());
     update inventario_cache set listed = false where slug = 'a'",
    "insert into airtable_usage (month, calls) values ('2026-11-01', 5)",
    "insert into alerts (key, severity, state, since, seen_at, detail) values ('errors', 'warning', 'firing', now(), now(), '11 errors');
     insert into alert_reports values ('listener_down', gen_random_uuid(), now(), now(), now(), 'refused');
     insert into alert_messages (channel, subject, content, created_at, next_attempt_at) values ('slack', 'errors', '{}', now(), now())",
];

#[tokio::test]
async fn every_step_goes_up_and_down_on_filled_tables() {
    let database = Database::empty().await;
    let steps: Vec<_> = MIGRATOR.iter().filter(|step| step.migration_type.is_up_migration()).collect();
    assert_eq!(steps.len(), SAMPLES.len(), "each migration has sample data");
    for (step, sample) in steps.iter().zip(SAMPLES) {
        MIGRATOR.run_to(step.version, &database.pool).await.unwrap();
        database.pool.execute(sample).await.unwrap();
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
    db.migrate().await.unwrap();
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
async fn tables_may_live_in_a_schema_of_their_own() {
    let database = Database::empty().await;
    let db = db(&database, "vitrina");
    db.migrate().await.unwrap();
    db.migrate().await.unwrap();
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

/// The queries that operators have in their notes.
#[tokio::test]
async fn the_operators_queries_run_as_they_are() {
    let database = Database::new().await;
    for query in [
        "SELECT COUNT(*) FILTER (WHERE status = 'success') * 100.0 / COUNT(*) AS success_rate_pct, COUNT(*) FILTER (WHERE status = 'error') AS error_count, COUNT(*) AS total_syncs FROM sync_logs WHERE created_at > NOW() - INTERVAL '24 hours'",
        "SELECT AVG(duration_ms)::INTEGER AS avg_ms, MIN(duration_ms) AS min_ms, MAX(duration_ms) AS max_ms, PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY duration_ms)::INTEGER AS p95_ms FROM sync_logs WHERE created_at > NOW() - INTERVAL '24 hours' AND status = 'success'",
        "SELECT created_at, record_id, message, error_details, attempt_number FROM sync_logs WHERE status = 'error' ORDER BY created_at DESC LIMIT 10",
        "SELECT * FROM sync_stats WHERE hour > NOW() - INTERVAL '24 hours' ORDER BY hour DESC",
    ] {
        database
            .pool
            .execute(
                "insert into sync_logs (sync_type, status, duration_ms) values ('webhook', 'success', 5)",
            )
            .await
            .unwrap();
        assert!(database.pool.execute(query).await.is_ok(), "{query}");
    }
}
