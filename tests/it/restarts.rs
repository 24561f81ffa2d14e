//! PostgreSQL goes away while vitrina starts: whatever the moment, it is waited for, and the tables are whole in the end.

use std::{process::Command, sync::atomic::Ordering};

use sqlx::{Connection, Executor, PgConnection};
use vitrina::{
    config::{Loader, Needs},
    db::{Db, MIGRATOR},
    private_pg::{Keep, Options, PrivatePg},
};

use crate::support::{Database, eventually};

fn db(url: &str, schema: &str) -> Db {
    let settings = Loader::new(std::iter::empty()).set("database.schema", schema);
    Db::new(url, &settings.load(Needs::Database).unwrap().database).unwrap()
}

/// The moments are those at which something is on its way between vitrina and the server, one after the other, from the first connection to the
/// last answer. What is on its way then is lost, and so are all connections; on the server it may have been done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_at_any_moment_of_the_start_is_waited_for() {
    const LANES: usize = 6;
    let lanes = (1..=LANES).map(|first| async move {
        let database = Database::empty().await;
        for (moment, number) in (first..).step_by(LANES).zip(0..) {
            let left = database.break_once_after(i64::try_from(moment).unwrap());
            let db = db(&database.url_for_vitrina, &format!("at_{moment}"));
            db.prepare(&[]).await.unwrap_or_else(|error| panic!("at moment {moment}: {error}"));
            // From here on nothing breaks any more.
            let is_over = left.swap(i64::MAX, Ordering::Relaxed) > 0;
            assert!(db.is_migrated().await.unwrap(), "at moment {moment}");
            db.close().await;
            if is_over {
                return number;
            }
        }
        unreachable!()
    });
    let moments: i32 = futures_util::future::join_all(lanes).await.into_iter().sum();
    println!("{moments} moments");
    assert!(moments > 50, "{moments}");
}

/// A server of its own, restarted as an operator does (`INT`) and as the kernel does when memory is short (`QUIT`).
struct Restarted {
    server: PrivatePg,
}

impl Restarted {
    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.server.url()).await.unwrap()
    }

    /// Waits until vitrina waits for a lock, and ends the server, which is started again by itself.
    async fn when_it_waits(&self, signal: &str) {
        let mut connection = self.connect().await;
        let folder: String =
            sqlx::query_scalar("show data_directory").fetch_one(&mut connection).await.unwrap();
        let connection = tokio::sync::Mutex::new(connection);
        eventually("vitrina waits for a lock", || async {
            sqlx::query_scalar("select exists (select from pg_stat_activity where application_name = 'vitrina' and wait_event_type = 'Lock')")
                .fetch_one(&mut *connection.lock().await)
                .await
                .unwrap()
        })
        .await;
        let file = std::fs::read_to_string(format!("{folder}/postmaster.pid")).unwrap();
        let process = file.lines().next().unwrap();
        assert!(Command::new("kill").args([signal, process]).status().unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_restarted_during_a_migration_is_waited_for() {
    let restarted = Restarted { server: PrivatePg::start(Options::new(Keep::Nothing)).await.unwrap() };
    let mut connection = restarted.connect().await;
    MIGRATOR.run_to(1, &mut connection).await.unwrap();
    connection.close().await.unwrap();
    for (lock, signal) in [
        // Before it knows what to do, and in the middle of a migration.
        ("lock table _sqlx_migrations in access exclusive mode", "-INT"),
        ("lock table inventario_cache in access exclusive mode", "-QUIT"),
        ("lock table inventario_cache in access exclusive mode", "-INT"),
    ] {
        let mut locker = restarted.connect().await;
        locker.execute(sqlx::AssertSqlSafe(format!("begin; {lock}"))).await.unwrap();
        let db = db(&restarted.server.url(), "public");
        let (prepared, ()) = tokio::join!(db.prepare(&[]), restarted.when_it_waits(signal));
        prepared.unwrap();
        assert!(db.is_migrated().await.unwrap());
        for _ in 1..MIGRATOR.iter().filter(|step| step.migration_type.is_up_migration()).count() {
            db.revert_last().await.unwrap();
        }
        db.close().await;
    }
    restarted.server.stop().await.unwrap();
}

#[tokio::test]
async fn neither_a_migration_nor_the_deletion_of_old_logs_has_a_time_out() {
    let database = Database::empty().await;
    let settings = Loader::new(std::iter::empty()).set("database.statement_timeout", "1ms");
    let db = Db::new(&database.url, &settings.load(Needs::Database).unwrap().database).unwrap();
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let database_name: String =
        sqlx::query_scalar("select current_database()").fetch_one(&mut connection).await.unwrap();
    let short = format!("alter database {database_name} set statement_timeout = '20ms'");
    connection.execute(sqlx::AssertSqlSafe(short)).await.unwrap();

    db.prepare(&[]).await.unwrap();

    connection
        .execute(
            "insert into sync_logs (created_at, sync_type, status)
             select now() - interval '31 days' - n * interval '1 s', 'webhook', 'success' from generate_series(1, 25000) n;
             insert into sync_logs (sync_type, status) values ('webhook', 'success');
             create table slices (transaction bigint default txid_current(), n bigint);
             create function slice() returns trigger language plpgsql as
                 'begin insert into slices (n) select count(*) from gone; return null; end';
             create trigger slice after delete on sync_logs referencing old table as gone for each statement
                 execute function slice()",
        )
        .await
        .unwrap();
    assert_eq!(db.delete_old_logs().await.unwrap(), 25_000);
    let slices: Vec<i64> =
        sqlx::query_scalar("select sum(n)::bigint from slices group by transaction order by 1 desc")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert_eq!(slices, [10_000, 10_000, 5_000]);
    let left: i64 =
        sqlx::query_scalar("select count(*) from sync_logs").fetch_one(&mut connection).await.unwrap();
    assert_eq!(left, 1);
    db.close().await;
}
