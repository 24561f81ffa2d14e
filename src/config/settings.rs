//! Every setting, one struct per topic.
//!
//! **Invariants:** plain data; defaults stand in `config/default.toml` alone (embedded in the binary), never here. Secrets are
//! [`SecretString`]s, which print as `[REDACTED]`.
//!
//! Each field has its line in that file, and the other way round: loading the defaults fails otherwise.
//!
//! **Units:** durations are written as `8s`, `15min`, `24h`; sizes are in bytes and say so.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use chrono_tz::Tz;
use croner::Cron;
use secrecy::SecretString;
use serde::Deserialize;

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the service listens and what it bears.
    pub server: ServerSettings,
    /// Who may call what.
    pub auth: AuthSettings,
    /// PostgreSQL: the owner's or our own.
    pub database: DatabaseSettings,
    /// The base and how it is read.
    pub airtable: AirtableSettings,
    /// Airtable's native webhook.
    pub airtable_webhook: AirtableWebhookSettings,
    /// What is shown.
    pub listing: ListingSettings,
    /// How records are synced.
    pub sync: SyncSettings,
    /// The cache of finished responses.
    pub cache: CacheSettings,
    /// When an alert fires.
    pub alerts: super::AlertSettings,
    /// Who is told.
    pub channels: super::ChannelSettings,
    /// The old system's addresses.
    pub compat: CompatSettings,
    /// The demo's shop page.
    pub shop: ShopSettings,
    /// The log.
    pub log: LogSettings,
    /// Branch codes and their display names, such as `MTY` = `Monterrey`.
    pub locations: BTreeMap<String, String>,
    /// The field mapping of `config/fields.toml` or the file that `listing.fields_file` names.
    pub mapping: crate::domain::Mapping,
}

/// Where the service listens and what it bears.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// The address of the HTTP port (`BIND_ADDR`).
    pub bind_addr: SocketAddr,
    /// Where health, readiness and metrics answer instead of there; unset: on `bind_addr`.
    #[serde(deserialize_with = "super::optional::deserialize")]
    pub admin_bind: Option<SocketAddr>,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// How long a client may take for its request line and headers; also how long an idle connection stays open.
    #[serde(with = "super::duration")]
    pub header_timeout: Duration,
    /// How long a client may take for its body.
    #[serde(with = "super::duration")]
    pub body_timeout: Duration,
    /// How long a client may take nothing of an answer that waits for it.
    #[serde(with = "super::duration")]
    pub write_timeout: Duration,
    /// How long an answer may take before it becomes a 503.
    #[serde(with = "super::duration")]
    pub request_timeout: Duration,
    /// Requests in flight; more are refused with 503 at once.
    pub max_in_flight: usize,
    /// Open connections; more wait in the kernel's queue.
    pub max_connections: usize,
    /// How long a stop waits for requests and syncs under way.
    #[serde(with = "super::duration")]
    pub shutdown_grace: Duration,
    /// Requests per second of one client to the public routes; 0 = no limit.
    pub client_requests_per_second: u32,
    /// Requests of one client at once.
    pub client_burst: u32,
    /// Whether a reverse proxy stands in front, whose word on the client's address counts.
    pub behind_proxy: bool,
    /// Origins that browsers may read the public routes from; `["*"]` = any.
    pub cors_origins: Vec<String>,
}

/// Who may call what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthSettings {
    /// What the automation sends as `Authorization: Bearer …` (`WEBHOOK_SECRET`).
    pub webhook_secret: SecretString,
    /// What operators send as `Authorization: Bearer …` (`ADMIN_TOKEN`).
    pub admin_token: SecretString,
    /// How long somebody who has logged in to the dashboard stays so.
    #[serde(with = "super::duration")]
    pub session_for: Duration,
}

/// PostgreSQL: the owner's or our own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// The address (`DATABASE_URL`); unset: a private PostgreSQL.
    #[serde(deserialize_with = "super::optional::deserialize")]
    pub url: Option<SecretString>,
    /// The schema of vitrina's tables.
    pub schema: String,
    /// Connections kept at most; at least [`LEAST_CONNECTIONS`](super::LEAST_CONNECTIONS).
    pub max_connections: u32,
    /// How long a request waits for a connection before the database counts as unreachable.
    #[serde(with = "super::duration")]
    pub acquire_timeout: Duration,
    /// The longest a single statement may run.
    #[serde(with = "super::duration")]
    pub statement_timeout: Duration,
    /// Where the private PostgreSQL keeps its cluster.
    pub private_data_dir: PathBuf,
    /// The folder of PostgreSQL's programs (`initdb`, `postgres`, …); unset: looked for, else fetched.
    #[serde(deserialize_with = "super::optional::deserialize")]
    pub programs_dir: Option<PathBuf>,
}

/// The base and how it is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirtableSettings {
    /// The personal access token (`AIRTABLE_API_KEY`).
    pub api_key: SecretString,
    /// The base, `app…` (`AIRTABLE_BASE_ID`).
    pub base_id: String,
    /// The table, `tbl…` or its name (`AIRTABLE_TABLE_ID`).
    pub table_id: String,
    /// Where the API is (`AIRTABLE_API_URL`).
    pub api_url: String,
    /// Requests per second to the base.
    pub requests_per_second: u32,
    /// Requests that the workspace's plan allows in a month; zero: unknown.
    pub monthly_calls: u64,
    /// How long the base is left alone after a 429 without `Retry-After`.
    #[serde(with = "super::duration")]
    pub pause_after_429: Duration,
    /// The longest that connecting may take.
    #[serde(with = "super::duration")]
    pub connect_timeout: Duration,
    /// The longest that one request may take, answer included.
    #[serde(with = "super::duration")]
    pub request_timeout: Duration,
    /// The largest answer that is read, in bytes.
    pub max_response_bytes: usize,
    /// How often one request is sent at most.
    pub max_attempts: u32,
    /// The longest wait before the second attempt; doubles with each further one.
    #[serde(with = "super::duration")]
    pub backoff_base: Duration,
    /// The longest wait between two attempts.
    #[serde(with = "super::duration")]
    pub backoff_max: Duration,
    /// Records in one request; Airtable allows 100.
    pub page_size: usize,
    /// How often the schema is looked at for renamed, retyped and deleted fields; zero: only before full runs and when values vanish.
    #[serde(with = "super::duration")]
    pub schema_every: Duration,
}

/// Airtable's native webhook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirtableWebhookSettings {
    /// The public address of this service's `/airtable-notifications`; unset: no native webhook.
    #[serde(deserialize_with = "super::optional::deserialize")]
    pub notification_url: Option<String>,
    /// How often payloads are read although no ping has come.
    #[serde(with = "super::duration")]
    pub poll_every: Duration,
    /// How long before its end the webhook is extended.
    #[serde(with = "super::duration")]
    pub refresh_before: Duration,
}

/// What is shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListingSettings {
    /// The value of `ordenstatus` that makes a vehicle listed; case and spaces around it do not count.
    pub status: String,
    /// A checkbox field that must be checked too.
    #[serde(deserialize_with = "super::optional::deserialize")]
    pub visible_field: Option<String>,
    /// The field mapping; unset: the built-in `config/fields.toml`.
    #[serde(deserialize_with = "super::optional::deserialize")]
    pub fields_file: Option<PathBuf>,
    /// Columns that no public answer shows, nor the roles of Supabase's API; of [`PUBLIC_COLUMNS`](crate::domain::PUBLIC_COLUMNS).
    pub private: Vec<String>,
}

/// How records are synced.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSettings {
    /// How long a webhook waits for its sync before it is answered with 202.
    #[serde(with = "super::duration")]
    pub reply_within: Duration,
    /// Records in one webhook at most.
    pub max_batch: usize,
    /// When a webhook's record is read once more if nothing had changed; zero: never.
    #[serde(with = "super::duration")]
    pub recheck_after: Duration,
    /// When the nightly run begins, as a cron expression (minute, hour, day, month, weekday).
    pub nightly: Cron,
    /// The IANA time zone of `nightly`.
    pub time_zone: Tz,
    /// How often what webhooks missed is looked for; zero: never.
    #[serde(with = "super::duration")]
    pub catch_up_every: Duration,
    /// The share of listed vehicles, 0 to 1, that one full run may take out of the listing.
    pub max_unlist_share: f64,
    /// How often a queued record is tried before it is given up.
    pub queue_max_attempts: i32,
    /// The longest wait before a queued record's second try; doubles with each further one.
    #[serde(with = "super::duration")]
    pub queue_backoff_base: Duration,
    /// The longest wait between two tries of a queued record.
    #[serde(with = "super::duration")]
    pub queue_backoff_max: Duration,
}

/// The cache of finished responses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheSettings {
    /// The bytes that cached responses may take, keys included.
    pub max_bytes: u64,
    /// How long a last known response is served while PostgreSQL is down.
    #[serde(with = "super::duration")]
    pub stale_for: Duration,
    /// How long a load may take until the database counts as away.
    #[serde(with = "super::duration")]
    pub load_timeout: Duration,
    /// How long any response is kept; freshness does not depend on it.
    #[serde(with = "super::duration")]
    pub ttl: Duration,
    /// How long an unknown slug is remembered as unknown.
    #[serde(with = "super::duration")]
    pub negative_ttl: Duration,
    /// `Cache-Control` of `GET /vehicles`.
    pub list_control: String,
    /// `Cache-Control` of `GET /vehicles/{slug}`.
    pub detail_control: String,
    /// `Cache-Control` of `GET /vehicles/facets`.
    pub facets_control: String,
    /// `Cache-Control` of `GET /vehicles/slugs`.
    pub slugs_control: String,
}

/// The old system's addresses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompatSettings {
    /// Whether `/rapid-processor` and `/functions/v1/…` answer.
    pub supabase_paths: bool,
}

/// The demo's shop page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopSettings {
    /// Whether there is one at `/`.
    pub page: bool,
    /// Where its photos come from.
    pub photo_origins: Vec<String>,
}

/// The log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// `pretty` or `json` (`LOG_FORMAT`); unset: pretty on a terminal, else JSON.
    #[serde(deserialize_with = "super::optional::deserialize")]
    pub format: Option<LogFormat>,
    /// The tracing filter (`RUST_LOG`).
    pub filter: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For collectors: one object a line.
    Json,
}
