//! One POST to somebody who is told.
//!
//! **Invariants:** redirects are failures, or a message would go where nobody meant it to. Errors lose their address, which may be a
//! secret; of an answer only the first characters are read.

use std::{error::Error, time::Duration};

use reqwest::{RequestBuilder, Response, header::RETRY_AFTER, redirect::Policy};

use super::{ChannelError, SendError};
use crate::config::ChannelSettings;

/// How much of an answer is read, in bytes, and quoted, in characters.
const MAX_ANSWER_BYTES: usize = 4096;
const MAX_QUOTED_CHARS: usize = 200;

/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// The client that all channels share.
pub(super) fn http_client(settings: &ChannelSettings) -> Result<reqwest::Client, ChannelError> {
    reqwest::Client::builder()
        .user_agent(concat!("vitrina/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(*settings.send_timeout)
        .timeout(*settings.send_timeout)
        .redirect(Policy::none())
        .build()
        .map_err(ChannelError::Http)
}

/// Sends it; any answer but a 2xx is a failure.
pub(super) async fn post(request: RequestBuilder) -> Result<(), SendError> {
    let answer = request.send().await.map_err(|error| SendError::new(unanswered(error)))?;
    if answer.status().is_success() {
        return Ok(());
    }
    let (status, retry_after) = (answer.status(), wait(&answer));
    let said = start_of(answer).await;
    let message = if said.is_empty() {
        format!("it answered {status}")
    } else {
        format!("it answered {status}: {said}")
    };
    Err(SendError { retry_after, ..SendError::new(message) })
}

fn unanswered(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    message
}

/// Whole seconds, as all who are told send it.
fn wait(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

async fn start_of(mut answer: Response) -> String {
    let mut body = Vec::new();
    while body.len() < MAX_ANSWER_BYTES {
        match answer.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&body);
    text.trim()
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(MAX_QUOTED_CHARS)
        .collect()
}
