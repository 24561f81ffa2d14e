//! Counters of the cache; moka keeps no statistics of its own.
//!
//! **Units:** counts since the start of the process.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Default)]
pub(super) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    loads: AtomicU64,
    load_failures: AtomicU64,
    stale: AtomicU64,
    invalidations: AtomicU64,
    last_invalidation: Mutex<Option<DateTime<Utc>>>,
}

/// What the cache did since the start, and what it holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CacheStats {
    /// Requests answered from the cache.
    pub hits: u64,
    /// Requests that had to wait for the database.
    pub misses: u64,
    /// Loads from the database; fewer than misses, since those who ask for the same thing share one.
    pub loads: u64,
    /// Loads that failed.
    pub load_failures: u64,
    /// Requests answered with the last known response.
    pub stale: u64,
    /// Hits among all requests, 0 to 1; `null` before the first.
    #[schema(required)]
    pub hit_rate: Option<f64>,
    /// How often the cache was dropped.
    pub invalidations: u64,
    /// When it was dropped last.
    #[schema(required)]
    pub last_invalidation: Option<DateTime<Utc>>,
    /// The present generation.
    pub generation: u64,
    /// Responses held.
    pub entries: u64,
    /// The bytes they count for.
    pub bytes: u64,
}

impl Counters {
    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Relaxed);
    }

    pub(super) fn miss(&self) {
        self.misses.fetch_add(1, Relaxed);
    }

    pub(super) fn loaded(&self) {
        self.loads.fetch_add(1, Relaxed);
    }

    pub(super) fn load_failed(&self) {
        self.load_failures.fetch_add(1, Relaxed);
    }

    pub(super) fn stale(&self) {
        self.stale.fetch_add(1, Relaxed);
    }

    pub(super) fn invalidated(&self) {
        self.invalidations.fetch_add(1, Relaxed);
        *self.last_invalidation.lock().unwrap_or_else(PoisonError::into_inner) = Some(crate::clock::now());
    }

    pub(super) fn read(&self, generation: u64, entries: u64, bytes: u64) -> CacheStats {
        let (hits, misses) = (self.hits.load(Relaxed), self.misses.load(Relaxed));
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let hit_rate = (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64);
        CacheStats {
            hits,
            misses,
            loads: self.loads.load(Relaxed),
            load_failures: self.load_failures.load(Relaxed),
            stale: self.stale.load(Relaxed),
            hit_rate,
            invalidations: self.invalidations.load(Relaxed),
            last_invalidation: *self.last_invalidation.lock().unwrap_or_else(PoisonError::into_inner),
            generation,
            entries,
            bytes,
        }
    }
}
