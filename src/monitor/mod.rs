//! How the service is doing: figures, logs, runs and the queue, for operators.
//!
//! **Invariants:** it only reads. What it says of syncs, runs and the queue holds for all instances together, since it comes from the
//! database; what it says of the cache holds for this process.
//!
//! [`Monitor::kpis`] judges, [`history`] lists, [`Monitor::metrics`] tells a Prometheus.
//!
//! **Not here:** HTTP (`http::monitoring`), when somebody is to be told (`alerts`), SQL (`db::figures`).

pub mod history;
mod kpis;
mod metrics;
pub mod nights;
mod parameters;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

pub use self::kpis::{Comparison, Kpi, Kpis, Target, Unit};
use self::{
    kpis::Measured,
    metrics::Metrics,
    nights::{nights, success_rate},
};
use crate::{
    catalog::Catalog,
    config::Config,
    db::{Db, DbError},
    sync::{Engine, Nightly},
};

/// The span that the figures are made from.
pub const SPAN: Duration = Duration::from_hours(24);

/// Looks at everything. Cheap to clone.
#[derive(Clone)]
pub struct Monitor {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    catalog: Catalog,
    engine: Engine,
    nightly: Nightly,
    nightly_overdue: TimeDelta,
    monthly_calls: u64,
    metrics: Metrics,
}

impl Monitor {
    /// Over the parts of one service.
    pub fn new(db: Db, engine: Engine, config: &Config) -> Self {
        Self {
            inner: Arc::new(Inner {
                catalog: engine.catalog().clone(),
                nightly: Nightly::new(config.sync.nightly.clone(), config.sync.time_zone),
                // A year at most.
                nightly_overdue: TimeDelta::from_std(config.alerts.nightly_overdue).unwrap_or(TimeDelta::MAX),
                monthly_calls: config.airtable.monthly_calls,
                metrics: Metrics::new(),
                db,
                engine,
            }),
        }
    }

    /// The key figures, each judged by its target.
    pub async fn kpis(&self) -> Result<Kpis, DbError> {
        let Inner { db, catalog, engine, nightly, nightly_overdue, monthly_calls, .. } = &*self.inner;
        let now = crate::clock::now();
        let nights = nights(nightly, &db.run_figures(now).await?, *nightly_overdue, now);
        let measured = Measured {
            syncs: db.sync_figures(SPAN).await?,
            consistency: db.consistency(SPAN).await?,
            queue: db.queue_figures().await?,
            hit_rate: catalog.stats().await.hit_rate,
            nightly: success_rate(&nights),
            calls: engine.month_calls().await?,
            monthly_calls: *monthly_calls,
        };
        Ok(Kpis::judge(now, &measured))
    }

    /// When nights' runs are due.
    pub fn nightly(&self) -> &Nightly {
        &self.inner.nightly
    }

    /// What the month's requests to Airtable are limited to, if that is known.
    pub fn monthly_calls(&self) -> Option<u64> {
        (self.inner.monthly_calls > 0).then_some(self.inner.monthly_calls)
    }
}
