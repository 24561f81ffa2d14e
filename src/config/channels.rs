//! Settings of the channels that alerts are sent to.
//!
//! **Invariants:** an address that is itself a secret (Slack, Healthchecks, a webhook's) is a [`SecretUrl`]. A channel is on when its
//! address, its key or its recipients are set; half of one is a mistake (`contradictions`).

use std::{net::IpAddr, time::Duration};

use serde::Deserialize;

use super::values::{
    HttpUrl, MailAddress, MailHost, PagerDutyKey, Password, PositiveDuration, SecretUrl, SigningKey, duration,
};

/// Who is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// Slack's incoming webhook.
    pub slack_url: Option<SecretUrl>,
    /// A receiver of Standard Webhooks.
    pub webhook_url: Option<SecretUrl>,
    /// The key its messages are signed with.
    pub webhook_secret: Option<SigningKey>,
    /// The integration key of a service in `PagerDuty`.
    pub pagerduty_key: Option<PagerDutyKey>,
    /// Where `PagerDuty` takes events.
    pub pagerduty_url: HttpUrl,
    /// The recipients of mails.
    pub email_to: Vec<MailAddress>,
    /// The sender of mails.
    pub email_from: Option<MailAddress>,
    /// The mail server.
    pub smtp_host: Option<MailHost>,
    /// Its port; 0: the usual one for `smtp_tls`.
    pub smtp_port: u16,
    /// How the connection to it is protected.
    pub smtp_tls: SmtpTls,
    /// The user at the mail server.
    pub smtp_user: Option<Password>,
    /// The user's password.
    pub smtp_password: Option<Password>,
    /// The ping address of a Healthchecks-style check for the nightly.
    pub healthchecks_url: Option<SecretUrl>,
    /// The time limit of sending one message.
    pub send_timeout: PositiveDuration,
    /// The longest wait before the second try; doubles with each further one.
    pub retry_base: PositiveDuration,
    /// The longest wait between two tries.
    #[serde(with = "duration")]
    pub retry_max: Duration,
    /// How long a message is retried before it is given up.
    pub give_up_after: PositiveDuration,
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

impl MailHost {
    /// Tells whether the mail server is on this machine. Only there is mail sent unencrypted.
    pub(super) fn is_this_machine(&self) -> bool {
        **self == *"localhost" || self.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}
