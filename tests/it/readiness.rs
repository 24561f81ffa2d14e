//! `/readyz`: ready is who can write, and who could not write can again as soon as the database lets it.

use std::{
    os::unix::{fs::MetadataExt, process::CommandExt},
    process::Command,
};

use sqlx::{Executor, PgPool};
use vitrina::{
    config::{Loader, Needs},
    db::Db,
    private_pg::{Keep, Options, PrivatePg},
};

use crate::{
    fields,
    support::{World, eventually, mazda},
};

/// Ends vitrina's connections, as a failover does.
async fn end_connections(pool: &PgPool) {
    pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name like 'vitrina%' and pid <> pg_backend_pid()",
    )
    .await
    .unwrap();
}

/// As after a failover to a standby, and as hosts do whose disk is full.
#[tokio::test]
async fn while_the_database_only_reads_pages_are_served_and_nobody_says_ready() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    let database: String =
        sqlx::query_scalar("select current_database()").fetch_one(&world.db.pool).await.unwrap();
    let only_reads = async |value: &str| {
        let change = format!("alter database {database} set default_transaction_read_only = {value}");
        let mut connection = world.db.pool.acquire().await.unwrap();
        connection.execute("set default_transaction_read_only = off").await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(change)).await.unwrap();
    };
    only_reads("on").await;
    end_connections(&world.db.pool).await;

    eventually("it is not ready", || async { world.get("/readyz").await.status == 503 }).await;
    world.airtable.edit(&id, fields! { "Precio": 7 });
    let refused = world.webhook(&id).await;
    assert_eq!(refused.problem(503)["retryable"], true);
    world.get("/vehicles?marca=Mazda").await.ok();
    assert_eq!(world.get("/healthz").await.status, 200);

    // The connections that were made meanwhile go on being read-only; they must not be used for ever.
    only_reads("off").await;
    eventually("it is ready again", || async { world.get("/readyz").await.status == 200 }).await;
    eventually("webhooks are taken", || async { world.webhook(&id).await.status == 200 }).await;
    for _ in 0..10 {
        world.webhook(&id).await.ok();
    }
    assert_eq!(world.get("/vehicles").await.ok()["vehicles"][0]["precio"], 7);
}

/// The server's process may write no further page, as on a full disk.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn with_a_full_disk_nobody_says_ready() {
    let server = PrivatePg::start(Options::new(Keep::Nothing)).await.unwrap();
    let settings = Loader::new(std::iter::empty()).load(Needs::Database).unwrap().database;
    let db = Db::new(&server.url(), &settings).unwrap();
    let pool = PgPool::connect(&server.url()).await.unwrap();
    db.takes_writes().await.unwrap();
    let backend: i32 =
        sqlx::query_scalar("select pid from pg_stat_activity where query like '%into vitrina_ready%' and pid <> pg_backend_pid()")
            .fetch_one(&pool)
            .await
            .unwrap();
    let may_write = |limit: &str| {
        let owner = std::fs::metadata(format!("/proc/{backend}")).unwrap();
        let limit = format!("--fsize={limit}:unlimited");
        let mut prlimit = Command::new("prlimit");
        prlimit.uid(owner.uid()).gid(owner.gid()).args(["--pid", &backend.to_string(), &limit]);
        assert!(prlimit.status().unwrap().success());
    };
    may_write("4096");

    let error = db.takes_writes().await.unwrap_err();

    assert!(error.to_string().contains("could not extend file"), "{error}");
    may_write("unlimited");
    db.takes_writes().await.unwrap();
    db.close().await;
    pool.close().await;
    server.stop().await.unwrap();
}

/// The place from which readiness is asked belongs to nobody else.
#[tokio::test]
async fn a_busy_pool_is_ready() {
    let world = World::set("database.acquire_timeout", "100ms").start().await;
    let pool = world.state().db.pool();
    let mut taken = Vec::new();
    while let Ok(connection) = pool.acquire().await {
        taken.push(connection);
    }
    assert_eq!(world.get("/readyz").await.ok()["status"], "ready");
}
