//! The way of a request: read, logged, checked, struck by a fault or answered.
//!
//! **Invariants:** the order is URL length, token, rate limit, scope, fault, answer. The answer is made in one go at the request's arrival; only
//! its sending may take time. Aborting the server's task cuts every connection.
//!
//! **Not here:** what is answered ([`super::api`]).

use std::{
    convert::Infallible,
    error::Error,
    future::{pending, poll_fn},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderMap, Request as HttpRequest, Response, StatusCode, header, request::Parts},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
    time::sleep,
};

use super::{
    api::{Base, Operation, Refusal, Request, Route, html_response, json_response, with_type},
    attachments::{DeadLink, Links},
    clock::Clock,
    faults::{Faults, What},
    limits::Limiter,
    options::Pictures,
    replicas::Replicas,
    scopes::{self, Scope},
    seen::{Log, Seen},
    store::Store,
    webhooks::{Webhooks, courier},
};

/// Longer URLs are refused: <https://airtable.com/developers/web/api/list-records>.
const URL_CHARS: usize = 16_000;
const BODY_BYTES: usize = 4 << 20;

pub(super) struct Shared {
    pub(super) base_id: String,
    pub(super) pictures: Option<Pictures>,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) store: Store,
    pub(super) replicas: Replicas,
    pub(super) links: Links,
    pub(super) clock: Clock,
    pub(super) webhooks: Webhooks,
    /// Tells the courier that pings may be due.
    pub(super) mail: Arc<Notify>,
    pub(super) token: String,
    pub(super) scopes: Vec<Scope>,
    pub(super) limiter: Limiter,
    pub(super) free_edits: bool,
    pub(super) faults: Faults,
    pub(super) log: Log,
    pub(super) latency: Duration,
}

/// What is to be sent, and how.
struct Reply {
    number: u64,
    response: Response<Body>,
    fault: Option<What>,
    latency: Duration,
}

/// The connection is to be reset.
#[derive(Debug, thiserror::Error)]
#[error("the simulator was told to reset this connection")]
struct Cut;

impl Shared {
    pub(super) fn new(base_id: String, pictures: Option<Pictures>, state: State) -> Self {
        Self { base_id, pictures, state: Mutex::new(state) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A state left by a panicking test is still worth reading.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receive(&self, head: &Parts, body: Result<Bytes, Refusal>) -> Reply {
        let query = head.uri.query().unwrap_or_default();
        let refused = body.as_ref().err().cloned();
        let request = Request {
            method: head.method.clone(),
            route: Route::of(&head.method, head.uri.path()),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            body: body.unwrap_or_default(),
        };
        let seen = Seen::of(&request, head.uri.path());
        let mut state = self.lock();
        let number = state.log.arrived(seen.clone());
        let url_chars = state.links.origin.len() + head.uri.to_string().len();
        let refused = refused.or((url_chars > URL_CHARS).then_some(Refusal::UrlTooLong));
        let refused = refused.or_else(|| state.turn_away(&seen, &head.headers));
        let fault = if refused.is_none() { state.faults.strike(&seen) } else { None };
        let response = match (refused, &fault) {
            (Some(refusal), _) => refusal.response(),
            (None, Some(What::Answer(refusal))) => refusal.response(),
            (None, Some(What::EmptyPage)) => {
                with_type("application/json; charset=utf-8", r#"{"records":[]}"#)
            }
            (None, Some(What::NotJson)) => html_response("Airtable"),
            (None, Some(What::Reset | What::Hang)) => Response::default(),
            (None, _) if seen.operation == Operation::File => self.file(&state, &request.route.rest),
            (None, _) => state.answer(&self.base_id, &request, &seen),
        };
        Reply { number, response, fault, latency: state.latency }
    }

    /// A picture, by an attachment's URL or by its own name.
    fn file(&self, state: &State, path: &[String]) -> Response<Body> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let name = match path.as_slice() {
            ["photos", name @ ..] => Ok(name.join("/")),
            path => state.links.open(path, state.clock.now()).map(str::to_owned),
        };
        match name.map(|name| self.pictures.as_ref()?(&name)) {
            Ok(Some((content_type, bytes))) => with_type(content_type, bytes),
            Ok(None) | Err(DeadLink::Unknown) => Refusal::NotFound.response(),
            Err(DeadLink::Expired) => {
                let mut gone = html_response("The requested URL has expired");
                *gone.status_mut() = StatusCode::GONE;
                gone
            }
        }
    }
}

impl State {
    fn turn_away(&mut self, seen: &Seen, headers: &HeaderMap) -> Option<Refusal> {
        if seen.operation == Operation::File {
            return None;
        }
        let token =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        match token {
            None => return Some(Refusal::AuthenticationRequired),
            Some(token) if token.trim() != self.token => return Some(Refusal::InvalidToken),
            Some(_) => {}
        }
        let free = !seen.is_of_the_base() || (self.free_edits && seen.is_edit());
        if !free && !self.limiter.admit(self.clock.now()) {
            return Some(Refusal::RateLimited(None));
        }
        (!scopes::allow(&self.scopes, seen)).then_some(Refusal::PermissionsOrModelNotFound)
    }

    fn answer(&mut self, base_id: &str, request: &Request, seen: &Seen) -> Response<Body> {
        let now = self.clock.now();
        let mut base = Base {
            id: base_id,
            now,
            replica: &self.replicas.answering(seen, now),
            store: &mut self.store,
            links: &self.links,
            webhooks: &mut self.webhooks,
        };
        let answer = base.answer(request);
        self.publish("publicApi");
        match answer {
            // Some answers have no body at all.
            Ok(Value::Null) => Response::default(),
            Ok(body) => json_response(&body),
            Err(refusal) => refusal.response(),
        }
    }

    /// Lets the webhooks know of what was done.
    pub(super) fn publish(&mut self, source: &'static str) {
        let events = std::mem::take(&mut self.store.journal);
        if !events.is_empty() {
            self.webhooks.record(&events, &self.store.tables, source, self.clock.now());
            self.mail.notify_one();
        }
    }
}

/// Serves, and sends pings, until its task is aborted.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    let courier = courier::run(Arc::clone(&shared));
    tokio::select! {
        never = accept(listener, shared) => never,
        never = courier => never,
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| Box::pin(respond(&shared, request)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let end = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let stream = connection.into_parts().io.into_inner();
    let cut = end.is_err_and(|error| error.source().is_some_and(<dyn Error>::is::<Cut>));
    if cut {
        let _ = stream.set_zero_linger();
    }
}

async fn respond(shared: &Shared, request: HttpRequest<Incoming>) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).map_err(|_| Refusal::TooLarge);
    let Reply { number, response, fault, latency } = shared.receive(&head, body);

    sleep(latency).await;
    match &fault {
        Some(What::Reset) => return Err(Cut),
        Some(What::Hang) => pending().await,
        Some(What::Latency(extra)) => sleep(*extra).await,
        Some(What::Held(gate)) => gate.pass().await,
        _ => {}
    }
    shared.lock().log.answered(number, response.status().as_u16());
    Ok(match fault {
        Some(What::TruncatedBody) => truncated(response).await,
        Some(What::SlowBody(pause)) => slow(response, pause).await,
        _ => response,
    })
}

/// Announces the whole body and ends the connection after half of it.
async fn truncated(response: Response<Body>) -> Response<Body> {
    const TO_LET_THE_FIRST_HALF_OUT: Duration = Duration::from_millis(20);
    let (head, body) = taken_apart(response).await;
    let half = body.slice(..body.len() / 2);
    let end = stream::once(async {
        sleep(TO_LET_THE_FIRST_HALF_OUT).await;
        Err(io::Error::from(io::ErrorKind::UnexpectedEof))
    });
    Response::from_parts(head, Body::from_stream(stream::iter([Ok(half)]).chain(end)))
}

/// Sends the body in 20 pieces.
async fn slow(response: Response<Body>, pause: Duration) -> Response<Body> {
    let (head, body) = taken_apart(response).await;
    let size = body.len().div_ceil(20).max(1);
    let pieces: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    let pieces = stream::iter(pieces).then(move |piece| async move {
        sleep(pause).await;
        Ok::<_, Infallible>(piece)
    });
    Response::from_parts(head, Body::from_stream(pieces))
}

async fn taken_apart(response: Response<Body>) -> (axum::http::response::Parts, Bytes) {
    let (mut head, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    (head, body)
}
