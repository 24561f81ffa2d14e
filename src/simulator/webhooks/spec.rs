//! What a webhook asks for.
//!
//! **Sources:** <https://airtable.com/developers/web/api/model/webhooks-specification>. That a field which does not exist is refused was
//! seen in practice. An empty list of filters counts as not given.

use serde::Deserialize;
use serde_json::Value;

use crate::simulator::store::{Event, Happened, Table};

/// A specification: as sent, and understood.
#[derive(Debug)]
pub(in crate::simulator) struct Specification {
    sent: Value,
    options: Options,
    /// The place of the table in its scope.
    pub(super) table: Option<usize>,
    /// The view in its scope.
    pub(super) view: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Options {
    filters: Filters,
    #[serde(default)]
    includes: Includes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filters {
    data_types: Vec<DataType>,
    record_change_scope: Option<String>,
    #[serde(default)]
    change_types: Vec<ChangeType>,
    #[serde(default)]
    from_sources: Vec<Source>,
    #[serde(default)]
    watch_data_in_field_ids: Vec<String>,
    #[serde(default)]
    watch_schemas_of_field_ids: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_field_names, reason = "Airtable's names")]
pub(super) struct Includes {
    include_cell_values_in_field_ids: Option<Cells>,
    pub(super) include_previous_cell_values: bool,
    pub(super) include_previous_field_definitions: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Cells {
    These(Vec<String>),
    All(All),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum All {
    All,
}

/// What kind of change is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::enum_variant_names, reason = "Airtable's names")]
pub(in crate::simulator) enum DataType {
    TableData,
    TableFields,
    TableMetadata,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ChangeType {
    Add,
    Remove,
    Update,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Source {
    Client,
    PublicApi,
    FormSubmission,
    FormPageSubmission,
    Automation,
    System,
    Sync,
    AnonymousUser,
    Unknown,
}

impl Specification {
    /// `None` if it is none, or names what the base does not have.
    pub(in crate::simulator) fn read(sent: &Value, tables: &[Table]) -> Option<Self> {
        let options = Options::deserialize(sent.get("options")?).ok()?;
        let filters = &options.filters;
        let scope = filters.record_change_scope.as_deref();
        let table = tables.iter().position(|table| Some(&*table.id) == scope);
        let of_view = tables.iter().position(|table| Some(&*table.view_id) == scope);
        let known = |id: &String| tables.iter().flat_map(|table| &table.fields).any(|field| field.id == *id);
        let right = !filters.data_types.is_empty()
            && (scope.is_none() || table.or(of_view).is_some())
            && filters.watch_data_in_field_ids.iter().all(known)
            && filters.watch_schemas_of_field_ids.iter().all(known);
        let view = of_view.and(scope).map(str::to_owned);
        right.then(|| Self { sent: sent.clone(), table: table.or(of_view), view, options })
    }

    pub(in crate::simulator) fn as_sent(&self) -> &Value {
        &self.sent
    }

    pub(in crate::simulator) fn data_types(&self) -> &[DataType] {
        &self.options.filters.data_types
    }

    pub(super) fn includes(&self) -> &Includes {
        &self.options.includes
    }

    pub(super) fn wants_source(&self, source: &str) -> bool {
        let wanted = &self.options.filters.from_sources;
        let source: Option<Source> = serde_json::from_value(source.into()).ok();
        wanted.is_empty() || source.is_some_and(|source| wanted.contains(&source))
    }

    pub(super) fn wants(&self, data: DataType, change: ChangeType) -> bool {
        let changes = &self.options.filters.change_types;
        self.data_types().contains(&data) && (changes.is_empty() || changes.contains(&change))
    }

    /// Whether changes in this field's cells are told.
    pub(super) fn watches_cells_of(&self, field: &str) -> bool {
        let watched = &self.options.filters.watch_data_in_field_ids;
        watched.is_empty() || watched.iter().any(|id| id == field)
    }

    /// Whether changes of this field's name and type are told.
    pub(super) fn watches_schema_of(&self, field: &str) -> bool {
        let watched = &self.options.filters.watch_schemas_of_field_ids;
        watched.is_empty() || watched.iter().any(|id| id == field)
    }

    /// Whether a cell is told although it did not change.
    pub(super) fn includes_cells_of(&self, field: &str) -> bool {
        match &self.options.includes.include_cell_values_in_field_ids {
            None => false,
            Some(Cells::All(All::All)) => true,
            Some(Cells::These(ids)) => ids.iter().any(|id| id == field),
        }
    }

    /// The code of the error that these events leave the hook in.
    pub(super) fn broken_by(&self, events: &[Event]) -> Option<&'static str> {
        let filters = &self.options.filters;
        let watched = |id: &String| {
            filters
                .watch_data_in_field_ids
                .iter()
                .chain(&filters.watch_schemas_of_field_ids)
                .any(|field| field == id)
        };
        let lost = |event: &Event| matches!(&event.what, Happened::FieldDestroyed { id } if watched(id));
        events.iter().any(lost).then_some("INVALID_FILTERS")
    }
}
