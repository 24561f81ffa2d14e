//! A way to PostgreSQL that can be cut and mended, as an outage does and as no other test notices.

use std::{net::SocketAddr, str::FromStr, sync::Mutex};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
    task::{JoinHandle, JoinSet},
};

/// A port that leads to the server's socket.
pub struct Proxy {
    address: SocketAddr,
    socket: String,
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    pub async fn to(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).unwrap();
        let folder = options.get_socket().unwrap().display().to_string();
        let socket = format!("{folder}/.s.PGSQL.{}", options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let running = Mutex::new(Some(tokio::spawn(forward(listener, socket.clone()))));
        Self { address, socket, running }
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
        *self.running.lock().unwrap() = Some(tokio::spawn(forward(listener, self.socket.clone())));
    }
}

async fn forward(listener: TcpListener, socket: String) {
    let mut connections = JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        client.set_nodelay(true).unwrap();
        let socket = socket.clone();
        connections.spawn(async move {
            if let Ok(mut server) = UnixStream::connect(socket).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
