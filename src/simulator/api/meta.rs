//! `/v0/meta`: the schema of the base, the bases of the token, and whose it is.

use serde_json::{Value, json};

use super::{Base, Refusal};
use crate::simulator::store::Table;

impl Base<'_> {
    pub(super) fn schema(&self) -> Value {
        let tables: Vec<Value> = self.store.tables.iter().map(describe).collect();
        json!({"tables": tables})
    }

    pub(super) fn account(&self, path: &[String]) -> Result<Value, Refusal> {
        match path.last().map(String::as_str) {
            Some("whoami") => Ok(json!({"id": "usrSimulatorOwner"})),
            Some("bases") => {
                Ok(json!({"bases": [{"id": self.id, "name": "Inventario", "permissionLevel": "create"}]}))
            }
            _ => Err(Refusal::NotFound),
        }
    }
}

fn describe(table: &Table) -> Value {
    let fields: Vec<Value> = table
        .fields
        .iter()
        .map(|field| {
            let kind = field.kind();
            let mut described = json!({"id": field.id, "name": field.name, "type": kind});
            if let (Some(described), Some(options)) = (described.as_object_mut(), kind.options()) {
                described.insert("options".to_owned(), options);
            }
            described
        })
        .collect();
    json!({
        "id": table.id,
        "name": table.name,
        "primaryFieldId": table.fields.first().map(|field| &field.id),
        "fields": fields,
        "views": [{"id": table.view_id, "name": Table::VIEW, "type": "grid"}],
    })
}
