//! A cluster of our own: making it with `initdb`, and the settings that its server runs with.
//!
//! **Invariants:** no TCP; text is UTF-8, sorted by code point and lower-cased by Unicode's rules where the system can; time is
//! UTC. A temporary cluster gives up safety against power cuts for speed; a kept one never does.

use std::{
    fs, io,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    Options,
    error::PrivatePgError,
    home::{Home, PORT, ServerLog, failed, make_private, tail},
    identity::Identity,
    janitor::Janitor,
    programs::Programs,
};

/// How long a server left behind by a killed vitrina may take to stop: its last checkpoint may be large.
const LEFT_OVER_WITHIN: Duration = Duration::from_mins(1);

/// How often a lock or a starting server is asked again.
pub(super) const POLL: Duration = Duration::from_millis(20);

/// Everything needed to run the server, again and again.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) home: Home,
    pub(super) identity: Identity,
    programs: Programs,
    /// Present for a temporary cluster.
    janitor: Option<Janitor>,
    max_connections: u32,
}

impl Cluster {
    /// Opens the cluster in `home`, making it if there is none.
    pub(super) async fn open(
        home: Home,
        identity: Identity,
        programs: Programs,
        janitor: Option<Janitor>,
        options: &Options,
    ) -> Result<Self, PrivatePgError> {
        let cluster = Self { home, identity, programs, janitor, max_connections: options.max_connections };
        let log = cluster.claim_log().await?;
        if cluster.home.cluster_version().is_none() {
            cluster.make(&log).await?;
        }
        Ok(cluster)
    }

    /// Whether everything vanishes at the end.
    pub(super) fn is_temporary(&self) -> bool {
        self.janitor.is_some()
    }

    /// One of PostgreSQL's programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.program(name)
    }

    /// Standard output for every process of the cluster.
    pub(super) fn stdout(&self) -> io::Result<Stdio> {
        self.janitor.as_ref().map_or_else(|| Ok(Stdio::null()), Janitor::stdout)
    }

    /// The log, once nothing of an earlier server is alive: one left behind is told to stop.
    pub(super) async fn claim_log(&self) -> Result<ServerLog, PrivatePgError> {
        let began = Instant::now();
        let mut told = false;
        while began.elapsed() < LEFT_OVER_WITHIN {
            if let Some(log) = self.home.try_log()? {
                self.home.forget_dead_server();
                return Ok(log);
            }
            if !told && self.home.data().join("postmaster.pid").exists() {
                told = true;
                let mut stop = self.identity.command(&self.program("pg_ctl"));
                stop.args(["stop", "-W", "-s", "-m", "fast", "-D"]).arg(self.home.data());
                stop.stdout(Stdio::null()).stderr(Stdio::null());
                // If it cannot, the server is ending already; the lock tells.
                let _ = stop.status().await;
            }
            sleep(POLL).await;
        }
        Err(PrivatePgError::LeftOver { folder: self.home.folder().into(), within: LEFT_OVER_WITHIN })
    }

    /// Ends a cluster whose server has stopped.
    pub(super) async fn close(self) {
        if let Some(janitor) = self.janitor {
            janitor.finish().await;
        }
    }

    async fn make(&self, log: &ServerLog) -> Result<(), PrivatePgError> {
        let (unfinished, data) = (self.home.unfinished_data(), self.home.data());
        let mut made = false;
        for locale in locales(self.programs.major) {
            if unfinished.exists() {
                fs::remove_dir_all(&unfinished).map_err(failed("remove", &unfinished))?;
            }
            make_private(&unfinished, &self.identity)?;
            let program = self.program("initdb");
            let failed = |source| PrivatePgError::Program { program: program.clone(), source };
            let mut initdb = self.identity.command(&program);
            initdb.arg("--pgdata").arg(&unfinished);
            initdb.args(["--username=vitrina", "--encoding=UTF8", "--locale=C", "--data-checksums"]);
            initdb.args(["--auth-local=peer", "--auth-host=reject", "--no-instructions"]).args(*locale);
            if self.is_temporary() {
                initdb.args(["--no-sync", "--wal-segsize=1"]);
            }
            initdb.stdout(self.stdout().map_err(failed)?).stderr(log.stderr().map_err(failed)?);
            made = initdb.status().await.map_err(failed)?.success();
            if made {
                break;
            }
        }
        if !made {
            let output = tail(&self.home.log(), log.begin());
            return Err(PrivatePgError::InitFailed { folder: self.home.folder().into(), output });
        }
        fs::rename(&unfinished, &data).map_err(failed("finish", &data))
    }

    /// The server's command line after the program.
    pub(super) fn server_arguments(&self) -> Vec<String> {
        let quoted = |path: PathBuf| path.display().to_string();
        let [hba, ident] = self.home.access_rules().map(quoted);
        // A list in which commas separate: quoted, so that any path is one folder.
        let sockets = format!("\"{}\"", quoted(self.home.socket_folder()).replace('"', "\"\""));
        let mut settings = vec![
            "listen_addresses=".to_owned(),
            format!("unix_socket_directories={sockets}"),
            "unix_socket_permissions=0700".to_owned(),
            format!("port={PORT}"),
            format!("hba_file={hba}"),
            format!("ident_file={ident}"),
            format!("max_connections={}", self.max_connections),
            "logging_collector=off".to_owned(),
            "log_destination=stderr".to_owned(),
            "log_timezone=UTC".to_owned(),
            "timezone=UTC".to_owned(),
            "jit=off".to_owned(),
            // PostgreSQL's own default, whatever the machine made of it; memory is taken as it is used.
            "shared_buffers=128MB".to_owned(),
        ];
        if self.is_temporary() {
            let speed = [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "wal_level=minimal",
                "max_wal_senders=0",
                // In the folder, so that not even a killed server leaves a trace in /dev/shm.
                "dynamic_shared_memory_type=mmap",
            ];
            settings.extend(speed.map(str::to_owned));
        }
        let data = ["-D".to_owned(), quoted(self.home.data())];
        data.into_iter().chain(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting])).collect()
    }
}

/// The arguments to try in turn: sorting by code point never changes with the system's libraries, but `lower('Ñ')` needs a
/// locale that knows Unicode. From 17 on PostgreSQL brings its own.
fn locales(major: u32) -> &'static [&'static [&'static str]] {
    if major >= 17 {
        &[&["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    } else {
        &[&["--lc-ctype=C.UTF-8"], &["--lc-ctype=en_US.UTF-8"], &[]]
    }
}
