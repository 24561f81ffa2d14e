//! The report of a run, for people.

use std::{fmt, time::Duration};

use serde::Serialize;

use crate::{
    db::runs::{RunCounts, RunId, RunKind},
    domain::Trigger,
};

/// What a run did.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// Its number in `sync_runs`.
    pub run: RunId,
    /// What kind of run it was.
    pub kind: RunKind,
    /// Why it ran.
    pub trigger: Trigger,
    /// What it counted.
    pub counts: RunCounts,
    /// Records asked for that the table does not have and that were never known here.
    pub absent: usize,
    /// How long it took.
    #[serde(rename = "duration_ms", serialize_with = "as_ms")]
    pub duration: Duration,
    /// Whether the brake ended it.
    #[serde(skip)]
    pub braked: bool,
    /// Why it failed; `None`: it succeeded.
    pub error: Option<String>,
}

impl RunReport {
    /// How long it took, in ms.
    pub fn duration_ms(&self) -> i32 {
        i32::try_from(self.duration.as_millis()).unwrap_or(i32::MAX)
    }

    /// Records that were read and concern nobody: neither listed nor ever stored, or taken out already.
    fn elsewhere(&self) -> i32 {
        let RunCounts { seen, created, updated, unchanged, archived, deleted, .. } = self.counts;
        let absent = i32::try_from(self.absent).unwrap_or(i32::MAX);
        // A listing that was begun again has counted what it wrote twice.
        seen.saturating_sub(created + updated + unchanged + archived + deleted).saturating_sub(absent).max(0)
    }

    /// The line of the run in the log.
    pub(super) fn tell(&self) {
        let RunCounts {
            pages,
            seen,
            created,
            updated,
            unchanged,
            archived,
            deleted,
            warnings,
            failed,
            api_calls,
        } = self.counts;
        tracing::info!(
            run.id = self.run.0,
            run.kind = self.kind.as_str(),
            run.trigger = self.trigger.as_str(),
            run.status = if self.error.is_some() { "failed" } else { "succeeded" },
            run.duration_ms = self.duration_ms(),
            run.error = self.error,
            run.pages = pages,
            run.seen = seen,
            run.created = created,
            run.updated = updated,
            run.unchanged = unchanged,
            run.archived = archived,
            run.deleted = deleted,
            run.warnings = warnings,
            run.failed = failed,
            run.api_calls = api_calls,
            "{self}"
        );
    }
}

fn as_ms<S: serde::Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

impl fmt::Display for RunReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            RunKind::Full => "Full sync",
            RunKind::CatchUp => "Catch-up",
            RunKind::Replay => "Replay",
        };
        let counts = &self.counts;
        let seconds = self.duration.as_secs_f64();
        write!(out, "{what} #{} ({}) ", self.run.0, self.trigger)?;
        match &self.error {
            None => write!(out, "succeeded in {seconds:.1} s: ")?,
            Some(error) => write!(out, "failed after {seconds:.1} s: {error}. Until then: ")?,
        }
        write!(
            out,
            "{} records on {} pages with {} requests; {} new, {} updated, {} unchanged, {} archived, {} deleted, {} with warnings, \
             {} failed",
            counts.seen,
            counts.pages,
            counts.api_calls,
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.archived,
            counts.deleted,
            counts.warnings,
            counts.failed
        )?;
        match self.elsewhere() {
            0 => {}
            elsewhere => write!(out, "; {elsewhere} neither for sale nor ever listed here")?,
        }
        match self.absent {
            0 => Ok(()),
            absent => write!(out, "; {absent} not in Airtable and not known here"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_how_it_went_and_what_was_done() {
        let mut report = RunReport {
            run: RunId(12),
            kind: RunKind::Full,
            trigger: Trigger::Nightly,
            counts: RunCounts {
                pages: 3,
                seen: 250,
                created: 1,
                unchanged: 249,
                api_calls: 4,
                ..RunCounts::default()
            },
            absent: 0,
            duration: Duration::from_millis(1234),
            braked: false,
            error: None,
        };
        assert_eq!(
            report.to_string(),
            "Full sync #12 (nightly) succeeded in 1.2 s: 250 records on 3 pages with 4 requests; 1 new, 0 updated, 249 unchanged, \
             0 archived, 0 deleted, 0 with warnings, 0 failed"
        );
        (report.counts.seen, report.absent) = (260, 3);
        assert!(
            report
                .to_string()
                .ends_with("; 7 neither for sale nor ever listed here; 3 not in Airtable and not known here"),
            "{report}"
        );
        report.counts.seen = 250;
        report.error = Some("Airtable was away".to_owned());
        assert!(
            report.to_string().contains("failed after 1.2 s: Airtable was away. Until then: 250 records")
        );
    }
}
