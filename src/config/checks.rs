//! What settings must be beyond their types: forms, bounds, and settings that contradict each other.
//!
//! **Invariants:** checks only add to the report, so all of them run; two settings are compared only if each is right by itself.

use std::fmt::Debug;

use secrecy::{ExposeSecret as _, SecretString};
use tracing_subscriber::EnvFilter;
use url::Url;

use super::{
    alerts, channels, database_url,
    problem::{form, shown_text},
    report::Report,
    settings::{
        AirtableSettings, AirtableWebhookSettings, AuthSettings, Config, DatabaseSettings, ServerSettings,
    },
};
use crate::domain::{PUBLIC_COLUMNS, closest};

/// The fewest connections that vitrina works with: one hears of other instances, one reads, one writes.
pub const LEAST_CONNECTIONS: u32 = 3;

/// The shortest secret.
const MIN_SECRET_CHARS: usize = 16;

/// How long a native webhook lives.
const WEBHOOK_LIFE: std::time::Duration = std::time::Duration::from_hours(7 * 24);

/// Airtable's limit of records in one request.
const MAX_PAGE_SIZE: usize = 100;

/// Airtable's limit of requests a second to a base.
const AIRTABLES_LIMIT: u32 = 5;

/// Notes all that is wrong with `config`.
pub(super) fn check(config: &Config, report: &mut Report) {
    server(&config.server, report);
    auth(&config.auth, report);
    database(&config.database, report);
    airtable(&config.airtable, report);
    webhook(&config.airtable_webhook, report);
    not_zero("sync.max_batch", &config.sync.max_batch, report);
    if !(0.0..=1.0).contains(&config.sync.max_unlist_share) {
        let share = config.sync.max_unlist_share.to_string();
        report.wrong("sync.max_unlist_share", share, "a share from 0 to 1, such as 0.2");
    }
    if config.sync.queue_max_attempts < 1 {
        let attempts = config.sync.queue_max_attempts.to_string();
        report.wrong("sync.queue_max_attempts", attempts, "a number of 1 or more");
    }
    at_most(
        ("sync.queue_backoff_base", &config.sync.queue_backoff_base),
        ("sync.queue_backoff_max", &config.sync.queue_backoff_max),
        report,
    );
    not_zero("sync.queue_backoff_base", &config.sync.queue_backoff_base, report);
    for code in config.locations.keys().filter(|code| **code != code.to_uppercase()) {
        // What Airtable writes is compared in capital letters.
        let expected = format!("the code in capital letters, {:?}", code.to_uppercase());
        report.wrong(&format!("locations.{code}"), shown_text(code), expected);
    }
    not_empty("listing.status", &config.listing.status, report);
    for column in config.listing.private.iter().filter(|column| !may_be_private(column)) {
        let near = closest(column, PUBLIC_COLUMNS);
        let near = if near.is_empty() { "rezago or ordencompra".to_owned() } else { near.join(" or ") };
        let expected = format!("names of columns other than record_id and slug, such as {near}");
        report.wrong("listing.private", shown_text(column), expected);
    }
    for (key, value) in [
        ("cache.list_control", &config.cache.list_control),
        ("cache.detail_control", &config.cache.detail_control),
        ("cache.facets_control", &config.cache.facets_control),
        ("cache.slugs_control", &config.cache.slugs_control),
    ] {
        not_empty(key, value, report);
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            report.wrong(key, shown_text(value), "a Cache-Control header, such as public, max-age=60");
        }
    }
    for origin in config.shop.photo_origins.iter().filter(|origin| !is_origin(origin)) {
        let example = r#"origins such as "https://photos.example.mx" without a path or a final /"#;
        report.wrong("shop.photo_origins", shown_text(origin), example);
    }
    if EnvFilter::try_new(&config.log.filter).is_err() {
        report.wrong("log.filter", shown_text(&config.log.filter), form("log.filter"));
    }
    less(
        ("sync.reply_within", &config.sync.reply_within),
        ("server.request_timeout", &config.server.request_timeout),
        report,
    );
    not_zero("cache.load_timeout", &config.cache.load_timeout, report);
    less(
        ("cache.load_timeout", &config.cache.load_timeout),
        ("server.request_timeout", &config.server.request_timeout),
        report,
    );
    alerts::check(config, report);
    channels::check(config, report);
    at_most(("cache.stale_for", &config.cache.stale_for), ("cache.ttl", &config.cache.ttl), report);
}

fn server(server: &ServerSettings, report: &mut Report) {
    if server.admin_bind.is_some_and(|admin| admin == server.bind_addr && admin.port() != 0) {
        let key = "server.admin_bind";
        report.wrong(key, format!("{}, as server.bind_addr", server.bind_addr), form(key));
    }
    not_zero("server.max_body_bytes", &server.max_body_bytes, report);
    not_zero("server.header_timeout", &server.header_timeout, report);
    not_zero("server.write_timeout", &server.write_timeout, report);
    not_zero("server.body_timeout", &server.body_timeout, report);
    not_zero("server.request_timeout", &server.request_timeout, report);
    not_zero("server.max_in_flight", &server.max_in_flight, report);
    not_zero("server.max_connections", &server.max_connections, report);
    less(
        ("server.body_timeout", &server.body_timeout),
        ("server.request_timeout", &server.request_timeout),
        report,
    );
    less(
        ("server.max_in_flight", &server.max_in_flight),
        ("server.max_connections", &server.max_connections),
        report,
    );
    not_zero("server.client_burst", &server.client_burst, report);
    for origin in &server.cors_origins {
        let any = origin == "*" && server.cors_origins.len() == 1;
        if !any && !is_origin(origin) {
            let example =
                r#"["*"] alone, or origins such as "https://www.example.mx" without a path or a final /"#;
            report.wrong("server.cors_origins", shown_text(origin), example);
        }
    }
}

fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == *text
    })
}

/// A page is found by its address and a vehicle by its id, so both are public.
fn may_be_private(column: &str) -> bool {
    PUBLIC_COLUMNS.contains(&column) && !matches!(column, "record_id" | "slug")
}

fn auth(auth: &AuthSettings, report: &mut Report) {
    for (key, secret) in
        [("auth.webhook_secret", &auth.webhook_secret), ("auth.admin_token", &auth.admin_token)]
    {
        sendable(key, secret, MIN_SECRET_CHARS, report);
    }
    not_zero("auth.session_for", &auth.session_for, report);
    let (webhook, admin) = (auth.webhook_secret.expose_secret(), auth.admin_token.expose_secret());
    if !webhook.is_empty() && webhook == admin {
        let different = "a secret of its own: who may call the webhook must not be an operator by that";
        report.wrong("auth.admin_token", "the same value as auth.webhook_secret (WEBHOOK_SECRET)", different);
    }
}

fn database(database: &DatabaseSettings, report: &mut Report) {
    if let Some((found, expected)) =
        database.url.as_ref().and_then(|url| database_url::problem(url.expose_secret()))
    {
        report.wrong("database.url", found, expected);
    }
    let schema = &database.schema;
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    let right = (1..=63).contains(&schema.len())
        && schema.bytes().all(plain)
        && !schema.starts_with(|first: char| first.is_ascii_digit())
        && !schema.starts_with("pg_");
    if !right {
        report.wrong("database.schema", shown_text(schema), form("database.schema"));
    }
    if database.private_data_dir.as_os_str().is_empty() {
        report.wrong("database.private_data_dir", "empty", "the path of a folder");
    }
    if database.max_connections < LEAST_CONNECTIONS {
        let expected =
            format!("{LEAST_CONNECTIONS} or more: one hears of other instances, the others read and write");
        report.wrong("database.max_connections", database.max_connections.to_string(), expected);
    }
    not_zero("database.acquire_timeout", &database.acquire_timeout, report);
    not_zero("database.statement_timeout", &database.statement_timeout, report);
}

fn airtable(airtable: &AirtableSettings, report: &mut Report) {
    sendable("airtable.api_key", &airtable.api_key, 1, report);
    let id = |text: &str, prefix: &str| {
        let rest = text.strip_prefix(prefix).unwrap_or_default();
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if !airtable.base_id.is_empty() && !id(&airtable.base_id, "app") {
        report.wrong("airtable.base_id", shown_text(&airtable.base_id), form("airtable.base_id"));
    }
    let table = &airtable.table_id;
    if table.trim() != table || table.chars().any(char::is_control) {
        report.wrong("airtable.table_id", shown_text(table), form("airtable.table_id"));
    }
    let with_version =
        Url::parse(&airtable.api_url).is_ok_and(|url| url.path().trim_end_matches('/').ends_with("/v0"));
    if !is_http(&airtable.api_url) || with_version {
        report.wrong("airtable.api_url", shown_text(&airtable.api_url), form("airtable.api_url"));
    }
    not_zero("airtable.requests_per_second", &airtable.requests_per_second, report);
    let is_airtables =
        Url::parse(&airtable.api_url).is_ok_and(|url| url.host_str() == Some("api.airtable.com"));
    if is_airtables && airtable.requests_per_second > AIRTABLES_LIMIT {
        let limit =
            format!("1 to {AIRTABLES_LIMIT}: Airtable leaves a base alone for 30 s after more in a second");
        report.wrong("airtable.requests_per_second", airtable.requests_per_second.to_string(), limit);
    }
    not_zero("airtable.pause_after_429", &airtable.pause_after_429, report);
    not_zero("airtable.connect_timeout", &airtable.connect_timeout, report);
    not_zero("airtable.request_timeout", &airtable.request_timeout, report);
    not_zero("airtable.max_response_bytes", &airtable.max_response_bytes, report);
    not_zero("airtable.max_attempts", &airtable.max_attempts, report);
    not_zero("airtable.backoff_base", &airtable.backoff_base, report);
    if !(1..=MAX_PAGE_SIZE).contains(&airtable.page_size) {
        let range = format!("1 to {MAX_PAGE_SIZE}, which is all that Airtable allows");
        report.wrong("airtable.page_size", airtable.page_size.to_string(), range);
    }
    less(
        ("airtable.connect_timeout", &airtable.connect_timeout),
        ("airtable.request_timeout", &airtable.request_timeout),
        report,
    );
    at_most(
        ("airtable.backoff_base", &airtable.backoff_base),
        ("airtable.backoff_max", &airtable.backoff_max),
        report,
    );
}

fn webhook(webhook: &AirtableWebhookSettings, report: &mut Report) {
    const KEY: &str = "airtable_webhook.notification_url";
    if let Some(text) = &webhook.notification_url {
        let here = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let right = Url::parse(text).is_ok_and(|url| {
            let host = url.host_str().unwrap_or_default();
            !host.is_empty() && (url.scheme() == "https" || url.scheme() == "http" && here(host))
        });
        if !right {
            report.wrong(KEY, shown_text(text), form(KEY));
        }
    }
    not_zero("airtable_webhook.poll_every", &webhook.poll_every, report);
    if webhook.refresh_before >= WEBHOOK_LIFE {
        let given = humantime::format_duration(webhook.refresh_before).to_string();
        report.wrong(
            "airtable_webhook.refresh_before",
            given,
            "less than 7 days, which is how long a webhook lives",
        );
    }
}

/// An address that paths can be put behind.
pub(super) fn is_http(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
    })
}

/// A secret that was given can stand in an `Authorization` header and is long enough.
fn sendable(key: &str, secret: &SecretString, min_chars: usize, report: &mut Report) {
    let secret = secret.expose_secret();
    if secret.bytes().any(|byte| !byte.is_ascii_graphic()) {
        report.wrong(key, "a value with spaces, line breaks or letters outside ASCII", form(key));
    } else if !secret.is_empty() && secret.len() < min_chars {
        report.wrong(key, format!("a value of {} characters", secret.len()), form(key));
    }
}

pub(super) fn not_empty(key: &str, text: &str, report: &mut Report) {
    if text.trim().is_empty() {
        report.wrong(key, "empty", "a text that is not empty");
    }
}

pub(super) fn not_zero<T: Default + PartialEq + Debug>(key: &str, value: &T, report: &mut Report) {
    if *value == T::default() {
        report.wrong(key, format!("{value:?}"), "more than zero");
    }
}

/// `low` is below `high`; durations and numbers alike.
fn less<T: PartialOrd + Debug>(low: (&str, &T), high: (&str, &T), report: &mut Report) {
    if low.1 >= high.1 {
        contradiction(low, "less than", high, report);
    }
}

/// `low` is not above `high`.
pub(super) fn at_most<T: PartialOrd + Debug>(low: (&str, &T), high: (&str, &T), report: &mut Report) {
    if low.1 > high.1 {
        contradiction(low, "at most", high, report);
    }
}

/// Blames the first setting, and says what the other is and where it came from.
fn contradiction<T: Debug>(blamed: (&str, &T), must_be: &str, other: (&str, &T), report: &mut Report) {
    let ((key, value), (other, bound)) = (blamed, other);
    if !report.knows(other) {
        let origin = report.origin(other);
        report.wrong(
            key,
            format!("{value:?}"),
            format!("{must_be} {other}, which is {bound:?}, from {origin}"),
        );
    }
}
