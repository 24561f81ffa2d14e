//! Why the native webhook could not be looked after, and what to do about it.

use super::RunError;
use crate::{
    airtable::{AirtableError, Kind},
    db::DbError,
};

/// Why the native webhook could not be looked after.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Airtable refused or failed.
    #[error(transparent)]
    Airtable(#[from] AirtableError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The table is set by name, and the token may not look its id up.
    #[error(
        "the id of the table {0:?} cannot be looked up, because the token may not read the base's schema"
    )]
    TableName(String),
    /// There is no such webhook to be deleted.
    #[error("the base has no webhook {0}; `vitrina webhook list` shows those that it has")]
    NoSuchWebhook(String),
    /// A run that is due could not be begun.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is no address to be notified at.
    #[error("airtable_webhook.notification_url is not set, so there is nothing that a webhook could notify")]
    Off,
    /// Another process looks after it.
    #[error("a running vitrina keeps the webhook; see `vitrina webhook list`")]
    Kept,
}

impl WebhookError {
    /// What is wrong and what to do about it, in sentences.
    pub fn with_remedy(&self) -> String {
        let said = self.to_string();
        match self.remedy() {
            Some(remedy) => format!("{}. {remedy}", said.trim_end_matches('.')),
            None => said,
        }
    }

    /// What an operator has to do, if nothing else helps.
    pub fn remedy(&self) -> Option<&'static str> {
        let error = match self {
            Self::Airtable(error) => error,
            Self::TableName(_) => {
                return Some(
                    "Put its id, tbl…, into AIRTABLE_TABLE_ID, or give the token the scope schema.bases:read.",
                );
            }
            _ => return None,
        };
        match (error.kind, error.error_type.as_deref()) {
            (Kind::Forbidden | Kind::Unauthorized, _) => Some(
                "Give the token the scope webhook:manage (https://airtable.com/create/tokens) and its owner creator rights in the base.",
            ),
            (_, Some("TOO_MANY_WEBHOOKS_IN_BASE" | "TOO_MANY_WEBHOOKS_IN_BASE_FOR_INTEGRATION")) => Some(
                "A base takes 10 webhooks: look with `vitrina webhook list`, and delete one that is not needed with `vitrina webhook delete`.",
            ),
            (Kind::InvalidRequest, _) => Some(
                "Check that airtable_webhook.notification_url is a public https address and AIRTABLE_TABLE_ID the vehicles' table.",
            ),
            (kind, _) if kind.is_configuration() => Some(kind.remedy()),
            _ => None,
        }
    }
}
