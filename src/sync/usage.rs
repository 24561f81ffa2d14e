//! The month's requests to Airtable by all instances together, and the stop when they are used up.
//!
//! **Invariants:** a request is counted in the process and told to the database a little later, never on its own way. A stop after a used-up
//! quota reaches the database at once and the other instances within [`EXCHANGE_EVERY`], and holds after a restart; so does its end.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Engine;
use crate::{
    db::{DbError, usage::UsedUp},
    signals::Signal,
};

/// The interval at which the process adds its count to the database and reads the sum.
const EXCHANGE_EVERY: Duration = Duration::from_secs(5);

impl Engine {
    /// Lifts the stop that follows when the month's Airtable requests are used up, on every instance.
    pub async fn resume_airtable(&self) -> Result<(), DbError> {
        self.inner.db.resume_usage().await?;
        self.inner.airtable.resume();
        self.inner.signals.clear(Signal::QuotaUsedUp);
        Ok(())
    }

    /// Requests of this month, by all instances.
    pub async fn month_calls(&self) -> Result<i64, DbError> {
        let told = self.inner.told_calls.lock().await;
        let untold = self.inner.airtable.calls() - *told;
        let usage = self.inner.db.month_usage().await?;
        Ok(usage.calls.saturating_add_unsigned(untold))
    }

    /// Tells the database what was sent, and hears whether the month's requests are used up.
    pub(super) async fn exchange_usage(&self) -> Result<(), DbError> {
        let Engine { inner } = self;
        let mut told = inner.told_calls.lock().await;
        let calls = inner.airtable.calls();
        let untold = calls - *told;
        let stop = inner.airtable.untold_stop();
        let usage = if untold == 0 && stop.is_none() {
            inner.db.month_usage().await?
        } else {
            let used_up = stop.map(|stop| UsedUp { until: stop.until, ago: stop.since.elapsed() });
            inner.db.add_usage(i64::try_from(untold).unwrap_or(i64::MAX), used_up).await?
        };
        *told = calls;
        inner.airtable.learn_stop(usage.stopped_until, stop);
        match inner.airtable.stopped_until() {
            Some(until) => {
                let detail =
                    format!("the month's Airtable requests are used up; nothing is sent until {until}");
                inner.signals.raise(Signal::QuotaUsedUp, detail);
            }
            None => inner.signals.clear(Signal::QuotaUsedUp),
        }
        Ok(())
    }

    pub(super) async fn exchange_usage_or_warn(&self) {
        if let Err(error) = self.exchange_usage().await {
            tracing::warn!(error = %error, "the month's requests to Airtable could not be told to the database; trying again");
        }
    }

    /// Exchanges regularly, until told to stop.
    pub(super) async fn keep_usage(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = self.inner.used_up.notified() => {}
                () = tokio::time::sleep(EXCHANGE_EVERY) => {}
                () = stop.cancelled() => return,
            }
            self.exchange_usage_or_warn().await;
        }
    }
}
