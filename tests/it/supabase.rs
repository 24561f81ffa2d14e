//! Supabase: its roles read what they may, and nothing else; vitrina works as whoever it connects.

use std::sync::Arc;

use sqlx::{Executor, PgPool, Row};
use vitrina::{
    config::{Loader, Needs},
    db::Db,
    domain::Described,
    private_pg::{Keep, Options, PrivatePg},
};

use crate::support::{Database, World, eventually, mazda};

/// The roles and default privileges that a new Supabase project has.
const SUPABASE: &str = "
    create role anon nologin noinherit;
    create role authenticated nologin noinherit;
    create role service_role nologin noinherit bypassrls;
    grant usage on schema public to anon, authenticated, service_role;
    alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
    alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
    alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;";

/// One vehicle that is listed, one that is not, a log.
const ROWS: &str = "
    insert into inventario_cache (record_id, slug, title, listed, created_at) values
        ('recAAAAAAAAAAAAAA', 'a', 'A', true, now()), ('recBBBBBBBBBBBBBB', 'b', 'B', false, now());
    insert into sync_logs (record_id, sync_type, status) values ('recAAAAAAAAAAAAAA', 'webhook', 'success'), (null, 'nightly', 'error')";

/// Roles belong to a whole server, so it is one of the test's own.
async fn server() -> (PrivatePg, PgPool) {
    let server = PrivatePg::start(Options::new(Keep::Nothing)).await.unwrap();
    let pool = PgPool::connect(&server.url()).await.unwrap();
    (server, pool)
}

async fn migrate(server: &PrivatePg) {
    migrate_with(server, &[]).await;
}

/// A start whose settings keep these columns private.
async fn migrate_with(server: &PrivatePg, private: &[&str]) {
    let settings = Loader::new(std::iter::empty()).load(Needs::Database).unwrap().database;
    let db = Db::new(&server.url(), &settings).unwrap();
    let private: Vec<String> = private.iter().map(|column| (*column).to_owned()).collect();
    db.migrate(&private).await.unwrap();
    db.close().await;
}

/// What a statement as this role gives: its rows, or the code of the error. Nothing stays.
async fn as_role(pool: &PgPool, role: &str, statement: &str) -> Result<usize, String> {
    let mut tx = pool.begin().await.unwrap();
    tx.execute(sqlx::AssertSqlSafe(format!("set local role {role}"))).await.unwrap();
    let rows = tx.fetch_all(sqlx::AssertSqlSafe(statement)).await;
    rows.map(|rows| rows.len())
        .map_err(|error| error.as_database_error().unwrap().code().unwrap().into_owned())
}

const DENIED: &str = "42501";

async fn tables(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
        .fetch_all(pool)
        .await
        .unwrap()
}

/// Of listed vehicles these columns and no other, one by one and together.
async fn readers_read_these_columns(pool: &PgPool, role: &str, columns: &[&str]) {
    let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let all = format!("select {} from inventario_cache", names.join(", "));
    assert_eq!(as_role(pool, role, &all).await, Ok(1), "{role}: listed ones only");
    let there: Vec<String> = sqlx::query_scalar(
        "select attname::text from pg_attribute where attrelid = 'inventario_cache'::regclass and attnum > 0 and not attisdropped",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    for column in there {
        let read = as_role(pool, role, &format!("select \"{column}\" from inventario_cache")).await;
        let expected = if columns.contains(&column.as_str()) { Ok(1) } else { Err(DENIED.to_owned()) };
        assert_eq!(read, expected, "{role} reads {column}");
    }
}

#[tokio::test]
async fn what_the_world_may_read_of_a_vehicle_is_what_the_api_shows() {
    let world = World::start().await;
    world.known(mazda()).await;
    let page = world.get("/vehicles").await.ok();
    let shown = page["vehicles"][0].as_object().unwrap();
    for column in Described::public_columns() {
        assert!(shown.contains_key(column), "{column} is not shown");
    }
    for name in shown.keys().filter(|name| !["id", "sucursal", "precio_final"].contains(&name.as_str())) {
        assert!(
            Described::public_columns().any(|column| column == name),
            "{name} is not public, or made when it is shown"
        );
    }
}

#[tokio::test]
async fn a_column_becomes_private_and_public_again_with_the_next_start() {
    let (server, pool) = server().await;
    pool.execute(SUPABASE).await.unwrap();
    migrate(&server).await;
    pool.execute(ROWS).await.unwrap();
    for private in [&["rezago", "AutoMotor"][..], &["ordencompra"], &[]] {
        migrate_with(&server, private).await;
        let public: Vec<&str> =
            Described::public_columns().filter(|column| !private.contains(column)).collect();
        for role in ["anon", "authenticated"] {
            readers_read_these_columns(&pool, role, &public).await;
        }
    }
    // Somebody wants to be helpful.
    for grant in [
        "grant select (data) on inventario_cache to anon",
        "grant update (title) on inventario_cache to anon",
    ] {
        pool.execute(grant).await.unwrap();
        migrate(&server).await;
        readers_read_these_columns(&pool, "anon", &Described::public_columns().collect::<Vec<_>>()).await;
        let update = as_role(&pool, "anon", "update inventario_cache set title = 'x'").await;
        assert_eq!(update, Err(DENIED.into()));
    }
    pool.close().await;
    server.stop().await.unwrap();
}

/// Exactly what chapter 6 says.
async fn readers_read_three_things_and_write_nothing(pool: &PgPool) {
    for role in ["anon", "authenticated"] {
        assert_eq!(as_role(pool, role, "select * from sync_logs").await, Ok(2), "{role}");
        assert_eq!(as_role(pool, role, "select * from sync_stats").await, Ok(2), "{role}");
        readers_read_these_columns(pool, role, &Described::public_columns().collect::<Vec<_>>()).await;
        for table in tables(pool).await {
            let read = as_role(pool, role, &format!("select * from {table}")).await;
            assert_eq!(read.is_ok(), table == "sync_logs", "{role} reads {table}: {read:?}");
            for statement in [
                format!("insert into {table} default values"),
                format!("delete from {table}"),
                format!("truncate {table} cascade"),
            ] {
                assert_eq!(as_role(pool, role, &statement).await, Err(DENIED.into()), "{role}: {statement}");
            }
        }
        for statement in [
            "update sync_logs set message = 'x'",
            "update inventario_cache set title = 'x'",
            "insert into sync_logs (sync_type, status) values ('webhook', 'success')",
            "select nextval('sync_seq')",
            "select nextval('sync_logs_id_seq')",
            "select cleanup_old_sync_logs()",
            "select vitrina_secure('{}', '{}')",
            "select vitrina_take_turn('app', 5, interval '1 second')",
            "create table mine (id int)",
        ] {
            assert_eq!(as_role(pool, role, statement).await, Err(DENIED.into()), "{role}: {statement}");
        }
    }
}

async fn writers_do_everything(pool: &PgPool, roles: &[&str]) {
    for role in roles {
        for (statement, rows) in [
            ("select * from inventario_cache", 2),
            ("select * from sync_stats", 2),
            ("insert into sync_logs (sync_type, status) values ('webhook', 'success') returning id", 1),
            ("update inventario_cache set listed = true, title = 'C' returning slug", 2),
            ("delete from sync_logs returning id", 2),
            ("select cleanup_old_sync_logs()", 1),
            ("select nextval('sync_seq')", 1),
            (
                "insert into sync_queue (record_id, trigger) values ('recAAAAAAAAAAAAAA', 'webhook') returning 1",
                1,
            ),
            ("insert into sync_runs (kind, trigger) values ('full', 'nightly') returning id", 1),
        ] {
            assert_eq!(as_role(pool, role, statement).await, Ok(rows), "{role}: {statement}");
        }
        for table in tables(pool).await {
            let read = as_role(pool, role, &format!("select * from {table}")).await;
            assert!(read.is_ok(), "{role} reads {table}: {read:?}");
        }
    }
}

async fn every_table_has_row_level_security(pool: &PgPool) {
    let open: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = 'public'::regnamespace and relkind = 'r' and not relrowsecurity",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(open.is_empty(), "name them in src/db/secure.rs: {open:?}");
}

#[tokio::test]
async fn each_role_may_do_exactly_what_it_should() {
    let (server, pool) = server().await;
    pool.execute(SUPABASE).await.unwrap();
    migrate(&server).await;
    pool.execute(ROWS).await.unwrap();

    every_table_has_row_level_security(&pool).await;
    readers_read_three_things_and_write_nothing(&pool).await;
    writers_do_everything(&pool, &["service_role", "vitrina"]).await;
    let invoker: bool = pool
        .fetch_one("select coalesce('security_invoker=true' = any(reloptions), false) from pg_class where relname = 'sync_stats'")
        .await
        .unwrap()
        .get(0);
    let version: i32 =
        pool.fetch_one("select current_setting('server_version_num')::int").await.unwrap().get(0);
    assert_eq!(invoker, version >= 150_000, "the view runs with the caller's rights where it can");
    pool.close().await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn roles_that_come_after_the_tables_find_them_closed_from_the_next_start_on() {
    let (server, pool) = server().await;
    migrate(&server).await;
    pool.execute(SUPABASE).await.unwrap();
    // As after a restore into a new project, and as somebody does who wants to be helpful.
    pool.execute("grant all on all tables in schema public to anon, authenticated, service_role")
        .await
        .unwrap();
    pool.execute(ROWS).await.unwrap();
    assert!(as_role(&pool, "anon", "delete from sync_runs").await.is_ok(), "so far it is open");

    migrate(&server).await;

    every_table_has_row_level_security(&pool).await;
    readers_read_three_things_and_write_nothing(&pool).await;
    writers_do_everything(&pool, &["service_role", "vitrina"]).await;
    pool.close().await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn without_the_roles_nothing_is_closed() {
    let database = Database::new().await;
    let secured: i64 = sqlx::query_scalar("select count(*) from pg_class where relrowsecurity")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(secured, 0);
}

#[tokio::test]
async fn vitrina_works_as_service_role_and_as_another_role_that_bypasses_row_level_security() {
    let world = World::start().await;
    let id = world.airtable.create(mazda());
    let (server, pool) = server().await;
    pool.execute(SUPABASE).await.unwrap();
    migrate(&server).await;
    pool.execute(
        "create role shop nologin bypassrls;
         grant usage on schema public to shop;
         grant all on all tables in schema public to shop;
         grant all on all sequences in schema public to shop;
         grant execute on all functions in schema public to shop",
    )
    .await
    .unwrap();
    for (role, price) in [("service_role", 100), ("shop", 200)] {
        world.airtable.edit(&id, crate::fields! { "Precio": price });
        let db = Arc::new(Database::at(server.url(), role).await);
        let instance = world.instance_on(&db).await;
        let succeeded = || async {
            let runs: i64 = sqlx::query_scalar(
                "select count(*) from sync_runs where status = 'succeeded' and kind = 'full'",
            )
            .fetch_one(&pool)
            .await
            .unwrap();
            runs
        };
        eventually("the inventory is loaded", || async { succeeded().await > 0 }).await;
        world.webhook_to(&instance, &id).await.ok();
        let page = world.get_from(&instance, "/vehicles").await.ok();
        assert_eq!(page["vehicles"][0]["precio"], price, "{role}");
        let before = succeeded().await;
        eventually("a run begins", || async { world.post_to(&instance.url, "/sync").await.status == 202 })
            .await;
        eventually("a full run succeeds", || async { succeeded().await > before }).await;
        instance.stop().await;
    }
    pool.close().await;
    server.stop().await.unwrap();
}

/// What a database says to another role, with what to do.
#[tokio::test]
async fn a_role_that_may_not_do_what_it_should_is_told_what_is_missing() {
    let (server, pool) = server().await;
    pool.execute(SUPABASE).await.unwrap();
    migrate(&server).await;
    pool.execute(
        "create role stranger nologin;
         grant usage on schema public to stranger;
         grant select on all tables in schema public to stranger;
         create role standby nologin bypassrls;
         grant usage on schema public to standby;
         grant all on all tables in schema public to standby;
         grant all on all sequences in schema public to standby",
    )
    .await
    .unwrap();
    let as_role = async |role: &str, more: &str| {
        let way = Database::at(server.url(), role).await;
        let settings = Loader::new(std::iter::empty()).load(Needs::Database).unwrap().database;
        (Db::new(&format!("{}{more}", way.url_for_vitrina), &settings).unwrap(), way)
    };

    let (db, _way) = as_role("stranger", "").await;
    let hidden = db.migrate(&[]).await.unwrap_err().to_string();
    assert!(hidden.contains("\"stranger\" may not read") && hidden.contains("name \"vitrina\""), "{hidden}");
    let refused = db.stamp().await.unwrap_err().to_string();
    assert!(refused.contains("42501") && refused.contains("grant"), "{refused}");
    assert!(!refused.contains("at line"), "{refused}");
    db.close().await;

    let (db, _way) = as_role("standby", "%20-c%20default_transaction_read_only%3Don").await;
    let read_only = db.stamp().await.unwrap_err();
    assert!(read_only.is_transient() && read_only.to_string().contains("is read-only"), "{read_only}");
    db.close().await;
    pool.close().await;
    server.stop().await.unwrap();
}
