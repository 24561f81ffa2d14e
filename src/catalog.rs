//! The read side: finished responses, never stale.
//!
//! A response is kept under (generation, query). [`freshness`] tells what the generation is and who raises it.
//!
//! **Invariants**
//! - The generation is read before the load begins, and is part of the key.
//! - A load belongs to nobody: it runs in a task of its own, so a client that hangs up takes nothing from those who wait with it.
//! - One load per key at a time, however many ask.
//! - What is kept is bounded in bytes, keys and compressed forms included. A hit copies nothing: the body is shared.
//! - While PostgreSQL is down, the last known response to the same query is served at once, marked as stale, for `cache.stale_for`;
//!   but none that was begun before a commit which this instance answered for: lists go with every commit until they are asked for again,
//!   the page of a vehicle with its own.
//!
//! **Not here:** SQL (`db::vehicles`), status codes and headers (`http`).

mod body;
mod counters;
mod freshness;
mod line;
mod load;
mod old;
mod query;
mod whole;

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use moka::{Expiry, future::Cache};
use tokio::sync::Semaphore;

pub use self::{
    body::{Body, Coding, surrogate_key},
    counters::CacheStats,
    freshness::News,
    line::LoadError,
    load::{Answer, Timings},
    query::{ListQuery, Query, Shape, parse_filter},
};
use self::{counters::Counters, freshness::Freshness, line::Line, whole::STREAMS};
use crate::{
    config::CacheSettings,
    db::{Db, DbError, notify::CommitId, vehicles, within},
};

/// Reads through the cache. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    locations: vehicles::Locations,
    branches: vehicles::BranchNames,
    stale_for: Duration,
    load_timeout: Duration,
    freshness: Freshness,
    line: Line,
    /// The most bytes of a whole listing that is cached.
    largest: u64,
    streams: Arc<Semaphore>,
    fresh: Cache<Key, Arc<Kept>>,
    last_known: Cache<Query, Arc<Kept>>,
    counters: Counters,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    generation: u64,
    query: Query,
}

struct Kept {
    answer: Answer,
    timings: Timings,
    generation: u64,
    loaded: Instant,
}

/// A query that has to be loaded.
pub struct Missed(Box<Key>);

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// From the cache.
    Hit,
    /// From the database, just now.
    Miss,
    /// From the last known responses, since the database is out of reach.
    Stale,
}

/// An answer and where it came from. A clone shares it.
#[derive(Clone)]
pub struct Served {
    kept: Arc<Kept>,
    /// Where it came from.
    pub source: Source,
}

/// The cached answers of the old system's two kinds, with their ages.
#[derive(Debug, Default)]
pub struct OldStats {
    /// The number of vehicles in the whole listing and its age, if it is cached.
    pub all: Option<(usize, Duration)>,
    /// The slugs of cached single vehicles.
    pub vehicles: Vec<(String, Duration)>,
}

impl Served {
    /// The answer.
    pub fn answer(&self) -> &Answer {
        &self.kept.answer
    }

    /// The durations of its load, whenever that was.
    pub fn timings(&self) -> Timings {
        self.kept.timings
    }
}

impl Catalog {
    /// An empty cache over the database.
    pub fn new(db: Db, locations: vehicles::Locations, settings: &CacheSettings) -> Self {
        let half = settings.max_bytes / 2;
        let fresh = Cache::builder()
            .max_capacity(half)
            .weigher(|key: &Key, kept: &Arc<Kept>| weight(&key.query, kept))
            .time_to_live(settings.ttl)
            .expire_after(Brief(settings.negative_ttl))
            .build();
        let last_known = Cache::builder()
            .max_capacity(half)
            .weigher(|query: &Query, kept: &Arc<Kept>| weight(query, kept))
            .time_to_live(settings.stale_for)
            .build();
        let line = Line::new(db.pool().options().get_max_connections());
        Self {
            inner: Arc::new(Inner {
                db,
                branches: vehicles::BranchNames::from(&locations),
                locations,
                stale_for: settings.stale_for,
                load_timeout: *settings.load_timeout,
                freshness: Freshness::new(),
                line,
                largest: settings.max_bytes / 8,
                streams: Arc::new(Semaphore::new(STREAMS)),
                fresh,
                last_known,
                counters: Counters::default(),
            }),
        }
    }

    /// Branch codes and their display names, which parameters may use.
    pub fn locations(&self) -> &vehicles::Locations {
        &self.inner.locations
    }

    /// The names of branches in answers.
    pub fn branches(&self) -> &vehicles::BranchNames {
        &self.inner.branches
    }

    /// The answer to a query: at least as new as the last commit that was announced before the call.
    pub async fn get(&self, query: Query) -> Result<Served, LoadError> {
        match self.cached(query, Instant::now()) {
            Ok(served) => Ok(served),
            Err(missed) => self.load(missed).await,
        }
    }

    /// The cached answer to a request that came `now`, at once; otherwise what [`Self::load`] takes.
    pub fn cached(&self, query: Query, now: Instant) -> Result<Served, Missed> {
        let generation = self.inner.freshness.generation_at(now, || self.free());
        let key = Key { generation, query };
        match self.inner.fresh.get(&key).now_or_never().flatten() {
            Some(kept) => {
                self.inner.counters.hit();
                Ok(Served { kept, source: Source::Hit })
            }
            None => Err(Missed(Box::new(key))),
        }
    }

    /// Loads what is not cached; all who ask for the same share one load.
    pub async fn load(&self, Missed(key): Missed) -> Result<Served, LoadError> {
        if self.inner.freshness.outage.spares() {
            if let Some(kept) = self.inner.last_known(&key.query).await {
                return Ok(Served { kept, source: Source::Stale });
            }
            // A database that is merely slow may still answer this one.
            if self.inner.freshness.outage.is_unreachable() {
                return Err(DbError::Unreachable(sqlx::Error::PoolTimedOut).into());
            }
        }
        self.inner.counters.miss();
        let inner = Arc::clone(&self.inner);
        let query = key.query.clone();
        match tokio::spawn(async move { inner.load_once(*key).await }).await {
            Ok(Ok(kept)) => Ok(Served { kept, source: Source::Miss }),
            Ok(Err(LoadError::Database(error))) if error.is_transient() => {
                let kept = self.inner.last_known(&query).await;
                kept.map(|kept| Served { kept, source: Source::Stale }).ok_or(LoadError::Database(error))
            }
            Ok(Err(error)) => Err(error),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// Makes every response older than these commits unreachable, for ever. Call it after a commit, or after finding rows of one, and
    /// before answering. `slugs`: the pages that they concern; `None`: any.
    pub async fn committed(&self, commits: &HashSet<CommitId>, slugs: Option<&[&str]>) {
        if commits.is_empty() {
            return;
        }
        let inner = &self.inner;
        // Who has committed has seen that the database is back.
        inner.freshness.outage.ended();
        if inner.freshness.learn(commits.iter().copied()) {
            self.free();
        }
        inner.freshness.answered(slugs.is_none());
        let generation = inner.freshness.generation();
        for slug in slugs.unwrap_or_default() {
            for shape in [Shape::Plain, Shape::Old] {
                let query = Query::Vehicle((*slug).into(), shape);
                if inner.last_known.get(&query).await.is_some_and(|kept| kept.generation < generation) {
                    inner.last_known.invalidate(&query).await;
                }
            }
        }
    }

    /// Makes the next request for anything ask the database: something may have changed. Only while the database cannot be asked are
    /// older responses still served, marked as stale.
    pub fn suspect(&self) {
        self.inner.freshness.raise();
        self.free();
    }

    /// The database was asked at that time whether there is news, and what it said was heeded: what is cached counts as fresh for nearly
    /// a second from then on, and without another such word no longer.
    pub fn heard(&self, asked: Instant) {
        self.inner.freshness.heard(asked);
    }

    /// Frees what the generation has made unreachable.
    fn free(&self) {
        self.inner.counters.invalidated();
        self.inner.fresh.invalidate_all();
    }

    /// Drops every response, the last known ones too.
    pub fn clear(&self) {
        self.suspect();
        self.inner.freshness.answered(true);
        self.inner.last_known.invalidate_all();
    }

    /// The cached answers of the old system's two kinds, with their ages.
    pub async fn old_stats(&self) -> OldStats {
        self.inner.fresh.run_pending_tasks().await;
        let generation = self.inner.freshness.generation();
        let mut stats = OldStats::default();
        for (key, kept) in self.inner.fresh.iter().filter(|(key, _)| key.generation == generation) {
            let (Some(body), age) = (kept.answer.body(), kept.loaded.elapsed()) else { continue };
            match &key.query {
                Query::All => stats.all = Some((body.vehicles, age)),
                Query::Vehicle(slug, _) => stats.vehicles.push((slug.to_string(), age)),
                _ => {}
            }
        }
        stats
    }

    /// What the cache did since the start.
    pub async fn stats(&self) -> CacheStats {
        self.inner.fresh.run_pending_tasks().await;
        self.inner.counters.read(
            self.inner.freshness.generation(),
            self.inner.fresh.entry_count(),
            self.inner.fresh.weighted_size(),
        )
    }
}

impl Inner {
    async fn load_once(&self, key: Key) -> Result<Arc<Kept>, LoadError> {
        let (query, generation) = (key.query.clone(), key.generation);
        let load = async {
            let _place = self.line.enter().await?;
            self.counters.loaded();
            let load = load::load(&self.db, &self.branches, &query, self.largest);
            let loaded = within(self.load_timeout, load).await;
            let (answer, timings) = loaded.inspect_err(|error| self.failed(error))?;
            self.freshness.outage.ended();
            Ok::<_, LoadError>(Arc::new(Kept { answer, timings, generation, loaded: Instant::now() }))
        };
        let kept = self.fresh.try_get_with(key, load).await.map_err(|error| LoadError::clone(&error))?;
        // A load that was overtaken must not replace what a later one found.
        if self.last_known.get(&query).await.is_none_or(|known| known.generation <= kept.generation) {
            self.last_known.insert(query.clone(), Arc::clone(&kept)).await;
            // A commit that came after the load began may have dropped this very page a moment ago.
            if kept.generation < self.freshness.first_usable(false) {
                self.last_known.invalidate(&query).await;
            }
        }
        Ok(kept)
    }

    fn failed(&self, error: &DbError) {
        self.counters.load_failed();
        // A pool whose connections are all at work is no outage.
        let pool = self.db.pool();
        let is_busy = matches!(error, DbError::Unreachable(sqlx::Error::PoolTimedOut))
            && pool.size() >= pool.options().get_max_connections();
        if error.is_transient() && !is_busy {
            self.freshness.outage.began(matches!(error, DbError::Unreachable(_)));
        }
    }

    async fn last_known(&self, query: &Query) -> Option<Arc<Kept>> {
        let kept = self.last_known.get(query).await?;
        let first_usable = self.freshness.first_usable(matches!(query, Query::Vehicle(..)));
        let usable = kept.loaded.elapsed() < self.stale_for && kept.generation >= first_usable;
        usable.then(|| {
            self.counters.stale();
            kept
        })
    }
}

/// The bytes of an entry beside its body: key, headers and moka's own book-keeping, rounded up.
const ENTRY_BYTES: usize = 512;

fn weight(query: &Query, kept: &Kept) -> u32 {
    u32::try_from(ENTRY_BYTES + query.bytes() + kept.answer.weight()).unwrap_or(u32::MAX)
}

/// Answers that know nothing are kept briefly, so that guessed addresses do not fill the cache.
struct Brief(Duration);

impl Expiry<Key, Arc<Kept>> for Brief {
    fn expire_after_create(&self, _: &Key, kept: &Arc<Kept>, _: Instant) -> Option<Duration> {
        matches!(kept.answer, Answer::Unknown).then_some(self.0)
    }
}
