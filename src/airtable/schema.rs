//! What a base says about its table: the fields there are, with their ids, names and types.
//!
//! **Invariants:** a field's type is text, as new types may appear at any time; unknown keys are ignored.
//!
//! **Sources:** `GET /v0/meta/bases/{base}/tables`, scope `schema.bases:read`
//! (<https://airtable.com/developers/web/api/get-base-schema>).
//!
//! **Not here:** which column is read from which field (`domain`'s mapping).

use serde::Deserialize;
use serde_json::Value;

use super::{AirtableError, Kind};

/// The table that vitrina reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TableSchema {
    /// Its id, `tbl…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its fields, in the base's order.
    pub fields: Vec<FieldSchema>,
}

/// One field of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireField")]
pub struct FieldSchema {
    /// Its id, `fld…`, which renaming does not change.
    pub id: String,
    /// Its present name.
    pub name: String,
    /// Airtable's name of its type, such as `singleSelect` or `multipleLookupValues`.
    pub field_type: String,
    /// For a computed field the type of what it gives, if the base says so.
    pub result_type: Option<String>,
    /// Whether Airtable says that a computed field cannot be computed any more.
    pub broken: bool,
}

impl FieldSchema {
    /// Its type, with that of its results in brackets: `formula (number)`.
    pub fn shown_type(&self) -> String {
        match &self.result_type {
            Some(result) => format!("{} ({result})", self.field_type),
            None => self.field_type.clone(),
        }
    }
}

#[derive(Deserialize)]
struct WireField {
    id: String,
    name: String,
    #[serde(rename = "type")]
    field_type: String,
    #[serde(default)]
    options: Value,
}

impl From<WireField> for FieldSchema {
    fn from(field: WireField) -> Self {
        let WireField { id, name, field_type, options } = field;
        let result = options.pointer("/result/type").and_then(Value::as_str);
        // Times of creation and change are dates whatever they give.
        let computed = matches!(field_type.as_str(), "formula" | "rollup" | "multipleLookupValues");
        Self {
            result_type: result.filter(|_| computed).map(str::to_owned),
            broken: options.get("isValid") == Some(&Value::Bool(false)),
            id,
            name,
            field_type,
        }
    }
}

/// All tables of the base.
#[derive(Debug, Deserialize)]
pub(super) struct Tables {
    tables: Vec<TableSchema>,
}

impl Tables {
    /// All of them.
    pub(super) fn all(self) -> Vec<TableSchema> {
        self.tables
    }

    /// The table with this id or, if there is none, this name.
    pub(super) fn find(self, base: &str, id_or_name: &str) -> Result<TableSchema, AirtableError> {
        let mut tables = self.tables;
        let position = tables
            .iter()
            .position(|table| table.id == id_or_name)
            .or_else(|| tables.iter().position(|table| table.name == id_or_name));
        match position {
            Some(position) => Ok(tables.swap_remove(position)),
            None => Err(missing(base, id_or_name, &tables)),
        }
    }
}

fn missing(base: &str, id_or_name: &str, tables: &[TableSchema]) -> AirtableError {
    const LISTED: usize = 20;
    let mut known: Vec<String> =
        tables.iter().take(LISTED).map(|table| format!("{:?} ({})", table.name, table.id)).collect();
    if tables.len() > LISTED {
        known.push(format!("{} more", tables.len() - LISTED));
    }
    let known = if known.is_empty() { "none that the token may see".to_owned() } else { known.join(", ") };
    AirtableError::new(
        Kind::NotFound,
        format!("the base {base} has no table {id_or_name:?}; its tables: {known}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tables() -> Tables {
        serde_json::from_value(json!({"tables": [
            {"id": "tblAutos000000001", "name": "Autos", "primaryFieldId": "fldAuto0000000001", "views": [],
             "fields": [{"id": "fldAuto0000000001", "name": "Auto", "type": "singleLineText", "options": {}},
                        {"id": "fldNew00000000001", "name": "Nuevo", "type": "somethingNew"}]},
            {"id": "tblVentas00000001", "name": "tblAutos000000001", "fields": []},
        ]}))
        .unwrap()
    }

    #[test]
    fn a_computed_field_says_what_it_gives_and_whether_it_works() {
        let field = |field_type: &str, options| {
            let field = json!({"id": "fldA", "name": "A", "type": field_type, "options": options});
            serde_json::from_value::<FieldSchema>(field).unwrap()
        };
        let lookup = field("multipleLookupValues", json!({"isValid": true, "result": {"type": "number"}}));
        assert_eq!((lookup.shown_type().as_str(), lookup.broken), ("multipleLookupValues (number)", false));
        assert_eq!(field("createdTime", json!({"result": {"type": "date"}})).shown_type(), "createdTime");
        let broken = field("formula", json!({"isValid": false, "result": null}));
        assert_eq!((broken.shown_type().as_str(), broken.broken), ("formula", true));
        assert_eq!(field("button", json!(7)).shown_type(), "button");
    }

    #[test]
    fn a_table_is_found_by_id_before_name() {
        let by_id = tables().find("app1", "tblAutos000000001").unwrap();
        assert_eq!(by_id.name, "Autos");
        assert_eq!(by_id.fields[1].field_type, "somethingNew");
        assert_eq!(tables().find("app1", "Autos").unwrap(), by_id);
    }

    #[test]
    fn a_missing_table_is_a_configuration_error_that_names_the_others() {
        let error = tables().find("app1", "autos").unwrap_err();
        assert!(error.kind.is_configuration());
        assert_eq!(
            error.to_string(),
            r#"the base app1 has no table "autos"; its tables: "Autos" (tblAutos000000001), "tblAutos000000001" (tblVentas00000001)"#
        );
        let empty = Tables { tables: Vec::new() };
        assert!(
            empty.find("app1", "Autos").unwrap_err().to_string().ends_with("none that the token may see")
        );
    }
}
