//! After a full listing: vehicles that are listed here and were not in it.
//!
//! **Invariants:** a vehicle leaves the listing only after it was missing from the whole listing *and* a second look at the record itself
//! found it unlisted or gone. When more would leave than `sync.max_unlist_share` (and [`BRAKE_FROM`]), none does.

use super::{Engine, Run, RunError, Scope, SyncError};
use crate::{
    airtable::Lane,
    db::Stamp,
    domain::{RecordId, normalize},
};

/// The brake leaves small numbers alone: a small dealership may sell out.
const BRAKE_FROM: usize = 10;

impl Engine {
    /// Looks up what the listing with this stamp has not seen. `listed`: how many vehicles were listed before the run.
    pub(super) async fn reconcile(
        &self,
        run: &Run,
        stamp: Stamp,
        listed: i64,
        force: bool,
    ) -> Result<(), RunError> {
        debug_assert!(matches!(run.scope, Scope::Full { .. }));
        let leaving = self.leaving(stamp).await?;
        if !force && pulls_the_brake(leaving.len(), listed, self.inner.settings.max_unlist_share) {
            return Err(RunError::Brake { leaving: leaving.len(), listed });
        }
        if leaving.is_empty() { Ok(()) } else { self.read_records(run, leaving).await }
    }

    /// Vehicles that the listing lacked and that the record itself says are no longer listed. Only ids are kept, so the second
    /// look costs its requests again, and memory does not grow with what is found.
    async fn leaving(&self, stamp: Stamp) -> Result<Vec<RecordId>, RunError> {
        let plan = self.inner.fields.plan(&self.inner.airtable, &self.inner.db).await?;
        let rules = self.rules();
        let (mut leaving, mut after) = (Vec::new(), String::new());
        loop {
            let limit = i64::try_from(self.inner.page_size).unwrap_or(i64::MAX);
            let suspects = self.inner.db.unseen_since(stamp, &after, limit).await?;
            let Some(last) = suspects.last() else { return Ok(leaving) };
            last.as_str().clone_into(&mut after);
            let permit = self.inner.airtable.permit(Lane::Run).await;
            let found = self.inner.airtable.records(permit, &suspects).await.map_err(SyncError::from)?;
            let still_listed: Vec<&RecordId> = found
                .iter()
                .filter(|record| {
                    plan.decides_listing() && normalize(record, &plan.mapping, &rules).content.listed
                })
                .map(|record| &record.id)
                .collect();
            leaving.extend(suspects.iter().filter(|id| !still_listed.contains(id)).cloned());
        }
    }
}

fn pulls_the_brake(leaving: usize, listed: i64, share: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let (count, all) = (leaving as f64, listed as f64);
    leaving >= BRAKE_FROM && count > all * share
}

#[cfg(test)]
mod tests {
    use super::pulls_the_brake;

    #[test]
    fn the_brake_is_for_many_at_once() {
        for (leaving, listed, pulled) in [
            (9, 9, false),
            (10, 10, true),
            (10, 50, false),
            (11, 50, true),
            (200, 1000, false),
            (201, 1000, true),
        ] {
            assert_eq!(pulls_the_brake(leaving, listed, 0.2), pulled, "{leaving} of {listed}");
        }
    }
}
