//! The value of any column, so that columns can be compared, kept and described without naming them.
//!
//! **Invariants:** `null` in JSON is [`ColumnValue::Nothing`]. A view borrows: comparing two vehicles copies nothing.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::domain::{Kind, Money};

/// The value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnValue<'a> {
    /// Unknown.
    Nothing,
    /// Words, an address or a slug.
    Text(Cow<'a, str>),
    /// Several words or addresses.
    Texts(Cow<'a, [String]>),
    /// A whole number.
    Whole(i32),
    /// An amount in pesos.
    Money(Money),
    /// Yes or no.
    Flag(bool),
    /// A time.
    Time(DateTime<Utc>),
}

impl ColumnValue<'_> {
    /// Whether it says nothing: unknown, an empty list, or a checkbox that is not checked.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Nothing | Self::Flag(false) => true,
            Self::Texts(texts) => texts.is_empty(),
            _ => false,
        }
    }
}

impl From<ColumnValue<'_>> for serde_json::Value {
    fn from(value: ColumnValue<'_>) -> Self {
        match value {
            ColumnValue::Nothing => Self::Null,
            ColumnValue::Text(text) => text.into(),
            ColumnValue::Texts(texts) => texts.iter().cloned().collect(),
            ColumnValue::Whole(number) => number.into(),
            ColumnValue::Money(amount) => serde_json::json!(amount),
            ColumnValue::Flag(flag) => flag.into(),
            ColumnValue::Time(time) => serde_json::json!(time),
        }
    }
}

impl From<String> for ColumnValue<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Vec<String>> for ColumnValue<'_> {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts.into())
    }
}

impl<'a, T: Into<ColumnValue<'a>>> From<Option<T>> for ColumnValue<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, T::into)
    }
}

/// The type of a value in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonType {
    /// A string.
    Text,
    /// An array of strings.
    Texts,
    /// A whole number.
    Whole,
    /// An amount in pesos: a number with at most two decimals.
    Money,
    /// A boolean.
    Flag,
    /// A string: a time by RFC 3339.
    Time,
}

impl JsonType {
    /// Whether the value, which is not null, has this type.
    pub fn is_type_of(self, value: &serde_json::Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Texts => {
                value.as_array().is_some_and(|entries| entries.iter().all(serde_json::Value::is_string))
            }
            Self::Whole => value.is_i64(),
            Self::Money => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Time => value.as_str().is_some_and(|text| DateTime::parse_from_rfc3339(text).is_ok()),
        }
    }
}

impl Kind {
    /// The type in JSON of a value of this kind.
    pub const fn json(self) -> JsonType {
        match self {
            Self::Text | Self::Url | Self::Slug => JsonType::Text,
            Self::List | Self::Urls => JsonType::Texts,
            Self::Whole | Self::Year => JsonType::Whole,
            Self::Money => JsonType::Money,
            Self::Checkbox => JsonType::Flag,
            Self::Time => JsonType::Time,
        }
    }
}

/// A Rust type that a column can have.
pub(super) trait Held: Sized {
    const JSON: JsonType;
    const NULLABLE: bool = false;

    fn view(&self) -> ColumnValue<'_>;

    /// The value as this type; `None` when it has another one.
    fn of(value: ColumnValue<'_>) -> Option<Self>;
}

impl<T: Held> Held for Option<T> {
    const JSON: JsonType = T::JSON;
    const NULLABLE: bool = true;

    fn view(&self) -> ColumnValue<'_> {
        self.as_ref().map_or(ColumnValue::Nothing, Held::view)
    }

    fn of(value: ColumnValue<'_>) -> Option<Self> {
        Some(T::of(value))
    }
}

impl Held for String {
    const JSON: JsonType = JsonType::Text;

    fn view(&self) -> ColumnValue<'_> {
        ColumnValue::Text(Cow::Borrowed(self))
    }

    fn of(value: ColumnValue<'_>) -> Option<Self> {
        if let ColumnValue::Text(text) = value { Some(text.into_owned()) } else { None }
    }
}

impl Held for Vec<String> {
    const JSON: JsonType = JsonType::Texts;

    fn view(&self) -> ColumnValue<'_> {
        ColumnValue::Texts(Cow::Borrowed(self))
    }

    fn of(value: ColumnValue<'_>) -> Option<Self> {
        if let ColumnValue::Texts(texts) = value { Some(texts.into_owned()) } else { None }
    }
}

/// Types that are copied.
macro_rules! held {
    ($($type:ty => $variant:ident,)+) => {$(
        impl Held for $type {
            const JSON: JsonType = JsonType::$variant;

            fn view(&self) -> ColumnValue<'_> {
                ColumnValue::$variant(*self)
            }

            fn of(value: ColumnValue<'_>) -> Option<Self> {
                if let ColumnValue::$variant(value) = value { Some(value) } else { None }
            }
        }

        impl From<$type> for ColumnValue<'_> {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }
    )+};
}

held! {
    i32 => Whole,
    Money => Money,
    bool => Flag,
    DateTime<Utc> => Time,
}
