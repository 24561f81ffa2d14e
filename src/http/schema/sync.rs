//! What a webhook sends and is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What Airtable's automation sends: `recordId` or `recordIds`. Anything else that it sends is ignored, and so is an odd `source`,
/// `attempt` or `timestamp`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(in crate::http) enum WebhookBody {
    /// One record.
    #[serde(rename_all = "camelCase")]
    One {
        /// The record.
        #[schema(pattern = "^rec[A-Za-z0-9]{14}$", example = "recA1b2C3d4E5f6G7")]
        record_id: String,
        /// Who sends it.
        source: Option<String>,
        /// Which try this is, from 1.
        attempt: Option<u32>,
        /// When it was sent for the first time.
        timestamp: Option<String>,
    },
    /// Several.
    #[serde(rename_all = "camelCase")]
    Several {
        /// The records.
        #[schema(min_items = 1, max_items = 1000, pattern = "^rec[A-Za-z0-9]{14}$", example = json!(["recA1b2C3d4E5f6G7"]))]
        record_ids: Vec<String>,
        /// Who sends them.
        source: Option<String>,
        /// Which try this is, from 1.
        attempt: Option<u32>,
        /// When they were sent for the first time.
        timestamp: Option<String>,
    },
}

/// What a webhook is answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(in crate::http) enum SyncAnswer {
    /// To a batch.
    Batch {
        /// Whether all are synced or queued.
        success: bool,
        /// One for each record, in the order of the request.
        results: Vec<SyncResult>,
        /// Milliseconds.
        duration_ms: u64,
        /// Which try this is.
        attempt: u32,
    },
    /// To one record.
    One(SyncResult),
}

/// What became of one record.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct SyncResult {
    /// Whether it is synced or queued.
    pub success: bool,
    /// In words.
    pub message: String,
    /// `created`, `updated`, `unchanged`, `archived`, `deleted`, `absent` or `queued`.
    #[schema(example = "updated")]
    pub action: String,
    /// Which record.
    pub data: SyncedRecord,
    /// What could not be read.
    pub warnings: Vec<serde_json::Value>,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Which try this is.
    pub attempt: u32,
}

/// Which record was synced.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct SyncedRecord {
    /// The record.
    pub record_id: String,
    /// Its headline.
    #[schema(required)]
    pub title: Option<String>,
    /// Its purchase order.
    #[schema(required)]
    pub ordencompra: Option<String>,
    /// Its address.
    #[schema(required)]
    pub slug: Option<String>,
}
