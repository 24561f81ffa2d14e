//! When the schema is looked at again.
//!
//! **Invariants:** a look costs one request, in the lane of runs, and is due `airtable.schema_every` after the last one, whoever made it. When
//! it fails the former plan stays, and the next try comes after the same time. Values that came into use lead to one full run, on
//! whichever instance is first.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::{FieldPlan, FieldReport};
use crate::{
    airtable::Lane,
    db::DbError,
    sync::{Engine, SyncError},
};

impl Engine {
    /// The report on the fields that the mapping names.
    pub fn field_report(&self) -> FieldReport {
        self.inner.fields.report()
    }

    /// The faults of fields that operators have to mend, and since when they are known: by the database's memory, so
    /// that they stay known when the instance that noticed them ends.
    pub async fn remembered_field_troubles(
        &self,
    ) -> Result<Option<(Option<DateTime<Utc>>, String)>, DbError> {
        self.inner.fields.remembered_troubles(&self.inner.db).await
    }

    /// Has the schema looked at soon: somebody says that it has changed.
    pub fn fields_changed(&self) {
        self.inner.fields.wanted.notify_one();
    }

    /// Looks at the schema now.
    pub(in crate::sync) async fn look_at_fields(&self, lane: Lane) -> Result<Arc<FieldPlan>, SyncError> {
        self.look_for_fields(&[], lane).await
    }

    /// Looks at the schema now, because values of the `doubted` fields have vanished.
    pub(in crate::sync) async fn look_for_fields(
        &self,
        doubted: &[String],
        lane: Lane,
    ) -> Result<Arc<FieldPlan>, SyncError> {
        let fields = &self.inner.fields;
        let before = fields.last_look().map(|look| look.feeds_since());
        let plan = fields.look_again(&self.inner.airtable, &self.inner.db, doubted, lane).await?;
        if before.is_some_and(|before| before != fields.feeds_since()) {
            // The scheduler sees that a full run is due.
            self.want_catch_up();
        }
        Ok(plan)
    }

    /// Before a run: a look if the last one is too long ago. The run does without if that fails.
    pub(in crate::sync) async fn look_before_a_run(&self, always: bool) -> Result<(), SyncError> {
        let fields = &self.inner.fields;
        let Some(last) = fields.last_look() else {
            return fields.plan(&self.inner.airtable, &self.inner.db).await.map(drop);
        };
        let due = always || fields.every.is_some_and(|every| last.began.elapsed() >= every);
        if due && let Err(error) = self.look_at_fields(Lane::Run).await {
            tracing::warn!(error = %error, "the fields could not be looked at; the run goes on with what is known of them");
        }
        Ok(())
    }

    /// Looks at the schema regularly, until told to stop.
    pub(in crate::sync) async fn watch_fields(&self, stop: &CancellationToken) {
        let fields = &self.inner.fields;
        let mut tried = tokio::time::Instant::now();
        loop {
            let due = async {
                let Some(every) = fields.every else { return std::future::pending().await };
                loop {
                    let last = fields.last_look().map_or(tried, |look| look.began.max(tried));
                    if last.elapsed() >= every {
                        return;
                    }
                    tokio::time::sleep_until(last + every).await;
                }
            };
            tokio::select! {
                () = due => {}
                () = fields.wanted.notified() => {}
                () = stop.cancelled() => return,
            }
            tried = tokio::time::Instant::now();
            tokio::select! {
                looked = self.look_at_fields(Lane::Run) => if let Err(error) = looked {
                    tracing::warn!(error = %error, "the fields could not be looked at; going on with what is known of them");
                },
                () = stop.cancelled() => return,
            }
        }
    }
}
