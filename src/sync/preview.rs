//! A dry run: tells what a run would change, and changes nothing.
//!
//! **Invariants:** pages are stored as by a run, and each transaction is rolled back; so webhooks and runs may go on
//! meanwhile, and the differences are those of the moment in which a page was read. Differences are handed on as they
//! are found; memory grows only with the ids seen.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::{
    Engine, SyncError,
    reading::{Cause, Reading, Task},
    run::{RunError, Scope, changed_since, pulls_the_brake},
    store::{Manner, Read},
};
use crate::{
    airtable::{Lane, Listing},
    domain::{Action, Changes, Mapping, Record, RecordId, Trigger},
};

/// A vehicle that would be written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The record.
    pub record_id: RecordId,
    /// The vehicle's title.
    pub title: Option<String>,
    /// What would be done.
    pub action: Action,
    /// The columns that would change, with what is stored and what would be; long values are cut.
    pub columns: Changes,
}

/// The figures of a dry run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PreviewReport {
    /// Records read.
    pub seen: usize,
    /// Vehicles that would be new.
    pub created: usize,
    /// Vehicles that would change.
    pub updated: usize,
    /// Vehicles that would leave the listing.
    pub archived: usize,
    /// Vehicles that would be deleted.
    pub deleted: usize,
    /// Records with values that cannot be read.
    pub warnings: usize,
    /// Set when a full run would be ended by the brake, since too many vehicles would leave the listing.
    pub brake: bool,
    /// How many vehicles would change in each column.
    pub columns: BTreeMap<&'static str, usize>,
    /// Records asked for that the table does not have and that were never known here.
    pub absent: usize,
    /// The mapped fields that cannot be read, a sentence each without a full stop.
    pub fields: Vec<String>,
}

impl Engine {
    /// Reads as a run would and hands on what it would write. `mapping`: another mapping than the configured one.
    pub async fn preview(
        &self,
        scope: Scope,
        mapping: Option<&Mapping>,
        tell: impl FnMut(&Difference),
    ) -> Result<PreviewReport, RunError> {
        // Nothing is asked when the month's requests are used up, and what is asked counts.
        self.exchange_usage().await?;
        let report = self.preview_all(scope, mapping, tell).await;
        self.exchange_usage_or_warn().await;
        report
    }

    async fn preview_all(
        &self,
        scope: Scope,
        mapping: Option<&Mapping>,
        mut tell: impl FnMut(&Difference),
    ) -> Result<PreviewReport, RunError> {
        self.inner.fields.remember_nothing();
        let fields = self.inner.fields.problems_of(mapping, &self.inner.airtable, &self.inner.db).await?;
        let mut report = PreviewReport { fields, ..PreviewReport::default() };
        let formula = match scope {
            Scope::Records(ids) => {
                self.preview_records(&ids, mapping, &mut report, &mut tell).await?;
                return Ok(report);
            }
            Scope::CatchUp => self.inner.db.run_history(None).await?.last_read.map(changed_since),
            Scope::Full { .. } => {
                let plan = self.inner.fields.plan_with(mapping, &self.inner.airtable, &self.inner.db).await?;
                let listed = self.inner.db.listed_ids().await?;
                let formula = plan.listed_formula(&self.inner.listing.status);
                let seen = self.preview_listing(formula, mapping, &mut report, &mut tell).await?;
                let all = i64::try_from(listed.len()).unwrap_or(i64::MAX);
                let missing: Vec<RecordId> = listed.into_iter().filter(|id| !seen.contains(id)).collect();
                self.preview_records(&missing, mapping, &mut report, &mut tell).await?;
                let leaving = report.archived + report.deleted;
                report.brake = pulls_the_brake(leaving, all, self.inner.settings.max_unlist_share.get());
                return Ok(report);
            }
        };
        self.preview_listing(formula, mapping, &mut report, &mut tell).await?;
        Ok(report)
    }

    async fn preview_listing(
        &self,
        formula: Option<String>,
        mapping: Option<&Mapping>,
        report: &mut PreviewReport,
        tell: &mut impl FnMut(&Difference),
    ) -> Result<HashSet<RecordId>, RunError> {
        let listing = Listing { formula, page_size: self.inner.page_size };
        let (mut seen, mut offset) = (HashSet::new(), None);
        let read = self.begin_read().await?;
        loop {
            let (page, _) = self.page(&listing, offset.as_deref()).await?;
            let records =
                page.records.into_iter().filter(|record| seen.insert(record.id.clone())).collect::<Vec<_>>();
            let asked = records.into_iter().map(|record| (record.id.clone(), Some(record))).collect();
            self.compare(read, asked, mapping, report, tell).await?;
            offset = page.offset;
            if offset.is_none() {
                return Ok(seen);
            }
        }
    }

    async fn preview_records(
        &self,
        ids: &[RecordId],
        mapping: Option<&Mapping>,
        report: &mut PreviewReport,
        tell: &mut impl FnMut(&Difference),
    ) -> Result<(), RunError> {
        for batch in ids.chunks(self.inner.page_size) {
            self.inner.fields.plan(&self.inner.airtable, &self.inner.db).await?;
            let read = self.begin_read().await?;
            let permit = self.inner.airtable.permit(Lane::Run).await;
            let found = self.inner.airtable.records(permit, batch).await.map_err(SyncError::from)?;
            let find = |id: &RecordId| found.iter().find(|record| record.id == *id).cloned();
            let asked = batch.iter().map(|id| (id.clone(), find(id))).collect();
            self.compare(read, asked, mapping, report, tell).await?;
        }
        Ok(())
    }

    async fn compare(
        &self,
        read: Read,
        asked: Vec<(RecordId, Option<Record>)>,
        mapping: Option<&Mapping>,
        report: &mut PreviewReport,
        tell: &mut impl FnMut(&Difference),
    ) -> Result<(), RunError> {
        let plan = self.inner.fields.plan_with(mapping, &self.inner.airtable, &self.inner.db).await?;
        let readings: Vec<Reading> = asked
            .into_iter()
            .map(|(record_id, record)| {
                let cause = Cause::new(Trigger::Manual);
                Reading { task: Task { record_id, cause, delivered: None, accepted: None }, record }
            })
            .collect();
        let manner = Manner { notable_only: true, dry_run: true, ..Manner::default() };
        for synced in self.store(read, &readings, &plan, manner).await? {
            let (outcome, columns) = (synced.outcome, synced.changes);
            report.seen += 1;
            report.warnings += usize::from(!outcome.warnings.is_empty());
            if !outcome.written {
                report.absent += usize::from(outcome.action == Action::Absent);
                continue;
            }
            match outcome.action {
                Action::Created => report.created += 1,
                Action::Archived => report.archived += 1,
                Action::Deleted => report.deleted += 1,
                Action::Updated | Action::Unchanged | Action::Absent => report.updated += 1,
            }
            for column in columns.keys() {
                *report.columns.entry(column).or_default() += 1;
            }
            tell(&Difference {
                record_id: outcome.record_id,
                title: outcome.title,
                action: outcome.action,
                columns,
            });
        }
        Ok(())
    }
}
