//! Checked texts, and the macro that declares them.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    str::FromStr,
};

use axum::http::HeaderValue;
use chrono_tz::Tz;
use croner::Cron;
use serde::{Deserialize, Deserializer, de::Error as _};
use tracing_subscriber::EnvFilter;

use super::Wrong;

/// Declares a text that satisfies `check`; `expected` says what a right one looks like.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, expected: $expected:expr, check: $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// What a right value looks like.
            pub const EXPECTED: &str = $expected;
        }

        impl std::str::FromStr for $name {
            type Err = super::Wrong;

            fn from_str(text: &str) -> Result<Self, super::Wrong> {
                let is_right: fn(&str) -> bool = $check;
                if is_right(text) { Ok(Self(text.to_owned())) } else { Err(super::Wrong::expected($expected)) }
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, out)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::text::parsed(deserializer, super::Wrong::expected($expected))
            }
        }
    };
}
pub(super) use text;

text!(
    /// A text that is not blank.
    Words,
    expected: "a text that is not empty",
    check: |text| !text.trim().is_empty()
);

text!(
    /// The name of a schema that needs no quoting.
    Schema,
    expected: "up to 63 lower-case letters, digits and _, not starting with a digit or pg_",
    check: |text| {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        (1..=63).contains(&text.len())
            && text.bytes().all(plain)
            && !text.starts_with(|first: char| first.is_ascii_digit())
            && !text.starts_with("pg_")
    }
);

text!(
    /// A tracing filter.
    LogFilter,
    expected: "a tracing filter, such as info or info,vitrina=debug",
    check: |text| EnvFilter::try_new(text).is_ok()
);

/// A `Cache-Control` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheControl(pub(crate) HeaderValue);

impl FromStr for CacheControl {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let value = HeaderValue::from_str(text).ok().filter(|_| text.is_ascii() && !text.trim().is_empty());
        value.map(Self).ok_or_else(|| Wrong::expected("a Cache-Control header, such as public, max-age=60"))
    }
}

impl<'de> Deserialize<'de> for CacheControl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, Wrong::expected("a text, in quotes in a file"))
    }
}

/// The path of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderPath(PathBuf);

impl Deref for FolderPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl<'de> Deserialize<'de> for FolderPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = PathBuf::deserialize(deserializer).ok().filter(|path| !path.as_os_str().is_empty());
        path.map(Self).ok_or_else(|| D::Error::custom(Wrong::expected("the path of a folder")))
    }
}

/// Reads a cron expression of five parts.
pub(in crate::config) fn cron<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cron, D::Error> {
    or(deserializer, "a cron expression of five parts, such as 0 2 * * * for two o'clock every night")
}

/// Reads the name of a time zone.
pub(in crate::config) fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    or(deserializer, "an IANA time zone, such as America/Monterrey")
}

/// Reads an address and a port, or none where that is allowed.
pub(in crate::config) fn listen<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    or(deserializer, "an address and a port, such as 127.0.0.1:8080 or [::]:8080")
}

/// Reads a type of another crate, whose own message is replaced.
fn or<'de, D, T>(deserializer: D, expected: &str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map_err(|_| D::Error::custom(Wrong::expected(expected)))
}

/// Reads a text and parses it; `wrong` is told when there is no text at all.
pub(super) fn parsed<'de, D, T>(deserializer: D, wrong: Wrong) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = Wrong>,
{
    let text = String::deserialize(deserializer).map_err(|_| D::Error::custom(wrong))?;
    text.parse().map_err(D::Error::custom)
}
