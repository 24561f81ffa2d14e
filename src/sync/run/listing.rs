//! A listing: page after page, each stored while the next one is on its way.

use std::{collections::HashSet, sync::Arc, time::Instant};

use super::{Run, Synced, Task, Timings, ms_since};
use crate::{
    airtable::{Kind, Lane, Listing, Page},
    db::runs::RunCounts,
    domain::{Outcome, Record, RecordId},
    sync::{Engine, RunError, SyncError, fields::FieldPlan, reading::Reading, store::Read},
};

/// The most times that a lost listing is begun again.
const RESTARTS: u32 = 3;

/// A listing that was read to its end.
pub(super) struct Listed {
    pub(super) read: Read,
    /// Listed vehicles that it showed as not listed, and that were left alone.
    pub(super) held_back: Vec<RecordId>,
}

impl Engine {
    /// Reads a listing to its end, from the beginning again if Airtable loses it, and gives what it left alone.
    pub(super) async fn read_listing(&self, run: &Run, formula: Option<String>) -> Result<Listed, RunError> {
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

    async fn read_listing_once(&self, run: &Run, listing: &Listing) -> Result<Listed, RunError> {
        let plan = self.inner.fields.plan(&self.inner.airtable, &self.inner.db).await?;
        let db = &self.inner.db;
        let mut listed = Listed { read: self.begin_read().await?, held_back: Vec::new() };
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
                tokio::join!(self.store_page(run, listed.read, page.records, timings, &plan), next);
            listed.held_back.extend(stored?);
            run.still_has_the_lock().await?;
            let counts = *run.counts.borrow();
            db.patiently(db.update_run(run.id, &counts)).await?;
            match next? {
                Some(next) => (page, timings) = next,
                None => return Ok(listed),
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

    /// Gives the vehicles that were left alone.
    async fn store_page(
        &self,
        run: &Run,
        read: Read,
        records: Vec<Record>,
        timings: Timings,
        plan: &Arc<FieldPlan>,
    ) -> Result<Vec<RecordId>, SyncError> {
        // A record may show up twice in a listing that moves under the reader.
        let mut seen = HashSet::new();
        let readings: Vec<Reading> = records
            .into_iter()
            .filter(|record| seen.insert(record.id.clone()))
            .map(|record| Reading { task: run.task(record.id.clone(), timings), record: Some(record) })
            .collect();
        let synced = self.store_parts(run, read, &readings, plan).await?;
        run.counts.send_modify(|counts| counts.pages += 1);
        let (held_back, done): (Vec<Synced>, Vec<Synced>) =
            synced.into_iter().partition(|synced| synced.held_back);
        let outcomes: Vec<Outcome> = done.into_iter().map(|synced| synced.outcome).collect();
        run.count(&outcomes);
        Ok(held_back.into_iter().map(|synced| synced.outcome.record_id).collect())
    }

    /// Stores a page; when the database refuses its values, its halves, so that one bad record costs only itself. What it refuses to every record
    /// alike ends the run.
    async fn store_parts(
        &self,
        run: &Run,
        read: Read,
        readings: &[Reading],
        plan: &Arc<FieldPlan>,
    ) -> Result<Vec<Synced>, SyncError> {
        match self.store(read, readings, plan, run.manner()).await {
            Err(SyncError::Database(error)) if error.may_be_the_values() => {
                if readings.len() > 1 {
                    let (first, second) = readings.split_at(readings.len() / 2);
                    let mut synced = Box::pin(self.store_parts(run, read, first, plan)).await?;
                    synced.extend(Box::pin(self.store_parts(run, read, second, plan)).await?);
                    return Ok(synced);
                }
                let tasks: Vec<Task> = readings.iter().map(|reading| reading.task.clone()).collect();
                self.log_failures(&tasks, &SyncError::Database(error)).await;
                run.counts.send_modify(|counts| counts.failed += 1);
                Ok(Vec::new())
            }
            result => result,
        }
    }
}
