//! Serving HTTP/1.1 on a listener: connections in, answers out, until told to stop.
//!
//! `axum::serve` sets no time limit on request headers and no cap on connections, so hyper's connections are driven here.
//!
//! **Invariants:** never more than [`Limits::max_connections`] are served; at the cap the one that has been idle the longest makes room. None
//! is held by a client that sends nothing ([`Limits::header_timeout`]) or takes less than 1 kB/s ([`Limits::write_timeout`]). A soft
//! stop refuses new connections and lets requests in flight finish; half a request or a client that does not read holds it no longer
//! than about a second. After a hard stop no connection is left. Errors of accepting, such as too many open files, never end the service.
//!
//! **Units:** sizes in bytes.
//!
//! **Not here:** limits on bodies, answers and requests in flight (`body`, `guard`).

mod activity;
mod paced;

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::StatusCode,
    response::Response,
    serve::{Listener as _, ListenerExt as _},
};
use http_body_util::BodyExt as _;
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;
use tracing::debug;

use self::{
    activity::{Activity, Connections},
    paced::Paced,
};

/// The largest request line and headers together; more gets a 431. Room for the longest set of filters. hyper sends
/// this answer, and the 400 to a malformed request, by itself and without a body: it offers no hook there.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// What a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long request line and headers may take, and how long a connection may stay idle between two requests.
    pub header_timeout: Duration,
    /// How far a client may fall behind 1 kB/s in taking an answer that waits for it.
    pub write_timeout: Duration,
    /// Open connections; the next one takes the place of the idlest, or waits.
    pub max_connections: usize,
}

/// What answers requests.
pub trait Respond: Clone + Send + Sync + 'static {
    /// Answers a request of the client at `peer`.
    fn respond(&self, request: Request<Incoming>, peer: SocketAddr) -> impl Future<Output = Response> + Send;
}

impl Respond for Router {
    async fn respond(&self, request: Request<Incoming>, _: SocketAddr) -> Response {
        self.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// Serves `app` on `listener` until `soft` is cancelled and the last connection is closed, or `hard` is cancelled.
///
pub async fn serve(
    listener: TcpListener,
    app: impl Respond,
    limits: Limits,
    soft: CancellationToken,
    hard: CancellationToken,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_header_size(MAX_HEADER_BYTES);
    // Nagle's algorithm would hold back the last part of an answer.
    let mut listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let places = Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS)));
    let (tasks, open) = (TaskTracker::new(), Arc::new(Connections::default()));
    let epoch = Instant::now();
    let accept = async {
        loop {
            // axum's accept retries for ever, pausing a second where retrying at once would not help.
            let (stream, peer) = listener.accept().await;
            let Some(place) = place(&places, &open).await else { return };
            let activity = Activity::new(epoch);
            // Of its own: each connection looks at its tokens whenever it is woken, and a shared one is a shared lock.
            let (soft, hard) = (soft.child_token(), hard.child_token());
            let number = open.add(&activity, &hard);
            let stream = Paced::new(stream, limits.write_timeout, Arc::clone(&activity));
            let connection = connection(stream, peer, activity, app.clone(), http.clone(), (soft, hard));
            let open = Arc::clone(&open);
            tasks.spawn(async move {
                connection.await;
                open.remove(number);
                drop(place);
            });
        }
    };
    tokio::select! {
        () = soft.cancelled() => {}
        () = accept => {}
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

/// How soon it is looked again for an idle connection when all places are taken.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A place for a connection, if need be that of the idlest. `None` never happens: the semaphore is not closed.
async fn place(places: &Arc<Semaphore>, open: &Connections) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    loop {
        open.close_idlest();
        if let Ok(place) = timeout(LOOK_AGAIN, Arc::clone(places).acquire_owned()).await {
            return place.ok();
        }
    }
}

/// How long a connection may be idle during a stop.
const IDLE_IN_STOP: Duration = Duration::from_secs(1);

/// Serves one connection to its end.
async fn connection(
    stream: Paced<TcpStream>,
    peer: SocketAddr,
    activity: Arc<Activity>,
    app: impl Respond,
    http: http1::Builder,
    (soft, hard): (CancellationToken, CancellationToken),
) {
    // The answers borrow them: a clone for each request would be a count that all threads share.
    let (app, activity) = (&app, &activity);
    let service = service_fn(|request| async move {
        let busy = activity.begin();
        let response = app.respond(request, peer).await;
        if response.status() != StatusCode::NOT_MODIFIED && response.body().size_hint().exact().is_none() {
            // A stream keeps its connection busy to its end.
            return Ok(response.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    let _ = &busy;
                    frame
                }))
            }));
        }
        Ok::<_, Infallible>(response)
    });
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), service));
    let mut stopping = false;
    let ended = loop {
        tokio::select! {
            ended = served.as_mut() => break ended,
            () = soft.cancelled(), if !stopping => {
                stopping = true;
                served.as_mut().graceful_shutdown();
            }
            () = sleep(IDLE_IN_STOP / 2), if stopping => {
                if activity.idle().is_some_and(|idle| idle >= IDLE_IN_STOP) {
                    return debug!(client.address = %peer, "idle connection closed by the stop");
                }
            }
            () = hard.cancelled() => return debug!(client.address = %peer, "connection closed for another one, or by the stop"),
        }
    };
    if let Err(error) = ended {
        // Clients that hang up or dawdle are everyday matters.
        debug!(client.address = %peer, %error, "connection ended early: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        task::{JoinHandle, yield_now},
        time::{sleep, timeout},
    };

    use super::*;

    /// No step of these tests takes nearly as long.
    const BOUND: Duration = Duration::from_secs(20);

    /// More bytes than the kernel takes off our hands.
    const LARGE: usize = 32 << 20;

    /// A handler that counts its callers and answers when it is let go.
    struct Gate {
        entered: AtomicUsize,
        inside: AtomicUsize,
        most_inside: AtomicUsize,
        passes: Semaphore,
    }

    struct Server {
        address: SocketAddr,
        gate: Arc<Gate>,
        soft: CancellationToken,
        hard: CancellationToken,
        running: JoinHandle<()>,
    }

    impl Server {
        async fn start(header_timeout: Duration, max_connections: usize) -> Self {
            Self::limited(Limits { header_timeout, write_timeout: BOUND, max_connections }).await
        }

        async fn limited(limits: Limits) -> Self {
            let gate = Arc::new(Gate {
                entered: AtomicUsize::new(0),
                inside: AtomicUsize::new(0),
                most_inside: AtomicUsize::new(0),
                passes: Semaphore::new(0),
            });
            let held = Arc::clone(&gate);
            let app = Router::new()
                .route("/", get(|| async { "here" }))
                .route("/large", get(|| async { "x".repeat(LARGE) }))
                .route("/held", get(move || hold(Arc::clone(&held))));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
            let running = tokio::spawn(serve(listener, app, limits, soft.clone(), hard.clone()));
            Self { address, gate, soft, hard, running }
        }

        /// A connection on which `text` has been sent.
        async fn send(&self, text: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            stream
        }

        /// Waits until so many requests have entered the gate.
        async fn entered(&self, count: usize) {
            let enough = async {
                while self.gate.entered.load(Ordering::SeqCst) < count {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(BOUND, enough).await.expect("the requests arrive");
        }

        async fn ends(self) {
            timeout(BOUND, self.running).await.expect("the server ends").unwrap();
        }
    }

    async fn hold(gate: Arc<Gate>) -> &'static str {
        let inside = gate.inside.fetch_add(1, Ordering::SeqCst) + 1;
        gate.most_inside.fetch_max(inside, Ordering::SeqCst);
        gate.entered.fetch_add(1, Ordering::SeqCst);
        gate.passes.acquire().await.unwrap().forget();
        gate.inside.fetch_sub(1, Ordering::SeqCst);
        "let go"
    }

    /// All that the server sends until it closes the connection.
    async fn rest(mut stream: TcpStream) -> String {
        let mut text = String::new();
        // A connection reset is as closed as an orderly end.
        let _ = timeout(BOUND, stream.read_to_string(&mut text)).await.expect("the connection is closed");
        text
    }

    const HELD: &str = "GET /held HTTP/1.1\r\nhost: x\r\n\r\n";
    const HELD_ONCE: &str = "GET /held HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_request_is_answered() {
        let server = Server::start(BOUND, 10).await;
        let answer = rest(server.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("here"), "{answer}");
    }

    #[tokio::test]
    async fn headers_that_take_too_long_end_the_connection() {
        let server = Server::start(Duration::from_millis(50), 10).await;
        let stream = server.send("GET /held HTTP/1.1\r\nhost: ").await;
        assert!(!rest(stream).await.starts_with("HTTP/1.1 200"));
        assert_eq!(server.gate.entered.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn headers_that_are_too_large_are_refused() {
        let server = Server::start(BOUND, 10).await;
        let stream = server.send(&format!("GET /?{} HTTP/1.1\r\n\r\n", "x".repeat(MAX_HEADER_BYTES))).await;
        let answer = rest(stream).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }

    #[tokio::test]
    async fn a_soft_stop_finishes_running_requests_and_refuses_new_ones() {
        let server = Server::start(BOUND, 10).await;
        let running = server.send(HELD).await;
        server.entered(1).await;
        server.soft.cancel();
        let refused = async {
            while TcpStream::connect(server.address).await.is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(BOUND, refused).await.expect("new connections are refused");
        assert!(!server.running.is_finished());
        server.gate.passes.add_permits(1);
        let answer = rest(running).await;
        assert!(answer.ends_with("let go"), "{answer}");
        server.ends().await;
    }

    #[tokio::test]
    async fn a_soft_stop_closes_idle_connections() {
        let server = Server::start(BOUND, 10).await;
        server.gate.passes.add_permits(1);
        let mut idle = server.send(HELD).await;
        let mut answer = [0; 1024];
        let read = timeout(BOUND, idle.read(&mut answer)).await.expect("an answer").unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200 OK"));
        server.soft.cancel();
        server.ends().await;
        assert!(!rest(idle).await.contains("HTTP/1.1"));
    }

    #[tokio::test]
    async fn a_hard_stop_ends_a_stuck_request() {
        let server = Server::start(BOUND, 10).await;
        let stuck = server.send(HELD).await;
        server.entered(1).await;
        server.soft.cancel();
        server.hard.cancel();
        server.ends().await;
        assert_eq!(rest(stuck).await, "");
    }

    #[tokio::test]
    async fn connections_above_the_cap_wait_while_all_are_busy() {
        let server = Server::start(BOUND, 2).await;
        let mut clients = Vec::new();
        for _ in 0..4 {
            clients.push(server.send(HELD_ONCE).await);
        }
        server.entered(2).await;
        // Turns enough for the server to accept the others, if it would.
        for _ in 0..1_000 {
            yield_now().await;
        }
        assert_eq!(server.gate.entered.load(Ordering::SeqCst), 2);
        server.gate.passes.add_permits(4);
        for client in clients {
            assert!(rest(client).await.ends_with("let go"));
        }
        assert_eq!(server.gate.most_inside.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn at_the_cap_the_idlest_connection_makes_room() {
        let server = Server::start(BOUND, 2).await;
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(server.send("GET / HT").await);
        }
        let answer = rest(server.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_half_a_request_or_a_client_that_does_not_read() {
        let server = Server::start(BOUND, 10).await;
        let half = server.send("GET /he").await;
        let silent = server.send("GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
        silent.readable().await.unwrap();
        let began = Instant::now();
        server.soft.cancel();
        server.ends().await;
        assert!(began.elapsed() < BOUND / 2, "{:?}", began.elapsed());
        drop((half, silent));
    }

    #[tokio::test]
    async fn who_asks_and_never_reads_gives_its_place_back() {
        let server = Server::limited(Limits {
            header_timeout: BOUND,
            write_timeout: Duration::from_millis(50),
            max_connections: 2,
        })
        .await;
        let large = "GET /large HTTP/1.1\r\nhost: x\r\n\r\n".repeat(3);
        let silent = [server.send(&large).await, server.send(&large).await];
        let answer = rest(server.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        drop(silent);
    }

    #[tokio::test]
    async fn who_reads_gets_all_of_a_large_answer() {
        let server =
            Server::limited(Limits { header_timeout: BOUND, write_timeout: BOUND, max_connections: 2 }).await;
        let answer =
            rest(server.send("GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await).await;
        assert!(answer.ends_with('x') && answer.len() > LARGE);
    }
}
