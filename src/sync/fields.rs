//! Which fields there are, and by which names vitrina knows them.
//!
//! Records are read by field id. An id is bound to the name under which it was first seen, for ever and across restarts, so
//! `config/fields.toml`, the keys of `data` and the warnings go on meaning the same field when somebody renames it in Airtable.
//!
//! **Invariants:** names are unique. A name is given to another field only when its former field is gone from the table. A column
//! none of whose fields exists is *frozen*: it keeps what is stored, instead of being emptied for every vehicle.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use super::SyncError;
use crate::{
    airtable::{AirtableClient, AirtableError, FieldNames, Kind, Lane, TableSchema, formula},
    config::Config,
    db::Db,
    domain::{Column, Mapping, Record},
};

/// How records are to be understood at the moment.
#[derive(Debug)]
pub(super) struct FieldPlan {
    /// The mapping, in names that records carry.
    pub(super) mapping: Mapping,
    /// Columns to be left as they are stored.
    pub(super) frozen: Vec<Column>,
    /// The field that decides on listing, as a formula names it: by id when ids are known.
    status_field: Option<String>,
    /// The field in which Airtable says when a record was last modified, if the table has one.
    modified_field: Option<String>,
    /// The schema and the names it was made from; `None`: fields are read by name.
    known: Option<(TableSchema, BTreeMap<String, String>)>,
}

impl FieldPlan {
    /// Whether the table's fields are known, so that one that is missing can be told.
    pub(super) fn knows_fields(&self) -> bool {
        self.known.is_some()
    }

    /// Whether a record itself says if it is listed; otherwise what is stored stands.
    pub(super) fn decides_listing(&self) -> bool {
        !self.frozen.contains(&Column::Ordenstatus)
    }

    /// When Airtable says that the record was last modified.
    pub(super) fn modified(&self, record: &Record) -> Option<DateTime<Utc>> {
        record.fields.get(self.modified_field.as_ref()?)?.as_str()?.parse().ok()
    }

    /// A formula that holds for the records whose state is the listed one; `None` when there is no such field.
    pub(super) fn listed_formula(&self, status: &str) -> Option<String> {
        let field = self.status_field.as_ref()?;
        let status = status.trim().to_lowercase();
        Some(format!("LOWER(TRIM({}&''))={}", formula::field(field), formula::text(&status)))
    }
}

/// The present plan; made when first needed.
pub(super) struct Fields {
    /// The table under which names are remembered.
    table: String,
    configured: Mapping,
    present: RwLock<Option<Arc<FieldPlan>>>,
    making: Mutex<()>,
    remembers: AtomicBool,
}

impl Fields {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            table: format!("{}/{}", config.airtable.base_id, config.airtable.table_id),
            configured: config.mapping.clone(),
            present: RwLock::new(None),
            making: Mutex::new(()),
            remembers: AtomicBool::new(true),
        }
    }

    /// From now on new names are not written down: for a preview, in a process that does nothing else.
    pub(super) fn remember_nothing(&self) {
        self.remembers.store(false, Ordering::Relaxed);
    }

    /// The present plan. The first call reads the schema; those who come meanwhile wait for it.
    pub(super) async fn plan(&self, airtable: &AirtableClient, db: &Db) -> Result<Arc<FieldPlan>, SyncError> {
        if let Some(plan) = self.present() {
            return Ok(plan);
        }
        let _making = self.making.lock().await;
        if let Some(plan) = self.present() {
            return Ok(plan);
        }
        self.read_schema(airtable, db).await
    }

    /// A plan for another mapping, on the same fields; without one the present plan.
    pub(super) async fn plan_with(
        &self,
        mapping: Option<&Mapping>,
        airtable: &AirtableClient,
        db: &Db,
    ) -> Result<Arc<FieldPlan>, SyncError> {
        let present = self.plan(airtable, db).await?;
        Ok(match (mapping, &present.known) {
            (None, _) => present,
            (Some(mapping), Some((schema, names))) => Arc::new(plan(mapping, schema, names)),
            (Some(mapping), None) => Arc::new(by_name(mapping)),
        })
    }

    /// Reads the schema anew.
    pub(super) async fn read_schema(
        &self,
        airtable: &AirtableClient,
        db: &Db,
    ) -> Result<Arc<FieldPlan>, SyncError> {
        let remembered = db.field_names(&self.table).await?;
        let permit = airtable.permit(Lane::Webhook).await;
        let (plan, names) = match airtable.schema(permit).await {
            Ok(schema) => {
                let names = bind(&schema, &remembered);
                if names != remembered && self.remembers.load(Ordering::Relaxed) {
                    db.remember_field_names(&self.table, &names).await?;
                }
                (plan(&self.configured, &schema, &names), Some(names))
            }
            Err(error) if lacks_scope(&error) => {
                tracing::warn!(
                    error = %error,
                    "the base's schema cannot be read, so new, renamed and deleted fields go unnoticed; \
                     give the token the scope schema.bases:read"
                );
                if remembered.is_empty() {
                    (by_name(&self.configured), None)
                } else {
                    (plan(&self.configured, &TableSchema::default(), &remembered), Some(remembered))
                }
            }
            Err(error) => return Err(error.into()),
        };
        airtable.use_field_names(names.map(FieldNames::from_iter));
        if !plan.frozen.is_empty() {
            let columns: Vec<&str> = plan.frozen.iter().map(|column| column.as_str()).collect();
            tracing::warn!(
                columns = columns.join(", "),
                "no field in Airtable feeds these columns, so they stay as they are; see config/fields.toml"
            );
        }
        let plan = Arc::new(plan);
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&plan));
        Ok(plan)
    }

    fn present(&self) -> Option<Arc<FieldPlan>> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether only the schema is refused; if it is the whole base, reading records will say so.
fn lacks_scope(error: &AirtableError) -> bool {
    matches!((error.kind, error.status), (Kind::Forbidden, _) | (Kind::NotFound, Some(_)))
}

/// Field id to name: what is remembered stands, new fields get their present name.
fn bind(schema: &TableSchema, remembered: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for field in &schema.fields {
        if let Some(name) = remembered.get(&field.id) {
            used.insert(name);
            names.insert(field.id.clone(), name.clone());
        }
    }
    for field in &schema.fields {
        if !names.contains_key(&field.id) {
            let name = if used.insert(&field.name) { &field.name } else { &field.id };
            names.insert(field.id.clone(), name.clone());
        }
    }
    names
}

/// A source of the mapping may be written as an id, as the name that is remembered, or as the field's present name.
fn plan(configured: &Mapping, schema: &TableSchema, names: &BTreeMap<String, String>) -> FieldPlan {
    let known: BTreeSet<&str> = names.values().map(String::as_str).collect();
    let name_of = |source: &str| {
        if known.contains(source) {
            return Some(source.to_owned());
        }
        let field = schema.fields.iter().find(|field| field.id == source || field.name == source)?;
        names.get(&field.id).cloned()
    };
    let mapping = configured.resolve(name_of);
    let frozen = mapping.columns_without(|name| known.contains(name));
    let status_field = mapping
        .fields_of(Column::Ordenstatus)
        .find_map(|field| names.iter().find(|(_, name)| *name == field).map(|(id, _)| id.clone()));
    let modified_field = schema
        .fields
        .iter()
        .find(|field| field.field_type == "lastModifiedTime")
        .and_then(|field| names.get(&field.id).cloned());
    let known = Some((schema.clone(), names.clone()));
    FieldPlan { mapping, frozen, status_field, modified_field, known }
}

/// Without the schema every source counts as it is written.
fn by_name(configured: &Mapping) -> FieldPlan {
    let status_field = configured.fields_of(Column::Ordenstatus).next().map(str::to_owned);
    FieldPlan {
        mapping: configured.clone(),
        frozen: Vec::new(),
        status_field,
        modified_field: None,
        known: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::airtable::FieldSchema;

    fn schema(fields: &[(&str, &str)]) -> TableSchema {
        TableSchema {
            id: "tblInventario0000".into(),
            name: "Inventario".into(),
            fields: fields
                .iter()
                .map(|(id, name)| FieldSchema {
                    id: (*id).into(),
                    name: (*name).into(),
                    field_type: "singleLineText".into(),
                })
                .collect(),
        }
    }

    fn names(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(id, name)| ((*id).into(), (*name).into())).collect()
    }

    #[test]
    fn a_renamed_field_keeps_the_name_it_was_first_seen_under() {
        let bound = bind(&schema(&[("fldA", "Precio MXN")]), &names(&[("fldA", "Precio")]));
        assert_eq!(bound, names(&[("fldA", "Precio")]));
    }

    #[test]
    fn a_new_field_that_takes_a_renamed_fields_name_does_not_take_its_place() {
        let bound =
            bind(&schema(&[("fldB", "Precio"), ("fldA", "Precio viejo")]), &names(&[("fldA", "Precio")]));
        assert_eq!(bound, names(&[("fldA", "Precio"), ("fldB", "fldB")]));
    }

    #[test]
    fn the_name_of_a_deleted_field_is_free_again() {
        let bound = bind(&schema(&[("fldB", "Precio")]), &names(&[("fldA", "Precio")]));
        assert_eq!(bound, names(&[("fldB", "Precio")]));
    }

    #[test]
    fn a_mapping_may_name_a_field_by_its_id_its_first_or_its_present_name() {
        let schema = schema(&[("fldA", "Precio MXN"), ("fldB", "Estado"), ("fldC", "Km")]);
        let names = bind(&schema, &names(&[("fldA", "Precio"), ("fldB", "OrdenStatus")]));
        let frozen = plan(Mapping::builtin(), &schema, &names).frozen;
        assert!(!frozen.contains(&Column::Precio), "first name");
        assert!(!frozen.contains(&Column::Ordenstatus), "first name");
        assert!(frozen.contains(&Column::Kilometraje), "no field");
    }
}
