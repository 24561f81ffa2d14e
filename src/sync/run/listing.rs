//! A listing: page after page, each stored while the next one is on its way.

use std::{collections::HashSet, time::Instant};

use super::Run;
use crate::{
    airtable::{Kind, Lane, Listing, Page},
    db::{
        Stamp,
        records::{Logged, Reading, Timings, ms_since},
        runs::RunCounts,
    },
    domain::{Outcome, Record},
    sync::{Engine, RunError, SyncError, fields::FieldPlan, read::Task},
};

/// How often a lost listing is begun again.
const RESTARTS: u32 = 3;

impl Engine {
    /// Reads a listing to its end, from the beginning again if Airtable loses it, and gives its stamp.
    pub(super) async fn read_listing(&self, run: &Run, formula: Option<String>) -> Result<Stamp, RunError> {
        let listing = Listing { formula, page_size: self.inner.page_size };
        let mut restarts = 0;
        loop {
            match Box::pin(self.read_listing_once(run, &listing)).await {
                Err(RunError::Sync(SyncError::Airtable(error)))
                    if error.kind == Kind::IteratorLost && restarts < RESTARTS =>
                {
                    restarts += 1;
                    // What was written stays written; what was read is read again.
                    run.counts.send_modify(|counts| {
                        *counts = RunCounts {
                            created: counts.created,
                            updated: counts.updated,
                            archived: counts.archived,
                            ..RunCounts::default()
                        };
                    });
                    tracing::warn!(
                        restarts,
                        "Airtable has forgotten the listing; beginning again from its first page"
                    );
                }
                result => return result,
            }
        }
    }

    async fn read_listing_once(&self, run: &Run, listing: &Listing) -> Result<Stamp, RunError> {
        let plan = self.inner.fields.plan(&self.inner.airtable, &self.inner.db).await?;
        let db = &self.inner.db;
        let stamp = db.patiently(db.stamp()).await?;
        let (mut page, mut timings) = self.page(listing, None).await?;
        loop {
            let offset = page.offset.take();
            let next = async {
                match &offset {
                    Some(offset) => self.page(listing, Some(offset)).await.map(Some),
                    None => Ok(None),
                }
            };
            let (stored, next) =
                tokio::join!(self.store_page(run, stamp, page.records, timings, &plan), next);
            stored?;
            run.still_has_the_lock().await?;
            let counts = *run.counts.borrow();
            db.patiently(db.update_run(run.id, &counts)).await?;
            match next? {
                Some(next) => (page, timings) = next,
                None => return Ok(stamp),
            }
        }
    }

    /// A page, and how long it was waited for: what each of its records waited.
    pub(in crate::sync) async fn page(
        &self,
        listing: &Listing,
        offset: Option<&str>,
    ) -> Result<(Page, Timings), SyncError> {
        let waiting = Instant::now();
        let permit = self.inner.airtable.permit(Lane::Run).await;
        let queue = ms_since(waiting);
        let asking = Instant::now();
        let page = self.inner.airtable.page(permit, listing, offset).await.map_err(SyncError::from);
        self.watch_airtable(page.as_ref().err());
        Ok((page?, Timings { queue, airtable: ms_since(asking), ..Timings::default() }))
    }

    async fn store_page(
        &self,
        run: &Run,
        stamp: Stamp,
        records: Vec<Record>,
        timings: Timings,
        plan: &FieldPlan,
    ) -> Result<(), SyncError> {
        // A record may show up twice in a listing that moves under the reader.
        let mut seen = HashSet::new();
        let readings = records
            .into_iter()
            .filter(|record| seen.insert(record.id.clone()))
            .map(|record| self.reading(run.task(record.id.clone(), timings), Some(record), plan))
            .collect();
        let outcomes = self.store_parts(run, stamp, readings, plan).await?;
        run.counts.send_modify(|counts| counts.pages += 1);
        run.count(&outcomes);
        Ok(())
    }

    /// Stores a page; when the database refuses its values, its halves, so that one bad record costs only itself. What it refuses to every record
    /// alike ends the run.
    async fn store_parts(
        &self,
        run: &Run,
        stamp: Stamp,
        mut readings: Vec<Reading>,
        plan: &FieldPlan,
    ) -> Result<Vec<Outcome>, SyncError> {
        match self.store(stamp, readings.clone(), plan, Logged::Notable).await {
            Err(SyncError::Database(error)) if error.may_be_the_values() => {
                if readings.len() > 1 {
                    let half = readings.split_off(readings.len() / 2);
                    let mut outcomes = Box::pin(self.store_parts(run, stamp, readings, plan)).await?;
                    outcomes.extend(Box::pin(self.store_parts(run, stamp, half, plan)).await?);
                    return Ok(outcomes);
                }
                let tasks: Vec<Task> = readings
                    .into_iter()
                    .map(|reading| Task {
                        record_id: reading.record_id,
                        cause: reading.cause,
                        accepted: None,
                    })
                    .collect();
                self.log_failures(&tasks, &SyncError::Database(error)).await;
                run.counts.send_modify(|counts| counts.failed += 1);
                Ok(Vec::new())
            }
            result => result,
        }
    }
}
