//! A receiver of one's own, called as Standard Webhooks say.
//!
//! **Invariants:** `webhook-id` is the same for every try of a message, so a receiver can pass over a repetition; `webhook-timestamp` is the
//! time of the try, so one that was recorded is soon too old. The signature is over exactly the bytes that are sent.
//!
//! **Sources:** <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, header::CONTENT_TYPE};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{SendError, Speaker, post::post};
use crate::{
    alerts::message::{Event, Notice},
    config::{
        ChannelSettings,
        values::{SecretUrl, SigningKey},
    },
};

pub(super) struct Webhook {
    http: Client,
    url: SecretUrl,
    key: SigningKey,
    speaker: Speaker,
}

impl Webhook {
    /// The receiver, if one is configured.
    pub(super) fn of(settings: &ChannelSettings, http: &Client, speaker: &Speaker) -> Option<Self> {
        let (url, key) = settings.webhook_url.clone().zip(settings.webhook_secret.clone())?;
        Some(Self { http: http.clone(), url, key, speaker: speaker.clone() })
    }

    pub(super) async fn send(&self, id: &str, notice: &Notice, now: DateTime<Utc>) -> Result<(), SendError> {
        let body = body(notice, &self.speaker).to_string();
        let (id, timestamp) = (format!("msg_{id}"), now.timestamp().to_string());
        let request = self
            .http
            .post(self.url.expose().clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-signature", signature(self.key.bytes(), &id, &timestamp, &body)?)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp);
        post(request.body(body)).await
    }
}

fn signature(key: &[u8], id: &str, timestamp: &str, body: &str) -> Result<String, SendError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .map_err(|_| SendError::new("channels.webhook_secret cannot be used as a key"))?;
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    Ok(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
}

fn body(notice: &Notice, speaker: &Speaker) -> Value {
    json!({
        "type": match notice.event {
            Event::Fired => "alert.fired",
            Event::Resolved => "alert.resolved",
            Event::Replaced => "alert.replaced",
        },
        "timestamp": notice.at,
        "data": {
            "installation": speaker.name,
            "key": notice.key,
            "severity": notice.severity,
            "title": notice.title,
            "detail": notice.detail,
            "remedy": notice.remedy,
            "look": notice.look,
            "link": notice.link,
            "since": notice.since,
            "replaced_by": notice.replaced_by,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference implementations.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let key: SigningKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let signature =
            signature(key.bytes(), "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
