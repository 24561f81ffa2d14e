//! `PagerDuty`, by its Events API v2.
//!
//! **Invariants:** an alert's firing and its end carry the same dedup key, so the end resolves what the firing opened, and a repetition
//! opens nothing new. An alert in whose place a worse one has come is resolved, too: the worse one is an event with a key of its own, so
//! that it calls whoever is called for critical ones.
//!
//! **Sources:** <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>.

use reqwest::Client;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{SendError, Speaker, cut, post::post};
use crate::{
    alerts::message::{Event, Notice},
    config::{ChannelSettings, values::PagerDutyKey},
};

/// `PagerDuty`'s limits, in characters.
const MAX_SUMMARY: usize = 1024;
const MAX_DEDUP_KEY: usize = 255;

pub(super) struct PagerDuty {
    http: Client,
    url: String,
    key: PagerDutyKey,
    speaker: Speaker,
}

impl PagerDuty {
    pub(super) fn new(
        http: Client,
        settings: &ChannelSettings,
        key: PagerDutyKey,
        speaker: &Speaker,
    ) -> Self {
        Self { http, url: settings.pagerduty_url.to_string(), key, speaker: speaker.clone() }
    }

    pub(super) async fn send(&self, notice: &Notice) -> Result<(), SendError> {
        let mut event = event(notice, &self.speaker);
        event["routing_key"] = self.key.expose_secret().into();
        post(self.http.post(&self.url).json(&event)).await
    }
}

/// All of it but the key. The severities of alerts are two of `PagerDuty`'s, by the same names.
fn event(notice: &Notice, speaker: &Speaker) -> Value {
    let dedup_key = cut(&format!("{}/{}", speaker.name, notice.key), MAX_DEDUP_KEY);
    if notice.event != Event::Fired {
        return json!({ "event_action": "resolve", "dedup_key": dedup_key });
    }
    let links: Vec<Value> =
        notice.link.iter().map(|link| json!({ "href": link, "text": "Dashboard" })).collect();
    json!({
        "event_action": "trigger",
        "dedup_key": dedup_key,
        "client": "vitrina",
        "links": links,
        "payload": {
            "summary": cut(&format!("{}. {}", notice.headline(&speaker.name), notice.detail), MAX_SUMMARY),
            "source": speaker.name,
            "severity": notice.severity,
            "timestamp": notice.at,
            "component": "vitrina",
            "class": notice.key,
            "custom_details": {
                "detail": notice.detail,
                "since": notice.since,
                "what_to_do": notice.remedy,
                "where_to_look": notice.look,
            },
        },
    })
}
