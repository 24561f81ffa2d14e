//! What the page shows, read once for all who watch.
//!
//! **Invariants:** however many watch, the tables are read once in [`LOOK_EVERY`], and sums over a day once in [`SUM_EVERY`]; while nobody
//! watches, never. While the database is away the last that was read stays, marked as old.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    alerts::{Alert, Alerts},
    catalog::{CacheStats, Catalog},
    db::{
        Db, DbError,
        failures::Unsettled,
        history::{QueueFilter, QueueRow, RunFilter, StatsRow},
    },
    monitor::{
        Kpis, Monitor,
        history::{QueuePage, Run},
    },
    signals::{Raised, Signal, Signals},
};

/// How old what is shown may be.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How old sums over a day may be.
const SUM_EVERY: Duration = Duration::from_secs(3);
/// Hours in the charts.
pub(super) const HOURS: i64 = 24;
/// Rows of errors, of runs, and of each half of the queue.
const ROWS: i64 = 8;

/// What the page shows.
pub(super) struct Snapshot {
    /// When it was read.
    pub(super) at: DateTime<Utc>,
    pub(super) sums: Arc<Sums>,
    pub(super) cache: CacheStats,
    pub(super) alerts: Vec<Alert>,
    /// What this process knows to be wrong.
    pub(super) signals: Vec<(Signal, Raised)>,
    pub(super) errors: Vec<Unsettled>,
    pub(super) runs: Vec<Run>,
    /// What waits, and how much of it there is.
    pub(super) queue: QueuePage,
    /// What the queue has given up.
    pub(super) dead: Vec<QueueRow>,
    /// Whether a full run ever succeeded.
    pub(super) loaded: bool,
    /// Listed vehicles, by which a full run's progress is measured.
    pub(super) listed: i64,
}

/// What is summed over a day.
pub(super) struct Sums {
    pub(super) kpis: Kpis,
    pub(super) stats: Vec<StatsRow>,
    read: Instant,
}

/// The last look.
#[derive(Clone)]
pub(super) struct Look {
    /// `None` until the database has answered once.
    pub(super) snapshot: Option<Arc<Snapshot>>,
    /// Whether the database is out of reach.
    pub(super) away: bool,
    at: Instant,
}

/// The parts of the service that are shown.
pub struct Shown {
    /// For the number of listed vehicles.
    pub db: Db,
    /// For the cache's figures.
    pub catalog: Catalog,
    /// For figures, logs, runs and the queue.
    pub monitor: Monitor,
    /// For what is wrong.
    pub alerts: Alerts,
    /// For what this process knows to be wrong.
    pub signals: Signals,
}

/// Looks for all who watch.
pub(super) struct Watch {
    shown: Shown,
    last: Mutex<Option<Look>>,
}

impl Watch {
    pub(super) fn new(shown: Shown) -> Self {
        Self { shown, last: Mutex::new(None) }
    }

    /// How it is: at most [`LOOK_EVERY`] ago. Those who ask at once share one look.
    pub(super) async fn look(&self) -> Look {
        let mut last = self.last.lock().await;
        if let Some(look) = last.as_ref().filter(|look| look.at.elapsed() < LOOK_EVERY) {
            return look.clone();
        }
        self.read(&mut last).await
    }

    /// How it is now, after something was done.
    pub(super) async fn look_anew(&self) -> Look {
        self.read(&mut *self.last.lock().await).await
    }

    async fn read(&self, last: &mut Option<Look>) -> Look {
        let before = last.as_ref().and_then(|look| look.snapshot.clone());
        let look = match self.snapshot(before.as_deref()).await {
            Ok(snapshot) => Look { snapshot: Some(Arc::new(snapshot)), away: false, at: Instant::now() },
            Err(error) => {
                if last.as_ref().is_none_or(|look| !look.away) {
                    tracing::warn!(error = %error, "the dashboard cannot read the database");
                }
                Look { snapshot: before, away: true, at: Instant::now() }
            }
        };
        *last = Some(look.clone());
        look
    }

    async fn snapshot(&self, before: Option<&Snapshot>) -> Result<Snapshot, DbError> {
        let Shown { db, catalog, monitor, alerts, signals } = &self.shown;
        let of_queue = |status: &str| QueueFilter {
            status: vec![status.to_owned()],
            limit: ROWS,
            ..QueueFilter::default()
        };
        let kept = before.map(|before| &before.sums).filter(|sums| sums.read.elapsed() < SUM_EVERY);
        let sums = match kept {
            Some(sums) => Arc::clone(sums),
            None => Arc::new(Sums {
                kpis: monitor.kpis().await?,
                stats: monitor.record_stats(HOURS).await?.stats,
                read: Instant::now(),
            }),
        };
        let queue = monitor.queue(of_queue("waiting")).await?;
        let dead = if queue.dead > 0 { monitor.queue(of_queue("dead")).await?.records } else { Vec::new() };
        Ok(Snapshot {
            at: crate::clock::now(),
            sums,
            cache: catalog.stats().await,
            alerts: alerts.list().await?,
            signals: signals.all(),
            errors: monitor.unsettled(ROWS).await?,
            runs: monitor.runs(RunFilter { limit: ROWS, ..RunFilter::default() }).await?.runs,
            queue,
            dead,
            // What was loaded once stays loaded.
            loaded: before.is_some_and(|before| before.loaded) || db.was_ever_loaded().await?,
            listed: db.count_listed().await?,
        })
    }
}
