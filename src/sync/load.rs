//! The whole inventory, page by page: the first load of an empty database.
//!
//! **Invariants**
//! - All pages carry one stamp, taken before the first was asked for. Whether Airtable's listing is a snapshot is not documented; this way
//!   every webhook that is read meanwhile wins, whatever it is.
//! - A page is stored, in one transaction, while the next one is on its way; memory does not grow with the table.
//! - A listing that Airtable has forgotten (`LIST_RECORDS_ITERATOR_NOT_AVAILABLE`) is begun again from its first page, with a new stamp.

use std::{collections::HashSet, time::Instant};

use super::{Engine, SyncError, fields::FieldPlan};
use crate::{
    airtable::{Kind, Lane, Listing, Page},
    db::{
        Stamp,
        logs::{LogEntry, LogStatus},
        records::{Cause, Logged, Timings},
        runs::{RunCounts, RunId},
    },
    domain::{Action, Outcome, Trigger},
};

/// How often a lost listing is begun again.
const RESTARTS: u32 = 3;

/// What a load did.
#[derive(Debug, Clone, Copy)]
pub struct LoadReport {
    /// Its number in `sync_runs`.
    pub run: RunId,
    /// Its figures.
    pub counts: RunCounts,
}

/// A load did not get to its end. What it stored until then stays.
#[derive(Debug, thiserror::Error)]
#[error("the inventory could not be loaded: {0}")]
pub struct LoadError(#[from] pub SyncError);

impl Engine {
    /// Loads the whole inventory unless that has succeeded before. `None`: it had.
    pub async fn load_if_never_loaded(&self) -> Result<Option<LoadReport>, LoadError> {
        if self.inner.db.was_ever_loaded().await.map_err(SyncError::from)? {
            return Ok(None);
        }
        self.load_all(Trigger::Bulk).await.map(Some)
    }

    /// Reads every listed record and stores it.
    pub async fn load_all(&self, trigger: Trigger) -> Result<LoadReport, LoadError> {
        let started = Instant::now();
        let run = self.inner.db.begin_run("full", trigger).await.map_err(SyncError::from)?;
        let calls = self.inner.airtable.calls();
        let mut counts = RunCounts::default();
        let result = self.load_restarting(run, trigger, &mut counts).await;
        counts.api_calls = i32::try_from(self.inner.airtable.calls() - calls).unwrap_or(i32::MAX);
        let error = result.as_ref().err().map(ToString::to_string);
        self.close(run, trigger, &counts, error.as_deref(), started).await?;
        result?;
        Ok(LoadReport { run, counts })
    }

    async fn load_restarting(
        &self,
        run: RunId,
        trigger: Trigger,
        counts: &mut RunCounts,
    ) -> Result<(), SyncError> {
        let mut restarts = 0;
        loop {
            *counts = RunCounts::default();
            match self.load_once(run, trigger, counts).await {
                Err(SyncError::Airtable(error))
                    if error.kind == Kind::IteratorLost && restarts < RESTARTS =>
                {
                    restarts += 1;
                    tracing::warn!(
                        restarts,
                        "Airtable has forgotten the listing; beginning again from its first page"
                    );
                }
                result => return result,
            }
        }
    }

    async fn load_once(&self, run: RunId, trigger: Trigger, counts: &mut RunCounts) -> Result<(), SyncError> {
        let plan = self.inner.fields.plan(&self.inner.airtable, &self.inner.db).await?;
        let listing = Listing {
            formula: plan.listed_formula(&self.inner.listing.status),
            page_size: self.inner.page_size,
        };
        let stamp = self.inner.db.stamp().await?;
        let mut page = self.page(&listing, None).await?;
        loop {
            let offset = page.offset.take();
            let next = async {
                match &offset {
                    Some(offset) => self.page(&listing, Some(offset)).await.map(Some),
                    None => Ok(None),
                }
            };
            let (stored, next) = tokio::join!(self.store_page(stamp, page, trigger, &plan), next);
            count(counts, &stored?);
            self.inner.db.update_run(run, counts).await?;
            match next? {
                Some(next) => page = next,
                None => return Ok(()),
            }
        }
    }

    async fn page(&self, listing: &Listing, offset: Option<&str>) -> Result<Page, SyncError> {
        let permit = self.inner.airtable.permit(Lane::Run).await;
        Ok(self.inner.airtable.page(permit, listing, offset).await?)
    }

    async fn store_page(
        &self,
        stamp: Stamp,
        page: Page,
        trigger: Trigger,
        plan: &FieldPlan,
    ) -> Result<Vec<Outcome>, SyncError> {
        let since = Instant::now();
        let cause =
            Cause { trigger, source: None, attempt: 1, deliveries: 0, since, timings: Timings::default() };
        // A record may show up twice in a listing that moves under the reader.
        let mut seen = HashSet::new();
        let readings = page
            .records
            .into_iter()
            .filter(|record| seen.insert(record.id.clone()))
            .map(|record| self.reading(record.id.clone(), Some(record), cause.clone(), plan))
            .collect();
        self.store(stamp, readings, plan, Logged::Notable).await
    }

    async fn close(
        &self,
        run: RunId,
        trigger: Trigger,
        counts: &RunCounts,
        error: Option<&str>,
        started: Instant,
    ) -> Result<(), SyncError> {
        let message = match error {
            None => format!(
                "{} vehicles read in {} pages: {} new, {} updated, {} unchanged, {} with warnings",
                counts.seen, counts.pages, counts.created, counts.updated, counts.unchanged, counts.warnings
            ),
            Some(error) => format!("The run failed after {} pages: {error}", counts.pages),
        };
        let duration_ms = i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX);
        tracing::info!(run.id = run.0, run.duration_ms = duration_ms, "{message}");
        self.inner.db.update_run(run, counts).await?;
        self.inner.db.finish_run(run, error).await?;
        let summary = LogEntry {
            record_id: None,
            sync_type: trigger,
            source: None,
            status: if error.is_some() { LogStatus::Error } else { LogStatus::Success },
            message,
            error_details: error.map(|error| serde_json::json!({ "error": error })),
            attempt_number: 1,
            duration_ms,
            http_status: None,
            vehicle_title: None,
            ordencompra: None,
            ordenstatus: None,
            metadata: serde_json::json!({ "trigger": trigger, "run": run, "counts": counts }),
        };
        self.inner.db.log(&[summary]).await?;
        Ok(())
    }
}

fn count(counts: &mut RunCounts, outcomes: &[Outcome]) {
    counts.pages += 1;
    for outcome in outcomes {
        counts.seen += 1;
        counts.warnings += i32::from(!outcome.warnings.is_empty());
        match outcome.action {
            Action::Created => counts.created += 1,
            Action::Updated => counts.updated += 1,
            Action::Unchanged => counts.unchanged += 1,
            Action::Archived => counts.archived += 1,
            Action::Deleted => counts.deleted += 1,
            Action::Absent => {}
        }
    }
}
