//! One record by its id, and the writes.
//!
//! **Invariants:** a get falls back to the other tables of the base and does not say so, as Airtable's does. Writes see and answer the
//! latest state, whatever readers still see; at most 10 records each. `typecast` is accepted and means nothing here.
//!
//! **Sources:** <https://airtable.com/developers/web/api/get-record>, <https://airtable.com/developers/web/api/update-multiple-records>.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Base, Refusal, render::Shape};
use crate::simulator::{cells::Cells, store::Table};

const BATCH: usize = 10;

/// The body of a create or update.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Write {
    fields: Option<Map<String, Value>>,
    records: Option<Vec<Row>>,
    perform_upsert: Option<Upsert>,
    return_fields_by_field_id: bool,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: Option<String>,
    fields: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Upsert {
    fields_to_merge_on: Vec<String>,
}

impl Write {
    fn read(body: Value) -> Result<Self, Refusal> {
        serde_json::from_value(body).map_err(|_| Refusal::InvalidRequest)
    }

    /// The rows to write, and whether they came as a batch.
    fn rows(&mut self) -> Result<(Vec<Row>, bool), Refusal> {
        match (self.fields.take(), self.records.take()) {
            (Some(fields), None) => Ok((vec![Row { id: None, fields }], false)),
            (None, Some(rows)) if (1..=BATCH).contains(&rows.len()) => Ok((rows, true)),
            (None, None) => Err(Refusal::MissingFields),
            _ => Err(Refusal::InvalidRecords),
        }
    }
}

impl Base<'_> {
    pub(super) fn get(&self, table: usize, id: &str, by_id: bool) -> Result<Value, Refusal> {
        let tables = &self.store.tables;
        let shape = Shape { by_id, only: None, links: self.links, now: self.now };
        tables
            .iter()
            .skip(table)
            .chain(tables.iter().take(table))
            .find_map(|table| Some(Value::Object(shape.record(table, id, &table.seen(id, self.replica)?))))
            .ok_or(Refusal::RecordNotFound)
    }

    pub(super) fn create(&mut self, table: usize, body: Value) -> Result<Value, Refusal> {
        let mut write = Write::read(body)?;
        let (rows, batch) = write.rows()?;
        let rows: Vec<Cells> =
            rows.into_iter().map(|row| self.cells(table, row.fields)).collect::<Result<_, _>>()?;
        let mut created = Vec::new();
        for cells in rows {
            let id = self.store.ids.next("rec");
            self.store.create((table, &id), cells, self.now);
            created.push(self.latest(table, &id, write.return_fields_by_field_id)?);
        }
        Ok(if batch { json!({"records": created}) } else { created.into_iter().next().unwrap_or_default() })
    }

    pub(super) fn update(
        &mut self,
        table: usize,
        record: Option<&str>,
        body: Value,
        replace: bool,
    ) -> Result<Value, Refusal> {
        let mut write = Write::read(body)?;
        let (rows, batch) = write.rows()?;
        if batch == record.is_some() {
            return Err(Refusal::InvalidRequest);
        }
        let mut targets = Vec::new();
        for row in rows {
            let id = match (record, row.id, &write.perform_upsert) {
                (Some(id), ..) => Some(id.to_owned()),
                (None, Some(id), _) => Some(id),
                (None, None, Some(upsert)) => self.matching(table, &row.fields, upsert)?,
                (None, None, None) => return Err(Refusal::InvalidRecords),
            };
            if let Some(id) = id.as_deref().filter(|id| self.latest(table, id, false).is_err()) {
                let single = record.is_some();
                return Err(if single {
                    Refusal::RecordNotFound
                } else {
                    Refusal::RowDoesNotExist(id.to_owned())
                });
            }
            targets.push((id, self.cells(table, row.fields)?));
        }

        let (mut written, mut created, mut updated) = (Vec::new(), Vec::new(), Vec::new());
        for (known, cells) in targets {
            let id = if let Some(id) = known {
                self.store.change((table, &id), cells, replace, self.now);
                updated.push(json!(id));
                id
            } else {
                let id = self.store.ids.next("rec");
                self.store.create((table, &id), cells, self.now);
                created.push(json!(id));
                id
            };
            written.push(self.latest(table, &id, write.return_fields_by_field_id)?);
        }
        Ok(match (batch, write.perform_upsert) {
            (false, _) => written.into_iter().next().unwrap_or_default(),
            (true, None) => json!({"records": written}),
            (true, Some(_)) => {
                json!({"records": written, "createdRecords": created, "updatedRecords": updated})
            }
        })
    }

    pub(super) fn delete(
        &mut self,
        table: usize,
        record: Option<&str>,
        query: &[(String, String)],
    ) -> Result<Value, Refusal> {
        let listed = query.iter().filter(|(key, _)| key.starts_with("records[")).map(|(_, id)| id.as_str());
        let ids: Vec<&str> = record.into_iter().chain(listed).collect();
        if ids.is_empty() || ids.len() > BATCH {
            return Err(Refusal::InvalidRecords);
        }
        if ids.iter().any(|id| self.latest(table, id, false).is_err()) {
            return Err(Refusal::RecordNotFound);
        }
        for id in &ids {
            self.store.delete((table, id), self.now);
        }
        let mut deleted = ids.into_iter().map(|id| json!({"id": id, "deleted": true}));
        Ok(match record {
            Some(_) => deleted.next().unwrap_or_default(),
            None => json!({"records": deleted.collect::<Vec<_>>()}),
        })
    }

    /// Cells as they were sent, by slot; an attachment given by its URL gets an id.
    fn cells(&mut self, table: usize, fields: Map<String, Value>) -> Result<Cells, Refusal> {
        let known = self.store.table(table).ok_or(Refusal::PermissionsOrModelNotFound)?;
        let mut cells = fields
            .into_iter()
            .map(|(name, value)| match known.field(&name) {
                Some(field) => Ok((field.slot, value)),
                None => Err(Refusal::UnknownField(name)),
            })
            .collect::<Result<Cells, _>>()?;
        for item in cells.values_mut().filter_map(Value::as_array_mut).flatten() {
            if let Some(object) = item.as_object_mut()
                && object.contains_key("url")
                && !object.contains_key("id")
            {
                object.insert("id".to_owned(), json!(self.store.ids.next("att")));
            }
        }
        Ok(cells)
    }

    fn latest(&self, table: usize, id: &str, by_id: bool) -> Result<Value, Refusal> {
        let shape = Shape { by_id, only: None, links: self.links, now: self.now };
        let found = self
            .store
            .table(table)
            .and_then(|table| Some(Value::Object(shape.record(table, id, &table.latest(id)?))));
        found.ok_or(Refusal::RecordNotFound)
    }

    /// The one record that has the same values in the fields to merge on.
    fn matching(
        &self,
        table: usize,
        fields: &Map<String, Value>,
        upsert: &Upsert,
    ) -> Result<Option<String>, Refusal> {
        if !(1..=3).contains(&upsert.fields_to_merge_on.len()) {
            return Err(Refusal::InvalidRequest);
        }
        let table: &Table = self.store.table(table).ok_or(Refusal::PermissionsOrModelNotFound)?;
        let mut keys = Vec::new();
        for name in &upsert.fields_to_merge_on {
            let field = table.field(name).ok_or_else(|| Refusal::UnknownField(name.clone()))?;
            let value = fields.get(&field.name).or_else(|| fields.get(&field.id));
            keys.push((field.slot, value.ok_or(Refusal::InvalidRequest)?));
        }
        let mut matching = table.records.iter().filter(|(_, record)| {
            let version = record.latest();
            version.is_some_and(|version| {
                keys.iter().all(|(slot, value)| version.cells.get(slot) == Some(value))
            })
        });
        match (matching.next(), matching.next()) {
            (found, None) => Ok(found.map(|(id, _)| id.clone())),
            (_, Some(_)) => Err(Refusal::InvalidRequest),
        }
    }
}
