//! The promises of the private PostgreSQL, tried with real programs and real processes.
//!
//! An owner that is killed is this test binary, run once more as a process of its own (see [`owner_process`]).

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;

use super::{
    Keep, Options, PrivatePg, PrivatePgError,
    home::Home,
    identity::Identity,
    programs::{Places, find},
    url,
};

/// Names the folder that an owner process keeps its cluster in; empty: a temporary cluster.
const OWNER_FOLDER: &str = "VITRINA_TEST_OWNER_FOLDER";

#[tokio::test]
async fn a_temporary_server_answers_and_is_gone_when_stop_returns() {
    let pg = PrivatePg::start(Options { max_connections: 37, ..Options::new(Keep::Nothing) }).await.unwrap();
    let folder = folder_of(&pg);
    let mut connection = connect(&pg.url()).await.unwrap();
    let query =
        "select concat_ws(' ', lower('ÑANDÚ'), current_database(), current_setting('max_connections'),
        current_setting('timezone'), current_setting('listen_addresses'), 'z' < 'á')";
    let answer: String = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
    assert_eq!(answer, "ñandú vitrina 37 UTC  t");

    pg.stop().await.unwrap();
    assert!(!folder.exists());
    assert_eq!(processes_in(&folder), [""; 0]);
}

#[tokio::test]
async fn only_the_owners_role_gets_in() {
    let pg = PrivatePg::start(Options::new(Keep::Nothing)).await.unwrap();
    let mode = pg.socket_folder.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let options: PgConnectOptions = pg.url().parse().unwrap();
    let refused = PgConnection::connect_with(&options.username("postgres")).await.unwrap_err();
    assert!(refused.to_string().contains("no pg_hba.conf entry"), "{refused}");
}

#[tokio::test]
async fn a_dropped_temporary_server_leaves_no_process_and_no_folder() {
    let pg = PrivatePg::start(Options::new(Keep::Nothing)).await.unwrap();
    let folder = folder_of(&pg);
    if cfg!(target_os = "linux") {
        assert_ne!(processes_in(&folder), [""; 0], "the test can see processes");
    }
    drop(pg);
    until("folder and processes are gone", || !folder.exists() && processes_in(&folder).is_empty()).await;
}

#[tokio::test]
async fn kept_data_survive_a_stop_and_a_start() {
    let root = root();
    let options = Options::new(Keep::Data(root.path().join("new").join("cluster")));
    let pg = PrivatePg::start(options.clone()).await.unwrap();
    remember(&pg.url(), 7).await;
    pg.stop().await.unwrap();
    assert_eq!(processes_in(root.path()), [""; 0]);

    let pg = PrivatePg::start(options).await.unwrap();
    assert_eq!(remembered(&pg.url()).await, 7);
    pg.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_owner_of_a_folder_is_refused() {
    let root = root();
    let options = Options::new(Keep::Data(root.path().into()));
    let pg = PrivatePg::start(options.clone()).await.unwrap();
    let refused = PrivatePg::start(options).await.unwrap_err();
    assert!(matches!(refused, PrivatePgError::InUse { .. }), "{refused}");
    assert!(connect(&pg.url()).await.is_ok(), "the first owner is not disturbed");
    pg.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_owner_loses_nothing_and_the_next_one_takes_over_at_once() {
    let root = root();
    let mut owner = Owner::start(root.path(), None);
    let url = owner.url();
    remember(&url, 8).await;
    owner.kill();

    let pg = PrivatePg::start(Options::new(Keep::Data(root.path().into()))).await.unwrap();
    assert_eq!(remembered(&pg.url()).await, 8);
    pg.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_owner_of_a_kept_cluster_takes_its_server_along() {
    let root = root();
    let mut owner = Owner::start(root.path(), None);
    owner.url();
    owner.kill();
    until("the server is gone", || processes_in(root.path()).is_empty()).await;
    assert!(!root.path().join("data/postmaster.pid").exists(), "it was shut down, not killed");
}

#[tokio::test]
async fn a_killed_owner_of_a_temporary_cluster_leaves_nothing() {
    let root = root();
    let mut owner = Owner::start(Path::new(""), Some(root.path()));
    owner.url();
    assert!(!is_empty(root.path()));
    owner.kill();
    until("folder and processes are gone", || is_empty(root.path()) && processes_in(root.path()).is_empty())
        .await;
}

#[tokio::test]
async fn an_owner_killed_while_starting_leaves_nothing() {
    for moment in ["", "data.new/base", "data/postmaster.pid"] {
        let root = root();
        let mut owner = Owner::start(Path::new(""), Some(root.path()));
        until(moment, || {
            fs::read_dir(root.path()).unwrap().flatten().any(|folder| folder.path().join(moment).exists())
        })
        .await;
        owner.kill();
        until("folder and processes are gone", || {
            is_empty(root.path()) && processes_in(root.path()).is_empty()
        })
        .await;
    }
}

#[tokio::test]
async fn a_cluster_that_was_never_finished_is_made_anew() {
    let root = root();
    fs::create_dir(root.path().join("data.new")).unwrap();
    fs::write(root.path().join("data.new/PG_VERSION"), "15\n").unwrap();
    // And one whose `initdb` is still at work, its owner being dead.
    let mut owner = Owner::start(root.path(), None);
    until("initdb works", || root.path().join("data.new/base").exists()).await;
    owner.kill();

    let pg = PrivatePg::start(Options::new(Keep::Data(root.path().into()))).await.unwrap();
    assert!(connect(&pg.url()).await.is_ok());
    assert!(!root.path().join("data.new").exists());
    pg.stop().await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_whose_owner_and_guard_were_both_killed_is_stopped_by_the_next_owner() {
    let root = root();
    let mut owner = Owner::start(root.path(), None);
    let url = owner.url();
    remember(&url, 9).await;
    // Halted, so that it does not start the server again.
    signal("STOP", &owner.0.id().to_string());
    let guards = processes()
        .filter(|process| process.command.contains("vitrina-guard") && process.in_folder(root.path()));
    guards.for_each(|guard| signal("KILL", &guard.pid));
    owner.kill();
    assert!(connect(&url).await.is_ok(), "the server is on its own now");

    let pg = PrivatePg::start(Options::new(Keep::Data(root.path().into()))).await.unwrap();
    assert_eq!(remembered(&pg.url()).await, 9);
    pg.stop().await.unwrap();
}

#[tokio::test]
async fn a_crashed_server_is_started_again() {
    for temporary in [true, false] {
        let root = root();
        let keep = if temporary { Keep::Nothing } else { Keep::Data(root.path().into()) };
        let pg = PrivatePg::start(Options::new(keep)).await.unwrap();
        let pid = fs::read_to_string(folder_of(&pg).join("data/postmaster.pid")).unwrap();
        signal("KILL", pid.lines().next().unwrap());
        // The crash may show a moment after the kill: a new start time is the proof.
        until("the server was started anew", || {
            let now = fs::read_to_string(folder_of(&pg).join("data/postmaster.pid")).unwrap_or_default();
            now.contains("ready") && now.lines().next() != pid.lines().next()
        })
        .await;
        assert!(connect(&pg.url()).await.is_ok());
        pg.stop().await.unwrap();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_dead_servers_number_that_another_process_has_now_does_not_hinder_the_start() {
    let root = root();
    let options = Options::new(Keep::Data(root.path().into()));
    PrivatePg::start(options.clone()).await.unwrap().stop().await.unwrap();

    let identity = Identity::find(None).await.unwrap();
    let mut other = identity.command(Path::new("sleep")).arg("600").kill_on_drop(true).spawn().unwrap();
    let file = root.path().join("data/postmaster.pid");
    let text = format!("{}\n{}\n1700000000\n5432\n", other.id().unwrap(), root.path().join("data").display());
    fs::write(&file, text).unwrap();
    identity.give(&file).unwrap();

    let pg = PrivatePg::start(options).await.unwrap();
    assert!(other.try_wait().unwrap().is_none(), "the other process is left alone");
    pg.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_the_end_of_its_log() {
    let root = root();
    let options = Options::new(Keep::Data(root.path().into()));
    PrivatePg::start(options.clone()).await.unwrap().stop().await.unwrap();
    fs::write(root.path().join("data/postgresql.auto.conf"), "no_such_setting = 1\n").unwrap();

    let refused = PrivatePg::start(options).await.unwrap_err();
    assert!(matches!(refused, PrivatePgError::StartFailed { .. }), "{refused}");
    assert!(refused.to_string().contains("no_such_setting"), "{refused}");
}

#[tokio::test]
async fn without_programs_the_error_says_what_to_install() {
    let root = root();
    let places = Places { programs_dir: None, path: root.path().into(), patterns: Vec::new() };
    let identity = Identity::find(None).await.unwrap();
    let unreachable = async |_| Err("no network".to_owned());
    let error = find(&places, None, &identity, unreachable).await.unwrap_err().to_string();
    for part in
        ["14 or newer", "PATH", "no network", "apt install", "brew install", "programs_dir", "DATABASE_URL"]
    {
        assert!(error.contains(part), "{part:?} in {error}");
    }
}

#[tokio::test]
async fn programs_are_fetched_only_where_none_fit() {
    let root = root();
    let identity = Identity::find(None).await.unwrap();
    for (version, cluster, fetches) in
        [(15, None, false), (15, Some(15), false), (15, Some(16), true), (13, None, true)]
    {
        let installed = fake_programs(root.path(), version);
        let places = Places { programs_dir: None, path: installed.into(), patterns: Vec::new() };
        let mut fetched = false;
        let other = fake_programs(root.path(), 16);
        let found = find(&places, cluster, &identity, async |major| {
            assert_eq!(major, cluster);
            fetched = true;
            Ok(other)
        });
        let major = found.await.unwrap().major;
        assert_eq!((major, fetched), if fetches { (16, true) } else { (version, false) });
    }
}

#[tokio::test]
async fn a_cluster_of_another_version_is_not_touched() {
    let root = root();
    fs::create_dir(root.path().join("data")).unwrap();
    fs::write(root.path().join("data/PG_VERSION"), "13\n").unwrap();
    let programs_dir = Some(fake_programs(root.path(), 15));
    let refused =
        PrivatePg::start(Options { programs_dir, ..Options::new(Keep::Data(root.path().into())) }).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("has version 15"), "{refused}");
    assert!(refused.contains("13 (the version that made the existing cluster)"), "{refused}");
}

#[tokio::test]
async fn a_folder_too_deep_for_a_socket_is_refused() {
    let root = root();
    let folder = root.path().join("a-long-name".repeat(9));
    let refused = PrivatePg::start(Options::new(Keep::Data(folder))).await.unwrap_err();
    assert!(matches!(refused, PrivatePgError::PathTooLong { .. }), "{refused}");
}

#[tokio::test]
async fn root_is_told_when_postgres_cannot_enter_the_folder() {
    let identity = Identity::find(None).await.unwrap();
    let root = root();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let opened = Home::open(&root.path().join("cluster"), &identity).await;
    if identity.is_root() {
        assert!(matches!(opened, Err(PrivatePgError::Unreachable { .. })), "{opened:?}");
    } else {
        assert!(opened.is_ok(), "any other user runs PostgreSQL as itself: {opened:?}");
    }
}

#[test]
fn the_address_keeps_any_path() {
    for folder in ["/tmp/vitrina-pg-aB3/socket", "/home/José/mis datos/a+b%20&c?d#e/socket"] {
        let options: PgConnectOptions = url(Path::new(folder), "a database").parse().unwrap();
        assert_eq!(options.get_socket().unwrap(), Path::new(folder));
        assert_eq!(options.get_database(), Some("a database"));
        assert_eq!((options.get_username(), options.get_port()), ("vitrina", 5432));
    }
}

/// Not a test by itself: what [`Owner`] runs.
#[tokio::test]
#[ignore = "run by other tests as a process of its own"]
async fn owner_process() {
    let Some(folder) = std::env::var_os(OWNER_FOLDER) else { return };
    let keep = if folder.is_empty() { Keep::Nothing } else { Keep::Data(folder.into()) };
    let pg = PrivatePg::start(Options::new(keep)).await.unwrap();
    println!("url={}", pg.url());
    std::future::pending::<()>().await;
}

/// A private PostgreSQL's owner as a process that can be killed.
struct Owner(Child);

impl Owner {
    fn start(folder: &Path, temp_dir: Option<&Path>) -> Self {
        // This very program, even if a build has replaced its file meanwhile.
        let this = Path::new("/proc/self/exe");
        let this = if this.exists() { this.into() } else { std::env::current_exe().unwrap() };
        let mut command = Command::new(this);
        command.args(["--exact", "private_pg::tests::owner_process", "--ignored", "--nocapture"]);
        command.env(OWNER_FOLDER, folder).envs(temp_dir.map(|dir| ("TMPDIR", dir)));
        Self(command.stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Waits until the server answers.
    fn url(&mut self) -> String {
        let lines = BufReader::new(self.0.stdout.as_mut().unwrap()).lines();
        let mut urls = lines.filter_map(|line| Some(line.unwrap().split_once("url=")?.1.to_owned()));
        urls.next().unwrap()
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect(url).await
}

async fn remember(url: &str, number: i32) {
    let mut connection = connect(url).await.unwrap();
    sqlx::query("create table memory as select $1 as number")
        .bind(number)
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn remembered(url: &str) -> i32 {
    let mut connection = connect(url).await.unwrap();
    sqlx::query_scalar("select number from memory").fetch_one(&mut connection).await.unwrap()
}

/// A folder that PostgreSQL's user can enter too.
fn root() -> TempDir {
    let mut builder = tempfile::Builder::new();
    builder.prefix("pg-test-").permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap()
}

/// Written by a shell: what a test itself has just had open for writing, a process forked meanwhile may still have open, and
/// then it cannot be run.
fn fake_programs(parent: &Path, version: u32) -> PathBuf {
    let dir = parent.join(version.to_string());
    let script = r#"mkdir -p "$0" && cd "$0" && for name in initdb pg_ctl postgres; do
        printf '#!/bin/sh\necho "postgres (PostgreSQL) %s.1"\n' "$1" >$name && chmod 755 $name || exit 1; done"#;
    let written = Command::new("sh").args(["-c", script]).arg(&dir).arg(version.to_string()).status();
    assert!(written.unwrap().success());
    dir
}

fn folder_of(pg: &PrivatePg) -> PathBuf {
    pg.socket_folder.parent().unwrap().to_owned()
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

/// The processes that work in a folder or name it in their command line; none are visible without `/proc`. Owner processes
/// do neither.
fn processes_in(folder: &Path) -> Vec<String> {
    processes().filter(|process| process.in_folder(folder)).map(|process| process.command).collect()
}

struct Process {
    pid: String,
    works_in: PathBuf,
    command: String,
}

impl Process {
    fn in_folder(&self, folder: &Path) -> bool {
        self.works_in.starts_with(folder) || self.command.contains(folder.to_str().unwrap())
    }
}

fn processes() -> impl Iterator<Item = Process> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().into_string().ok()?;
        pid.parse::<u32>().ok()?;
        let works_in = fs::read_link(entry.path().join("cwd")).ok()?;
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        Some(Process { pid, works_in, command: String::from_utf8_lossy(&command).replace('\0', " ") })
    })
}

fn signal(name: &str, pid: &str) {
    assert!(Command::new("kill").args(["-s", name, pid]).status().unwrap().success());
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "not within 20 s: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
