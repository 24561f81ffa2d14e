//! Sends the pings that are due.
//!
//! **Invariants:** the body is signed as it is sent, byte for byte. What counts as taken is 200 or 204 with an empty body within 25 s; redirects
//! are not followed.
//!
//! **Sources:** <https://airtable.com/developers/web/api/webhooks-overview>; the form of the header is pyairtable's.

use std::{
    convert::Infallible,
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use tokio::{task::JoinSet, time::sleep};

use super::{PingFault, Webhooks, ping, text};
use crate::simulator::server::Shared;

const PATIENCE: Duration = Duration::from_secs(25);
/// How long nothing is looked for when nothing is due; whoever records something says so.
const IDLE: Duration = Duration::from_hours(1);

/// A ping, ready to be sent.
#[derive(Debug)]
struct Letter {
    hook: String,
    url: String,
    body: String,
    mac: String,
    copies: usize,
}

/// Sends for ever.
pub(in crate::simulator) async fn run(shared: Arc<Shared>) -> Infallible {
    let redirect = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(redirect)
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build();
    let mail = Arc::clone(&shared.lock().mail);
    let mut under_way = JoinSet::new();
    loop {
        let (letters, pause) = due(&shared);
        for letter in letters {
            let (shared, http) = (Arc::clone(&shared), http.as_ref().ok().cloned());
            under_way.spawn(async move {
                let started = Instant::now();
                let error = match http {
                    Some(http) => send(&http, &letter).await.err(),
                    None => Some("no client".to_owned()),
                };
                let mut state = shared.lock();
                let now = state.clock.now();
                let result = ping::Result { error, took: started.elapsed() };
                state.webhooks.pinged(&letter.hook, result, now);
            });
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = mail.notified() => {}
            Some(_) = under_way.join_next() => {}
        }
    }
}

/// The pings that are due, and how long until the next one is.
fn due(shared: &Shared) -> (Vec<Letter>, Duration) {
    let mut state = shared.lock();
    let now = state.clock.now();
    let letters = state.webhooks.letters(&shared.base_id, now);
    let next = state.webhooks.hooks.iter().filter_map(|hook| hook.pinging.next()).min();
    let pause = next.map_or(IDLE, |next| (next - now).to_std().unwrap_or_default());
    (letters, pause)
}

async fn send(http: &reqwest::Client, letter: &Letter) -> Result<(), String> {
    for _ in 0..letter.copies {
        let request = http
            .post(&letter.url)
            .header("Content-Type", "application/json")
            .header("X-Airtable-Content-MAC", &letter.mac)
            .body(letter.body.clone());
        let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(|error| error.without_url().to_string())?;
        if !matches!(status, 200 | 204) || !body.is_empty() {
            return Err(format!("The notification URL answered {status} with {} bytes", body.len()));
        }
    }
    Ok(())
}

impl Webhooks {
    fn letters(&mut self, base_id: &str, now: DateTime<Utc>) -> Vec<Letter> {
        let due = |hook: &mut super::Hook| {
            let fault = hook.pinging.take(now)?.fault;
            let body = body(base_id, &hook.id, now);
            let secret = if fault == Some(PingFault::WrongMac) { &b"another"[..] } else { &hook.secret };
            Some(Letter {
                hook: hook.id.clone(),
                url: hook.url.clone()?,
                mac: mac(secret, body.as_bytes()),
                body,
                copies: match fault {
                    Some(PingFault::Lose) => 0,
                    Some(PingFault::Twice) => 2,
                    _ => 1,
                },
            })
        };
        self.hooks.iter_mut().filter_map(due).collect()
    }

    /// Body and MAC of a ping.
    pub(in crate::simulator) fn ping_of(
        &self,
        id: &str,
        base_id: &str,
        now: DateTime<Utc>,
    ) -> Option<(String, String)> {
        let hook = self.hooks.iter().find(|hook| hook.id == id)?;
        let body = body(base_id, id, now);
        let mac = mac(&hook.secret, body.as_bytes());
        Some((body, mac))
    }
}

fn body(base_id: &str, hook: &str, now: DateTime<Utc>) -> String {
    json!({"base": {"id": base_id}, "webhook": {"id": hook}, "timestamp": text(now)}).to_string()
}

/// The value of `X-Airtable-Content-MAC`.
pub(in crate::simulator) fn mac(secret: &[u8], body: &[u8]) -> String {
    let mut text = "hmac-sha256=".to_owned();
    // A key may have any length, and writing to a text cannot fail.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) {
        mac.update(body);
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_is_hmac_sha256_in_lower_case_hex() {
        // RFC 4231, test case 2.
        assert_eq!(
            mac(b"Jefe", b"what do ya want for nothing?"),
            "hmac-sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
