//! A second look at records that showed no change although a webhook said so.
//!
//! Airtable may serve the old state for about a second after an edit, and fills computed fields late. The sender is not kept
//! waiting for the second look, and it costs no request of its own when others wait too.
//!
//! **Invariants:** a second look is never followed by a third. One that is lost in a crash is made up for by the catch-up at the next start.

use std::time::Instant;

use super::{
    Engine,
    intake::{Answer, Delivery},
};
use crate::domain::{Action, Trigger};

/// The `source` of a second look, by which it is told from a webhook.
const SOURCE: &str = "recheck";

impl Engine {
    /// Puts the records in line again after `sync.recheck_after`.
    pub(super) fn recheck_later(&self, deliveries: Vec<Delivery>) {
        let after = self.inner.settings.recheck_after;
        if deliveries.is_empty() || after.is_zero() {
            return;
        }
        let engine = self.clone();
        self.inner.tracker.spawn(async move {
            if engine.inner.stopping.run_until_cancelled(tokio::time::sleep(after)).await.is_none() {
                return;
            }
            for first in deliveries {
                let source = Some(SOURCE.to_owned());
                drop(engine.inner.intake.put(Delivery {
                    source,
                    attempt: 1,
                    since: Instant::now(),
                    ..first
                }));
            }
        });
    }
}

/// Whether nobody waits for it but the engine itself.
pub(super) fn is_second_look(delivery: &Delivery) -> bool {
    delivery.source.as_deref() == Some(SOURCE)
}

/// Whether a webhook's record was read without finding what the webhook was sent for.
pub(super) fn shows_no_change(delivery: &Delivery, answer: &Answer) -> bool {
    delivery.trigger == Trigger::Webhook
        && !is_second_look(delivery)
        && answer.as_ref().is_ok_and(|outcome| {
            !outcome.superseded && matches!(outcome.action, Action::Unchanged | Action::Absent)
        })
}
