//! What callers prove themselves with: one token, or two while it is being changed.
//!
//! **Invariants:** a token can stand in an `Authorization` header and cannot be guessed at once: at least [`MIN_CHARS`] characters, at least
//! [`MIN_VARIETY`] of them different. Without a setting there is no token, so none is accepted.

use std::{collections::BTreeSet, str::FromStr};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::{Wrong, secret::no_text};

/// The least length of a token.
const MIN_CHARS: usize = 16;

/// The least number of different characters. A random token of 16 hexadecimal digits has fewer once in two million times.
const MIN_VARIETY: usize = 5;

/// None (not set), one or two tokens, the new one first.
#[derive(Debug, Clone)]
pub struct Tokens(Vec<SecretString>);

impl Tokens {
    /// What a right value looks like.
    pub const EXPECTED: &str = "a secret of at least 16 letters, digits or signs, not a few of them repeated; \
         `openssl rand -hex 32` makes one. While it is changed: the new one, a blank, the old one";

    /// The tokens that are accepted.
    pub fn accepted(&self) -> &[SecretString] {
        &self.0
    }

    /// The token that stays when a change is over, to sign with. A random one where none is set, so that nobody can know it.
    pub fn newest(&self) -> SecretString {
        self.0.first().cloned().unwrap_or_else(|| Uuid::new_v4().to_string().into())
    }

    /// Whether one of these is one of those.
    pub(in crate::config) fn shares_one_with(&self, others: &Self) -> bool {
        let is_theirs = |token: &SecretString| {
            others.0.iter().any(|other| other.expose_secret() == token.expose_secret())
        };
        self.0.iter().any(is_theirs)
    }
}

impl FromStr for Tokens {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let wrong = |found: String| Err(Wrong::found(found, Self::EXPECTED));
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let tokens: Vec<&str> = text.split(' ').collect();
        if tokens.len() > 2 || tokens.contains(&"") {
            return wrong("a value with blanks around it, or more than one in it".to_owned());
        }
        for token in &tokens {
            if token.bytes().any(|byte| !byte.is_ascii_graphic()) {
                return wrong("a value with line breaks, tabs or letters outside ASCII".to_owned());
            }
            if token.len() < MIN_CHARS {
                return wrong(format!("a value of {} characters", token.len()));
            }
            if token.bytes().collect::<BTreeSet<u8>>().len() < MIN_VARIETY {
                return wrong(format!("a value of fewer than {MIN_VARIETY} different characters"));
            }
        }
        Ok(Self(tokens.into_iter().map(SecretString::from).collect()))
    }
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::text::parsed(deserializer, no_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_varied_and_at_most_two() {
        let count = |text: &str| text.parse::<Tokens>().map(|tokens| tokens.accepted().len()).ok();
        for (text, tokens) in [
            ("", Some(0)),
            ("0123456789abcdef", Some(1)),
            ("new-0123456789abcdef old-0123456789abcdef", Some(2)),
            ("0123456789abcde", None),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", None),
            ("abcdabcdabcdabcd", None),
            ("abcdeabcdeabcdea", Some(1)),
            ("new-0123456789abcdef old", None),
            ("new-0123456789abcdef  old-0123456789abcdef", None),
            (" new-0123456789abcdef", None),
            ("a-0123456789abcdef b-0123456789abcdef c-0123456789abcdef", None),
            ("new-0123456789abcdef\told-0123456789abcdef", None),
        ] {
            assert_eq!(count(text), tokens, "{text}");
        }
        let tokens: Tokens = "new-0123456789abcdef old-0123456789abcdef".parse().unwrap();
        assert_eq!(tokens.newest().expose_secret(), "new-0123456789abcdef");
    }
}
