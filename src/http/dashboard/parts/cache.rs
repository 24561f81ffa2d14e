//! What this instance's cache did and holds.

use askama::Template;

use super::T;
use crate::http::dashboard::{
    format::{self, Clock},
    snapshot::Snapshot,
};

#[derive(Template)]
#[template(path = "dashboard/parts/cache.html", config = "src/http/askama.toml")]
pub(super) struct Cache {
    t: T,
    rows: Vec<(&'static str, String)>,
}

impl Cache {
    pub(super) fn new(now: &Snapshot, clock: Clock) -> Self {
        let (t, cache): (T, _) = (clock.t, &now.cache);
        let count = |number: u64| format::count(i64::try_from(number).unwrap_or(i64::MAX));
        let last = cache.last_invalidation.map_or_else(|| t.never.to_owned(), |time| clock.time(time));
        Self {
            t,
            rows: vec![
                (t.hits, count(cache.hits)),
                (t.misses_cache, count(cache.misses)),
                (t.stale, count(cache.stale)),
                (t.entries, count(cache.entries)),
                (t.size, format::bytes(cache.bytes)),
                (t.invalidations, count(cache.invalidations)),
                (t.last_invalidation, last),
            ],
        }
    }
}
