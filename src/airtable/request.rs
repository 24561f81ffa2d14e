//! One exchange with Airtable: a request out, an answer in.
//!
//! **Invariants:** every exchange ends within `airtable.request_timeout` and reads no more than `airtable.max_response_bytes`,
//! counted after decompression. Redirects are not followed, so the token goes to the configured address only; its header is
//! marked sensitive and prints as such.
//!
//! **Not here:** whether and when it happens ([`super::client`]).

use bytes::Bytes;
use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect,
};
use secrecy::ExposeSecret;

use super::{AirtableError, SetUpError, retry};
use crate::config::AirtableSettings;

/// How much of an error's body is read, in bytes.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// A request that can be sent any number of times.
#[derive(Debug)]
pub(super) struct Ask {
    /// What is asked for, for the log.
    pub(super) what: &'static str,
    pub(super) method: Method,
    pub(super) url: Url,
    /// JSON.
    pub(super) body: Option<Bytes>,
}

/// The HTTP client, which knows the token.
pub(super) fn http_client(settings: &AirtableSettings) -> Result<Client, SetUpError> {
    let mut authorization = HeaderValue::try_from(format!("Bearer {}", settings.api_key.expose_secret()))
        .map_err(|_| SetUpError::Token)?;
    authorization.set_sensitive(true);
    Client::builder()
        .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
        .user_agent(concat!("vitrina/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(*settings.connect_timeout)
        .timeout(*settings.request_timeout)
        .redirect(redirect::Policy::none())
        .gzip(true)
        .build()
        .map_err(SetUpError::Http)
}

/// Sends it once and reads the answer; anything but a whole 200, or a 204, is an error.
pub(super) async fn exchange(http: &Client, ask: &Ask, max_bytes: usize) -> Result<Vec<u8>, AirtableError> {
    let mut request = http.request(ask.method.clone(), ask.url.clone());
    if let Some(body) = &ask.body {
        request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
    }
    let response = request.send().await.map_err(AirtableError::unanswered)?;
    if matches!(response.status(), StatusCode::OK | StatusCode::NO_CONTENT) {
        let (body, end) = read(response, max_bytes).await;
        return match end {
            End::Whole => Ok(body),
            End::TooLarge => Err(AirtableError::too_large(max_bytes)),
            End::BrokenOff(cause) => Err(AirtableError::broken_off(cause)),
        };
    }
    let status = response.status().as_u16();
    let retry_after = retry::retry_after(response.headers(), super::now());
    // The status says enough, however the body ends.
    let (body, _) = read(response, MAX_ERROR_BYTES).await;
    Err(AirtableError::refused(status, retry_after, &body))
}

enum End {
    Whole,
    TooLarge,
    BrokenOff(reqwest::Error),
}

/// The body, or as much of it as came and fits.
async fn read(mut response: Response, max_bytes: usize) -> (Vec<u8>, End) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > max_bytes => return (body, End::TooLarge),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return (body, End::Whole),
            Err(cause) => return (body, End::BrokenOff(cause)),
        }
    }
}
