//! There is one webhook, and it lives.
//!
//! **Invariants:** a new webhook is kept in the database before anything relies on it. A process that dies in between leaves one behind whose
//! secret nobody knows; the next look deletes it. What the former one has recorded is read before it is deleted.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    WebhookError,
    plan::{self, Plan, Wanted, Why},
    read::End,
};
use crate::{
    airtable::{AirtableError, Kind, Lane, NewWebhook, Permit, Watched},
    db::webhooks::{KeptWebhook, MadeWebhook},
    signals::Signal,
    sync::Engine,
};

/// The life of a new webhook where Airtable does not tell it.
const LIFE: TimeDelta = TimeDelta::days(7);

impl Engine {
    /// Looks at the webhooks of the base and mends what is not as it should be; gives the one that is kept.
    pub(super) async fn see_that_it_lives(
        &self,
        wanted: &Wanted<'_>,
        kept: Option<KeptWebhook>,
        end: Option<&End>,
        now: DateTime<Utc>,
    ) -> Result<KeptWebhook, WebhookError> {
        let listed = self.inner.airtable.webhooks(self.turn().await).await?;
        let refresh_before =
            TimeDelta::from_std(self.inner.native.settings.refresh_before).unwrap_or_default();
        let plan = plan::plan(wanted, kept.as_ref(), &listed, end, now, refresh_before);
        let kept = match (kept, &plan.make) {
            (Some(kept), None) => self.extend(kept, &plan).await?,
            (kept, why) => {
                if let Some(kept) = kept.filter(|_| *why != Some(Why::Lost)) {
                    self.read_the_rest(&kept, now).await;
                }
                self.delete_all(&plan.delete).await?;
                self.make(wanted, why.as_ref().unwrap_or(&Why::First), now).await?
            }
        };
        match &plan.unheard {
            None => self.inner.signals.clear(Signal::WebhookDead),
            Some(reason) => self.inner.signals.raise(
                Signal::WebhookDead,
                format!(
                    "Airtable's notifications do not arrive at {} ({reason}), so changes wait for airtable_webhook.poll_every. \
                     Check that the address can be reached from outside.",
                    wanted.url
                ),
            ),
        }
        Ok(kept)
    }

    async fn extend(&self, mut kept: KeptWebhook, plan: &Plan) -> Result<KeptWebhook, WebhookError> {
        self.delete_all(&plan.delete).await?;
        if plan.enable {
            self.inner.airtable.enable_notifications(self.turn().await, &kept.id).await?;
            tracing::warn!(
                webhook.id = kept.id,
                "Airtable had given up notifying us; its notifications are on again"
            );
        }
        let mut ends = plan.ends;
        if plan.refresh {
            ends = self.inner.airtable.refresh_webhook(self.turn().await, &kept.id).await?.or(ends);
            tracing::info!(webhook.id = kept.id, webhook.ends = ?ends, "the native webhook was extended");
        }
        if let Some(ends) = ends.filter(|ends| *ends != kept.expires_at) {
            self.inner.db.webhook_lives_until(&kept.id, ends).await?;
            kept.expires_at = ends;
        }
        Ok(kept)
    }

    /// Reads a webhook to its end before it is deleted: its payloads may be the only notice of a change.
    async fn read_the_rest(&self, kept: &KeptWebhook, now: DateTime<Utc>) {
        // As far as the database knows, since the caller may have read on.
        let known = self.inner.db.kept_webhook(&self.inner.native.target).await.ok().flatten();
        if let Err(error) = self.read_payloads(known.as_ref().unwrap_or(kept), now).await {
            tracing::warn!(error = %error, "what the former webhook has recorded could not be read; runs make up for it");
        }
    }

    async fn delete_all(&self, ids: &[String]) -> Result<(), AirtableError> {
        for id in ids {
            match self.inner.airtable.delete_webhook(self.turn().await, id).await {
                Err(error) if error.kind != Kind::NotFound => return Err(error),
                _ => tracing::info!(webhook.id = id, "a webhook of ours that is of no use was deleted"),
            }
        }
        Ok(())
    }

    async fn make(
        &self,
        wanted: &Wanted<'_>,
        why: &Why,
        now: DateTime<Utc>,
    ) -> Result<KeptWebhook, WebhookError> {
        let made = self.create(wanted).await?;
        let native = &self.inner.native;
        let expires_at = made.expiration_time.unwrap_or(now + LIFE);
        let keep = MadeWebhook {
            id: &made.id,
            table_id: wanted.table,
            notification_url: wanted.url,
            secret: &made.secret,
            expires_at,
            missed: *why != Why::First,
        };
        self.inner.db.keep_webhook(&native.target, &keep, now).await?;
        tracing::info!(webhook.id = made.id, webhook.ends = %expires_at, webhook.why = ?why, "a native webhook was made");
        // What changed before it was there, it does not tell.
        self.want_catch_up();
        Ok(KeptWebhook {
            id: made.id,
            table_id: wanted.table.to_owned(),
            notification_url: wanted.url.to_owned(),
            cursor: 1,
            expires_at,
            read_at: now,
            missed_until: None,
        })
    }

    /// Fields are watched as well where the token may read the schema.
    async fn create(&self, wanted: &Wanted<'_>) -> Result<NewWebhook, AirtableError> {
        let airtable = &self.inner.airtable;
        let both =
            airtable.create_webhook(self.turn().await, wanted.url, wanted.table, Watched::RecordsAndFields);
        match both.await {
            Err(error) if error.kind == Kind::Forbidden => {
                airtable.create_webhook(self.turn().await, wanted.url, wanted.table, Watched::Records).await
            }
            made => made,
        }
    }

    async fn turn(&self) -> Permit {
        self.inner.airtable.permit(Lane::Webhook).await
    }
}
