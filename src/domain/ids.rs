//! Identifiers that have been checked.
//!
//! **Invariants:** a [`RecordId`] matches `^rec[A-Za-z0-9]{14}$`, so it can stand in an Airtable formula, a URL and a log
//! without escaping. Airtable's ids are case-sensitive and are never folded.
//!
//! **Sources:** the 3 + 14 character form is that of every Airtable id (`pyairtable/utils.py`, `is_airtable_id`).
//!
//! **Not here:** slugs are made in [`super::slug`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The id of an Airtable record, which is also the key of its vehicle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordId(Box<str>);

impl RecordId {
    /// The id as Airtable writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was given is not the id of an Airtable record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} is not an Airtable record id: it should be `rec` and 14 letters or digits, such as recA1b2C3d4E5f6G7"
)]
pub struct InvalidRecordId {
    /// The first 40 characters of what was given.
    pub given: String,
}

impl FromStr for RecordId {
    type Err = InvalidRecordId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = text.len() == 17
            && text.starts_with("rec")
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(InvalidRecordId { given: text.chars().take(40).collect() })
        }
    }
}

impl TryFrom<String> for RecordId {
    type Error = InvalidRecordId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_id_is_rec_and_fourteen_letters_or_digits() {
        assert!("recA1b2C3d4E5f6G7".parse::<RecordId>().is_ok());
        for wrong in [
            "",
            "rec",
            "recA1b2C3d4E5f6G",
            "recA1b2C3d4E5f6G78",
            "tblA1b2C3d4E5f6G7",
            "recA1b2C3d4E5f6G'",
            "recA1b2C3d4E5f6é",
            "RECA1b2C3d4E5f6G7",
        ] {
            assert!(wrong.parse::<RecordId>().is_err(), "{wrong:?}");
        }
    }
}
