//! The values a formula computes with, and what the operators make of them.
//!
//! **Invariants:** an error makes an error of whatever it meets. Blank equals the empty text, zero, false and the empty list,
//! and nothing else. A list beside a text is its items joined by `, `.
//!
//! **Sources:** Airtable describes no coercions; that a number equals its text (`2020 = "2020"`) and that a text beside a time is
//! read as a time are this simulator's choice.

use std::{borrow::Cow, cmp::Ordering};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value as Json;

use super::{dates, lexer::Op};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Blank,
    Number(f64),
    Bool(bool),
    Text(Cow<'a, str>),
    Time(DateTime<Utc>),
    List(Vec<Value<'a>>),
    /// `#ERROR!`
    Error,
}

impl<'a> Value<'a> {
    /// A cell; `temporal`: its field holds dates or times.
    pub(super) fn of(cell: &'a Json, temporal: bool) -> Self {
        match cell {
            Json::Null => Self::Blank,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number.as_f64().map_or(Self::Error, Self::Number),
            Json::String(text) => match dates::parse(text) {
                Some(time) if temporal => Self::Time(time),
                _ => Self::Text(text.into()),
            },
            Json::Array(items) => Self::List(items.iter().map(|item| Self::of(item, temporal)).collect()),
            Json::Object(object) => match object.get("specialValue").and_then(Json::as_str) {
                Some("NaN") => Self::Number(f64::NAN),
                Some("Infinity") => Self::Number(f64::INFINITY),
                Some("-Infinity") => Self::Number(f64::NEG_INFINITY),
                _ if object.contains_key("error") => Self::Error,
                _ => ["filename", "name", "text", "label", "value"]
                    .iter()
                    .find_map(|key| object.get(*key)?.as_str())
                    .map_or(Self::Blank, |text| Self::Text(text.into())),
            },
        }
    }

    pub(super) fn is_truthy(&self) -> bool {
        match self {
            Self::Blank | Self::Error => false,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Bool(value) => *value,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Time(_) => true,
        }
    }

    fn is_like_blank(&self) -> bool {
        !self.is_truthy() && !matches!(self, Self::Error) && !matches!(self, Self::Number(n) if n.is_nan())
    }

    /// What arithmetic takes it for; `None` is an error.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Blank => Some(0.0),
            Self::Number(number) => Some(*number),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Text(text) => text.is_empty().then_some(0.0),
            Self::List(items) => match items.as_slice() {
                [] => Some(0.0),
                [only] => only.number(),
                _ => None,
            },
            Self::Time(_) | Self::Error => None,
        }
    }

    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Blank => "".into(),
            Self::Number(number) => number.to_string().into(),
            Self::Bool(value) => if *value { "1" } else { "0" }.into(),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Time(time) => time.to_rfc3339_opts(SecondsFormat::Millis, true).into(),
            Self::List(items) => join(items, ", ").into(),
            Self::Error => "#ERROR!".into(),
        }
    }

    pub(super) fn time(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Time(time) => Some(*time),
            Self::Text(text) => dates::parse(text),
            Self::List(items) => match items.as_slice() {
                [only] => only.time(),
                _ => None,
            },
            _ => None,
        }
    }
}

pub(super) fn join(items: &[Value<'_>], separator: &str) -> String {
    items.iter().map(Value::text).collect::<Vec<_>>().join(separator)
}

pub(super) fn operate<'a>(left: &Value<'a>, op: Op, right: &Value<'a>) -> Value<'a> {
    if matches!((left, right), (Value::Error, _) | (_, Value::Error)) {
        return Value::Error;
    }
    let arithmetic = |compute: fn(f64, f64) -> f64| match (left.number(), right.number()) {
        (Some(left), Some(right)) => Value::Number(compute(left, right)),
        _ => Value::Error,
    };
    let ordered = |holds: fn(Ordering) -> bool| {
        order(left, right).map_or(Value::Error, |order| Value::Bool(order.is_some_and(holds)))
    };
    match op {
        Op::Equal => Value::Bool(equal(left, right)),
        Op::Unequal => Value::Bool(!equal(left, right)),
        Op::Less => ordered(Ordering::is_lt),
        Op::Greater => ordered(Ordering::is_gt),
        Op::AtMost => ordered(Ordering::is_le),
        Op::AtLeast => ordered(Ordering::is_ge),
        Op::Concat => Value::Text(format!("{}{}", left.text(), right.text()).into()),
        Op::Plus => arithmetic(|left, right| left + right),
        Op::Minus => arithmetic(|left, right| left - right),
        Op::Times => arithmetic(|left, right| left * right),
        Op::Divide => arithmetic(|left, right| left / right),
    }
}

fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Blank, other) | (other, Value::Blank) => other.is_like_blank(),
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Time(time), other) | (other, Value::Time(time)) => other.time() == Some(*time),
        (Value::Number(_) | Value::Bool(_), Value::Number(_) | Value::Bool(_)) => {
            left.number() == right.number()
        }
        _ => left.text() == right.text(),
    }
}

/// `None`: the two cannot be compared, which is an error. `Some(None)`: NaN, which is neither less nor more.
#[expect(
    clippy::option_option,
    reason = "the two kinds of nothing differ: an error and a comparison that never holds"
)]
fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Option<Ordering>> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(Some(left.cmp(right))),
        (Value::Time(_), _) | (_, Value::Time(_)) => Some(Some(left.time()?.cmp(&right.time()?))),
        _ => Some(left.number()?.partial_cmp(&right.number()?)),
    }
}
