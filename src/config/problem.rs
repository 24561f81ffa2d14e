//! What is wrong with a configuration, told so that it can be mended.
//!
//! **Invariants:** a [`Problem`] never holds a secret: values of [`SECRETS`] are not shown, nor texts that look like one put
//! into the wrong setting.

use std::fmt;

use figment::value::Value;

/// The variables of deployments, and the setting that each stands for.
pub(super) const SHORT_NAMES: [(&str, &str); 10] = [
    ("DATABASE_URL", "database.url"),
    ("AIRTABLE_API_KEY", "airtable.api_key"),
    ("AIRTABLE_BASE_ID", "airtable.base_id"),
    ("AIRTABLE_TABLE_ID", "airtable.table_id"),
    ("AIRTABLE_API_URL", "airtable.api_url"),
    ("WEBHOOK_SECRET", "auth.webhook_secret"),
    ("ADMIN_TOKEN", "auth.admin_token"),
    ("BIND_ADDR", "server.bind_addr"),
    ("LOG_FORMAT", "log.format"),
    ("RUST_LOG", "log.filter"),
];

/// The settings whose values are never shown.
pub(super) const SECRETS: [&str; 11] = [
    "auth.webhook_secret",
    "auth.admin_token",
    "airtable.api_key",
    "database.url",
    "channels.slack_url",
    "channels.webhook_url",
    "channels.webhook_secret",
    "channels.pagerduty_key",
    "channels.smtp_user",
    "channels.smtp_password",
    "channels.healthchecks_url",
];

/// One wrong setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, such as `sync.reply_within`.
    pub key: String,
    /// What stands there.
    pub found: String,
    /// The file or variable that says so; `None` for what is missing.
    pub origin: Option<String>,
    /// What a right value looks like.
    pub expected: String,
}

impl Problem {
    /// The variable that sets it, where there is one.
    pub fn variable(&self) -> Option<String> {
        let short = SHORT_NAMES.iter().find(|(_, long)| *long == self.key);
        let long = || {
            let (section, name) = self.key.split_once('.')?;
            Some(format!("VITRINA__{}__{}", section.to_uppercase(), name.to_uppercase()))
        };
        short.map(|(short, _)| (*short).to_owned()).or_else(long)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, found, origin, expected } = self;
        out.write_str(key)?;
        if let Some((short, _)) = SHORT_NAMES.iter().find(|(_, long)| long == key) {
            write!(out, " ({short})")?;
        }
        write!(out, ": {found}")?;
        if let Some(origin) = origin {
            write!(out, ", from {origin}")?;
        }
        write!(out, "\n      should be {expected}")
    }
}

/// All that is wrong with a configuration; the process ends with exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub(super) Vec<Problem>);

impl ConfigErrors {
    /// Each wrong setting once, never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => out.write_str("one setting is wrong:")?,
            count => write!(out, "{count} settings are wrong:")?,
        }
        self.0.iter().try_for_each(|problem| write!(out, "\n  - {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// The value of `key` as it may be shown.
pub(super) fn shown(key: &str, value: &Value) -> String {
    if SECRETS.contains(&key) {
        return "a value that is not shown".to_owned();
    }
    match value {
        Value::String(_, text) => shown_text(text),
        Value::Num(_, number) => {
            number.to_i128().map_or_else(|| "a number".to_owned(), |whole| whole.to_string())
        }
        Value::Bool(_, truth) => truth.to_string(),
        Value::Array(..) => "a list".to_owned(),
        Value::Dict(..) => "a section".to_owned(),
        Value::Char(..) | Value::Empty(..) => "a value of another kind".to_owned(),
    }
}

/// A text as it may be shown: not if it may be a token or an address with a password.
pub(super) fn shown_text(text: &str) -> String {
    if text.starts_with("pat") || text.contains('@') {
        return format!("a text of {} characters that may be a secret", text.chars().count());
    }
    if text.chars().count() > 60 {
        return format!("{:?}…", text.chars().take(60).collect::<String>());
    }
    format!("{text:?}")
}

/// What a right value of `key` looks like, where its type does not say it; empty for all others.
pub(super) fn form(key: &str) -> &'static str {
    match key {
        "auth.webhook_secret" | "auth.admin_token" => {
            "a secret of at least 16 letters, digits or signs without spaces; `openssl rand -hex 32` makes one"
        }
        "airtable.api_key" => "a personal access token of Airtable, pat…, without spaces",
        "airtable.base_id" => {
            "the id of an Airtable base: app and 14 letters or digits, as in the base's address"
        }
        "airtable.table_id" => "the id of a table, tbl… and letters or digits, or its name",
        "airtable.api_url" => "an address of the form https://api.airtable.com, without /v0 behind it",
        "airtable_webhook.notification_url" => {
            "the public address of /airtable-notifications, such as https://sync.example.mx/airtable-notifications; http only on \
             this machine"
        }
        "database.url" => {
            "an address of the form postgres://user:password@host:5432/database, signs such as @ / # ? % in the password \
             written as %40 %2F %23 %3F %25"
        }
        "database.schema" => "up to 63 lower-case letters, digits and _, not starting with a digit or pg_",
        "server.admin_bind" => "an address and a port other than server.bind_addr, such as 127.0.0.1:9090",
        "server.bind_addr" => "an address and a port, such as 127.0.0.1:8080 or [::]:8080",
        "listing.fields_file" => "the path of a readable file in the form of config/fields.toml",
        "sync.nightly" => "a cron expression of five parts, such as 0 2 * * * for two o'clock every night",
        "sync.time_zone" => "an IANA time zone, such as America/Monterrey",
        "alerts.min_success_rate" => "a share from 0 to 1, such as 0.9",
        "alerts.public_url" => "an address of the form https://sync.example.mx",
        "channels.slack_url" => "the address of an incoming webhook, https://hooks.slack.com/services/…",
        "channels.webhook_url" => "an address of the form https://example.mx/hooks",
        "channels.webhook_secret" => {
            "whsec_ and 24 to 64 bytes in base64; `echo whsec_$(openssl rand -base64 32)` makes one"
        }
        "channels.pagerduty_key" => {
            "the integration key of a service in PagerDuty (Events API v2), 32 letters and digits"
        }
        "channels.pagerduty_url" => "an address of the form https://events.pagerduty.com/v2/enqueue",
        "channels.healthchecks_url" => "the ping address of a check, such as https://hc-ping.com/…",
        "channels.email_to" | "channels.email_from" => {
            "mail addresses, such as ana@example.mx or Ana <ana@example.mx>"
        }
        "channels.smtp_host" => "the name of a mail server, such as smtp.example.mx",
        "channels.smtp_tls" => "starttls, tls or none",
        "channels.smtp_user" | "channels.smtp_password" => "what the mail server wants; both or neither",
        "log.format" => "pretty or json",
        "log.filter" => "a tracing filter, such as info or info,vitrina=debug",
        _ => "",
    }
}
