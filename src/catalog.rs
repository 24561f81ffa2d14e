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
//! - What is kept is bounded in bytes, keys included. A hit copies nothing: the body is shared.
//! - While PostgreSQL is down, the last known response to the same query is served, marked as stale, for `cache.stale_for`.
//!
//! **Not here:** SQL (`db::vehicles`), status codes and headers (`http`).

mod counters;
mod load;
mod query;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};

use self::counters::Counters;
pub use self::{
    counters::CacheStats,
    load::{Answer, Body},
    query::{ListQuery, Query},
};
use crate::{
    config::CacheSettings,
    db::{Db, DbError, vehicles::Locations},
};

/// Reads through the cache. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    locations: Locations,
    stale_for: Duration,
    generation: AtomicU64,
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
    loaded: Instant,
}

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

/// An answer and where it came from.
#[derive(Debug, Clone)]
pub struct Served {
    /// What is known.
    pub answer: Answer,
    /// Where from.
    pub from: From,
}

impl Catalog {
    /// An empty cache over the database.
    pub fn new(db: Db, locations: Locations, settings: &CacheSettings) -> Self {
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
                locations,
                stale_for: settings.stale_for,
                generation: AtomicU64::new(0),
                fresh,
                last_known,
                counters: Counters::default(),
            }),
        }
    }

    /// The answer to a query: at least as new as the last commit that was announced before the call.
    pub async fn get(&self, query: Query) -> Result<Served, Arc<DbError>> {
        let key = Key { generation: self.inner.generation.load(Ordering::Acquire), query };
        if let Some(kept) = self.inner.fresh.get(&key).await {
            self.inner.counters.hit();
            return Ok(Served { answer: kept.answer.clone(), from: From::Hit });
        }
        self.inner.counters.miss();
        let inner = Arc::clone(&self.inner);
        let query = key.query.clone();
        match tokio::spawn(async move { inner.load_once(key).await }).await {
            Ok(Ok(kept)) => Ok(Served { answer: kept.answer.clone(), from: From::Miss }),
            Ok(Err(error)) => self.last_known(&query, error).await,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// Makes every response older than this call unreachable. Call it after the commit and before answering for it.
    pub fn invalidate(&self) {
        self.inner.generation.fetch_add(1, Ordering::AcqRel);
        self.inner.counters.invalidated();
        // Only frees memory sooner: the generation has made these entries unreachable.
        self.inner.fresh.invalidate_all();
    }

    /// Drops every response, the last known ones too.
    pub fn clear(&self) {
        self.invalidate();
        self.inner.last_known.invalidate_all();
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

    async fn last_known(&self, query: &Query, error: Arc<DbError>) -> Result<Served, Arc<DbError>> {
        self.inner.counters.load_failed();
        if !error.is_transient() {
            return Err(error);
        }
        match self.inner.last_known.get(query).await {
            Some(kept) if kept.loaded.elapsed() < self.inner.stale_for => {
                self.inner.counters.stale();
                Ok(Served { answer: kept.answer.clone(), from: From::Stale })
            }
            _ => Err(error),
        }
    }
}

impl Inner {
    async fn load_once(&self, key: Key) -> Result<Arc<Kept>, Arc<DbError>> {
        let query = key.query.clone();
        let load = async {
            self.counters.loaded();
            let answer = load::load(&self.db, &self.locations, &query).await?;
            Ok::<_, DbError>(Arc::new(Kept { answer, loaded: Instant::now() }))
        };
        let kept = self.fresh.try_get_with(key, load).await?;
        self.last_known.insert(query, Arc::clone(&kept)).await;
        Ok(kept)
    }
}

/// What an entry costs beside its body: key, headers and moka's own book-keeping, rounded up.
const ENTRY_BYTES: usize = 512;

fn weight(query: &Query, kept: &Kept) -> u32 {
    u32::try_from(ENTRY_BYTES + query.bytes() + kept.answer.bytes()).unwrap_or(u32::MAX)
}

/// Answers that know nothing are kept briefly, so that guessed addresses do not fill the cache.
struct Brief(Duration);

impl Expiry<Key, Arc<Kept>> for Brief {
    fn expire_after_create(&self, _: &Key, kept: &Arc<Kept>, _: Instant) -> Option<Duration> {
        matches!(kept.answer, Answer::Unknown).then_some(self.0)
    }
}
