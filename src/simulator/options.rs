//! How a simulator is to be.
//!
//! **Invariants:** the default is Airtable as it is described: 5 requests per second with 30 seconds of lock-out, attachment URLs in
//! windows of two hours. Latency and lag are off. Two simulators with the same options have the same ids.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{ids::Ids, limits::RateLimit, store::FieldKind, vehicles};

/// Content type and bytes of a picture by attachment id or photo name.
pub type Pictures = Arc<dyn Fn(&str) -> Option<(&'static str, Bytes)> + Send + Sync>;

/// A field of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSpec {
    /// `fld…`
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its type.
    pub kind: FieldKind,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    /// `tbl…`
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its fields; the first is the primary one.
    pub fields: Vec<FieldSpec>,
}

/// Everything that can be set before the start.
#[derive(Clone)]
pub struct Options {
    /// The personal access token that is accepted.
    pub token: String,
    /// `app…`
    pub base_id: String,
    /// The vehicles.
    pub table: TableSpec,
    /// `None`: as many requests as anyone likes.
    pub rate_limit: Option<RateLimit>,
    /// Whether creating, changing and deleting records costs nothing of the rate limit, as if done by hand on Airtable's own pages.
    pub free_edits: bool,
    /// How long every answer takes; it tells the state at the request's arrival, so this is also how old it is.
    pub latency: Duration,
    /// The most that a read is behind: each request is shown the base as it was up to this long ago, at random.
    pub lag: Duration,
    /// For how long attachment URLs stay the same; they die one to two of these after they were read.
    pub attachment_window: Duration,
    /// After how long without a page a listing's offset is gone.
    pub iterator_lifetime: Duration,
    /// Where pictures come from; without it every address of one is a 404.
    pub pictures: Option<Pictures>,
    /// What ids are made from.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        let seed = 14;
        let mut ids = Ids::seeded(seed);
        let secret: String = (0..5).map(|_| ids.next("")).collect();
        Self {
            token: format!("{}.{}", ids.next("pat"), secret.to_lowercase()),
            base_id: ids.next("app"),
            table: vehicles::table(&mut ids),
            rate_limit: Some(RateLimit::default()),
            free_edits: false,
            latency: Duration::ZERO,
            lag: Duration::ZERO,
            attachment_window: Duration::from_hours(2),
            iterator_lifetime: Duration::from_mins(5),
            pictures: None,
            seed,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Options")
            .field("base_id", &self.base_id)
            .field("table", &self.table.id)
            .field("rate_limit", &self.rate_limit)
            .field("latency", &self.latency)
            .field("lag", &self.lag)
            .finish_non_exhaustive()
    }
}
