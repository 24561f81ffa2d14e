//! An Airtable of our own, for the demo and the tests.
//!
//! A server on `127.0.0.1` that keeps a base, speaks the Web API (records, formulas, writes, schema, attachments) under
//! `/v0/…`, and misbehaves on demand. The handle edits the base as people in Airtable would; HTTP sees it as Airtable shows it.
//!
//! | module | what it is |
//! |---|---|
//! | `handle` | what demo and tests do to the base and ask about it |
//! | `server` | the way of a request: logged, checked, struck by a fault or answered |
//! | `api` | what is answered, and every refusal word for word |
//! | `store`, `cells` | the base: tables, records, listings under way; pure |
//! | `formula` | `filterByFormula`; pure |
//! | `webhooks` | native webhooks: payloads, and pings that are sent |
//! | `faults`, `replicas` | scripted faults, and reads that are behind |
//! | `limits`, `scopes`, `seen` | the rate limit, what the token may do, the requests that came in |
//! | `attachments`, `clock`, `ids` | URLs that die, a time that can be moved, ids by seed |
//! | `options`, `vehicles` | how it starts, and the table it starts with |
//!
//! **Invariants:** what Airtable leaves undocumented is said to be a choice where it is made. Nothing here knows the rest of
//! vitrina, so a mistake there is not repeated here.
//!
//! **Not here:** OAuth, comments, cells as strings, compression; the sample vehicles.

mod api;
mod attachments;
mod cells;
mod clock;
mod faults;
mod formula;
mod handle;
mod ids;
pub mod inventory;
mod limits;
mod options;
mod replicas;
mod scopes;
mod seen;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod vehicles;
mod webhooks;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net::TcpListener, task::JoinHandle};

pub use self::{
    api::{Operation, Refusal},
    faults::{Fault, Gate, Target, What},
    handle::Stored,
    limits::RateLimit,
    options::{FieldSpec, Options, Pictures, TableSpec},
    scopes::Scope,
    seen::Seen,
    store::FieldKind,
    webhooks::{PingFault, WebhookState},
};
use self::{
    attachments::Links,
    clock::Clock,
    faults::Faults,
    ids::Ids,
    limits::Limiter,
    replicas::Replicas,
    seen::Log,
    server::{Shared, State},
    store::{Iterators, Store, Table},
    webhooks::Webhooks,
};

/// A running simulator. Clones are handles to the same one; when the last is dropped it stops.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
    server: Arc<Server>,
    table_id: Arc<str>,
}

struct Server {
    address: SocketAddr,
    task: Mutex<Option<JoinHandle<std::convert::Infallible>>>,
}

impl Simulator {
    /// Starts on a free port of `127.0.0.1`.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let table_id = options.table.id.as_str().into();
        let state = State {
            store: store(options.table, options.seed, options.iterator_lifetime),
            replicas: Replicas::new(options.lag, options.seed),
            links: Links {
                origin: format!("http://{address}"),
                window: options.attachment_window,
                seed: options.seed,
            },
            clock: Clock::start(),
            webhooks: Webhooks::new(options.seed),
            mail: Arc::default(),
            token: options.token,
            scopes: scopes::ALL.to_vec(),
            limiter: Limiter::new(options.rate_limit),
            free_edits: options.free_edits,
            faults: Faults::default(),
            log: Log::default(),
            latency: options.latency,
        };
        let shared = Arc::new(Shared::new(options.base_id, options.pictures, state));
        let task = tokio::spawn(server::run(listener, Arc::clone(&shared)));
        Ok(Self { shared, server: Arc::new(Server { address, task: Mutex::new(Some(task)) }), table_id })
    }

    /// `http://127.0.0.1:port`, what clients take for `https://api.airtable.com`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// `app…`
    pub fn base_id(&self) -> &str {
        &self.shared.base_id
    }

    /// `tbl…`, of the vehicles.
    pub fn table_id(&self) -> &str {
        &self.table_id
    }

    /// Plays an outage: connections are cut and new ones refused until [`Self::come_back`]. The base stays.
    pub async fn go_down(&self) {
        let task = self.server.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    /// Ends an outage, on the same port. Fails if another process has taken the port meanwhile.
    pub async fn come_back(&self) -> io::Result<()> {
        let listener = TcpListener::bind(self.server.address).await?;
        let task = tokio::spawn(server::run(listener, Arc::clone(&self.shared)));
        let former = self.server.task.lock().unwrap_or_else(PoisonError::into_inner).replace(task);
        if let Some(former) = former {
            former.abort();
        }
        Ok(())
    }

    /// Stops it for all handles; returns when the port is free.
    pub async fn stop(self) {
        self.go_down().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

/// The place of the vehicles in the base.
const VEHICLES: usize = 0;
/// The place of the table that vitrina has no business with.
const OTHER: usize = 1;

fn store(spec: TableSpec, seed: u64, iterator_lifetime: std::time::Duration) -> Store {
    // Not the seed itself, or records would get the ids that the default options gave to fields.
    let mut ids = Ids::seeded(!seed);
    let mut vehicles = Table::new(spec.id, spec.name, ids.next("viw"));
    for field in spec.fields {
        vehicles.add_field(field.id, field.name, field.kind);
    }
    let mut other = Table::new(ids.next("tbl"), "Clientes".to_owned(), ids.next("viw"));
    other.add_field(ids.next("fld"), "Nombre".to_owned(), FieldKind::SingleLineText);
    Store {
        tables: vec![vehicles, other],
        iterators: Iterators::new(iterator_lifetime),
        ids,
        journal: Vec::new(),
    }
}
