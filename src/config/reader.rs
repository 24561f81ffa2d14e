//! The layers as one table that serde reads into a [`Config`].
//!
//! A value that its type refuses is reported and replaced by its default, and the table is read again: so each wrong value is found, and
//! none hides another.
//!
//! **Invariants:** serde's errors are [`Wrong`]s, which quote no values. An empty text is read as `None` where a setting may be unset.

use serde::{
    Deserialize as _, Deserializer,
    de::{
        IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_path_to_error::{Path, Segment, Track};
use toml::Value;

use super::{layers::Layers, problem::shown, settings::Config, values::Wrong};

/// The settings, with defaults in place of those that do not fit, which are noted in `layers`.
///
/// `None` only if the built-in defaults are wrong themselves, which is noted too.
pub(super) fn read(layers: &mut Layers) -> Option<Config> {
    loop {
        let mut track = Track::new();
        let whole = Given(Value::Table(layers.merged()));
        match Config::deserialize(serde_path_to_error::Deserializer::new(whole, &mut track)) {
            Ok(config) => return Some(config),
            Err(wrong) => {
                let key = key_of(&track.path());
                let Some(value) = layers.value(&key) else {
                    layers.wrong(&key, "a wrong default", wrong.expected);
                    return None;
                };
                let found = wrong.found.unwrap_or_else(|| shown(value));
                layers.wrong(&key, found, wrong.expected);
                layers.drop(&key);
            }
        }
    }
}

/// Section and name, without places in a list below them.
fn key_of(path: &Path) -> String {
    let names = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.as_str()),
        _ => None,
    });
    names.take(2).collect::<Vec<_>>().join(".")
}

/// A value that serde reads, with [`Wrong`] as its error.
struct Given(Value);

impl<'de> Deserializer<'de> for Given {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            Value::Integer(number) => visitor.visit_i64(number),
            Value::Float(number) => visitor.visit_f64(number),
            Value::Boolean(truth) => visitor.visit_bool(truth),
            Value::Datetime(time) => visitor.visit_string(time.to_string()),
            Value::Array(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter().map(Self))),
            Value::Table(values) => visitor
                .visit_map(MapDeserializer::new(values.into_iter().map(|(key, value)| (key, Self(value))))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.0.as_str() == Some("") { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::String(text) => text.into_deserializer().deserialize_enum(name, variants, visitor),
            _ => Err(Wrong::expected(variants.join(" or "))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Wrong> for Given {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
