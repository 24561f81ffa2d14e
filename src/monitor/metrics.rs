//! `GET /metrics`: what a Prometheus collects.
//!
//! Names and labels follow Prometheus' conventions: base units, `_total` for what only grows, labels with few values. Counters that the
//! parts keep for themselves are read when they are asked for; only the time of requests is recorded as it happens.
//!
//! **Invariants:** each service of a process has a recorder of its own. Labels come from the code alone, never from a caller: a route is the
//! router's pattern, a method that nobody knows is `other`. Recording a request takes no lock once its route was seen.
//!
//! **Units:** seconds, bytes and pieces, as the names say. What is said of the queue, of the month and of last successes holds for all
//! instances, the rest for this process.

mod growing;
mod names;

use std::time::Duration;

use metrics::{Histogram, Key, Label, Level, Metadata, Recorder, counter, gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tokio::time::sleep;

use self::growing::Growing;
use super::Monitor;
use crate::{
    airtable::Lane,
    catalog::CacheStats,
    db::{
        DbError,
        figures::{LastSuccesses, QueueFigures},
    },
};

/// Where the buckets of a request's time end, in seconds: from a hit of the cache to what `server.request_timeout` allows.
const BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0];

/// How often what was recorded is summed up; until then it takes memory.
const SUM_UP_EVERY: Duration = Duration::from_secs(5);

const SOURCE: Metadata<'static> = Metadata::new("vitrina", Level::INFO, None);

/// The recorder of one service.
pub(super) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    routes: Growing<Box<str>, Growing<(&'static str, u16), Histogram>>,
    started: f64,
}

/// What the database says, when it can be asked.
struct Shared {
    queue: QueueFigures,
    calls: i64,
    last: LastSuccesses,
}

impl Metrics {
    #[expect(clippy::cast_precision_loss, reason = "a time in seconds")]
    pub(super) fn new() -> Self {
        #[expect(clippy::expect_used, reason = "only a list without buckets is refused")]
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).expect("buckets");
        let recorder = builder.build_recorder();
        names::describe(&recorder);
        Self {
            handle: recorder.handle(),
            recorder,
            routes: Growing::new(),
            started: crate::clock::now().timestamp_millis() as f64 / 1000.0,
        }
    }

    fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        let method = known_method(method);
        let of_route = self.routes.get_or_add(|known| **known == *route, || (route.into(), Growing::new()));
        let time = of_route.get_or_add(
            |known| *known == (method, status),
            || {
                let labels = vec![
                    Label::new("method", method),
                    Label::new("route", route.to_owned()),
                    Label::new("status", status.to_string()),
                ];
                let key = Key::from_parts(names::REQUESTS, labels);
                ((method, status), self.recorder.register_histogram(&key, &SOURCE))
            },
        );
        time.record(took);
    }
}

/// The methods that have a label of their own.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

impl Monitor {
    /// Notes that a request was answered. `route` is the router's pattern, not the path.
    pub fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        self.inner.metrics.request(route, method, status, took);
    }

    /// Everything, as Prometheus reads it. Without the database, what only it knows is missing.
    pub async fn metrics(&self) -> String {
        let shared = self.shared().await;
        if let Err(error) = &shared {
            tracing::warn!(error = %error, "metrics are told without those of the database");
        }
        let cache = self.inner.catalog.stats().await;
        with_local_recorder(&self.inner.metrics.recorder, || {
            gauge!(names::START).set(self.inner.metrics.started);
            gauge!(names::BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            self.syncs();
            self.airtable();
            self.pool();
            cached(&cache);
            gauge!(names::DATABASE_UP).set(if shared.is_ok() { 1.0 } else { 0.0 });
            tell_shared(shared.ok().as_ref());
        });
        self.inner.metrics.handle.render()
    }

    /// Sums up what was recorded, for ever.
    pub async fn keep_metrics(&self) {
        loop {
            sleep(SUM_UP_EVERY).await;
            self.inner.metrics.handle.run_upkeep();
        }
    }

    async fn shared(&self) -> Result<Shared, DbError> {
        Ok(Shared {
            queue: self.inner.db.queue_figures().await?,
            calls: self.inner.engine.month_calls().await?,
            last: self.inner.db.last_successes().await?,
        })
    }

    fn syncs(&self) {
        for tallied in self.inner.engine.tallied() {
            let labels = [("trigger", tallied.trigger.as_str()), ("result", tallied.result.as_str())];
            counter!(names::SYNCS, &labels).absolute(tallied.count);
        }
        for (kind, status, count) in self.inner.engine.tallied_runs() {
            counter!(names::RUNS, "kind" => kind.as_str(), "status" => status).absolute(count);
        }
    }

    fn airtable(&self) {
        let airtable = self.inner.engine.airtable();
        for (status, count) in airtable.answers() {
            let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
            counter!(names::AIRTABLE_REQUESTS, "status" => status).absolute(count);
        }
        for lane in Lane::ALL {
            let (name, waited) = (lane.as_str(), airtable.waited(lane));
            counter!(names::AIRTABLE_PERMITS, "lane" => name).absolute(waited.permits);
            // A counter of the crate holds whole numbers; Prometheus does not mind which of the two it is told.
            gauge!(names::AIRTABLE_WAIT, "lane" => name).set(waited.total.as_secs_f64());
        }
        let stopped = airtable.stopped_until().is_some();
        gauge!(names::AIRTABLE_STOPPED).set(if stopped { 1.0 } else { 0.0 });
    }

    fn pool(&self) {
        let pool = self.inner.db.pool();
        let (size, idle) = (f64::from(pool.size()), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX));
        gauge!(names::POOL_CONNECTIONS).set(size);
        gauge!(names::POOL_IDLE).set(f64::from(idle));
        gauge!(names::POOL_MAX).set(f64::from(pool.options().get_max_connections()));
    }
}

#[expect(clippy::cast_precision_loss, reason = "the exporter's unit")]
fn cached(cache: &CacheStats) {
    for (result, count) in [("hit", cache.hits), ("miss", cache.misses), ("stale", cache.stale)] {
        counter!(names::CACHE_REQUESTS, "result" => result).absolute(count);
    }
    counter!(names::CACHE_LOADS).absolute(cache.loads);
    counter!(names::CACHE_LOAD_FAILURES).absolute(cache.load_failures);
    counter!(names::CACHE_INVALIDATIONS).absolute(cache.invalidations);
    gauge!(names::CACHE_ENTRIES).set(cache.entries as f64);
    gauge!(names::CACHE_BYTES).set(cache.bytes as f64);
}

/// What is not known is told as such.
#[expect(clippy::cast_precision_loss, reason = "the exporter's unit")]
fn tell_shared(shared: Option<&Shared>) {
    let told = |value: Option<f64>| value.unwrap_or(f64::NAN);
    let queue = shared.map(|shared| &shared.queue);
    let records = |count: fn(&QueueFigures) -> i64| told(queue.map(|queue| count(queue) as f64));
    gauge!(names::QUEUE, "status" => "waiting").set(records(|queue| queue.waiting));
    gauge!(names::QUEUE, "status" => "dead").set(records(|queue| queue.dead));
    gauge!(names::QUEUE_OLDEST).set(told(queue.map(|queue| queue.oldest_seconds.unwrap_or(0.0))));
    gauge!(names::AIRTABLE_MONTH).set(told(shared.map(|shared| shared.calls as f64)));
    for (kind, last) in [
        ("full", shared.and_then(|shared| shared.last.full)),
        ("catch_up", shared.and_then(|shared| shared.last.catch_up)),
        ("replay", shared.and_then(|shared| shared.last.replay)),
    ] {
        gauge!(names::RUN_LAST_SUCCESS, "kind" => kind)
            .set(told(last.map(|last| last.timestamp_millis() as f64 / 1000.0)));
    }
}
