//! Why a record was synced and what came of it.
//!
//! **Invariants:** the texts of [`Trigger`] and [`Action`] are a contract: the first stands in `sync_logs.sync_type`, the second in
//! the answer to a webhook.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RecordId, Warning};

/// Why a record was synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Airtable said that it changed.
    Webhook,
    /// The first load of an empty database.
    Bulk,
    /// An operator asked.
    Manual,
    /// The nightly run.
    Nightly,
    /// The run that makes up for lost webhooks.
    CatchUp,
    /// An operator asked for it once more.
    Replay,
}

impl Trigger {
    /// As it stands in `sync_logs.sync_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Bulk => "bulk",
            Self::Manual => "manual",
            Self::Nightly => "nightly",
            Self::CatchUp => "catch_up",
            Self::Replay => "replay",
        }
    }

    /// The reverse of [`Trigger::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Webhook, Self::Bulk, Self::Manual, Self::Nightly, Self::CatchUp, Self::Replay]
            .into_iter()
            .find(|trigger| trigger.as_str() == text)
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What a sync did to a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stored for the first time.
    Created,
    /// Something in it changed, or it came back.
    Updated,
    /// Airtable has what is stored.
    Unchanged,
    /// Not listed, or not any more.
    Archived,
    /// Gone from Airtable.
    Deleted,
    /// Not in the table and never known here.
    Absent,
}

impl Action {
    /// As it stands in the answer to a webhook.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
            Self::Absent => "absent",
        }
    }
}

/// What became of one column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// As it was stored.
    pub before: Value,
    /// As Airtable has it.
    pub after: Value,
}

/// The columns in which a known vehicle changed.
pub type Changes = BTreeMap<&'static str, Change>;

/// What came of syncing one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The record.
    pub record_id: RecordId,
    /// What was done.
    pub action: Action,
    /// The vehicle's title, when it is known.
    pub title: Option<String>,
    /// Its purchase order.
    pub ordencompra: Option<String>,
    /// Its state.
    pub ordenstatus: Option<String>,
    /// Its address, when it has one.
    pub slug: Option<String>,
    /// Whether a row of `inventario_cache` was written.
    pub written: bool,
    /// The columns in which a known vehicle changed.
    pub changed: Vec<&'static str>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
    /// A later read had already been stored, so this one was put aside.
    pub superseded: bool,
}

impl Outcome {
    /// One sentence for the log and for the answer to a webhook.
    pub fn message(&self) -> String {
        let what = self.title.as_deref().unwrap_or(self.record_id.as_str());
        match self.action {
            _ if self.superseded => format!("{what}: a later read was stored already"),
            Action::Created => format!("{what} was added"),
            Action::Updated => format!("{what} was updated: {}", self.changed.join(", ")),
            Action::Unchanged => format!("{what} is unchanged"),
            Action::Archived if self.slug.is_none() => {
                format!("{what} is not listed (its state is {}), so it is not stored", self.state())
            }
            Action::Archived => {
                format!("{what} is archived (its state is {}): {}", self.state(), self.changed.join(", "))
            }
            Action::Deleted => format!("{what} is gone from Airtable; its page answers 410"),
            Action::Absent => format!("{what} is not in the table and was never known here"),
        }
    }

    fn state(&self) -> &str {
        self.ordenstatus.as_deref().unwrap_or("empty")
    }
}
