//! A way to PostgreSQL that can be cut and mended, as an outage does and as no other test notices.

use std::{net::SocketAddr, str::FromStr, sync::Mutex};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// A port that leads to the server's socket.
pub struct Proxy {
    address: SocketAddr,
    socket: String,
    frozen: watch::Sender<()>,
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    pub async fn to(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).unwrap();
        let folder = options.get_socket().unwrap().display().to_string();
        let socket = format!("{folder}/.s.PGSQL.{}", options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let frozen = watch::Sender::new(());
        let running = Mutex::new(Some(tokio::spawn(forward(listener, socket.clone(), frozen.clone()))));
        Self { address, socket, frozen, running }
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
        let forward = forward(listener, self.socket.clone(), self.frozen.clone());
        *self.running.lock().unwrap() = Some(tokio::spawn(forward));
    }

    /// Every connection that there is goes silent without ending, as when a gateway has forgotten it; new ones work.
    pub fn freeze(&self) {
        self.frozen.send_replace(());
    }
}

async fn forward(listener: TcpListener, socket: String, frozen: watch::Sender<()>) {
    let mut connections = JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        client.set_nodelay(true).unwrap();
        let (socket, mut frozen) = (socket.clone(), frozen.subscribe());
        connections.spawn(async move {
            if let Ok(mut server) = UnixStream::connect(socket).await {
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    _ = frozen.changed() => std::future::pending().await,
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
