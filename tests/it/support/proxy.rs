//! A way to PostgreSQL that can be cut and mended, as an outage does and as no other test notices.

use std::{
    net::SocketAddr,
    str::FromStr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// What becomes of the answer to a commit that changes vehicles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    Answered,
    /// The next one's is lost with its connection.
    Lost,
    /// The next one's waits until this changes.
    Late,
}

/// What the connections heed.
#[derive(Clone)]
struct Signs {
    frozen: watch::Sender<()>,
    commits: watch::Sender<Commits>,
    /// Whether notices of changes are held back, with whatever comes after them on their connection.
    holds_notices: watch::Sender<bool>,
    /// What may still be carried, either way, before all connections break.
    left: Arc<AtomicI64>,
    broken: watch::Sender<()>,
}

/// A port that leads to the server's socket.
pub struct Proxy {
    address: SocketAddr,
    socket: String,
    signs: Signs,
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    pub async fn to(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).unwrap();
        let folder = options.get_socket().unwrap().display().to_string();
        let socket = format!("{folder}/.s.PGSQL.{}", options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let signs = Signs {
            frozen: watch::Sender::new(()),
            commits: watch::Sender::new(Commits::Answered),
            holds_notices: watch::Sender::new(false),
            left: Arc::new(AtomicI64::new(i64::MAX)),
            broken: watch::Sender::new(()),
        };
        let running = Mutex::new(Some(tokio::spawn(forward(listener, socket.clone(), signs.clone()))));
        Self { address, socket, signs, running }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks every connection and refuses new ones.
    pub async fn cut(&self) {
        let running = self.running.lock().unwrap().take().unwrap();
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
    }

    pub async fn mend(&self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        let forward = forward(listener, self.socket.clone(), self.signs.clone());
        *self.running.lock().unwrap() = Some(tokio::spawn(forward));
    }

    /// Every connection that there is goes silent without ending, as when a gateway has forgotten it; new ones work.
    pub fn freeze(&self) {
        self.signs.frozen.send_replace(());
    }

    /// Whether notices of changes are held back from now on.
    pub fn hold_notices(&self, hold: bool) {
        self.signs.holds_notices.send_replace(hold);
    }

    /// All connections break when so much has been carried, once. Gives what is left until then.
    pub fn break_once_after(&self, carried: i64) -> Arc<AtomicI64> {
        self.signs.left.store(carried, Ordering::Relaxed);
        Arc::clone(&self.signs.left)
    }

    /// What becomes of the answers to commits from now on.
    pub fn commits(&self, commits: Commits) {
        self.signs.commits.send_replace(commits);
    }
}

async fn forward(listener: TcpListener, socket: String, signs: Signs) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        client.set_nodelay(true).unwrap();
        let (socket, mut frozen) = (socket.clone(), signs.frozen.subscribe());
        let (signs, mut broken) = (signs.clone(), signs.broken.subscribe());
        connections.spawn(async move {
            if let Ok(server) = UnixStream::connect(socket).await {
                tokio::select! {
                    _ = carry(client, server, &signs) => {}
                    _ = broken.changed() => {}
                    _ = frozen.changed() => std::future::pending().await,
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Carries both ways until one ends, the answer to a commit is lost, or all connections break.
async fn carry(mut client: TcpStream, mut server: UnixStream, signs: &Signs) -> std::io::Result<()> {
    let (commits, holds_notices) = (&signs.commits, &signs.holds_notices);
    let breaks = || {
        let breaks = signs.left.fetch_sub(1, Ordering::Relaxed) == 1;
        if breaks {
            signs.broken.send_replace(());
        }
        breaks
    };
    // Whether this transaction tells that vehicles have changed.
    let mut tells = false;
    loop {
        let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
        tokio::select! {
            read = client.read(&mut asked) => {
                let asked = &asked[..read?];
                if asked.is_empty() || breaks() {
                    return Ok(());
                }
                server.write_all(asked).await?;
                let says = |word: &[u8]| asked.windows(word.len()).any(|part| part == word);
                tells |= says(b"vitrina_changes");
                let is_commit = says(b"COMMIT\0") && std::mem::take(&mut tells);
                let fate = *commits.borrow();
                if is_commit && fate != Commits::Answered {
                    // What the server answers it has done.
                    let read = server.read(&mut answered).await?;
                    if fate == Commits::Lost {
                        commits.send_replace(Commits::Answered);
                        return Ok(());
                    }
                    let mut late = commits.subscribe();
                    let _ = late.wait_for(|fate| *fate == Commits::Answered).await;
                    client.write_all(&answered[..read]).await?;
                }
            }
            read = server.read(&mut answered) => {
                let read = read?;
                if read == 0 || breaks() {
                    return Ok(());
                }
                if answered[..read].windows(15).any(|part| part == b"vitrina_changes") {
                    let _ = holds_notices.subscribe().wait_for(|holds| !holds).await;
                }
                client.write_all(&answered[..read]).await?;
            }
        }
    }
}
