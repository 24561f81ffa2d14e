//! A payload: what one action did, as a hook asked to hear of it.
//!
//! **Invariants:** `current` holds changed cells only, an emptied one as null; keys that would be empty are left out. Payloads of one action share
//! their `timestamp` and `baseTransactionNumber`.
//!
//! **Sources:** <https://airtable.com/developers/web/api/model/webhooks-payload>; cells in their own format, see `field-model` there. How an
//! emptied cell is shown is not documented; null is what samples have.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    spec::{ChangeType, DataType, Specification},
    text,
};
use crate::simulator::{
    cells::Cells,
    store::{Event, Field, FieldKind, Happened, Table, differing},
};

/// Records in one payload.
pub(super) const RECORDS: usize = 50;

/// Who did it, and when.
pub(in crate::simulator) struct Action<'a> {
    pub(in crate::simulator) source: &'a str,
    pub(in crate::simulator) transaction: u64,
    pub(in crate::simulator) now: DateTime<Utc>,
}

impl Action<'_> {
    fn payload(&self, more: Value) -> Value {
        let mut body = json!({
            "timestamp": text(self.now),
            "baseTransactionNumber": self.transaction,
            "payloadFormat": "v0",
            "actionMetadata": {"source": self.source, "sourceMetadata": {"user": {
                "id": "usrSimulatorOwner", "email": "desk@example.test", "permissionLevel": "create", "name": "Desk",
            }}},
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        body
    }

    /// The payload of a hook that has become invalid.
    pub(in crate::simulator) fn error(&self, code: &str) -> Value {
        self.payload(json!({"error": true, "code": code}))
    }
}

/// What a hook is told of an action, in one payload or several.
pub(in crate::simulator) fn payloads(
    specification: &Specification,
    events: &[Event],
    tables: &[Table],
    action: &Action<'_>,
) -> Vec<Value> {
    if !specification.wants_source(action.source) {
        return Vec::new();
    }
    let told = |event: &&Event| specification.table.is_none_or(|table| table == event.table);
    let events: Vec<&Event> = events.iter().filter(told).collect();
    events
        .chunks(RECORDS)
        .filter_map(|events| {
            let mut changed: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
            for event in events {
                let Some(table) = tables.get(event.table) else { continue };
                let entry = changed.entry(&table.id).or_default();
                add(entry, specification, table, event);
            }
            changed.retain(|_, table| !table.is_empty());
            (!changed.is_empty()).then(|| action.payload(json!({"changedTablesById": changed})))
        })
        .collect()
}

fn add(told: &mut Map<String, Value>, wanted: &Specification, table: &Table, event: &Event) {
    use ChangeType::{Add, Remove, Update};
    use DataType::{TableData, TableFields};
    let (data, change, place, id, value) = match &event.what {
        Happened::Created { id, cells } => {
            let created = table.records.get(id).map(|record| text(record.created));
            let filled = values(table, cells, |field| cells.contains_key(&field.slot));
            let value = json!({"createdTime": created, "cellValuesByFieldId": filled});
            (TableData, Add, "createdRecordsById", id, Some(value))
        }
        Happened::Changed { id, before, after } => {
            (TableData, Update, "changedRecordsById", id, changed(wanted, table, before, after))
        }
        Happened::Destroyed { id } => (TableData, Remove, "destroyedRecordIds", id, None),
        Happened::FieldCreated { id, name, kind } => {
            (TableFields, Add, "createdFieldsById", id, Some(json!({"name": name, "type": kind})))
        }
        Happened::FieldChanged { id, before, after } => {
            let mut value = json!({"current": after});
            if wanted.includes().include_previous_field_definitions {
                value["previous"] = before.clone();
            }
            (
                TableFields,
                Update,
                "changedFieldsById",
                id,
                Some(value).filter(|_| wanted.watches_schema_of(id)),
            )
        }
        Happened::FieldDestroyed { id } => (TableFields, Remove, "destroyedFieldIds", id, None),
    };
    if !wanted.wants(data, change) {
        return;
    }
    // With a view for scope, its records stand below it.
    let told = match &wanted.view {
        Some(view) if data == TableData => {
            object(told, "changedViewsById").and_then(|views| object(views, view))
        }
        _ => Some(told),
    };
    let Some(told) = told else { return };
    if change == Remove {
        if let Some(list) = told.entry(place).or_insert_with(|| json!([])).as_array_mut() {
            list.push(json!(id));
        }
    } else if let Some(value) = value
        && let Some(all) = object(told, place)
    {
        all.insert(id.clone(), value);
    }
}

/// The object under this key, made if it is not there.
fn object<'m>(map: &'m mut Map<String, Value>, key: &str) -> Option<&'m mut Map<String, Value>> {
    map.entry(key).or_insert_with(|| json!({})).as_object_mut()
}

/// `None` if no watched cell changed.
fn changed(wanted: &Specification, table: &Table, before: &Cells, after: &Cells) -> Option<Value> {
    let slots = differing(before, after);
    let is_changed = |field: &Field| slots.contains(&field.slot) && wanted.watches_cells_of(&field.id);
    let current = values(table, after, is_changed);
    if current.is_empty() {
        return None;
    }
    let mut value = json!({"current": {"cellValuesByFieldId": current}});
    if wanted.includes().include_previous_cell_values {
        value["previous"] = json!({"cellValuesByFieldId": values(table, before, is_changed)});
    }
    let unchanged = values(table, after, |field| {
        !slots.contains(&field.slot) && after.contains_key(&field.slot) && wanted.includes_cells_of(&field.id)
    });
    if !unchanged.is_empty() {
        value["unchanged"] = json!({"cellValuesByFieldId": unchanged});
    }
    Some(value)
}

/// The cells of these fields by field id, an empty one as null.
fn values(table: &Table, cells: &Cells, of: impl Fn(&Field) -> bool) -> Map<String, Value> {
    let told = table.fields.iter().filter(|field| of(field));
    told.map(|field| {
        let cell = cells.get(&field.slot);
        (field.id.clone(), cell.map_or(Value::Null, |cell| dressed(field.usual_kind, cell)))
    })
    .collect()
}

/// A cell as payloads show it.
fn dressed(kind: FieldKind, cell: &Value) -> Value {
    match (kind, cell) {
        (FieldKind::SingleSelect, Value::String(name)) => choice(name),
        (FieldKind::MultipleSelects, Value::Array(names)) => {
            names.iter().map(|name| name.as_str().map_or_else(|| name.clone(), choice)).collect()
        }
        (FieldKind::MultipleRecordLinks, Value::Array(ids)) => {
            ids.iter().map(|id| json!({"id": id, "name": ""})).collect()
        }
        (FieldKind::MultipleLookupValues, values) => json!({
            "valuesByLinkedRecordId": {"recLinkedRecord00": values},
            "linkedRecordIds": ["recLinkedRecord00"],
        }),
        _ => cell.clone(),
    }
}

fn choice(name: &str) -> Value {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).take(14).collect();
    json!({"id": format!("sel{letters:0>14}"), "name": name, "color": "blueLight2"})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::cells::Slot;

    fn table() -> Table {
        let mut table = Table::new("tblA".to_owned(), "Autos".to_owned(), "viwA".to_owned());
        table.add_field("fldState".to_owned(), "Estado".to_owned(), FieldKind::SingleSelect);
        table.add_field("fldPrice".to_owned(), "Precio".to_owned(), FieldKind::Number);
        table
    }

    fn told(options: &Value, events: &[Event]) -> Vec<Value> {
        let tables = [table()];
        let specification = Specification::read(&json!({"options": options}), &tables).unwrap();
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let action = Action { source: "client", transaction: 4, now };
        payloads(&specification, events, &tables, &action)
    }

    fn events(count: usize) -> Vec<Event> {
        let cells = |price: u32| Cells::from([(Slot(0), json!("Comprado")), (Slot(1), json!(price))]);
        let mut after = cells(2);
        after.remove(&Slot(0));
        (0..count)
            .map(|number| Event {
                table: 0,
                what: Happened::Changed {
                    id: format!("rec{number}"),
                    before: cells(1),
                    after: after.clone(),
                },
            })
            .collect()
    }

    #[test]
    fn a_change_is_told_with_what_was_asked_for_and_no_more() {
        let bare = told(&json!({"filters": {"dataTypes": ["tableData"]}}), &events(1));
        assert_eq!(
            bare[0]["changedTablesById"],
            json!({"tblA": {"changedRecordsById": {"rec0": {"current": {"cellValuesByFieldId": {"fldState": null, "fldPrice": 2}}}}}})
        );
        assert_eq!(
            (&bare[0]["timestamp"], &bare[0]["baseTransactionNumber"]),
            (&json!("2026-01-01T00:00:00.000Z"), &json!(4))
        );
        let full = told(
            &json!({"filters": {"dataTypes": ["tableData"], "recordChangeScope": "viwA", "watchDataInFieldIds": ["fldState"]},
                    "includes": {"includeCellValuesInFieldIds": "all", "includePreviousCellValues": true}}),
            &events(1),
        );
        let record =
            &full[0]["changedTablesById"]["tblA"]["changedViewsById"]["viwA"]["changedRecordsById"]["rec0"];
        assert_eq!(record["previous"]["cellValuesByFieldId"]["fldState"]["name"], "Comprado");
        assert_eq!(record["current"], json!({"cellValuesByFieldId": {"fldState": null}}));
    }

    #[test]
    fn filters_leave_out_what_was_not_asked_for() {
        for filters in [
            json!({"dataTypes": ["tableFields"]}),
            json!({"dataTypes": ["tableData"], "changeTypes": ["add", "remove"]}),
            json!({"dataTypes": ["tableData"], "fromSources": ["automation"]}),
        ] {
            assert_eq!(told(&json!({"filters": filters}), &events(1)), Vec::<Value>::new(), "{filters}");
        }
    }

    #[test]
    fn one_action_may_take_several_payloads() {
        let told = told(&json!({"filters": {"dataTypes": ["tableData"]}}), &events(RECORDS + 1));
        let sizes = told
            .iter()
            .map(|body| body["changedTablesById"]["tblA"]["changedRecordsById"].as_object().unwrap().len());
        assert_eq!(sizes.collect::<Vec<_>>(), [RECORDS, 1]);
        assert_eq!(told[0]["baseTransactionNumber"], told[1]["baseTransactionNumber"]);
    }
}
