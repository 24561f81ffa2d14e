//! Records as Airtable sends them, and the options of a listing as it takes them.
//!
//! **Invariants:** a record with a good id is never dropped: absent would mean deleted. What it may lack is its `fields` (then
//! empty) or a readable `createdTime` (then 1970). A record whose id is none cannot be named and is left out, with a warning;
//! the others of its page are kept. Anything else that is not Airtable's makes the whole answer unreadable.
//!
//! **Sources:** <https://airtable.com/developers/web/api/list-records>. By observation: `POST …/listRecords` refuses an `offset`
//! that is null, and `returnFieldsByFieldId` may be `1` in a URL.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Page;
use crate::domain::{Fields, Record};

/// Field ids (`fld…`) with the names under which vitrina knows the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldNames(HashMap<String, String>);

impl FromIterator<(String, String)> for FieldNames {
    /// From pairs of id and name.
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl FieldNames {
    /// The cells by name; a field that has no name here, such as one created since, keeps its id.
    pub fn translate(&self, fields: Fields) -> Fields {
        let name = |id: String| self.0.get(&id).cloned().unwrap_or(id);
        fields.into_iter().map(|(id, value)| (name(id), value)).collect()
    }
}

/// The options of one list request; as JSON, the body of its POST form.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListOptions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filter_by_formula: Option<&'a str>,
    pub(super) page_size: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) return_fields_by_field_id: bool,
    /// The only field wanted, by name or id.
    #[serde(skip)]
    pub(super) field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<&'a str>,
}

impl ListOptions<'_> {
    /// The table's URL with these options.
    pub(super) fn url(&self, mut table: Url) -> Url {
        {
            let mut query = table.query_pairs_mut();
            if let Some(formula) = self.filter_by_formula {
                query.append_pair("filterByFormula", formula);
            }
            query.append_pair("pageSize", &self.page_size.to_string());
            if self.return_fields_by_field_id {
                query.append_pair("returnFieldsByFieldId", "1");
            }
            if let Some(field) = self.field {
                query.append_pair("fields[]", field);
            }
            if let Some(offset) = self.offset {
                query.append_pair("offset", offset);
            }
        }
        table
    }
}

/// The answer to a list request.
#[derive(Debug, Deserialize)]
pub(super) struct WirePage {
    records: Vec<WireRecord>,
    offset: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRecord {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    created_time: Value,
    fields: Option<Fields>,
}

impl WirePage {
    /// The page as the rest of vitrina knows it; `names` if it was read by field id.
    pub(super) fn into_page(self, names: Option<&FieldNames>) -> Page {
        Page {
            records: self.records.into_iter().filter_map(|record| record.into_record(names)).collect(),
            // An empty offset would begin the listing anew, for ever.
            offset: self.offset.filter(|offset| !offset.is_empty()),
        }
    }
}

impl WireRecord {
    fn into_record(self, names: Option<&FieldNames>) -> Option<Record> {
        let Some(id) = self.id.as_str().and_then(|id| id.parse().ok()) else {
            tracing::warn!(record.id = %self.id, "Airtable sent a record without a proper id, which is left out");
            return None;
        };
        let created_time = self.created_time.as_str().and_then(|time| time.parse().ok());
        if created_time.is_none() {
            tracing::warn!(record.id = %id, "Airtable sent a record without a readable createdTime; it counts as 1970");
        }
        let fields = self.fields.unwrap_or_default();
        Some(Record {
            id,
            created_time: created_time.unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
            fields: match names {
                Some(names) => names.translate(fields),
                None => fields,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(body: Value, names: Option<&FieldNames>) -> Page {
        serde_json::from_value::<WirePage>(body).unwrap().into_page(names)
    }

    #[test]
    fn one_odd_record_does_not_cost_its_page() {
        let page = page(
            json!({"records": [
                {"id": "recA1b2C3d4E5f6G7", "createdTime": "2024-05-01T10:00:00.000Z", "fields": {"Precio": 1}},
                {"id": "nonsense", "createdTime": "2024-05-01T10:00:00.000Z", "fields": {}},
                {"id": 7, "fields": {}},
                {"createdTime": "2024-05-01T10:00:00.000Z"},
                {"id": "recB1b2C3d4E5f6G7", "createdTime": "2024-05-01T10:00:00.000Z"},
                {"id": "recC1b2C3d4E5f6G7", "createdTime": "yesterday", "fields": null, "commentCount": 3},
            ]}),
            None,
        );
        let ids: Vec<&str> = page.records.iter().map(|record| record.id.as_str()).collect();
        assert_eq!(ids, ["recA1b2C3d4E5f6G7", "recB1b2C3d4E5f6G7", "recC1b2C3d4E5f6G7"]);
        assert_eq!(page.records[0].fields["Precio"], 1);
        assert!(page.records[1].fields.is_empty() && page.records[2].fields.is_empty());
        assert_eq!(page.records[1].created_time.to_rfc3339(), "2024-05-01T10:00:00+00:00");
        assert_eq!(page.records[2].created_time, DateTime::<Utc>::UNIX_EPOCH);
    }

    #[test]
    fn an_answer_without_records_or_with_cells_that_are_none_is_unreadable() {
        for body in [
            json!({}),
            json!([]),
            json!({"records": null}),
            json!({"records": {}}),
            json!({"records": [7]}),
            json!({"records": [{"id": "recA1b2C3d4E5f6G7", "fields": "none"}]}),
        ] {
            assert!(serde_json::from_value::<WirePage>(body.clone()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_empty_offset_ends_the_listing() {
        assert_eq!(
            page(json!({"records": [], "offset": "itr1/rec1"}), None).offset.as_deref(),
            Some("itr1/rec1")
        );
        assert_eq!(page(json!({"records": [], "offset": ""}), None).offset, None);
        assert_eq!(page(json!({"records": [], "offset": null}), None).offset, None);
    }

    #[test]
    fn fields_read_by_id_get_their_names_and_unknown_ones_keep_their_id() {
        let names = FieldNames::from_iter([("fldPrecio00000001".to_owned(), "Precio".to_owned())]);
        let body = json!({"records": [
            {"id": "recA1b2C3d4E5f6G7", "createdTime": "2024-05-01T10:00:00.000Z",
             "fields": {"fldPrecio00000001": 5, "fldNew00000000001": "x"}},
        ]});
        let fields = &page(body, Some(&names)).records[0].fields;
        assert_eq!(Value::Object(fields.clone()), json!({"Precio": 5, "fldNew00000000001": "x"}));
    }

    #[test]
    fn options_that_are_not_given_are_left_out() {
        let table: Url = "https://api.airtable.com/v0/app/tbl".parse().unwrap();
        let bare = ListOptions {
            filter_by_formula: None,
            page_size: 100,
            return_fields_by_field_id: false,
            field: None,
            offset: None,
        };
        assert_eq!(serde_json::to_value(bare).unwrap(), json!({"pageSize": 100}));
        assert_eq!(bare.url(table.clone()).query(), Some("pageSize=100"));

        let full = ListOptions {
            filter_by_formula: Some("{Año}='a&b'"),
            page_size: 50,
            return_fields_by_field_id: true,
            field: None,
            offset: Some("itr1/rec1"),
        };
        assert_eq!(
            serde_json::to_value(full).unwrap(),
            json!({"filterByFormula": "{Año}='a&b'", "pageSize": 50, "returnFieldsByFieldId": true, "offset": "itr1/rec1"})
        );
        assert_eq!(
            full.url(table).query(),
            Some(
                "filterByFormula=%7BA%C3%B1o%7D%3D%27a%26b%27&pageSize=50&returnFieldsByFieldId=1&offset=itr1%2Frec1"
            )
        );
    }
}
