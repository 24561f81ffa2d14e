//! After a full listing: vehicles that are listed here and were not in it, or were shown there as unlisted.
//!
//! **Invariants:** a vehicle leaves the listing only after the record itself was found unlisted or gone, and all that would leave were
//! counted. When they are more than `sync.max_unlist_share` (and [`BRAKE_FROM`]), none does. A record that does not say whether it is
//! listed, such as one whose formula fails, stays.

use super::{Engine, Run, RunError, SyncError, listing::Listed};
use crate::{
    airtable::{Kind, Lane},
    db::Stamp,
    domain::{Column, Normalized, Record, RecordId, normalize},
};

/// The brake leaves small numbers alone: a small dealership may sell out.
const BRAKE_FROM: usize = 10;

/// Listed vehicles that a listing lacked.
#[derive(Debug, Default)]
struct Suspects {
    /// The record says that it is no longer listed, or is gone.
    leaving: Vec<RecordId>,
    /// The record is listed all the same, or does not say.
    staying: Vec<RecordId>,
}

impl Engine {
    /// Looks up what the listing has not seen, and takes out what it has left alone. `listed`: how many vehicles were listed before the
    /// run.
    pub(super) async fn reconcile(
        &self,
        run: &Run,
        Listed { read, held_back }: Listed,
        listed: i64,
        force: bool,
    ) -> Result<(), RunError> {
        let Suspects { mut leaving, staying } = self.suspects(run, read.stamp).await?;
        leaving.extend(held_back);
        self.read_records(run, staying).await?;
        if !force && pulls_the_brake(leaving.len(), listed, self.inner.settings.max_unlist_share.get()) {
            return Err(RunError::Brake { leaving: leaving.len(), listed });
        }
        if leaving.is_empty() { Ok(()) } else { self.read_records(run, leaving).await }
    }

    /// Vehicles that the listing lacked, by what the records themselves say. Only ids are kept, so reading them costs its requests again,
    /// and memory does not grow with what is found.
    async fn suspects(&self, run: &Run, stamp: Stamp) -> Result<Suspects, RunError> {
        let plan = self.inner.fields.plan(&self.inner.airtable, &self.inner.db).await?;
        let rules = self.rules(&plan);
        let (mut found_out, mut after) = (Suspects::default(), String::new());
        loop {
            let limit = i64::try_from(self.inner.page_size).unwrap_or(i64::MAX);
            let db = &self.inner.db;
            let suspects = db.patiently(db.unseen_since(stamp, &after, limit)).await?;
            let Some(last) = suspects.last() else { return Ok(found_out) };
            last.as_str().clone_into(&mut after);
            run.still_has_the_lock().await?;
            let (found, refused) = self.look_up(&suspects).await?;
            run.counts
                .send_modify(|counts| counts.failed += i32::try_from(refused.len()).unwrap_or(i32::MAX));
            let still_listed: Vec<&RecordId> = found
                .iter()
                .filter(|record| {
                    !plan.decides_listing() || may_be_listed(&normalize(record, &plan.mapping, &rules))
                })
                .map(|record| &record.id)
                .collect();
            found_out.staying.extend(still_listed.iter().map(|id| (*id).clone()));
            found_out.leaving.extend(
                suspects.iter().filter(|id| !still_listed.contains(id) && !refused.contains(id)).cloned(),
            );
        }
    }
}

impl Engine {
    /// The records, and those that Airtable refuses to tell of: when it refuses many, they are asked for in halves.
    async fn look_up(&self, ids: &[RecordId]) -> Result<(Vec<Record>, Vec<RecordId>), SyncError> {
        let permit = self.inner.airtable.permit(Lane::Run).await;
        match self.inner.airtable.records(permit, ids).await {
            Ok(found) => Ok((found, Vec::new())),
            Err(error) if error.kind != Kind::InvalidRequest => Err(error.into()),
            Err(error) => {
                let [id] = ids else {
                    let (first, second) = ids.split_at(ids.len() / 2);
                    let (mut found, mut refused) = Box::pin(self.look_up(first)).await?;
                    let (more_found, more_refused) = Box::pin(self.look_up(second)).await?;
                    found.extend(more_found);
                    refused.extend(more_refused);
                    return Ok((found, refused));
                };
                tracing::error!(record.id = %id, error = %error, "Airtable refuses to tell of a record; it stays as it is");
                Ok((Vec::new(), vec![id.clone()]))
            }
        }
    }
}

fn may_be_listed(found: &Normalized) -> bool {
    let says_nothing = found.visible.is_none() || found.undecided.contains(&Column::Ordenstatus);
    found.content.listed || says_nothing
}

pub(in crate::sync) fn pulls_the_brake(leaving: usize, listed: i64, share: f64) -> bool {
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
