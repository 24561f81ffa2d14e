//! An address that is known before the service behind it, as a dealership's public name is.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

/// A port that leads to an instance of the service, or to nobody.
#[derive(Clone)]
pub struct Door {
    address: SocketAddr,
    behind: Arc<Mutex<Option<SocketAddr>>>,
}

impl Door {
    /// A door behind which nobody is yet.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = Self { address: listener.local_addr().unwrap(), behind: Arc::default() };
        let behind = Arc::clone(&door.behind);
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let address = *behind.lock().unwrap();
                tokio::spawn(async move {
                    if let Some(address) = address
                        && let Ok(mut server) = TcpStream::connect(address).await
                    {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        door
    }

    /// Where Airtable's notifications go.
    pub fn notifications(&self) -> String {
        format!("http://{}/airtable-notifications", self.address)
    }

    /// From now on this instance answers.
    pub fn leads_to(&self, url: &str) {
        *self.behind.lock().unwrap() = Some(url.strip_prefix("http://").unwrap().parse().unwrap());
    }

    /// From now on nobody answers.
    pub fn leads_nowhere(&self) {
        *self.behind.lock().unwrap() = None;
    }
}
