//! Reading what the webhook has recorded.
//!
//! **Invariants:** what payloads name is in the durable queue when the cursor moves, never later. Each page is asked for at once while there
//! may be more. Records that are named together are read together; when they are as many as the whole inventory, a catch-up reads
//! them page by page, and the queue what that did not find.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::WebhookError;
use crate::{
    airtable::{AirtableError, Kind, Lane},
    db::{
        queue::Owed,
        webhooks::{KeptWebhook, Taken},
    },
    domain::{RecordId, Trigger},
    sync::{Delivery, Engine, FIRST_TRY_AFTER, RunError, Scope, believable},
};

/// The `source` of what payloads tell.
const SOURCE: &str = "airtable_webhook";
/// Pages that are read before what they name is queued: a pasted column is one action, and one reading.
const PAGES: usize = 50;
/// The time for which Airtable keeps payloads.
const KEPT_FOR: TimeDelta = TimeDelta::days(7);
/// The wait before the queue reads records that a run is to read.
pub(in crate::sync) const HELD_FOR: Duration = Duration::from_mins(10);

/// Why there is nothing more to be read from a webhook.
#[derive(Debug)]
pub(super) enum End {
    /// Airtable does not let it be read.
    Refused(AirtableError),
    /// It is in error for good.
    Dead(String),
}

/// The news of some pages of payloads.
#[derive(Debug, Default)]
struct Gathered {
    /// With the time of the first payload that names each.
    records: Vec<(RecordId, Option<DateTime<Utc>>)>,
    seen: HashSet<RecordId>,
    to: i64,
    more: bool,
    fields: bool,
    odd: bool,
    dead: Option<String>,
}

impl Engine {
    /// Reads the payloads that were not read yet, to their end.
    pub(super) async fn read_payloads(
        &self,
        kept: &KeptWebhook,
        now: DateTime<Utc>,
    ) -> Result<Option<End>, WebhookError> {
        let mut from = kept.cursor;
        let mut missed = now - kept.read_at > KEPT_FOR;
        loop {
            let gathered = match self.gather(kept, from).await {
                Ok(gathered) => gathered,
                Err(error) if matches!(error.kind, Kind::NotFound | Kind::Forbidden) => {
                    return Ok(Some(End::Refused(error)));
                }
                Err(error) => return Err(error.into()),
            };
            let bulk = self.is_bulk(gathered.records.len()).await?;
            let records: Vec<Owed> =
                gathered.records.into_iter().map(|(id, at)| accepted(id, at, now)).collect();
            let taken = Taken {
                id: &kept.id,
                from,
                to: gathered.to,
                now,
                records: &records,
                delay: if bulk { HELD_FOR } else { FIRST_TRY_AFTER },
                settle_after: self.inner.settings.recheck_after,
                missed,
            };
            if !self.inner.db.take_payloads(&taken).await? {
                tracing::debug!(webhook.id = kept.id, "somebody else has read these payloads");
                return Ok(None);
            }
            if missed {
                tracing::warn!(
                    webhook.id = kept.id,
                    "payloads were not read for more than 7 days, so some may be lost; runs make up for them"
                );
                self.want_catch_up();
            }
            self.follow(records, bulk);
            if gathered.fields {
                self.read_schema_anew().await;
            }
            if gathered.odd {
                tracing::warn!(
                    webhook.id = kept.id,
                    "Airtable has told something that cannot be read; a catch-up looks for it"
                );
                self.want_catch_up();
            }
            if let Some(code) = gathered.dead {
                tracing::warn!(
                    webhook.id = kept.id,
                    webhook.error = code,
                    "the native webhook is in error for good"
                );
                return Ok(Some(End::Dead(code)));
            }
            if !gathered.more {
                return Ok(None);
            }
            (from, missed) = (gathered.to, false);
        }
    }

    async fn gather(&self, kept: &KeptWebhook, from: i64) -> Result<Gathered, AirtableError> {
        let mut gathered = Gathered { to: from, ..Gathered::default() };
        for _ in 0..PAGES {
            let permit = self.inner.airtable.permit(Lane::Webhook).await;
            let page = self.inner.airtable.payloads(permit, &kept.id, gathered.to, &kept.table_id).await?;
            for news in page.news {
                for id in news.records {
                    if gathered.seen.insert(id.clone()) {
                        gathered.records.push((id, news.at));
                    }
                }
                gathered.fields |= news.fields;
                gathered.odd |= news.odd;
                gathered.dead = news.dead.or(gathered.dead);
            }
            (gathered.to, gathered.more) = (page.cursor, page.more);
            if !page.more || gathered.dead.is_some() {
                break;
            }
        }
        Ok(gathered)
    }

    /// Tells whether reading these records by id takes more than one request and no fewer than reading the whole
    /// listing.
    async fn is_bulk(&self, records: usize) -> Result<bool, WebhookError> {
        let page_size = self.inner.page_size;
        if records <= page_size {
            return Ok(false);
        }
        let listed = usize::try_from(self.inner.db.count_listed().await?).unwrap_or_default();
        Ok(records.div_ceil(page_size) >= listed.div_ceil(page_size))
    }

    /// Has the queued records read: they stand in line at once, and the queue holds them in case that fails.
    fn follow(&self, records: Vec<Owed>, bulk: bool) {
        if records.is_empty() {
            return;
        }
        tracing::debug!(records = records.len(), bulk, "Airtable tells of changed records");
        if !bulk {
            for owed in records {
                drop(self.inner.line.put(Delivery {
                    record_id: owed.record_id,
                    trigger: owed.trigger,
                    source: owed.source,
                    attempt: 1,
                    since: Instant::now(),
                    accepted: owed.edited,
                    edited: Some(owed.edited),
                }));
            }
            return;
        }
        let engine = self.clone();
        self.inner.tracker.spawn(async move {
            tracing::info!(
                records = records.len(),
                "so many records have changed that a catch-up reads them"
            );
            if let Err(error) = engine.catch_up_now().await {
                tracing::info!(reason = %error, "the records are read by their ids instead");
            }
            // What is settled is gone from the queue; the rest is due now.
            engine.hurry().await;
            engine.inner.enqueued.notify_one();
        });
    }

    async fn catch_up_now(&self) -> Result<(), RunError> {
        let run = self.begin_run(Scope::CatchUp, Trigger::CatchUp).await?;
        self.carry_out(run).await.map(drop)
    }

    async fn read_schema_anew(&self) {
        tracing::info!("fields have changed in Airtable; reading the schema");
        if let Err(error) = self.look_at_fields(Lane::Webhook).await {
            tracing::warn!(error = %error, "the schema could not be read; the next run reads it");
        }
    }
}

fn accepted(record_id: RecordId, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Owed {
    Owed {
        record_id,
        trigger: Trigger::Webhook,
        source: Some(SOURCE.to_owned()),
        edited: at.and_then(|at| believable(at, now)).unwrap_or(now),
        reason: Some("Airtable's webhook has told of it".to_owned()),
    }
}
