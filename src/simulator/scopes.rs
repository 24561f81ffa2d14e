//! What the token may do.
//!
//! **Invariants:** a call that lacks a scope gets the 403 that a wrong base gets too, as Airtable's does: nothing tells which it was.
//!
//! **Sources:** the scopes that each page of <https://airtable.com/developers/web/api/introduction> names.

use serde_json::Value;

use super::{api::Operation, seen::Seen};

/// Every scope that matters here.
pub(super) const ALL: [&str; 4] =
    ["data.records:read", "data.records:write", "schema.bases:read", "webhook:manage"];

/// Whether these scopes allow the request.
pub(super) fn allow(scopes: &[String], seen: &Seen) -> bool {
    let has = |scope: &str| scopes.iter().any(|given| given == scope);
    match seen.operation {
        Operation::List | Operation::Get => has("data.records:read"),
        Operation::Create | Operation::Update | Operation::Delete => has("data.records:write"),
        Operation::Schema => has("schema.bases:read"),
        Operation::Webhooks => {
            let data_types = &seen.options["specification"]["options"]["filters"]["dataTypes"];
            let watches =
                |data: &str| data_types.as_array().is_some_and(|types| types.contains(&Value::from(data)));
            has("webhook:manage")
                && (!watches("tableData") || has("data.records:read"))
                && (!(watches("tableFields") || watches("tableMetadata")) || has("schema.bases:read"))
        }
        Operation::Account | Operation::File | Operation::Unknown => true,
    }
}
