//! Mail addresses and the mail server.

use std::str::FromStr;

use lettre::message::Mailbox;
use serde::{Deserialize, Deserializer};
use url::Host;

use super::{
    Wrong,
    text::{parsed, text},
};

/// A mail address, with or without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress(pub(crate) Mailbox);

impl MailAddress {
    /// What a right value looks like.
    pub const EXPECTED: &str = "mail addresses, such as ana@example.mx or Ana <ana@example.mx>";
}

impl FromStr for MailAddress {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        text.parse().map(Self).map_err(|_| Wrong::expected(Self::EXPECTED))
    }
}

impl<'de> Deserialize<'de> for MailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, Wrong::expected(Self::EXPECTED))
    }
}

text!(
    /// The name or address of a mail server.
    MailHost,
    expected: "the name of a mail server, such as smtp.example.mx",
    check: |text| Host::parse(text).is_ok()
);
