//! Decides from failures in a row that Airtable is away or refuses us, and from the next answer that it is back.
//!
//! **Invariants:** it counts as away after [`AWAY_AFTER`] failures in a row, and the first answer after that is the end of it.

use std::sync::atomic::Ordering;

use super::{Engine, SyncError};
use crate::{
    airtable::{AirtableError, Kind},
    signals::Signal,
};

/// After how many failures in a row, retries aside, Airtable counts as away.
const AWAY_AFTER: u32 = 3;

impl Engine {
    /// After Airtable has been away, its first answer is a reason to catch up and to hurry the queue. It is away after [`AWAY_AFTER`] failures
    /// in a row: one record that it cannot give, among others that it gives, is no outage.
    pub(super) fn watch_airtable(&self, error: Option<&SyncError>) {
        match error {
            None => {
                self.inner.signals.clear(Signal::AirtableRefuses);
                if self.inner.airtable_fails.swap(0, Ordering::Relaxed) >= AWAY_AFTER {
                    tracing::info!("Airtable answers again");
                    self.inner.airtable_is_back.notify_one();
                    self.want_catch_up();
                }
            }
            Some(SyncError::Airtable(error))
                if !matches!(error.kind, Kind::InvalidRequest | Kind::TooLarge | Kind::IteratorLost) =>
            {
                self.note_refusal(error);
                if error.kind == Kind::QuotaUsedUp {
                    self.inner.used_up.notify_one();
                }
                // The catch-up that is wanted from now on is also what notices the end of the outage when nothing else is sent.
                if self.inner.airtable_fails.fetch_add(1, Ordering::Relaxed) + 1 == AWAY_AFTER {
                    self.want_catch_up();
                }
            }
            Some(_) => {}
        }
    }

    /// Raises a signal when Airtable refuses us until somebody mends something; the next answer clears it.
    pub(super) fn note_refusal(&self, error: &AirtableError) {
        // A used-up quota concerns all instances; see `usage`.
        if error.kind.is_configuration() && error.kind != Kind::QuotaUsedUp {
            self.inner.signals.raise(Signal::AirtableRefuses, error.to_string());
        }
    }
}
