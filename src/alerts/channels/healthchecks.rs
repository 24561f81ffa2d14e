//! Healthchecks and its like: the nightly says that it began and how it ended, and they alert when it does not.
//!
//! **Sources:** <https://healthchecks.io/docs/http_api/>.

use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

use super::{ChannelError, SendError, cut, post::post};
use crate::alerts::message::{Ping, PingEvent};

/// What is kept of a ping's body everywhere, in bytes: 10 kB; characters have up to four.
const MAX_TEXT: usize = 2500;

pub(super) struct Healthchecks {
    http: Client,
    started: SecretString,
    succeeded: SecretString,
    failed: SecretString,
}

impl Healthchecks {
    pub(super) fn new(http: Client, url: &SecretString) -> Result<Self, ChannelError> {
        let below = |segment: Option<&str>| {
            let wrong = ChannelError::Setting("healthchecks_url");
            let Ok(mut url) = url.expose_secret().parse::<Url>() else { return Err(wrong) };
            match url.path_segments_mut() {
                Ok(mut path) => path.pop_if_empty().extend(segment),
                Err(()) => return Err(wrong),
            };
            Ok(SecretString::from(String::from(url)))
        };
        Ok(Self {
            http,
            started: below(Some("start"))?,
            succeeded: below(None)?,
            failed: below(Some("fail"))?,
        })
    }

    pub(super) async fn send(&self, ping: &Ping) -> Result<(), SendError> {
        let url = match ping.event {
            PingEvent::Started => &self.started,
            PingEvent::Succeeded => &self.succeeded,
            PingEvent::Failed => &self.failed,
        };
        post(self.http.post(url.expose_secret()).body(cut(&ping.text, MAX_TEXT))).await
    }
}
