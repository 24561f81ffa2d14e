//! Every setting, one struct per topic.
//!
//! **Invariants:** plain data; what a value may be is said by its type (`values`). Defaults stand in `config/default.toml` alone, which is
//! embedded in the binary; each field has its line there, and the other way round: loading the defaults fails otherwise.
//!
//! An empty text stands for `None`.
//!
//! **Units:** durations are written as `8s`, `15min`, `24h`; sizes are in bytes and say so.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use chrono_tz::Tz;
use croner::Cron;
use serde::Deserialize;

use super::values::{
    ApiKey, ApiUrl, BaseId, CacheControl, CorsOrigins, DatabaseUrl, FolderPath, LogFilter, NotificationUrl,
    Origin, PositiveDuration, Schema, Share, TableId, Tokens, Whole, Words, columns, duration, text,
};
use crate::domain::Mapping;

/// The fewest connections that vitrina works with: one hears of other instances, one reads, one writes.
pub const LEAST_CONNECTIONS: u32 = 3;

/// The whole configuration, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Listen address and limits.
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
    #[serde(skip, default = "builtin_mapping")]
    pub mapping: Mapping,
}

fn builtin_mapping() -> Mapping {
    Mapping::builtin().clone()
}

/// Listen address and limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// The address of the HTTP port (`BIND_ADDR`).
    #[serde(deserialize_with = "text::listen")]
    pub bind_addr: SocketAddr,
    /// Where health, readiness and metrics answer instead of there; unset: on `bind_addr`.
    #[serde(deserialize_with = "text::listen")]
    pub admin_bind: Option<SocketAddr>,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: NonZeroUsize,
    /// How long a client may take for its request line and headers; also how long an idle connection stays open.
    pub header_timeout: PositiveDuration,
    /// How long a client may take for its body.
    pub body_timeout: PositiveDuration,
    /// How long a client may take nothing of an answer that waits for it.
    pub write_timeout: PositiveDuration,
    /// How long an answer may take before it becomes a 503.
    pub request_timeout: PositiveDuration,
    /// Requests in flight; more are refused with 503 at once.
    pub max_in_flight: NonZeroUsize,
    /// Open connections; more wait in the kernel's queue.
    pub max_connections: NonZeroUsize,
    /// How long a stop waits for requests and syncs under way.
    #[serde(with = "duration")]
    pub shutdown_grace: Duration,
    /// Requests per second of one client to the public routes; 0 = no limit.
    pub client_requests_per_second: u32,
    /// Requests of one client at once.
    pub client_burst: NonZeroU32,
    /// Whether a reverse proxy stands in front, whose word on the client's address counts.
    pub behind_proxy: bool,
    /// Origins that browsers may read the public routes from; `["*"]` = any.
    pub cors_origins: CorsOrigins,
}

/// Who may call what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthSettings {
    /// What the automation sends as `Authorization: Bearer …` (`WEBHOOK_SECRET`).
    pub webhook_secret: Tokens,
    /// What operators send as `Authorization: Bearer …` (`ADMIN_TOKEN`).
    pub admin_token: Tokens,
    /// How long somebody who has logged in to the dashboard stays so.
    pub session_for: PositiveDuration,
}

/// PostgreSQL: the owner's or our own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// The address (`DATABASE_URL`); unset: a private PostgreSQL.
    pub url: Option<DatabaseUrl>,
    /// The schema of vitrina's tables.
    pub schema: Schema,
    /// Connections kept at most; at least [`LEAST_CONNECTIONS`].
    pub max_connections: Whole<u32, { LEAST_CONNECTIONS as u64 }>,
    /// How long a request waits for a connection before the database counts as unreachable.
    pub acquire_timeout: PositiveDuration,
    /// The longest a single statement may run.
    pub statement_timeout: PositiveDuration,
    /// Where the private PostgreSQL keeps its cluster.
    pub private_data_dir: FolderPath,
    /// The folder of PostgreSQL's programs (`initdb`, `postgres`, …); unset: looked for, else fetched.
    pub programs_dir: Option<PathBuf>,
}

/// The base and how it is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirtableSettings {
    /// The personal access token (`AIRTABLE_API_KEY`).
    pub api_key: ApiKey,
    /// The base, `app…` (`AIRTABLE_BASE_ID`).
    pub base_id: BaseId,
    /// The table, `tbl…` or its name (`AIRTABLE_TABLE_ID`).
    pub table_id: TableId,
    /// Where the API is (`AIRTABLE_API_URL`).
    pub api_url: ApiUrl,
    /// Requests per second to the base, of all instances on one database together.
    pub requests_per_second: NonZeroU32,
    /// Requests that the workspace's plan allows in a month; zero: unknown.
    pub monthly_calls: u64,
    /// How long the base is left alone after a 429 without `Retry-After`.
    pub pause_after_429: PositiveDuration,
    /// The longest that connecting may take.
    pub connect_timeout: PositiveDuration,
    /// The longest that one request may take, answer included.
    pub request_timeout: PositiveDuration,
    /// The largest answer that is read, in bytes.
    pub max_response_bytes: NonZeroUsize,
    /// How often one request is sent at most.
    pub max_attempts: NonZeroU32,
    /// The longest wait before the second attempt; doubles with each further one.
    pub backoff_base: PositiveDuration,
    /// The longest wait between two attempts.
    #[serde(with = "duration")]
    pub backoff_max: Duration,
    /// Records in one request; Airtable allows 100.
    pub page_size: Whole<usize, 1, 100>,
    /// How often the schema is looked at for renamed, retyped and deleted fields; zero: only before full runs and when values vanish.
    #[serde(with = "duration")]
    pub schema_every: Duration,
}

/// Airtable's native webhook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirtableWebhookSettings {
    /// The public address of this service's `/airtable-notifications`; unset: no native webhook.
    pub notification_url: Option<NotificationUrl>,
    /// How often payloads are read although no ping has come.
    pub poll_every: PositiveDuration,
    /// How long before its end the webhook is extended.
    #[serde(with = "duration")]
    pub refresh_before: Duration,
}

/// What is shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListingSettings {
    /// The value of `ordenstatus` that makes a vehicle listed; case and spaces around it do not count.
    pub status: Words,
    /// A checkbox field that must be checked too.
    pub visible_field: Option<String>,
    /// The field mapping; unset: the built-in `config/fields.toml`.
    pub fields_file: Option<PathBuf>,
    /// Columns that no public answer shows, nor the roles of Supabase's API.
    #[serde(deserialize_with = "columns::private")]
    pub private: Vec<String>,
}

/// How records are synced.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSettings {
    /// How long a webhook waits for its sync before it is answered with 202.
    #[serde(with = "duration")]
    pub reply_within: Duration,
    /// Records in one webhook at most.
    pub max_batch: NonZeroUsize,
    /// The least time between a delivery and the beginning of the read that settles it; zero: off.
    #[serde(with = "duration")]
    pub recheck_after: Duration,
    /// When the nightly run begins, as a cron expression (minute, hour, day, month, weekday).
    #[serde(deserialize_with = "text::cron")]
    pub nightly: Cron,
    /// The IANA time zone of `nightly`.
    #[serde(deserialize_with = "text::time_zone")]
    pub time_zone: Tz,
    /// How often what webhooks missed is looked for; zero: never.
    #[serde(with = "duration")]
    pub catch_up_every: Duration,
    /// How often a catch-up is a full run, which also finds deletions; zero: never.
    #[serde(with = "duration")]
    pub sweep_every: Duration,
    /// The most listed vehicles with which that happens.
    pub sweep_up_to: u32,
    /// The share of listed vehicles, 0 to 1, that one full run may take out of the listing.
    pub max_unlist_share: Share,
    /// The tries of a queued record that may fail by its own fault before it is given up.
    pub queue_max_attempts: NonZeroU16,
    /// The shortest span from which the wait before another try is drawn; it grows with the time in the queue.
    pub queue_backoff_base: PositiveDuration,
    /// The longest such span, and the one while Airtable refuses us.
    #[serde(with = "duration")]
    pub queue_backoff_max: Duration,
}

/// The cache of finished responses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheSettings {
    /// The bytes that cached responses may take, keys included.
    pub max_bytes: u64,
    /// How long a last known response is served while PostgreSQL is down.
    #[serde(with = "duration")]
    pub stale_for: Duration,
    /// How long a load may take until the database counts as away.
    pub load_timeout: PositiveDuration,
    /// How long any response is kept; freshness does not depend on it.
    #[serde(with = "duration")]
    pub ttl: Duration,
    /// How long an unknown slug is remembered as unknown.
    #[serde(with = "duration")]
    pub negative_ttl: Duration,
    /// `Cache-Control` of `GET /vehicles`.
    pub list_control: CacheControl,
    /// `Cache-Control` of `GET /vehicles/{slug}`.
    pub detail_control: CacheControl,
    /// `Cache-Control` of `GET /vehicles/facets`.
    pub facets_control: CacheControl,
    /// `Cache-Control` of `GET /vehicles/slugs`.
    pub slugs_control: CacheControl,
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
    pub photo_origins: Vec<Origin>,
}

/// The log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// `pretty` or `json` (`LOG_FORMAT`); unset: pretty on a terminal, else JSON.
    pub format: Option<LogFormat>,
    /// The tracing filter (`RUST_LOG`).
    pub filter: LogFilter,
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
