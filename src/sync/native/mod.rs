//! Airtable's native webhook: kept alive, read, and listened to.
//!
//! 1. One of all instances holds a lock and keeps the webhook ([`keep`]): there is exactly one of ours for the base, table and address, it is
//!    extended before it ends, and made anew when it is lost, over or in error.
//! 2. A ping only means "go and read", whichever instance gets it. The keeper also looks by itself now and then.
//! 3. What payloads name goes into the durable queue in the transaction that moves the cursor ([`read`]), and from there the way of every
//!    delivery.
//!
//! **Invariants:** nothing depends on a ping, on its order or on its being the only one. Whenever changes may have gone untold, a catch-up is
//! wanted and, where a webhook was there before, a full run, since only that finds deletions.
//!
//! **Not here:** the calls (`airtable`), whether a ping is genuine (`airtable::ContentMac`), the route (`http`).

mod error;
mod keep;
mod plan;
mod read;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, Notify, OnceCell};
use tokio_util::sync::CancellationToken;

pub use self::error::WebhookError;
pub(super) use self::read::HELD_FOR;
use super::{Engine, RunError, Scope};
use crate::{
    airtable::{ContentMac, Kind, Lane, Webhook},
    config::{AirtableWebhookSettings, Config},
    db::{DbError, lock::WebhookLock, webhooks::KeptWebhook},
    domain::Trigger,
    signals::Signal,
};

/// The interval at which an instance that does not keep the webhook tries to take over.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The first wait after a failure; doubles up to `airtable_webhook.poll_every`.
const RETRY: Duration = Duration::from_secs(5);
/// The keeper's wait while a run has to make up for missed changes.
const SOON: Duration = Duration::from_secs(10);
/// The interval at which the webhook's state is looked up, which payloads do not tell.
const CHECK_EVERY: TimeDelta = TimeDelta::hours(1);
/// The wait after a full run that failed, unless another run has succeeded since.
const REST: TimeDelta = TimeDelta::hours(1);

/// The native webhook as this process knows it.
pub(super) struct Native {
    settings: AirtableWebhookSettings,
    /// Under which it is remembered.
    target: String,
    /// `tbl…` or the table's name, as set.
    table: String,
    table_id: OnceCell<String>,
    pinged: Notify,
    /// When the webhook's state was last looked up; held by who looks after it.
    looked: Mutex<Option<DateTime<Utc>>>,
}

/// A webhook of the base, and whose it is.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FoundWebhook {
    /// As Airtable describes it.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// Whether it is for the table and address of the settings.
    pub ours: bool,
    /// Whether its secret is known here, so that its pings are believed.
    pub kept: bool,
}

/// Why the webhook is looked after just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// Airtable says that there is something to read.
    Ping,
    /// It is time.
    Time,
}

impl Native {
    pub(super) fn new(config: &Config) -> Self {
        let (base, table) = (&config.airtable.base_id, &config.airtable.table_id);
        Self {
            settings: config.airtable_webhook.clone(),
            target: format!("{base}/{table}"),
            table: table.to_string(),
            table_id: OnceCell::new(),
            pinged: Notify::new(),
            looked: Mutex::new(None),
        }
    }
}

impl Engine {
    /// Hears a ping: false if it is not one of the webhook that is kept. Somebody goes and reads soon after; an error means that the
    /// ping should come again.
    pub async fn hear_ping(&self, webhook: &str, body: &[u8], mac: ContentMac) -> Result<bool, DbError> {
        let secret = self.inner.db.webhook_secret(webhook).await?;
        if !secret.is_some_and(|secret| mac.fits(body, &secret)) {
            return Ok(false);
        }
        self.webhook_pinged();
        self.inner.db.announce_ping().await?;
        Ok(true)
    }

    /// Goes and reads payloads, if this instance is the one that does.
    pub fn webhook_pinged(&self) {
        self.inner.native.pinged.notify_one();
    }

    /// Keeps the native webhook until told to stop, as long as no other instance does.
    pub(super) async fn keep_webhook(&self, stop: &CancellationToken) {
        if self.inner.native.settings.notification_url.is_none() {
            return;
        }
        while !stop.is_cancelled() {
            match self.inner.db.try_lock_webhook().await {
                Ok(Some(lock)) => {
                    self.keep_while_held(lock, stop).await;
                    self.inner.signals.clear(Signal::WebhookDead);
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(error = %error, "whether the webhook is kept cannot be told"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn keep_while_held(&self, mut lock: WebhookLock, stop: &CancellationToken) {
        let native = &self.inner.native;
        let (mut occasion, mut failures) = (Occasion::Time, 0_u32);
        while lock.is_held().await {
            let looking = async {
                let mut looked = native.looked.lock().await;
                self.look_after(&mut looked, crate::clock::now(), occasion).await
            };
            // Cut off anywhere it leaves nothing that the next look does not mend.
            let Some(done) = stop.run_until_cancelled(Box::pin(looking)).await else { break };
            let pause = match done {
                Ok(next) => {
                    failures = 0;
                    next
                }
                Err(error) => {
                    tracing::warn!(error = %error, remedy = error.remedy(), "the native webhook could not be looked after");
                    failures += 1;
                    RETRY.saturating_mul(1 << failures.min(16)).min(*native.settings.poll_every)
                }
            };
            occasion = tokio::select! {
                () = native.pinged.notified() => Occasion::Ping,
                () = tokio::time::sleep(pause) => Occasion::Time,
                () = stop.cancelled() => break,
            };
        }
        lock.release().await;
    }

    /// Looks after the webhook as at `now`: there is one, it lives, and what it has recorded is read. The keeper does so by itself.
    pub async fn tend_webhook(&self, now: DateTime<Utc>) -> Result<(), WebhookError> {
        let mut looked = self.inner.native.looked.lock().await;
        self.look_after(&mut looked, now, Occasion::Time).await.map(drop)
    }

    /// Makes the webhook now, or sees that all is well with it, unless a running service does so.
    pub async fn make_webhook(&self) -> Result<(), WebhookError> {
        let lock = self.inner.db.try_lock_webhook().await?.ok_or(WebhookError::Kept)?;
        let made = self.tend_webhook(crate::clock::now()).await;
        lock.release().await;
        made
    }

    /// All webhooks of the base.
    pub async fn webhooks(&self) -> Result<Vec<FoundWebhook>, WebhookError> {
        let native = &self.inner.native;
        let listed = self.inner.airtable.webhooks(self.inner.airtable.permit(Lane::Webhook).await).await?;
        let kept = self.inner.db.kept_webhook(&native.target).await?;
        let table = match (&native.settings.notification_url, &kept) {
            (None, None) => None,
            _ => Some(self.table_id().await?),
        };
        let ours = |webhook: &Webhook| {
            let url = native.settings.notification_url.as_deref();
            url.zip(table).is_some_and(|(url, table)| webhook.is_for(url, table))
        };
        Ok(listed
            .into_iter()
            .map(|webhook| {
                let known = kept.as_ref().is_some_and(|kept| kept.id == webhook.id);
                FoundWebhook { ours: known || ours(&webhook), kept: known, webhook }
            })
            .collect())
    }

    /// Deletes a webhook of the base, whose ever it is.
    pub async fn delete_webhook(&self, id: &str) -> Result<(), WebhookError> {
        let permit = self.inner.airtable.permit(Lane::Webhook).await;
        let deleted = self.inner.airtable.delete_webhook(permit, id).await;
        if deleted.is_ok() || deleted.as_ref().is_err_and(|error| error.kind == Kind::NotFound) {
            self.inner.db.forget_webhook(id).await?;
        }
        match deleted {
            Err(error) if error.kind == Kind::NotFound => Err(WebhookError::NoSuchWebhook(id.to_owned())),
            deleted => Ok(deleted?),
        }
    }

    /// Gives how long nothing needs to be done.
    async fn look_after(
        &self,
        looked: &mut Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        occasion: Occasion,
    ) -> Result<Duration, WebhookError> {
        let done = self.try_look_after(looked, now, occasion).await;
        if let Err(error) = &done
            && error.remedy().is_some()
        {
            self.inner.signals.raise(Signal::WebhookDead, error.with_remedy());
        }
        done
    }

    async fn try_look_after(
        &self,
        looked: &mut Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        occasion: Occasion,
    ) -> Result<Duration, WebhookError> {
        let native = &self.inner.native;
        let url = native.settings.notification_url.as_deref().ok_or(WebhookError::Off)?;
        let wanted = plan::Wanted { url, table: self.table_id().await? };
        let mut kept = self.inner.db.kept_webhook(&native.target).await?;
        if kept.is_none() && self.inner.db.rename_webhook(wanted.table, &native.target).await? {
            kept = self.inner.db.kept_webhook(&native.target).await?;
        }
        let refresh_before = TimeDelta::from_std(native.settings.refresh_before).unwrap_or_default();
        let ends_soon = kept.as_ref().is_none_or(|kept| kept.expires_at - refresh_before <= now);
        let in_trouble = self.inner.signals.get(Signal::WebhookDead).is_some();
        if ends_soon || in_trouble || looked.is_none_or(|at| now - at >= CHECK_EVERY) {
            kept = Some(self.see_that_it_lives(&wanted, kept, None, now).await?);
            *looked = Some(now);
        }
        let Some(mut kept) = kept else { return Ok(RETRY) };
        if occasion == Occasion::Ping {
            tracing::debug!(webhook.id = kept.id, "Airtable has something to tell");
        }
        if let Some(end) = self.read_payloads(&kept, now).await? {
            let former = kept.id.clone();
            kept = self.see_that_it_lives(&wanted, Some(kept), Some(&end), now).await?;
            if let (read::End::Refused(error), true) = (end, kept.id == former) {
                return Err(error.into());
            }
        }
        let wait = self.make_up_for_what_was_missed(kept).await?;
        Ok(if wait { SOON.min(*native.settings.poll_every) } else { *native.settings.poll_every })
    }

    /// Starts a full run if one is owed. True while that is so.
    async fn make_up_for_what_was_missed(&self, kept: KeptWebhook) -> Result<bool, WebhookError> {
        let kept = self.inner.db.kept_webhook(&self.inner.native.target).await?.unwrap_or(kept);
        let Some(missed) = kept.missed_until else { return Ok(false) };
        let history = self.inner.db.run_history(None).await?;
        if let Some(began) = history.last_full.filter(|began| *began > missed) {
            self.inner.db.webhook_made_up_for(&self.inner.native.target, began).await?;
            return Ok(false);
        }
        let failed = self.inner.db.full_run_failed(missed).await?;
        if failed.is_some_and(|failed| crate::clock::now() - failed < REST) {
            return Ok(false);
        }
        match self.start_run(Scope::Full { force: false }, Trigger::CatchUp).await {
            Ok(run) => tracing::info!(
                run.id = run.0,
                "a full run makes up for changes that the webhook may not have told"
            ),
            Err(RunError::Busy(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// `tbl…` of the vehicles; a name has to be looked up.
    async fn table_id(&self) -> Result<&str, WebhookError> {
        let native = &self.inner.native;
        let id = native.table_id.get_or_try_init(async || {
            if native.table.len() == 17 && native.table.starts_with("tbl") {
                return Ok(native.table.clone());
            }
            let permit = self.inner.airtable.permit(Lane::Webhook).await;
            match self.inner.airtable.schema(permit).await {
                Ok(table) => Ok(table.id),
                Err(error) if error.kind == Kind::Forbidden => {
                    Err(WebhookError::TableName(native.table.clone()))
                }
                Err(error) => Err(error.into()),
            }
        });
        id.await.map(String::as_str)
    }
}
