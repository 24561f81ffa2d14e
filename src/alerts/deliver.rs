//! From the outbox to the channels.
//!
//! **Invariants**
//! - Each channel has a loop of its own, so one that is dead holds up no other, nor the checks, nor the sync.
//! - A message is marked as sent only after the channel took it. A crash in between sends it once more under the same id.
//! - What is not taken is tried again, later each time, until the check gives it up (`channels.give_up_after`); what is refused for good is given
//!   up at once.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    Alerts,
    channels::{Channel, SendError},
    message::Message,
    rules::delta,
};
use crate::{
    clock,
    db::{DbError, alerts::outbox::Claimed},
};

/// How long a loop sleeps at most: another instance may have died with a message in its hands.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How much longer than sending may take a claim lasts.
const CLAIM_BEYOND_SENDING: TimeDelta = TimeDelta::seconds(20);

impl Alerts {
    /// Sends everything that is due at `now`, channel by channel. What a channel does not take becomes due later.
    pub async fn deliver(&self, now: DateTime<Utc>) -> Result<(), DbError> {
        for channel in &self.0.channels {
            while self.deliver_one(channel, now).await? {}
        }
        Ok(())
    }

    /// Feeds one channel until told to stop.
    pub(super) async fn feed(
        &self,
        channel: &Channel,
        mut news: watch::Receiver<()>,
        stop: &CancellationToken,
    ) {
        while !stop.is_cancelled() {
            let pause = match self.deliver_one(channel, clock::now()).await {
                Ok(true) => continue,
                Ok(false) => self.until_next(channel).await,
                Err(error) => {
                    tracing::warn!(error = %error, "messages cannot be read from the outbox; trying again");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                _ = news.changed() => {}
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn until_next(&self, channel: &Channel) -> Duration {
        let next = self.0.db.next_message(channel.name()).await.ok().flatten();
        let pause = next.and_then(|next| (next - clock::now()).to_std().ok()).unwrap_or(LOOK_EVERY);
        // Never a busy loop, also when a message is due but stands behind another of its subject.
        pause.clamp(Duration::from_millis(100), LOOK_EVERY)
    }

    /// Tries the oldest message that is due; `false` when there is none.
    async fn deliver_one(&self, channel: &Channel, now: DateTime<Utc>) -> Result<bool, DbError> {
        let (db, settings) = (&self.0.db, &self.0.sending);
        let until = now + delta(*settings.send_timeout) + CLAIM_BEYOND_SENDING;
        let Some(claimed) = db.claim_message(channel.name(), now, until).await? else { return Ok(false) };
        let sent = match serde_json::from_value::<Message>(claimed.content.clone()) {
            Ok(message) => channel.send(&claimed.message_id, &message, now).await,
            Err(error) => Err(SendError::new(format!("this version cannot read it: {error}"))),
        };
        match sent {
            Ok(()) => db.message_sent(claimed.id, now).await?,
            Err(error) if error.for_good => {
                tracing::error!(
                    alert.channel = channel.name(),
                    alert.subject = claimed.subject,
                    "a message is given up: {}",
                    error.message
                );
                db.message_refused(claimed.id, &error.message, now).await?;
            }
            Err(error) => {
                let wait = self.backoff(&claimed).max(error.retry_after.unwrap_or_default());
                tracing::warn!(
                    alert.channel = channel.name(),
                    alert.subject = claimed.subject,
                    alert.attempt = claimed.attempts,
                    "a message could not be sent and will be tried again: {}",
                    error.message
                );
                db.message_failed(claimed.id, &error.message, now + delta(wait)).await?;
            }
        }
        Ok(true)
    }

    /// Doubles with every try up to the longest; a random part of the upper half.
    fn backoff(&self, claimed: &Claimed) -> Duration {
        let doublings = u32::try_from(claimed.attempts.saturating_sub(1)).unwrap_or(0).min(20);
        let longest = self.0.sending.retry_base.saturating_mul(1 << doublings).min(self.0.sending.retry_max);
        longest.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}
