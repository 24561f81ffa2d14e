//! Slack, by an incoming webhook.
//!
//! **Invariants:** what comes from outside cannot mention anybody or make links: `&`, `<` and `>` are escaped. Texts keep Slack's limits.
//!
//! **Sources:** <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>,
//! <https://docs.slack.dev/messaging/formatting-message-text#escaping>, <https://docs.slack.dev/reference/block-kit/blocks>.

use reqwest::Client;
use serde_json::{Value, json};

use super::{SendError, Speaker, cut, post::post};
use crate::{
    alerts::message::{Event, Notice},
    config::values::SecretUrl,
    db::alerts::Severity,
};

/// Slack's limits, in characters.
const MAX_HEADER: usize = 150;
const MAX_SECTION: usize = 3000;

pub(super) struct Slack {
    http: Client,
    url: SecretUrl,
    speaker: Speaker,
}

impl Slack {
    pub(super) fn new(http: Client, url: SecretUrl, speaker: &Speaker) -> Self {
        Self { http, url, speaker: speaker.clone() }
    }

    pub(super) async fn send(&self, notice: &Notice) -> Result<(), SendError> {
        post(self.http.post(self.url.expose().clone()).json(&body(notice, &self.speaker))).await
    }
}

/// `text` is what notifications show; the blocks are what is read.
fn body(notice: &Notice, speaker: &Speaker) -> Value {
    let light = match (notice.event, notice.severity) {
        (Event::Resolved, _) => "🟢",
        (Event::Fired, Severity::Critical) | (Event::Replaced, _) => "🔴",
        (Event::Fired, Severity::Warning) => "🟠",
    };
    let headline = format!("{light} {}", notice.headline(&speaker.name));
    let header = json!({ "type": "header", "text": { "type": "plain_text", "text": cut(&escape(&headline), MAX_HEADER) } });
    let sections = notice.paragraphs(speaker.zone).into_iter().map(|(label, text)| {
        let text = cut(&escape(&text), MAX_SECTION - label.len() - 4);
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": format!("*{label}*\n{text}") } })
    });
    json!({
        "text": cut(&escape(&format!("{headline}. {}", notice.detail)), MAX_SECTION),
        "blocks": std::iter::once(header).chain(sections).collect::<Vec<Value>>(),
    })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
