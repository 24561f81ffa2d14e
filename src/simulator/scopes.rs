//! What the token may do.
//!
//! **Invariants:** a call that lacks a scope gets the 403 that a wrong base gets too, as Airtable's does: nothing tells which it was.
//!
//! **Sources:** each endpoint's page names its scopes, such as <https://airtable.com/developers/web/api/list-records>; the 403 is
//! `INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND` (<https://airtable.com/developers/web/api/errors>); `whoami` needs none.

use serde_json::Value;

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

/// Every scope that matters here.
pub(super) const ALL: [Scope; 4] =
    [Scope::RecordsRead, Scope::RecordsWrite, Scope::SchemaRead, Scope::WebhookManage];

/// Whether these scopes allow the request.
pub(super) fn allow(scopes: &[Scope], seen: &Seen) -> bool {
    let has = |scope| scopes.contains(&scope);
    match seen.operation {
        Operation::List | Operation::Get => has(Scope::RecordsRead),
        Operation::Create | Operation::Update | Operation::Delete => has(Scope::RecordsWrite),
        Operation::Schema => has(Scope::SchemaRead),
        Operation::Account => has(Scope::SchemaRead) || !seen.path.ends_with("/bases"),
        Operation::Webhooks => {
            let data_types = &seen.options["specification"]["options"]["filters"]["dataTypes"];
            let watches =
                |data: &str| data_types.as_array().is_some_and(|types| types.contains(&Value::from(data)));
            has(Scope::WebhookManage)
                && (!watches("tableData") || has(Scope::RecordsRead))
                && (!(watches("tableFields") || watches("tableMetadata")) || has(Scope::SchemaRead))
        }
        Operation::File | Operation::Unknown => true,
    }
}
