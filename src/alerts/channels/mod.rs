//! The channels: how a message gets to people.
//!
//! **Invariants:** sending is one attempt, which ends within `channels.send_timeout`; whether it is repeated is decided in `deliver`. No
//! error, log line or debug dump holds a URL, a key or a password. Each recipient of e-mail is a channel: whoever is refused, or takes nothing
//! at the moment, keeps nobody else waiting.
//!
//! **Not here:** what is told (`message`), to whom it has been (`db::alerts::outbox`).

mod email;
mod healthchecks;
mod pagerduty;
mod post;
mod slack;
mod webhook;

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tokio::time::timeout;

use self::{
    email::Email, healthchecks::Healthchecks, pagerduty::PagerDuty, post::http_client, slack::Slack,
    webhook::Webhook,
};
use super::message::{Event, Message, Ping, PingEvent};
use crate::config::Config;

/// A way to people.
pub(super) struct Channel {
    name: String,
    kind: Kind,
    timeout: Duration,
}

enum Kind {
    Slack(Slack),
    Webhook(Webhook),
    PagerDuty(PagerDuty),
    Email(Box<Email>),
    Healthchecks(Healthchecks),
}

/// How this installation speaks of itself.
#[derive(Debug, Clone)]
pub(super) struct Speaker {
    pub(super) name: String,
    /// In which times are told.
    pub(super) zone: Tz,
}

/// A channel could not be built.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The client for HTTP.
    #[error("the HTTP client for alerts could not be built: {0}")]
    Http(#[source] reqwest::Error),
    /// The client for mail.
    #[error("the mail client for alerts could not be built: {0}")]
    Mail(#[source] lettre::transport::smtp::Error),
}

/// A message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SendError {
    /// What happened, without an address or a secret.
    pub(super) message: String,
    /// How long the receiver asked us to wait.
    pub(super) retry_after: Option<Duration>,
    /// Whether it would be refused again, however often it is tried.
    pub(super) for_good: bool,
}

impl SendError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry_after: None, for_good: false }
    }
}

impl Channel {
    /// The channels that are configured.
    pub(super) fn all(config: &Config) -> Result<Vec<Self>, ChannelError> {
        let settings = &config.channels;
        let speaker = Speaker { name: config.alerts.name.to_string(), zone: config.sync.time_zone };
        let http = http_client(settings)?;
        let kinds = [
            settings.slack_url.clone().map(|url| Kind::Slack(Slack::new(http.clone(), url, &speaker))),
            Webhook::of(settings, &http, &speaker).map(Kind::Webhook),
            settings
                .pagerduty_key
                .clone()
                .map(|key| Kind::PagerDuty(PagerDuty::new(http.clone(), settings, key, &speaker))),
            settings
                .healthchecks_url
                .as_ref()
                .map(|url| Kind::Healthchecks(Healthchecks::new(http.clone(), url))),
        ];
        let mails = Email::all(settings, &speaker)?.into_iter().map(|email| Kind::Email(Box::new(email)));
        let kinds = kinds.into_iter().flatten().chain(mails);
        Ok(kinds.map(|kind| Self::new(kind, *settings.send_timeout)).collect())
    }

    fn new(kind: Kind, timeout: Duration) -> Self {
        let name = match &kind {
            Kind::Slack(_) => "slack".to_owned(),
            Kind::Webhook(_) => "webhook".to_owned(),
            Kind::PagerDuty(_) => "pagerduty".to_owned(),
            Kind::Email(email) => format!("email {}", email.recipient()),
            Kind::Healthchecks(_) => "healthchecks".to_owned(),
        };
        Self { name, kind, timeout }
    }

    /// As it stands in `alert_messages.channel`: the kind, and for e-mail the recipient.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it keeps what it was told open until it is told otherwise.
    pub(super) fn tracks(&self) -> bool {
        matches!(self.kind, Kind::PagerDuty(_) | Kind::Webhook(_))
    }

    /// Whether it is told of alerts; the other is told of nightly runs.
    pub(super) fn hears_alerts(&self) -> bool {
        !matches!(self.kind, Kind::Healthchecks(_))
    }

    /// Tries once to get a message through. `id` is the same for every try.
    pub(super) async fn send(
        &self,
        id: &str,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Result<(), SendError> {
        let sending = async {
            match (&self.kind, message) {
                (Kind::Slack(slack), Message::Notice(notice)) => slack.send(notice).await,
                (Kind::Webhook(webhook), Message::Notice(notice)) => webhook.send(id, notice, now).await,
                (Kind::PagerDuty(pagerduty), Message::Notice(notice)) => pagerduty.send(notice).await,
                (Kind::Email(email), Message::Notice(notice)) => email.send(id, notice).await,
                (Kind::Healthchecks(healthchecks), Message::Ping(ping)) => healthchecks.send(ping).await,
                (Kind::Healthchecks(_), Message::Notice(_)) | (_, Message::Ping(_)) => {
                    Err(SendError::new("this channel is not for such messages"))
                }
            }
        };
        timeout(self.timeout, Box::pin(sending))
            .await
            .unwrap_or_else(|_| Err(SendError::new(format!("no answer within {:?}", self.timeout))))
    }

    /// What `vitrina alerts test` sends: a beginning and an end.
    pub(super) fn samples(&self, sample: impl Fn(Event) -> Message) -> Vec<Message> {
        if self.hears_alerts() {
            return vec![sample(Event::Fired), sample(Event::Resolved)];
        }
        let ping = |event, text: &str| Message::Ping(Ping { event, text: text.to_owned() });
        vec![
            ping(PingEvent::Started, ""),
            ping(PingEvent::Failed, "A test of vitrina's alerts: a nightly that failed."),
            ping(PingEvent::Succeeded, "A test of vitrina's alerts: a nightly that succeeded."),
        ]
    }
}

/// A text of at most that many characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most.saturating_sub(1)) {
        Some((end, last)) if end + last.len_utf8() < text.len() => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_to_the_character() {
        assert_eq!(cut("año", 3), "año");
        assert_eq!(cut("años", 3), "añ…");
        assert_eq!(cut("", 3), "");
    }
}
