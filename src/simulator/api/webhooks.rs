//! `/v0/bases/{base}/webhooks`: made, listed, refreshed, read, switched and deleted.
//!
//! **Invariants:** a hook that is gone, or was never there, is a 404 in every call; one that has ended can be read but not refreshed.
//!
//! **Sources:** <https://airtable.com/developers/web/api/create-a-webhook> and its neighbours. Not documented, hence chosen: the bodies of these
//! refusals, and that deleting and switching answer without a body, which pyairtable allows for.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Base, Refusal, Request};
use crate::simulator::webhooks::Specification;

const PAYLOADS: usize = 50;

impl Base<'_> {
    pub(super) fn webhooks(&mut self, request: &Request) -> Result<Value, Refusal> {
        let path: Vec<&str> = request.route.rest.iter().map(String::as_str).collect();
        match (&request.method, path.as_slice()) {
            (&Method::POST, []) => self.create_webhook(&request.json()?),
            (&Method::GET, []) => Ok(self.webhooks.list(self.now)),
            (&Method::DELETE, [id]) => {
                self.webhooks.delete(id).then_some(Value::Null).ok_or(Refusal::NotFoundTyped)
            }
            (&Method::POST, [id, "refresh"]) => {
                let hook = self.webhooks.find(id, self.now).ok_or(Refusal::NotFoundTyped)?;
                hook.extend(self.now).ok_or(Refusal::InvalidRequest)
            }
            (&Method::POST, [id, "enableNotifications"]) => {
                let enable = request.json()?.get("enable").and_then(Value::as_bool);
                let hook = self.webhooks.find(id, self.now).ok_or(Refusal::NotFoundTyped)?;
                hook.notifications = enable.ok_or(Refusal::InvalidRequest)?;
                Ok(Value::Null)
            }
            (&Method::GET, [id, "payloads"]) => {
                let cursor = number(request, "cursor", 1)?;
                let limit = usize::try_from(number(request, "limit", 50)?).unwrap_or(usize::MAX);
                if cursor == 0 || !(1..=PAYLOADS).contains(&limit) {
                    return Err(Refusal::InvalidRequest);
                }
                let hook = self.webhooks.find(id, self.now).ok_or(Refusal::NotFoundTyped)?;
                Ok(hook.read(cursor, limit, self.now))
            }
            _ => Err(Refusal::NotFound),
        }
    }

    fn create_webhook(&mut self, body: &Value) -> Result<Value, Refusal> {
        let url = match body.get("notificationUrl").unwrap_or(&Value::Null) {
            Value::Null => None,
            Value::String(url) if url.parse::<url::Url>().is_ok() => Some(url.clone()),
            _ => return Err(Refusal::InvalidRequest),
        };
        let sent = body.get("specification").unwrap_or(&json!({})).clone();
        let specification = Specification::read(&sent, &self.store.tables).ok_or(Refusal::InvalidRequest)?;
        self.webhooks.create(url, specification, self.now).map_err(|_| Refusal::TooManyWebhooks)
    }
}

/// A number of the query; `usual` if it is not there.
fn number(request: &Request, name: &str, usual: u64) -> Result<u64, Refusal> {
    let given = request.query.iter().find(|(key, _)| key == name);
    given.map_or(Ok(usual), |(_, value)| value.parse().map_err(|_| Refusal::InvalidRequest))
}
