//! Healthchecks and its like: the nightly says that it began and how it ended, and they alert when it does not.
//!
//! **Sources:** <https://healthchecks.io/docs/http_api/>.

use reqwest::Client;

use super::{SendError, cut, post::post};
use crate::{
    alerts::message::{Ping, PingEvent},
    config::values::SecretUrl,
};

/// What is kept of a ping's body everywhere, in bytes: 10 kB; characters have up to four.
const MAX_TEXT: usize = 2500;

pub(super) struct Healthchecks {
    http: Client,
    started: SecretUrl,
    succeeded: SecretUrl,
    failed: SecretUrl,
}

impl Healthchecks {
    pub(super) fn new(http: Client, url: &SecretUrl) -> Self {
        Self {
            http,
            started: url.below(Some("start")),
            succeeded: url.below(None),
            failed: url.below(Some("fail")),
        }
    }

    pub(super) async fn send(&self, ping: &Ping) -> Result<(), SendError> {
        let url = match ping.event {
            PingEvent::Started => &self.started,
            PingEvent::Succeeded => &self.succeeded,
            PingEvent::Failed => &self.failed,
        };
        post(self.http.post(url.expose().clone()).body(cut(&ping.text, MAX_TEXT))).await
    }
}
