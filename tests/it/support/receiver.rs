//! Somebody who is told of alerts over HTTP: keeps what it gets, and answers as the test says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A server on a free port of this machine.
pub struct Receiver {
    address: String,
    state: Arc<Shared>,
    running: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<StatusCode>>,
    silent: bool,
}

impl Receiver {
    pub async fn start() -> Self {
        Self::with(Shared::default()).await
    }

    /// One that takes connections and never answers.
    pub async fn silent() -> Self {
        Self::with(Shared { silent: true, ..Shared::default() }).await
    }

    async fn with(shared: Shared) -> Self {
        let state = Arc::new(shared);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(axum::routing::post(receive)).with_state(Arc::clone(&state));
        let running = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, state, running }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests are answered with these, 429 with `Retry-After: 120`; those after them with 200.
    pub fn answer(&self, statuses: &[u16]) {
        let statuses = statuses.iter().map(|status| StatusCode::from_u16(*status).unwrap());
        self.state.answers.lock().unwrap().extend(statuses);
    }

    /// What arrived, in its order.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn receive(
    State(state): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let received = Received { path: uri.to_string(), headers, body };
    state.received.lock().unwrap().push(received);
    if state.silent {
        std::future::pending::<()>().await;
    }
    let status = state.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK);
    let patience = (status == StatusCode::TOO_MANY_REQUESTS).then_some([("retry-after", "120")]);
    (status, patience.unwrap_or([("x-patience", "none")]), "as told")
}
