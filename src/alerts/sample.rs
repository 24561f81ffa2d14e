//! What `vitrina alerts test` sends.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    ChannelError,
    channels::Channel,
    message::{Event, Message, Notice},
};
use crate::{config::Config, db::alerts::Severity};

/// How a channel took its sample; each recipient of e-mail is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// The channel's name.
    pub channel: String,
    /// Messages that it took.
    pub sent: usize,
    /// Why it did not take the next one.
    pub error: Option<String>,
}

impl Sample {
    /// Sends a sample alert and its end to every channel that is configured, and says how each took it. Needs no database.
    pub async fn send_all(config: &Config, now: DateTime<Utc>) -> Result<Vec<Self>, ChannelError> {
        let public_url = config.alerts.public_url.as_deref();
        let channels = Channel::all(config)?;
        let sending = channels.iter().map(|channel| Self::send(channel, public_url, now));
        Ok(futures_util::future::join_all(sending).await)
    }

    async fn send(channel: &Channel, public_url: Option<&str>, now: DateTime<Utc>) -> Self {
        let mut sample = Self { channel: channel.name().to_owned(), sent: 0, error: None };
        for message in channel.samples(|event| Message::Notice(notice(event, public_url, now))) {
            let id = uuid::Uuid::new_v4().to_string();
            match channel.send(&id, &message, now).await {
                Ok(()) => sample.sent += 1,
                Err(error) => {
                    sample.error = Some(error.message);
                    break;
                }
            }
        }
        sample
    }
}

fn notice(event: Event, public_url: Option<&str>, now: DateTime<Utc>) -> Notice {
    Notice {
        event,
        key: "test".to_owned(),
        severity: Severity::Warning,
        title: "A test of vitrina's alerts".to_owned(),
        detail: "Somebody ran `vitrina alerts test`. Nothing is wrong.".to_owned(),
        remedy: "Nothing: whoever reads this would hear of a real alert, too.".to_owned(),
        look: "vitrina alerts test".to_owned(),
        replaced_by: None,
        link: super::message::dashboard(public_url),
        since: now,
        at: now,
    }
}
