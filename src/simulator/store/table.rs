//! A table, its fields and their types.
//!
//! **Sources:** types and their options: <https://airtable.com/developers/web/api/field-model>.
//!
//! **Not here:** a cell is not checked against its field's type: tests put into cells whatever Airtable might ever send.

use std::{borrow::Cow, collections::BTreeMap};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Field, Record, Replica, Version, field};
use crate::simulator::cells::{Cells, Slot};

/// The types of a field that the simulator knows, named as Airtable does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "Airtable's field reference says what each is")]
pub enum FieldKind {
    SingleLineText,
    MultilineText,
    RichText,
    Email,
    Url,
    PhoneNumber,
    Number,
    Currency,
    Percent,
    Rating,
    Checkbox,
    SingleSelect,
    MultipleSelects,
    Date,
    DateTime,
    MultipleAttachments,
    MultipleRecordLinks,
    MultipleLookupValues,
    Formula,
    Rollup,
    Count,
    AutoNumber,
    CreatedTime,
    LastModifiedTime,
}

impl FieldKind {
    /// A type that a value like this may stand in.
    pub(super) fn suiting(value: &Value) -> Self {
        match value {
            Value::Null | Value::String(_) => Self::SingleLineText,
            Value::Bool(_) => Self::Checkbox,
            Value::Number(_) => Self::Number,
            Value::Array(items) if items.iter().any(Value::is_object) => Self::MultipleAttachments,
            Value::Array(_) => Self::MultipleSelects,
            Value::Object(_) => Self::Formula,
        }
    }

    /// Whether its text is a date or a time.
    pub(in crate::simulator) fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::DateTime | Self::CreatedTime | Self::LastModifiedTime)
    }

    /// The `options` of the schema, in their shortest form.
    pub(in crate::simulator) fn options(self) -> Option<Value> {
        let date = json!({"name": "iso", "format": "YYYY-MM-DD"});
        let text = json!({"type": "singleLineText"});
        Some(match self {
            Self::SingleLineText
            | Self::MultilineText
            | Self::RichText
            | Self::Email
            | Self::Url
            | Self::PhoneNumber
            | Self::AutoNumber => return None,
            Self::Number | Self::Percent => json!({"precision": 0}),
            Self::Currency => json!({"precision": 2, "symbol": "$"}),
            Self::Rating => json!({"max": 5, "icon": "star", "color": "yellowBright"}),
            Self::Checkbox => json!({"icon": "check", "color": "greenBright"}),
            Self::SingleSelect | Self::MultipleSelects => json!({"choices": []}),
            Self::Date => json!({"dateFormat": date}),
            Self::DateTime => json!({
                "dateFormat": date,
                "timeFormat": {"name": "24hour", "format": "HH:mm"},
                "timeZone": "utc",
            }),
            Self::MultipleAttachments => json!({"isReversed": false}),
            Self::MultipleRecordLinks => json!({
                "linkedTableId": "tblLinkedTable000",
                "isReversed": false,
                "prefersSingleRecordLink": false,
            }),
            Self::MultipleLookupValues | Self::Rollup => json!({
                "isValid": true,
                "recordLinkFieldId": null,
                "fieldIdInLinkedTable": null,
                "referencedFieldIds": [],
                "result": text,
            }),
            Self::Formula => {
                json!({"formula": "\"\"", "isValid": true, "referencedFieldIds": [], "result": text})
            }
            Self::Count => json!({"isValid": true, "recordLinkFieldId": null}),
            Self::CreatedTime => json!({"result": {"type": "date", "options": {"dateFormat": date}}}),
            Self::LastModifiedTime => json!({
                "isValid": true,
                "referencedFieldIds": [],
                "result": {"type": "date", "options": {"dateFormat": date}},
            }),
        })
    }
}

/// A record with the cells that somebody is shown.
pub(in crate::simulator) struct Shown<'t> {
    pub(in crate::simulator) created: DateTime<Utc>,
    /// What was put into the record.
    pub(in crate::simulator) version: &'t Version,
    /// What its cells show.
    pub(in crate::simulator) cells: Cow<'t, Cells>,
}

#[derive(Debug)]
pub(in crate::simulator) struct Table {
    pub(in crate::simulator) id: String,
    pub(in crate::simulator) name: String,
    /// The id of its one view.
    pub(in crate::simulator) view_id: String,
    pub(in crate::simulator) fields: Vec<Field>,
    /// By id; deleted ones too.
    pub(in crate::simulator) records: BTreeMap<String, Record>,
    slots_given: u32,
}

impl Table {
    /// The name of the one view that every table has.
    pub(in crate::simulator) const VIEW: &str = "Grid view";

    pub(in crate::simulator) fn new(id: String, name: String, view_id: String) -> Self {
        Self { id, name, view_id, fields: Vec::new(), records: BTreeMap::new(), slots_given: 0 }
    }

    /// The field of this name or id.
    pub(in crate::simulator) fn field(&self, name_or_id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name_or_id || field.id == name_or_id)
    }

    pub(in crate::simulator) fn field_mut(&mut self, name_or_id: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.name == name_or_id || field.id == name_or_id)
    }

    pub(in crate::simulator) fn add_field(&mut self, id: String, name: String, kind: FieldKind) -> Slot {
        let slot = Slot(self.slots_given);
        self.slots_given += 1;
        self.fields.push(Field::new(slot, id, name, kind));
        slot
    }

    /// Removes the field; its cells can no longer be reached.
    pub(in crate::simulator) fn remove_field(&mut self, name_or_id: &str) -> bool {
        let before = self.fields.len();
        self.fields.retain(|field| field.name != name_or_id && field.id != name_or_id);
        self.fields.len() < before
    }

    /// The record as a replica shows it; `None` if it is not there.
    pub(in crate::simulator) fn seen<'t>(&'t self, id: &str, replica: &Replica) -> Option<Shown<'t>> {
        let record = self.records.get(id)?;
        Some(self.shown(id, record, record.seen(id, replica)?, Some(replica)))
    }

    /// The record as it stands in the base, with its computed fields up to date; `None` if it is not there.
    pub(in crate::simulator) fn latest<'t>(&'t self, id: &str) -> Option<Shown<'t>> {
        let record = self.records.get(id)?;
        Some(self.shown(id, record, record.latest()?, None))
    }

    fn shown<'t>(
        &'t self,
        id: &str,
        record: &'t Record,
        version: &'t Version,
        replica: Option<&Replica>,
    ) -> Shown<'t> {
        let cells = field::shown(&self.fields, (id, record), version, replica);
        Shown { created: record.created, version, cells }
    }
}
