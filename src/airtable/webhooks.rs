//! Native webhooks: the calls that make, keep and read them.
//!
//! **Invariants:** the secret exists in [`NewWebhook`] alone and prints as `[REDACTED]`. Making a webhook is never tried twice by
//! itself: a lost answer would leave one behind whose secret nobody knows. What a webhook's description lacks counts as well.
//!
//! **Sources:** <https://airtable.com/developers/web/api/webhooks-overview> and the pages of the single calls.
//!
//! **Not here:** when what is called (`sync`), what a payload says ([`super::News`]).

use std::fmt;

use chrono::{DateTime, Utc};
use reqwest::{Method, Url};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::{AirtableClient, AirtableError, News, Permit, request::Ask};

/// What a new webhook watches in the table, besides its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// Records and fields; needs the scope `schema.bases:read` too.
    RecordsAndFields,
    /// Records alone.
    Records,
}

/// A webhook that was just made.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewWebhook {
    /// `ach…`
    pub id: String,
    /// What its pings are signed with, in base64; told only here.
    #[serde(rename = "macSecretBase64")]
    pub secret: SecretString,
    /// When it ends unless it is refreshed or read.
    pub expiration_time: Option<DateTime<Utc>>,
}

/// A webhook of the base.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct Webhook {
    /// `ach…`
    pub id: String,
    /// Where its pings go; none: nowhere.
    #[serde(default)]
    pub notification_url: Option<String>,
    /// Whether it records anything; false after its end.
    #[serde(rename(deserialize = "isHookEnabled"), default = "yes")]
    pub enabled: bool,
    /// Whether pings are sent.
    #[serde(rename(deserialize = "areNotificationsEnabled"), default = "yes")]
    pub notifications_enabled: bool,
    /// When it ends unless it is refreshed or read.
    #[serde(default)]
    pub expiration_time: Option<DateTime<Utc>>,
    /// The number of the next payload to be recorded.
    #[serde(default)]
    pub cursor_for_next_payload: Option<i64>,
    /// How its last ping went.
    #[serde(default)]
    pub last_notification_result: Option<PingResult>,
    #[serde(default, skip_serializing)]
    specification: Value,
}

/// How a ping went.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct PingResult {
    /// Whether it was taken.
    pub success: bool,
    /// Which retry this was, from 0.
    #[serde(default)]
    pub retry_number: i64,
    /// Whether there will be another.
    #[serde(default)]
    pub will_be_retried: bool,
    /// Why it was not taken.
    #[serde(default)]
    pub error: Option<PingError>,
}

/// Why a ping was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct PingError {
    /// In Airtable's words.
    #[serde(default)]
    pub message: String,
}

fn yes() -> bool {
    true
}

impl Webhook {
    /// Whether it tells this address of this table, `tbl…`.
    pub fn is_for(&self, url: &str, table: &str) -> bool {
        let scope = &self.specification["options"]["filters"]["recordChangeScope"];
        self.notification_url.as_deref() == Some(url) && scope == table
    }
}

impl fmt::Display for PingResult {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.error.as_ref().map_or("", |error| &error.message);
        match (self.success, self.retry_number) {
            (true, _) => out.write_str("taken"),
            (false, 0) => write!(out, "not taken: {reason}"),
            (false, retry) => write!(out, "not taken, in retry {retry}: {reason}"),
        }
    }
}

/// What a page of payloads says.
#[derive(Debug, Clone, PartialEq)]
pub struct Payloads {
    /// Of each payload, oldest first.
    pub news: Vec<News>,
    /// Where the next page begins.
    pub cursor: i64,
    /// Whether to ask for it at once.
    pub more: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePayloads {
    cursor: i64,
    #[serde(default)]
    might_have_more: bool,
    payloads: Vec<Value>,
}

#[derive(Deserialize)]
struct WireWebhooks {
    webhooks: Vec<Webhook>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEnd {
    expiration_time: Option<DateTime<Utc>>,
}

impl AirtableClient {
    /// Makes a webhook that tells `url` of everything that happens in the table `tbl…`, whoever does it; needs the scope
    /// `webhook:manage`, and its owner creator rights.
    pub async fn create_webhook(
        &self,
        first: Permit,
        url: &str,
        table: &str,
        watched: Watched,
    ) -> Result<NewWebhook, AirtableError> {
        let data_types = match watched {
            Watched::RecordsAndFields => json!(["tableData", "tableFields"]),
            Watched::Records => json!(["tableData"]),
        };
        let filters = json!({
            "dataTypes": data_types, "recordChangeScope": table, "changeTypes": ["add", "remove", "update"],
        });
        let body = json!({"notificationUrl": url, "specification": {"options": {"filters": filters}}});
        self.send_once(&ask("a new webhook", Method::POST, self.webhooks_url(&[]), Some(&body)), first).await
    }

    /// All webhooks of the base that the token may see.
    pub async fn webhooks(&self, first: Permit) -> Result<Vec<Webhook>, AirtableError> {
        let ask = ask("the webhooks", Method::GET, self.webhooks_url(&[]), None);
        Ok(self.send::<WireWebhooks>(&ask, first).await?.webhooks)
    }

    /// Deletes a webhook and all that it has recorded.
    pub async fn delete_webhook(&self, first: Permit, id: &str) -> Result<(), AirtableError> {
        let ask = ask("the end of a webhook", Method::DELETE, self.webhooks_url(&[id]), None);
        self.send::<IgnoredAny>(&ask, first).await.map(drop)
    }

    /// Lets a webhook live seven more days; gives its new end.
    pub async fn refresh_webhook(
        &self,
        first: Permit,
        id: &str,
    ) -> Result<Option<DateTime<Utc>>, AirtableError> {
        let url = self.webhooks_url(&[id, "refresh"]);
        Ok(self
            .send::<WireEnd>(&ask("a longer webhook", Method::POST, url, None), first)
            .await?
            .expiration_time)
    }

    /// Lets a webhook send pings again, which Airtable stops after a day of failures.
    pub async fn enable_notifications(&self, first: Permit, id: &str) -> Result<(), AirtableError> {
        let url = self.webhooks_url(&[id, "enableNotifications"]);
        let ask = ask("a webhook's pings", Method::POST, url, Some(&json!({"enable": true})));
        self.send::<IgnoredAny>(&ask, first).await.map(drop)
    }

    /// What a webhook has recorded of a table from a number on, at most 50 payloads. Reading keeps it alive.
    pub async fn payloads(
        &self,
        first: Permit,
        id: &str,
        cursor: i64,
        table: &str,
    ) -> Result<Payloads, AirtableError> {
        let mut url = self.webhooks_url(&[id, "payloads"]);
        url.query_pairs_mut().append_pair("cursor", &cursor.to_string());
        let page: WirePayloads = self.send(&ask("payloads", Method::GET, url, None), first).await?;
        Ok(Payloads {
            news: page.payloads.iter().map(|payload| News::of(payload, table)).collect(),
            cursor: page.cursor.max(cursor),
            // A page that brings nothing and promises more would be asked for for ever.
            more: page.might_have_more && page.cursor > cursor,
        })
    }
}

fn ask(what: &'static str, method: Method, url: Url, body: Option<&Value>) -> Ask {
    Ask { what, method, url, body: body.map(|body| body.to_string().into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_may_lack_everything_but_its_id() {
        let listed: WireWebhooks =
            serde_json::from_value(json!({"webhooks": [{"id": "ach1", "lastNotificationResult": null}]}))
                .unwrap();
        let hook = &listed.webhooks[0];
        assert!(hook.enabled && hook.notifications_enabled && hook.expiration_time.is_none());
        assert!(!hook.is_for("https://example.test", "tbl1"));
    }

    #[test]
    fn a_webhook_is_ours_by_its_address_and_its_table() {
        let hook: Webhook = serde_json::from_value(json!({
            "id": "ach1", "notificationUrl": "https://example.test/n",
            "specification": {"options": {"filters": {"dataTypes": ["tableData"], "recordChangeScope": "tbl1"}}},
        }))
        .unwrap();
        assert!(hook.is_for("https://example.test/n", "tbl1"));
        assert!(
            !hook.is_for("https://example.test/n", "tbl2") && !hook.is_for("https://example.test", "tbl1")
        );
    }

    #[test]
    fn a_new_webhooks_secret_does_not_print() {
        let made: NewWebhook = serde_json::from_value(
            json!({"id": "ach1", "macSecretBase64": "c2VjcmV0", "expirationTime": null}),
        )
        .unwrap();
        assert!(!format!("{made:?}").contains("c2VjcmV0"));
    }
}
