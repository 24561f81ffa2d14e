//! Settings that may be left unset, written as an empty text; for `#[serde(deserialize_with = "super::optional::deserialize")]`.

use serde::{Deserialize, Deserializer, de::IntoDeserializer as _};

/// Reads an empty text as `None` and any other as a `T`.
pub(super) fn deserialize<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { T::deserialize(text.into_deserializer()).map(Some) }
}
