//! The body of a webhook.
//!
//! **Invariants:** only `recordId` or `recordIds` can refuse it. Any other member that cannot be read counts as not given, since a sync
//! that is lost for a strange `source` would help nobody.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::{Value, value::RawValue};

use super::Problem;
use crate::{
    domain::RecordId,
    sync::{believable, distinct},
};

/// The longest `source` that is kept, in characters.
const SOURCE_CHARS: usize = 100;

/// A webhook's content.
#[derive(Debug)]
pub(super) struct Notice {
    /// The records, each once.
    pub(super) record_ids: Vec<RecordId>,
    /// Whether it was sent as a list, and is answered as one.
    pub(super) is_batch: bool,
    /// Who sent it.
    pub(super) source: Option<String>,
    /// Which try this is, from 1.
    pub(super) attempt: i32,
    /// When it was sent for the first time, if that can be believed.
    pub(super) edited: Option<DateTime<Utc>>,
}

/// The members of the body, unread: a number that does not fit or half a surrogate spoils only its own.
type Members<'a> = BTreeMap<String, &'a RawValue>;

impl Notice {
    pub(super) fn parse(bytes: &[u8], max_batch: usize, now: DateTime<Utc>) -> Result<Self, Problem> {
        let wrong = |error: serde_json::Error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!(
                    r#"The body is not what it should be, such as {{"recordId":"recA1b2C3d4E5f6G7"}}: {error}."#
                ),
            )
        };
        let members: Members<'_> = serde_json::from_slice(bytes).map_err(wrong)?;
        let required = |name: &str| -> Result<Option<Value>, Problem> {
            members.get(name).map_or(Ok(None), |raw| serde_json::from_str(raw.get()).map_err(wrong))
        };
        let optional =
            |name: &str| members.get(name).and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
        let (ids, is_batch) = match (required("recordId")?, required("recordIds")?) {
            (Some(id), None) => (vec![id], false),
            (None, Some(Value::Array(ids))) => (ids, true),
            (None, Some(_)) => {
                return Err(Problem::parameter("recordIds", "recordIds should be a list of record ids."));
            }
            (Some(_), Some(_)) => {
                return Err(Problem::parameter("recordIds", "Send recordId or recordIds, not both."));
            }
            (None, None) => {
                return Err(Problem::parameter(
                    "recordId",
                    "recordId is missing: the id of the record that changed.",
                ));
            }
        };
        let param = if is_batch { "recordIds" } else { "recordId" };
        if ids.is_empty() || ids.len() > max_batch {
            let detail = format!("recordIds has {} ids; it should have 1 to {max_batch}.", ids.len());
            return Err(Problem::parameter(param, detail));
        }
        let ids: Vec<RecordId> = ids.iter().map(|id| record_id(id, param)).collect::<Result<_, _>>()?;
        Ok(Self {
            record_ids: distinct(ids),
            is_batch,
            source: optional("source").as_ref().and_then(Value::as_str).map(printable),
            attempt: optional("attempt").as_ref().and_then(Value::as_i64).map_or(1, clamp),
            edited: optional("timestamp").as_ref().and_then(time).and_then(|time| believable(time, now)),
        })
    }
}

fn record_id(value: &Value, param: &'static str) -> Result<RecordId, Problem> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse()
        .map_err(|invalid: crate::domain::InvalidRecordId| Problem::parameter(param, format!("{invalid}.")))
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str()?.parse().ok()
}

fn printable(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(SOURCE_CHARS).collect()
}

fn clamp(attempt: i64) -> i32 {
    i32::try_from(attempt.clamp(1, 1000)).unwrap_or(1)
}
