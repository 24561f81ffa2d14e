//! An HTTP server that answers what a test tells it, request by request, and remembers what it was asked.
//!
//! **Invariants:** each answer ends its connection, so that one script line is one request. A request beyond the script gets a
//! 418, which nobody sends again.

use std::{
    collections::{HashMap, VecDeque},
    io::Write,
    sync::{Arc, Mutex},
};

use flate2::{Compression, write::GzEncoder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::Instant,
};

/// What the server does with one request.
pub(super) enum Reply {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// The connection is reset without an answer.
    Reset,
    /// The same, as soon as the test says so.
    ResetWhen(oneshot::Receiver<()>),
    /// Nothing, until the client goes away.
    Hang,
}

impl Reply {
    pub(super) fn status(status: u16, body: &str) -> Self {
        Self::with_headers(status, "", body.as_bytes())
    }

    pub(super) fn ok(body: &serde_json::Value) -> Self {
        Self::status(200, &body.to_string())
    }

    /// With further header lines, each ending in `\r\n`.
    pub(super) fn with_headers(status: u16, headers: &str, body: &[u8]) -> Self {
        let mut bytes = format!(
            "HTTP/1.1 {status} Some Reason\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        Self::Bytes(bytes)
    }

    pub(super) fn gzip(body: &str) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body.as_bytes()).unwrap();
        Self::with_headers(200, "content-encoding: gzip\r\n", &encoder.finish().unwrap())
    }

    /// An answer that announces more than it sends.
    pub(super) fn cut_short(body: &str) -> Self {
        let announced = body.len() + 10;
        Self::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: {announced}\r\n\r\n{body}").into_bytes())
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) at: Instant,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub(super) fn query(&self) -> HashMap<String, String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }
}

pub(super) struct Server {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(super) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<VecDeque<Reply>>> = Arc::new(Mutex::new(script.into_iter().collect()));
        let task = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(answer(stream, Arc::clone(&script), Arc::clone(&seen)));
                }
            }
        });
        Self { url, seen, task }
    }

    /// The requests so far, in the order of their arrival.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn answer(mut stream: TcpStream, script: Arc<Mutex<VecDeque<Reply>>>, seen: Arc<Mutex<Vec<Seen>>>) {
    let Some(request) = receive(&mut stream).await else { return };
    let reply = {
        let mut seen = seen.lock().unwrap();
        seen.push(request);
        script.lock().unwrap().pop_front().unwrap_or_else(|| Reply::status(418, "beyond the script"))
    };
    match reply {
        Reply::Bytes(bytes) => {
            // A client that has read enough may be gone already.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::ResetWhen(told) => {
            told.await.unwrap();
            stream.set_zero_linger().unwrap();
        }
        Reply::Reset => stream.set_zero_linger().unwrap(),
        Reply::Hang => {
            let _ = stream.read(&mut [0; 1]).await;
        }
    }
}

async fn receive(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(position) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break position;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen {
        at: Instant::now(),
        method: first.next()?,
        target: first.next()?,
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
