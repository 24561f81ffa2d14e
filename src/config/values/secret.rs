//! Secrets of one part, and the macro that declares them.
//!
//! **Invariants:** what is found instead of a right value is described, never shown.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::{Wrong, text::parsed};

/// A value that is no text at all.
pub(super) fn no_text() -> Wrong {
    Wrong::found("a value that is not shown", "a text, in quotes in a file")
}

/// Declares a secret text; `check` gets the text and what a right one looks like.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, expected: $expected:expr, check: $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(secrecy::SecretString);

        impl $name {
            /// What a right value looks like.
            pub const EXPECTED: &str = $expected;
        }

        impl std::str::FromStr for $name {
            type Err = super::Wrong;

            fn from_str(text: &str) -> Result<Self, super::Wrong> {
                let check: fn(&str, &str) -> Result<(), super::Wrong> = $check;
                check(text, $expected).map(|()| Self(text.into()))
            }
        }

        impl std::ops::Deref for $name {
            type Target = secrecy::SecretString;

            fn deref(&self) -> &secrecy::SecretString {
                &self.0
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::text::parsed(deserializer, super::secret::no_text())
            }
        }
    };
}
pub(super) use secret;

/// An address that is itself a secret: whoever knows it may post there.
#[derive(Clone)]
pub struct SecretUrl(Url);

impl SecretUrl {
    /// What a right value looks like.
    pub const EXPECTED: &str = "an http or https address, such as https://hooks.example.mx/…";

    /// The address; only for the request itself.
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// The address with one more segment in its path, and without a slash at its end.
    #[must_use]
    pub fn below(&self, segment: Option<&str>) -> Self {
        let mut url = self.0.clone();
        // Only addresses without a host have no path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segment);
        }
        Self(url)
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[REDACTED]")
    }
}

impl FromStr for SecretUrl {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.map(Self).ok_or_else(|| Wrong::found("not an address", Self::EXPECTED))
    }
}

impl<'de> Deserialize<'de> for SecretUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, no_text())
    }
}

secret!(
    /// The integration key of a service in `PagerDuty`.
    PagerDutyKey,
    expected: "the integration key of a service in PagerDuty (Events API v2), 32 letters and digits",
    check: |text, expected| {
        if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(())
        } else {
            Err(Wrong::found(format!("a value of {} characters", text.chars().count()), expected))
        }
    }
);

secret!(
    /// Any secret text: what the mail server wants.
    Password,
    expected: "what the mail server wants; user and password, or neither",
    check: |_, _| Ok(())
);

/// A key of Standard Webhooks.
#[derive(Debug, Clone)]
pub struct SigningKey(SecretSlice<u8>);

impl SigningKey {
    /// What a right value looks like.
    pub const EXPECTED: &str =
        "whsec_ and 24 to 64 bytes in base64; `echo whsec_$(openssl rand -base64 32)` makes one";

    /// The bytes that messages are signed with.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl FromStr for SigningKey {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let key = text.strip_prefix("whsec_").and_then(|text| BASE64_STANDARD.decode(text).ok());
        key.filter(|key| (24..=64).contains(&key.len()))
            .map(|key| Self(key.into()))
            .ok_or_else(|| Wrong::found("a value that is none", Self::EXPECTED))
    }
}

impl<'de> Deserialize<'de> for SigningKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, no_text())
    }
}
