//! What differs below the old system's addresses.
//!
//! **Invariants:** what the old system said is said under the same names; whatever is new is said too.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalog::Catalog;

/// The cache's figures as the old system gave them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OldCacheStats {
    /// The whole listing.
    cached_all: CachedAll,
    /// Single vehicles.
    cached_one: CachedOne,
    /// When the cache was dropped last.
    #[schema(required)]
    last_invalidation: Option<DateTime<Utc>>,
    /// The longest time that a response is cached, in ms; freshness does not depend on it.
    cache_ttl_ms: u64,
}

/// The whole listing in the cache.
#[derive(Serialize, ToSchema)]
struct CachedAll {
    /// Whether it is cached.
    cached: bool,
    /// Its age, in ms.
    #[schema(required)]
    age_ms: Option<u64>,
    /// Its vehicles.
    #[schema(required)]
    count: Option<usize>,
    /// When it expires at the latest, in ms from now.
    #[schema(required)]
    expires_in_ms: Option<u64>,
}

/// Single vehicles in the cache.
#[derive(Serialize, ToSchema)]
struct CachedOne {
    /// How many are cached.
    count: usize,
    /// The first hundred of them.
    entries: Vec<CachedVehicle>,
}

/// A vehicle in the cache.
#[derive(Serialize, ToSchema)]
struct CachedVehicle {
    /// Its slug.
    slug: String,
    /// Its age, in ms.
    age_ms: u64,
    /// When it expires at the latest, in ms from now.
    expires_in_ms: u64,
}

/// Entries in [`CachedOne`].
const ENTRIES: usize = 100;

pub(super) async fn stats(catalog: &Catalog, ttl: Duration) -> OldCacheStats {
    let cached = catalog.old_stats().await;
    let left = |age: Duration| ms(ttl.saturating_sub(age));
    let entries = cached.vehicles.iter().take(ENTRIES);
    OldCacheStats {
        cached_all: CachedAll {
            cached: cached.all.is_some(),
            age_ms: cached.all.map(|(_, age)| ms(age)),
            count: cached.all.map(|(count, _)| count),
            expires_in_ms: cached.all.map(|(_, age)| left(age)),
        },
        cached_one: CachedOne {
            count: cached.vehicles.len(),
            entries: entries
                .map(|(slug, age)| CachedVehicle {
                    slug: slug.clone(),
                    age_ms: ms(*age),
                    expires_in_ms: left(*age),
                })
                .collect(),
        },
        last_invalidation: catalog.stats().await.last_invalidation,
        cache_ttl_ms: ms(ttl),
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
