//! Why a value does not fit, and what would.
//!
//! **Invariants:** a [`Wrong`] never quotes the value, unless the type that refused it knows the quoted part to be harmless: serde's own
//! messages quote values, and a value may be a secret. As serde passes errors on as texts, a [`Wrong`] is written as two lines and read back
//! from them; messages of other forms are dropped.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

/// A value that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}\n{expected}", found.as_deref().unwrap_or_default())]
pub struct Wrong {
    /// What was found, where the value itself must not be shown or does not say enough.
    pub found: Option<String>,
    /// What a right value looks like.
    pub expected: String,
}

impl Wrong {
    /// The value may be shown.
    pub(crate) fn expected(expected: impl Into<String>) -> Self {
        Self { found: None, expected: expected.into() }
    }

    /// `found` is shown instead of the value.
    pub(crate) fn found(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { found: Some(found.into()), expected: expected.into() }
    }
}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        match message.split_once('\n') {
            Some(("", expected)) => Self::expected(expected),
            Some((found, expected)) => Self::found(found, expected),
            // Of a type that is not ours; it may quote the value.
            None => Self::expected("as config/default.toml describes it"),
        }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(plainly(&expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(plainly(&expected.to_string()))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::expected(known.join(" or "))
    }
}

/// What serde calls a type, in the words of people who write settings.
fn plainly(expected: &str) -> &str {
    match expected {
        "a string" => "a text, in quotes in a file",
        "a boolean" => "true or false",
        "a sequence" => r#"a list of texts, such as ["a", "b"]"#,
        "f64" => "a number",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number",
        "a nonzero u16" => "a whole number from 1 to 65535",
        "a nonzero u32" | "a nonzero usize" => "a whole number of 1 or more",
        other => other,
    }
}
