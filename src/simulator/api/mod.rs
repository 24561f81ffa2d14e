//! The Web API: from a request to what Airtable answers.
//!
//! **Invariants:** nothing here waits or asks for the time; one request is answered in one go, under the simulator's lock. A write is
//! done as a whole or refused as a whole.
//!
//! **Not here:** tokens, the rate limit and faults come before ([`super::server`]).

mod list;
mod meta;
mod records;
mod refusal;
mod render;
mod route;
mod webhooks;

use axum::http::Method;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;

pub(super) use self::{
    list::ListQuery,
    refusal::{html_response, json_response, with_type},
    route::Route,
};
pub use self::{refusal::Refusal, route::Operation};
use super::{
    attachments::Links,
    store::{Replica, Store},
    webhooks::Webhooks,
};

/// A request, read but not understood.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) route: Route,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Request {
    fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(&self.body).map_err(|_| Refusal::BadJson)
    }

    fn flag(&self, name: &str) -> bool {
        self.query.iter().any(|(key, value)| key == name && matches!(value.as_str(), "true" | "1"))
    }

    /// The options of a listing, wherever they stand.
    pub(super) fn list_query(&self) -> Result<ListQuery, Refusal> {
        if self.method == Method::POST {
            ListQuery::from_body(self.json()?)
        } else {
            ListQuery::from_query(&self.query)
        }
    }
}

/// The base as one request finds it.
pub(super) struct Base<'a> {
    pub(super) id: &'a str,
    pub(super) store: &'a mut Store,
    pub(super) links: &'a Links,
    pub(super) webhooks: &'a mut Webhooks,
    pub(super) now: DateTime<Utc>,
    /// What readers are shown.
    pub(super) replica: &'a Replica,
}

impl Base<'_> {
    /// Answers everything but files; null is an answer without a body.
    pub(super) fn answer(&mut self, request: &Request) -> Result<Value, Refusal> {
        let Route { operation, base, rest } = &request.route;
        if base.as_deref().is_some_and(|base| base != self.id) {
            return Err(Refusal::PermissionsOrModelNotFound);
        }
        match operation {
            Operation::Schema => return Ok(self.schema()),
            Operation::Account => return self.account(rest),
            Operation::Webhooks => return self.webhooks(request),
            Operation::File | Operation::Unknown => return Err(Refusal::NotFound),
            Operation::List | Operation::Get | Operation::Create | Operation::Update | Operation::Delete => {}
        }
        let (table, record) = match rest.as_slice() {
            [table] => (table, None),
            [table, record] => (table, Some(record.as_str())),
            _ => return Err(Refusal::NotFound),
        };
        let table = self.store.find_table(table).ok_or(Refusal::PermissionsOrModelNotFound)?;
        match (operation, record) {
            (Operation::List, _) => {
                let at = (self.replica, self.now);
                list::list(self.store, self.links, table, &request.list_query()?, at)
            }
            (Operation::Get, Some(record)) => self.get(table, record, request.flag("returnFieldsByFieldId")),
            (Operation::Create, _) => self.create(table, request.json()?),
            (Operation::Update, record) => {
                self.update(table, record, request.json()?, request.method == Method::PUT)
            }
            (Operation::Delete, record) => self.delete(table, record, &request.query),
            _ => Err(Refusal::NotFound),
        }
    }
}
