//! Columns that the public does not get to see.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::Wrong;
use crate::{
    config::problem::shown_text,
    domain::{Described, closest},
};

/// Reads names of public columns that may be made private: a page is found by its address and a vehicle by its id, so not these.
pub(in crate::config) fn private<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    let columns = Vec::<String>::deserialize(deserializer)?;
    let may_be = |column: &str| {
        Described::public_columns().any(|public| public == column) && !matches!(column, "record_id" | "slug")
    };
    match columns.iter().find(|column| !may_be(column)) {
        None => Ok(columns),
        Some(column) => {
            let near = closest(column, Described::public_columns());
            let near = if near.is_empty() { "rezago or ordencompra".to_owned() } else { near.join(" or ") };
            let expected = format!("names of columns other than record_id and slug, such as {near}");
            Err(D::Error::custom(Wrong::found(shown_text(column), expected)))
        }
    }
}
