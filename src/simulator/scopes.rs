//! What a token may do.
//!
//! **Sources:** each endpoint's page names its scope, such as <https://airtable.com/developers/web/api/list-records>. A scope that is lacking is
//! answered like a base that is not there, 403 with `INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND`
//! (<https://airtable.com/developers/web/api/errors>); `whoami` needs none.

use super::{api::Operation, seen::Seen};

/// A permission that a token has or lacks, named as Airtable does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `data.records:read`
    RecordsRead,
    /// `data.records:write`
    RecordsWrite,
    /// `schema.bases:read`
    SchemaRead,
    /// `webhook:manage`
    WebhookManage,
}

/// The scope that a request needs.
pub(super) fn needed(seen: &Seen) -> Option<Scope> {
    match seen.operation {
        Operation::List | Operation::Get => Some(Scope::RecordsRead),
        Operation::Create | Operation::Update | Operation::Delete => Some(Scope::RecordsWrite),
        Operation::Schema => Some(Scope::SchemaRead),
        Operation::Account if seen.path.ends_with("/bases") => Some(Scope::SchemaRead),
        Operation::Webhooks => Some(Scope::WebhookManage),
        Operation::Account | Operation::File | Operation::Unknown => None,
    }
}
