//! Settings of the channels that alerts are told through, and what these must be.
//!
//! **Invariants:** an address that is itself a secret (Slack, Healthchecks, a webhook's) is a [`SecretString`]. A channel is there when its
//! address, its key or its recipients are set; half of one is a mistake.

use std::{net::IpAddr, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use lettre::message::Mailbox;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::{Host, Url};

use super::{
    checks::{at_most, not_zero},
    optional,
    problem::{form, shown_text},
    report::Report,
    settings::Config,
};

/// How a secret of Standard Webhooks begins, and how many bytes it stands for.
const WEBHOOK_SECRET_PREFIX: &str = "whsec_";
const WEBHOOK_SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The length of `PagerDuty`'s routing keys.
const PAGERDUTY_KEY_CHARS: usize = 32;

/// Who is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// Slack's incoming webhook.
    #[serde(deserialize_with = "optional::deserialize")]
    pub slack_url: Option<SecretString>,
    /// A receiver of Standard Webhooks.
    #[serde(deserialize_with = "optional::deserialize")]
    pub webhook_url: Option<SecretString>,
    /// What its messages are signed with, `whsec_…`.
    #[serde(deserialize_with = "optional::deserialize")]
    pub webhook_secret: Option<SecretString>,
    /// The integration key of a service in `PagerDuty`.
    #[serde(deserialize_with = "optional::deserialize")]
    pub pagerduty_key: Option<SecretString>,
    /// Where `PagerDuty` takes events.
    pub pagerduty_url: String,
    /// Who gets mail.
    pub email_to: Vec<String>,
    /// Whom it is from.
    #[serde(deserialize_with = "optional::deserialize")]
    pub email_from: Option<String>,
    /// The mail server.
    #[serde(deserialize_with = "optional::deserialize")]
    pub smtp_host: Option<String>,
    /// Its port; 0: the usual one for `smtp_tls`.
    pub smtp_port: u16,
    /// How the connection to it is protected.
    pub smtp_tls: SmtpTls,
    /// Who logs in there.
    #[serde(deserialize_with = "optional::deserialize")]
    pub smtp_user: Option<SecretString>,
    /// With which password.
    #[serde(deserialize_with = "optional::deserialize")]
    pub smtp_password: Option<SecretString>,
    /// Where the nightly says that it began and how it ended.
    #[serde(deserialize_with = "optional::deserialize")]
    pub healthchecks_url: Option<SecretString>,
    /// The longest that sending one message may take.
    #[serde(with = "super::duration")]
    pub send_timeout: Duration,
    /// The longest wait before the second try; doubles with each further one.
    #[serde(with = "super::duration")]
    pub retry_base: Duration,
    /// The longest wait between two tries.
    #[serde(with = "super::duration")]
    pub retry_max: Duration,
    /// How long a message is tried.
    #[serde(with = "super::duration")]
    pub give_up_after: Duration,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// Turned on after the greeting; a server that cannot is refused.
    Starttls,
    /// From the first byte on.
    Tls,
    /// Not at all; only to this machine.
    None,
}

impl ChannelSettings {
    /// The key that webhooks are signed with, if the secret is one.
    pub fn webhook_key(secret: &SecretString) -> Option<Vec<u8>> {
        let text = secret.expose_secret().strip_prefix(WEBHOOK_SECRET_PREFIX)?;
        BASE64_STANDARD.decode(text).ok().filter(|key| WEBHOOK_SECRET_BYTES.contains(&key.len()))
    }
}

/// Notes all that is wrong with the channels.
pub(super) fn check(config: &Config, report: &mut Report) {
    let channels = &config.channels;
    for (key, url) in [
        ("channels.slack_url", &channels.slack_url),
        ("channels.webhook_url", &channels.webhook_url),
        ("channels.healthchecks_url", &channels.healthchecks_url),
    ] {
        if url.as_ref().is_some_and(|url| !is_address(url.expose_secret())) {
            report.wrong(key, "not an address", form(key));
        }
    }
    if !is_address(&channels.pagerduty_url) {
        let found = shown_text(&channels.pagerduty_url);
        report.wrong("channels.pagerduty_url", found, form("channels.pagerduty_url"));
    }
    webhook(channels, report);
    if let Some(key) = &channels.pagerduty_key {
        let key = key.expose_secret();
        if key.len() != PAGERDUTY_KEY_CHARS || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let found = format!("a value of {} characters", key.chars().count());
            report.wrong("channels.pagerduty_key", found, form("channels.pagerduty_key"));
        }
    }
    email(channels, report);
    not_zero("channels.send_timeout", &channels.send_timeout, report);
    not_zero("channels.retry_base", &channels.retry_base, report);
    at_most(
        ("channels.retry_base", &channels.retry_base),
        ("channels.retry_max", &channels.retry_max),
        report,
    );
    not_zero("channels.give_up_after", &channels.give_up_after, report);
}

fn webhook(channels: &ChannelSettings, report: &mut Report) {
    match (&channels.webhook_url, &channels.webhook_secret) {
        (Some(_), None) => report.missing(&["channels.webhook_secret"]),
        (None, Some(_)) => report.missing(&["channels.webhook_url"]),
        _ => {}
    }
    if channels.webhook_secret.as_ref().is_some_and(|secret| ChannelSettings::webhook_key(secret).is_none()) {
        report.wrong("channels.webhook_secret", "a value that is not one", form("channels.webhook_secret"));
    }
}

fn email(channels: &ChannelSettings, report: &mut Report) {
    let (from, host) = (&channels.email_from, &channels.smtp_host);
    for (key, address) in channels
        .email_to
        .iter()
        .map(|to| ("channels.email_to", to))
        .chain(from.iter().map(|from| ("channels.email_from", from)))
    {
        if address.parse::<Mailbox>().is_err() {
            report.wrong(key, shown_text(address), form(key));
        }
    }
    let given = [!channels.email_to.is_empty(), from.is_some(), host.is_some()];
    if given.contains(&true) {
        let keys = ["channels.email_to", "channels.email_from", "channels.smtp_host"];
        for (key, _) in keys.iter().zip(given).filter(|(_, given)| !given) {
            report.missing(&[key]);
        }
    }
    match (&channels.smtp_user, &channels.smtp_password) {
        (Some(_), None) => report.missing(&["channels.smtp_password"]),
        (None, Some(_)) => report.missing(&["channels.smtp_user"]),
        _ => {}
    }
    let Some(host) = host else { return };
    if Host::parse(host).is_err() {
        report.wrong("channels.smtp_host", shown_text(host), form("channels.smtp_host"));
    } else if channels.smtp_tls == SmtpTls::None && !is_this_machine(host) {
        report.wrong(
            "channels.smtp_tls",
            "none",
            "starttls or tls: none is for a mail server on this machine",
        );
    }
}

fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
