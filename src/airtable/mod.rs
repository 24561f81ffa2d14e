//! The one place that talks to Airtable.
//!
//! A call's way: [`AirtableClient::permit`] waits until the base may be asked ([`rate_limit`]); [`client`] words the request and
//! sends it, again where that helps ([`retry`]); [`request`] does one exchange; [`wire`] reads the answer. What goes wrong is an
//! [`AirtableError`], whose [`Kind`] says in one table what to do about it and what to tell the operator.
//!
//! **Invariants:** no request leaves without a [`Permit`], so all parts together stay inside the base's limit, and all instances do whose database shares the turns. A record's keys are
//! the names under which vitrina knows the fields, also while records are read by field id. The token stands in one header only.
//!
//! **Sources:** Airtable's reference at <https://airtable.com/developers/web/api/introduction>; what it leaves open is read
//! tolerantly, and each module names what it relies on.
//!
//! **Not here:** what a record means (`domain`), when it is read (`sync`), collecting ids into one request (`sync`).

mod account;
mod client;
mod error;
pub mod formula;
mod kind;
mod mac;
mod mend;
mod payload;
mod quota;
mod rate_limit;
mod request;
mod retry;
mod schema;
#[cfg(test)]
mod tests;
mod webhooks;
mod wire;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use chrono::{DateTime, Utc};

pub use self::{
    account::{BaseSeen, Owner},
    client::{AirtableClient, Listing, MAX_RECORDS_PER_REQUEST, Page},
    error::{AirtableError, SetUpError},
    kind::{Kind, Policy},
    mac::ContentMac,
    payload::News,
    quota::QuotaStop,
    rate_limit::{Lane, Others, Permit, WINDOW, Waited},
    schema::{FieldSchema, TableSchema},
    webhooks::{NewWebhook, Payloads, PingResult, Watched, Webhook},
    wire::FieldNames,
};

/// Locks, also when another thread panicked while holding the lock: what is locked here is whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time of day, which is only needed to compare with dates that Airtable sends and the turn of the month; everything else
/// runs on tokio's clock.
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}
