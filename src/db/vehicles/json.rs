//! The JSON of a vehicle: PostgreSQL writes it, the display names of its branches are added.
//!
//! **Invariants:** the public columns are those of `db::columns`. Nothing parses the JSON again on its way to the response.

use serde_json::value::RawValue;
use sqlx::types::Json;

use super::{
    super::{DbError, columns::SHOWN},
    BranchNames,
};

/// A vehicle as a JSON object.
pub type VehicleJson = Json<Box<RawValue>>;

/// A statement's columns `json` and `ubicacion` of the vehicle `v`.
pub(super) fn columns() -> String {
    format!("(select to_json(shown)::text from (select {}) shown) as json, v.ubicacion", *SHOWN)
}

/// The object with its member `sucursal`.
pub(super) fn with_branches(
    mut json: String,
    ubicacion: &[String],
    branches: &BranchNames,
) -> Result<VehicleJson, DbError> {
    let unreadable = |error: serde_json::Error| DbError::from(sqlx::Error::Decode(error.into()));
    json.truncate(json.trim_end_matches('}').len());
    json.push_str(",\"sucursal\":");
    json.push_str(&serde_json::to_string(&branches.all_shown(ubicacion)).map_err(unreadable)?);
    json.push('}');
    Ok(Json(RawValue::from_string(json).map_err(unreadable)?))
}
