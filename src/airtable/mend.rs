//! Answers that are JSON in all but a cell: half an emoji, which `LEFT()` makes, or a number beyond any that a computer has.
//!
//! **Invariants:** only what JSON does not allow is replaced: half a surrogate pair by U+FFFD, a control character by its escape, a number
//! out of range and a word that is no value by the same as text, which no column of numbers can read. What is mended is otherwise the same, byte for byte.

use std::{borrow::Cow, fmt::Write as _};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::AirtableError;

/// The digits of a `\u` escape.
const DIGITS: usize = 4;

/// What an answer says; `what` was asked for. A mended cell is told in the log.
pub(super) fn answer<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, AirtableError> {
    // Some answers have no body at all.
    let json = if body.is_empty() { b"null" } else { body };
    let unreadable = |problem: serde_json::Error| AirtableError::unreadable(&problem, body);
    match serde_json::from_slice(json) {
        // One that was cut off is asked for again.
        Err(problem) if problem.is_syntax() => {
            let mended = mend(json).ok_or_else(|| unreadable(problem))?;
            tracing::warn!(
                airtable.asked = what,
                "Airtable's answer is no JSON; what is none in it was replaced"
            );
            serde_json::from_slice(&mended).map_err(unreadable)
        }
        read => read.map_err(unreadable),
    }
}

/// The answer as it can be read; `None` when there is nothing to mend.
fn mend(body: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(body);
    let mut mended = matches!(text, Cow::Owned(_));
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = &*text;
    let mut in_string = false;
    while let Some(next) = rest.chars().next() {
        let taken = match next {
            '"' => {
                in_string = !in_string;
                out.push('"');
                1
            }
            '\\' if in_string => {
                let (taken, good) = escape(rest);
                out.push_str(good.unwrap_or("\\ufffd"));
                mended |= good.is_none_or(|good| good.len() != taken);
                taken
            }
            control if in_string && control < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
                mended = true;
                1
            }
            bare if !in_string && is_bare(bare) => {
                let end = rest.find(|char| !is_bare(char)).unwrap_or(rest.len());
                let word = rest.get(..end).unwrap_or_default();
                if serde_json::from_str::<Value>(word).is_ok() {
                    out.push_str(word);
                } else {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\"{word}\"");
                    mended = true;
                }
                end
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    mended.then(|| out.into_bytes())
}

/// What numbers, `true`, `false` and `null` are made of, and what is none of them.
fn is_bare(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '+' | '.')
}

/// How long the escape at the beginning is, and itself unless it is half of a pair.
fn escape(text: &str) -> (usize, Option<&str>) {
    let first = unit(text);
    let length = match first {
        None => text.chars().take(2).map(char::len_utf8).sum(),
        Some(_) => 2 + DIGITS,
    };
    let is_high = |unit: u16| (0xd800..0xdc00).contains(&unit);
    let is_low = |unit: u16| (0xdc00..0xe000).contains(&unit);
    match first {
        Some(high) if is_high(high) => match text.get(length..).and_then(unit) {
            Some(low) if is_low(low) => (2 * length, text.get(..2 * length)),
            _ => (length, None),
        },
        Some(low) if is_low(low) => (length, None),
        // No escape at all: the backslash itself was meant.
        None if !text.get(1..2).is_some_and(|kind| "\"\\/bfnrt".contains(kind)) => (1, Some(r"\\")),
        _ => (length, text.get(..length)),
    }
}

/// The number of a `\u` escape.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..DIGITS)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn mended(text: &str) -> Value {
        serde_json::from_slice(&mend(text.as_bytes()).expect("something to mend")).expect("JSON")
    }

    #[test]
    fn half_an_emoji_costs_itself_and_nothing_else() {
        assert_eq!(mended(r#"{"a":"cut \ud83d","b":1}"#), json!({ "a": "cut \u{fffd}", "b": 1 }));
        assert_eq!(mended(r#"["\ude00\ud83d\ude00\ud83dx"]"#), json!(["\u{fffd}😀\u{fffd}x"]));
        assert_eq!(mended(r#"["\ud83d\u0041", "\\ud83d", "\""]"#), json!(["\u{fffd}A", "\\ud83d", "\""]));
    }

    #[test]
    fn a_number_beyond_all_becomes_text_and_a_control_character_its_escape() {
        assert_eq!(
            mended("{\"a\":1e400,\"b\":-2.5e3,\"c\":\"1e400\"}"),
            json!({ "a": "1e400", "b": -2500.0, "c": "1e400" })
        );
        assert_eq!(mended("[\"a\u{1}\nb\"]"), json!(["a\u{1}\nb"]));
    }

    #[test]
    fn words_that_are_no_values_become_text_and_a_backslash_that_escapes_nothing_itself() {
        assert_eq!(
            mended("[NaN, -Infinity,007,+5,true,null,1.5e3]"),
            json!(["NaN", "-Infinity", "007", "+5", true, null, 1500.0])
        );
        assert_eq!(mended(r#"["a\xb\u12", "c"]"#), json!(["a\\xb\\u12", "c"]));
    }

    #[test]
    fn bytes_that_are_no_text_cost_themselves() {
        let body = mend(b"[\"a\xff\"]").expect("something to mend");
        assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON"), json!(["a\u{fffd}"]));
    }

    proptest! {
        #[test]
        fn good_json_has_nothing_to_mend(text in ".{0,40}", number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
            let good = json!({ "text": text, "list": [number, 5, -1, true, null, "\u{1f697}"] });
            prop_assert_eq!(mend(good.to_string().as_bytes()), None);
            let escaped = text.encode_utf16().fold(String::new(), |escaped, unit| escaped + &format!("\\u{unit:04x}"));
            prop_assert_eq!(mend(format!("[\"{escaped}\"]").as_bytes()), None);
        }

        #[test]
        fn nothing_panics(body in prop::collection::vec(any::<u8>(), 0..60), text in r#"["\\u0-9a-fd8 e.-]{0,40}"#) {
            mend(&body);
            mend(text.as_bytes());
        }
    }
}
