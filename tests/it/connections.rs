//! Connections: whatever the role, the database or another transaction says, statements mean the same; and what cannot work is refused.

use std::{process::Command, sync::Arc};

use sqlx::{Connection, PgConnection, PgPool, Row};
use tokio::sync::Barrier;
use vitrina::{
    config::{Loader, Needs},
    db::{Db, DbError},
    private_pg::{Keep, Options, PrivatePg},
};

use crate::{
    fields,
    support::{Database, World, mazda},
};

fn db(url: &str) -> Db {
    Db::new(url, &Loader::new(std::iter::empty()).load(Needs::Database).unwrap().database).unwrap()
}

/// Settings that somebody may have made for the database, each of which changes what statements do.
const STRANGE: [(&str, &str); 17] = [
    ("default_transaction_isolation", "serializable"),
    ("default_transaction_deferrable", "on"),
    ("statement_timeout", "1s"),
    ("lock_timeout", "1ms"),
    ("idle_session_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "1ms"),
    ("datestyle", "German"),
    ("intervalstyle", "sql_standard"),
    ("timezone", "Asia/Kolkata"),
    ("gin_fuzzy_search_limit", "1"),
    ("search_path", "pg_catalog"),
    ("standard_conforming_strings", "off"),
    ("bytea_output", "escape"),
    ("extra_float_digits", "-15"),
    ("transform_null_equals", "on"),
    ("array_nulls", "off"),
    ("synchronous_commit", "off"),
];

async fn make_strange(pool: &PgPool) {
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(pool).await.unwrap();
    for (setting, value) in STRANGE {
        let change = format!("alter database {name} set {setting} = '{value}'");
        sqlx::query(sqlx::AssertSqlSafe(change)).execute(pool).await.unwrap();
    }
}

#[tokio::test]
async fn settings_of_the_database_change_no_setting_of_a_connection() {
    let (usual, strange) = (Database::new().await, Database::new().await);
    make_strange(&strange.pool).await;
    let shown = async |database: &Database| {
        let db = db(&database.url);
        let mut settings = Vec::new();
        for (setting, _) in STRANGE {
            let row = sqlx::query(sqlx::AssertSqlSafe(format!("show {setting}"))).fetch_one(db.pool()).await;
            settings.push(format!("{setting} = {}", row.unwrap().get::<String, _>(0)));
        }
        db.close().await;
        settings
    };
    assert_eq!(shown(&strange).await, shown(&usual).await);
}

/// A first load, edits of many at once, a search and a full run, as on any other database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_on_a_strange_database_works_as_on_any_other() {
    let world = World::start().await;
    let strange = Arc::new(Database::empty().await);
    make_strange(&strange.pool).await;
    let ids: Vec<_> = (0..20).map(|_| world.airtable.create(mazda())).collect();
    let instance = world.instance_on(&strange).await;
    let webhooks = ids.iter().map(|id| {
        world.airtable.edit(id, fields! { "Precio": 5 });
        world.webhook_to(&instance, id)
    });
    for answer in futures_util::future::join_all(webhooks).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let found = world.get_from(&instance, "/vehicles?search=mazda&pageSize=100").await.ok();
    assert_eq!(found["totalCount"], 20);
    assert_eq!(found["vehicles"][0]["precio"], 5);
    assert!(found["vehicles"][0]["created_at"].as_str().unwrap().ends_with("+00:00"), "{found}");
    instance.stop().await;
}

/// Two transactions lock two rows in opposite order: PostgreSQL ends one of them, and nobody is told.
#[tokio::test]
async fn a_transaction_that_is_ended_for_another_one_is_repeated() {
    let database = Database::empty().await;
    sqlx::raw_sql(
        "create table things (id int primary key, n int); insert into things values (1, 0), (2, 0)",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let db = db(&database.url);
    let both_have_one = Barrier::new(2);
    let add = async |first: i32, second: i32| {
        let mut tries = 0;
        db.repeating(|| {
            tries += 1;
            let (db, meet) = (&db, (tries == 1).then_some(&both_have_one));
            async move {
                let mut tx = db.pool().begin().await?;
                let add = "update things set n = n + 1 where id = $1";
                sqlx::query(add).bind(first).execute(&mut *tx).await?;
                if let Some(meet) = meet {
                    meet.wait().await;
                }
                sqlx::query(add).bind(second).execute(&mut *tx).await?;
                Ok(tx.commit().await?)
            }
        })
        .await
        .unwrap();
        tries
    };
    let (one, other) = tokio::join!(add(1, 2), add(2, 1));
    assert_eq!(one + other, 3, "one of them was tried twice");
    let sums: Vec<i32> = sqlx::query_scalar("select n from things").fetch_all(&database.pool).await.unwrap();
    assert_eq!(sums, [2, 2]);
    db.close().await;
}

async fn tables(pool: &PgPool) -> i64 {
    let tables =
        "select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')";
    sqlx::query_scalar(tables).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_letter_is_refused_before_anything_is_written() {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let database = Database::in_encoding(encoding).await;
        let db = db(&database.url);
        let error = db.prepare(&[]).await.unwrap_err();
        let said = error.to_string();
        assert!(error.is_configuration() && matches!(error, DbError::Unsuitable(_)), "{said}");
        assert!(said.contains(encoding) && said.contains("create database … encoding 'UTF8'"), "{said}");
        let migrate = Command::new(env!("CARGO_BIN_EXE_vitrina"))
            .arg("migrate")
            .env_clear()
            .env("DATABASE_URL", &database.url)
            .output()
            .unwrap();
        assert_eq!(migrate.status.code(), Some(2), "{migrate:?}");
        assert_eq!(tables(&database.pool).await, 0);
        db.close().await;
    }
}

#[tokio::test]
async fn a_server_with_too_few_connections_is_refused_before_anything_is_written() {
    let server =
        PrivatePg::start(Options { max_connections: 6, ..Options::new(Keep::Nothing) }).await.unwrap();
    let db = db(&server.url());
    let error = db.prepare(&[]).await.unwrap_err();
    let said = error.to_string();
    assert!(error.is_configuration() && said.contains("at most 6 connections"), "{said}");
    assert!(said.contains("vitrina needs 7") && said.contains("max_connections"), "{said}");
    db.close().await;
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let made: bool = sqlx::query_scalar("select exists (select from pg_tables where schemaname = 'public')")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(!made);
    connection.close().await.unwrap();
    server.stop().await.unwrap();
}

/// The least that `database.max_connections` may be is enough for everything at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_connections_suffice() {
    let world = World::set("database.max_connections", "3").start().await;
    let ids: Vec<_> = (0..30).map(|_| world.airtable.create(mazda())).collect();
    let webhooks = futures_util::future::join_all(ids.iter().map(|id| world.webhook(id)));
    // One at a time and a line of 16: no more are let in.
    let pages: Vec<_> = (1..=15).map(|page| format!("/vehicles?search=mazda&page={page}")).collect();
    let pages = futures_util::future::join_all(pages.iter().map(|page| world.get(page)));
    let (webhooks, pages, _) = tokio::join!(webhooks, pages, async {
        assert_eq!(world.post_as_admin("/sync").await.status, 202);
        world.get_as_admin("/kpis").await.ok();
        world.get_as_admin("/dashboard").await
    });
    for answer in webhooks.into_iter().chain(pages) {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    world.no_run().await;
}
