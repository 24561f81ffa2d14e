//! The message about a wrong configuration.
//!
//! **Invariants:** a [`Problem`] never holds a secret: secret types describe what they were given (`values`), and texts that look like a
//! secret put into the wrong setting are not shown.

use std::fmt;

use toml::Value;

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

/// Every problem of a configuration; the process ends with exit code 2.
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

/// A value as it may be shown.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shown_text(text),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Float(_) => "a number with a fraction".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a section".to_owned(),
        Value::Datetime(_) => "a time".to_owned(),
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
