//! One throwaway PostgreSQL for the whole run, one database for each test.
//!
//! The databases are copies of a template that was migrated once. The server ends with the process, however that ends.

use std::{
    str::FromStr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use super::proxy::{Commits, Proxy};
use sqlx::{Connection, Executor, PgConnection, PgPool, postgres::PgConnectOptions};
use tokio::sync::OnceCell;
use vitrina::{
    config::{Loader, Needs},
    db::Db,
    private_pg::{Keep, Options, PrivatePg},
};

const TEMPLATE: &str = "vitrina_template";

/// A database of a test's own, migrated and empty.
pub struct Database {
    pub url: String,
    /// The address that vitrina is given: a way there that can be cut.
    pub url_for_vitrina: String,
    /// For looking at rows and for breaking things.
    pub pool: PgPool,
    way: Proxy,
}

impl Database {
    /// A copy of the migrated template.
    pub async fn new() -> Self {
        static MADE: OnceCell<()> = OnceCell::const_new();
        MADE.get_or_init(make_template).await;
        Self::copy_of(TEMPLATE).await
    }

    /// A database without a single table.
    pub async fn empty() -> Self {
        Self::copy_of("template1").await
    }

    /// A database without a single table that cannot hold every letter.
    pub async fn in_encoding(encoding: &str) -> Self {
        Self::made_by(&format!("encoding '{encoding}' locale 'C' template template0")).await
    }

    /// A database on a server of the test's own, where vitrina acts as another role.
    pub async fn at(url: String, role: &str) -> Self {
        let pool = PgPool::connect_lazy(&url).unwrap();
        let way = Proxy::to(&url).await;
        let name = PgConnectOptions::from_str(&url).unwrap().get_database().unwrap().to_owned();
        let options = format!("sslmode=disable&options=-c%20role%3D{role}");
        let url_for_vitrina = format!("postgres://vitrina@{}/{name}?{options}", way.address());
        Self { url, url_for_vitrina, pool, way }
    }

    async fn copy_of(template: &str) -> Self {
        Self::made_by(&format!("template {template}")).await
    }

    async fn made_by(options: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        administer(&format!("create database {name} {options}")).await;
        let url = server().url_for(&name);
        let pool = PgPool::connect_lazy(&url).unwrap();
        let way = Proxy::to(&url).await;
        let url_for_vitrina = format!("postgres://vitrina@{}/{name}?sslmode=disable", way.address());
        Self { url, url_for_vitrina, pool, way }
    }

    /// Makes the listing of the vehicles that the test has written by plain SQL.
    pub async fn list_all(&self) {
        self.pool.execute("delete from listing").await.unwrap();
        let settings = Loader::new(std::iter::empty()).load(Needs::Database).unwrap().database;
        let db = Db::new(&self.url, &settings).unwrap();
        db.list_anew().await.unwrap();
        db.close().await;
    }

    /// For vitrina the server is gone: its connections break and new ones are refused.
    pub async fn cut(&self) {
        self.way.cut().await;
    }

    /// For vitrina every connection goes silent, and none ends; new ones work.
    pub fn freeze(&self) {
        self.way.freeze();
    }

    /// What becomes of the answers to commits that change vehicles.
    pub fn commits(&self, commits: Commits) {
        self.way.commits(commits);
    }

    /// Whether notices of changes are held back on their way to vitrina.
    pub fn hold_notices(&self, hold: bool) {
        self.way.hold_notices(hold);
    }

    /// For vitrina all connections break once, when so much has been sent and answered; new ones work. Gives what is left until then.
    pub fn break_once_after(&self, carried: i64) -> Arc<AtomicI64> {
        self.way.break_once_after(carried)
    }

    /// The server is back.
    pub async fn mend(&self) {
        self.way.mend().await;
    }
}

async fn make_template() {
    administer(&format!("create database {TEMPLATE}")).await;
    let settings = Loader::new(std::iter::empty()).load(Needs::Database).unwrap().database;
    let db = Db::new(&server().url_for(TEMPLATE), &settings).unwrap();
    db.migrate(&[]).await.unwrap();
    db.close().await;
}

async fn administer(statement: &str) {
    // Copying a template needs it to itself for a moment, so the copies take turns.
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _turn = TURN.lock().await;
    let mut connection = PgConnection::connect(&server().url()).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    connection.close().await.unwrap();
}

/// The server lives on a thread of its own, since every test brings and ends a runtime.
fn server() -> &'static PrivatePg {
    static SERVER: OnceLock<PrivatePg> = OnceLock::new();
    SERVER.get_or_init(|| {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                sender
                    .send(
                        PrivatePg::start(Options { max_connections: 300, ..Options::new(Keep::Nothing) })
                            .await,
                    )
                    .unwrap();
                std::future::pending::<()>().await;
            });
        });
        receiver.recv().unwrap().unwrap()
    })
}
