//! The read side: finished responses, never stale.
//!
//! A response is kept under (generation, query). Whoever commits a change raises the generation before it answers, so a request that
//! comes after the answer looks under a key that only a load begun after the commit can fill. Neither `invalidate` nor
//! `invalidate_all` of moka could do this: a load that is already running hands out and stores the old value afterwards.
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
mod load;
mod old;
mod outage;
mod query;
mod trust;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use moka::{Expiry, future::Cache};

pub use self::{
    body::{Body, Coding, surrogate_key},
    counters::CacheStats,
    load::{Answer, Timings},
    query::{ListQuery, Query, Shape, parse_filter},
};
use self::{counters::Counters, outage::Outage, trust::Trust};
use crate::{
    config::CacheSettings,
    db::{Db, DbError, vehicles, within},
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
    generation: AtomicU64,
    /// The first generation whose responses hold all that this instance answered for.
    answered: AtomicU64,
    /// The same of pages of single vehicles, whose last known responses go one by one ([`Catalog::changed`]).
    vehicles_answered: AtomicU64,
    outage: Outage,
    trust: Trust,
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
pub struct Missed(Key);

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
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
    /// Where from.
    pub from: From,
}

impl Served {
    /// What is known.
    pub fn answer(&self) -> &Answer {
        &self.kept.answer
    }

    /// How long its load took, whenever that was.
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
        Self {
            inner: Arc::new(Inner {
                db,
                branches: vehicles::BranchNames::from(&locations),
                locations,
                stale_for: settings.stale_for,
                load_timeout: settings.load_timeout,
                generation: AtomicU64::new(0),
                answered: AtomicU64::new(0),
                vehicles_answered: AtomicU64::new(0),
                outage: Outage::none(),
                trust: Trust::without_end(),
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

    /// What branches are called in answers.
    pub fn branches(&self) -> &vehicles::BranchNames {
        &self.inner.branches
    }

    /// The answer to a query: at least as new as the last commit that was announced before the call.
    pub async fn get(&self, query: Query) -> Result<Served, Arc<DbError>> {
        match self.hit(query).await {
            Ok(served) => Ok(served),
            Err(missed) => self.load(missed).await,
        }
    }

    /// The first half of [`Self::get`]: the answer if it is cached.
    pub async fn hit(&self, query: Query) -> Result<Served, Missed> {
        self.inner.trust.check(Instant::now(), || self.suspect());
        let key = Key { generation: self.inner.generation.load(Ordering::Acquire), query };
        match self.inner.fresh.get(&key).await {
            Some(kept) => {
                self.inner.counters.hit();
                Ok(Served { kept, from: From::Hit })
            }
            None => Err(Missed(key)),
        }
    }

    /// The answer if it is cached and can be had without waiting, for a request that came `now`. It counts as a hit when [`Self::took`] says so.
    pub fn peek(&self, query: Query, now: Instant) -> Option<Served> {
        self.inner.trust.check(now, || self.suspect());
        let key = Key { generation: self.inner.generation.load(Ordering::Acquire), query };
        let kept = self.inner.fresh.get(&key).now_or_never()??;
        Some(Served { kept, from: From::Hit })
    }

    /// What [`Self::peek`] gave was sent.
    pub fn took(&self) {
        self.inner.counters.hit();
    }

    /// The second half of [`Self::get`]: asks the database.
    pub async fn load(&self, Missed(key): Missed) -> Result<Served, Arc<DbError>> {
        if self.inner.outage.spares() {
            if let Some(kept) = self.inner.last_known(&key.query).await {
                return Ok(Served { kept, from: From::Stale });
            }
            // A database that is merely slow may still answer this one.
            if self.inner.outage.is_unreachable() {
                return Err(Arc::new(DbError::Unreachable(sqlx::Error::PoolTimedOut)));
            }
        }
        self.inner.counters.miss();
        let inner = Arc::clone(&self.inner);
        let query = key.query.clone();
        match tokio::spawn(async move { inner.load_once(key).await }).await {
            Ok(Ok(kept)) => Ok(Served { kept, from: From::Miss }),
            Ok(Err(error)) if error.is_transient() => {
                let kept = self.inner.last_known(&query).await;
                kept.map(|kept| Served { kept, from: From::Stale }).ok_or(error)
            }
            Ok(Err(error)) => Err(error),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// Makes every response older than this call unreachable, for ever. Call it after a commit and before answering for it.
    pub fn invalidate(&self) {
        // Who has committed has seen that the database is back.
        self.inner.outage.ended();
        let now = self.raise();
        self.inner.answered.fetch_max(now, Ordering::AcqRel);
        self.inner.vehicles_answered.fetch_max(now, Ordering::AcqRel);
    }

    /// The same after a commit that changed the vehicles at these addresses and moved none: the last known pages of others stay of use.
    pub async fn changed(&self, slugs: impl Iterator<Item = &str>) {
        self.inner.outage.ended();
        let now = self.raise();
        self.inner.answered.fetch_max(now, Ordering::AcqRel);
        for slug in slugs {
            for shape in [Shape::Plain, Shape::Old] {
                self.inner.last_known.invalidate(&Query::Vehicle(slug.into(), shape)).await;
            }
        }
    }

    /// Makes the next request for anything ask the database: others may have changed something. Only while the database cannot be
    /// asked are older responses still served, marked as stale.
    pub fn suspect(&self) {
        self.raise();
    }

    /// The database was asked at that time whether other instances have changed something, and what it said was heeded: what is cached counts as
    /// fresh for nearly a second from then on, and without another such word no longer.
    pub fn heard(&self, asked: Instant) {
        self.inner.trust.renew(asked);
    }

    /// The database answers: no request need be spared it.
    pub fn database_is_back(&self) {
        self.inner.outage.ended();
    }

    fn raise(&self) -> u64 {
        let before = self.inner.generation.fetch_add(1, Ordering::AcqRel);
        self.inner.counters.invalidated();
        // Only frees memory sooner: the generation has made these entries unreachable.
        self.inner.fresh.invalidate_all();
        before + 1
    }

    /// Drops every response, the last known ones too.
    pub fn clear(&self) {
        self.invalidate();
        self.inner.last_known.invalidate_all();
    }

    /// Whether the old system's whole listing is cached, and how many single vehicles are.
    pub async fn old_stats(&self) -> (bool, usize) {
        self.inner.fresh.run_pending_tasks().await;
        let generation = self.inner.generation.load(Ordering::Acquire);
        let keys = self.inner.fresh.iter().filter(|(key, _)| key.generation == generation);
        keys.fold((false, 0), |(all, one), (key, _)| match key.query {
            Query::All => (true, one),
            Query::Vehicle(..) => (all, one + 1),
            _ => (all, one),
        })
    }

    /// What the cache did since the start.
    pub async fn stats(&self) -> CacheStats {
        self.inner.fresh.run_pending_tasks().await;
        self.inner.counters.read(
            self.inner.generation.load(Ordering::Relaxed),
            self.inner.fresh.entry_count(),
            self.inner.fresh.weighted_size(),
        )
    }
}

impl Inner {
    async fn load_once(&self, key: Key) -> Result<Arc<Kept>, Arc<DbError>> {
        let (query, generation) = (key.query.clone(), key.generation);
        let load = async {
            self.counters.loaded();
            let loaded = within(self.load_timeout, load::load(&self.db, &self.branches, &query)).await;
            let (answer, timings) = loaded.inspect_err(|error| self.failed(error))?;
            self.outage.ended();
            Ok::<_, DbError>(Arc::new(Kept { answer, timings, generation, loaded: Instant::now() }))
        };
        let kept = self.fresh.try_get_with(key, load).await?;
        // A load that was overtaken must not replace what a later one found.
        if self.last_known.get(&query).await.is_none_or(|known| known.generation <= kept.generation) {
            self.last_known.insert(query.clone(), Arc::clone(&kept)).await;
            // A commit that came after the load began may have dropped this very page a moment ago.
            if kept.generation < self.answered.load(Ordering::Acquire) {
                self.last_known.invalidate(&query).await;
            }
        }
        Ok(kept)
    }

    fn failed(&self, error: &DbError) {
        self.counters.load_failed();
        if error.is_transient() {
            self.outage.began(matches!(error, DbError::Unreachable(_)));
        }
    }

    async fn last_known(&self, query: &Query) -> Option<Arc<Kept>> {
        let kept = self.last_known.get(query).await?;
        let answered =
            if matches!(query, Query::Vehicle(..)) { &self.vehicles_answered } else { &self.answered };
        let usable =
            kept.loaded.elapsed() < self.stale_for && kept.generation >= answered.load(Ordering::Acquire);
        usable.then(|| {
            self.counters.stale();
            kept
        })
    }
}

/// What an entry costs beside its body: key, headers and moka's own book-keeping, rounded up.
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
