//! What a webhook's payload says of one table.
//!
//! **Invariants:** every part may be missing and any may be odd: nothing is refused, nothing panics, and what could not be read is told by
//! [`News::odd`], so that somebody looks for what it may have said. Cells are not read: they have a format of their own, and a record
//! that is named is read anyway.
//!
//! **Sources:** <https://airtable.com/developers/web/api/model/webhooks-payload>.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::domain::RecordId;

/// What one payload says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// When it was done.
    pub at: Option<DateTime<Utc>>,
    /// Records that were created, changed or deleted.
    pub records: Vec<RecordId>,
    /// Whether fields, or the table's own name, changed.
    pub fields: bool,
    /// The webhook is dead for good, and why.
    pub dead: Option<String>,
    /// Something in it could not be understood.
    pub odd: bool,
}

impl News {
    /// Reads a payload for this table, `tbl…`; other tables are passed over.
    pub fn of(payload: &Value, table: &str) -> Self {
        let mut news = Self::default();
        let Value::Object(payload) = payload else { return Self { odd: true, ..news } };
        news.at = payload.get("timestamp").and_then(Value::as_str).and_then(|time| time.parse().ok());
        if payload.get("error").is_some_and(|error| *error != Value::Bool(false) && !error.is_null()) {
            let code = payload.get("code").and_then(Value::as_str).unwrap_or("an error without a code");
            news.dead = Some(code.chars().filter(|char| !char.is_control()).take(60).collect());
        }
        if news.list(payload, "destroyedTableIds").iter().any(|id| id == table) {
            news.dead = Some("the table was deleted".to_owned());
        }
        let tables = news.object(payload, "changedTablesById").cloned().unwrap_or_default();
        match tables.get(table) {
            None | Some(Value::Null) => {}
            Some(Value::Object(changes)) => news.add(changes),
            Some(_) => news.odd = true,
        }
        news
    }

    fn add(&mut self, changes: &Map<String, Value>) {
        for key in ["createdRecordsById", "changedRecordsById"] {
            let ids: Vec<String> = self
                .object(changes, key)
                .map(|records| records.keys().cloned().collect())
                .unwrap_or_default();
            for id in ids {
                self.record(&id);
            }
        }
        for id in self.list(changes, "destroyedRecordIds") {
            match id.as_str() {
                Some(id) => self.record(id),
                None => self.odd = true,
            }
        }
        let filled = |key: &str| match changes.get(key) {
            Some(Value::Object(fields)) => !fields.is_empty(),
            Some(Value::Array(fields)) => !fields.is_empty(),
            _ => false,
        };
        self.fields = ["createdFieldsById", "changedFieldsById", "destroyedFieldIds", "changedMetadata"]
            .into_iter()
            .any(filled);
    }

    fn record(&mut self, id: &str) {
        match id.parse() {
            Ok(id) => self.records.push(id),
            Err(_) => self.odd = true,
        }
    }

    fn object<'v>(&mut self, from: &'v Map<String, Value>, key: &str) -> Option<&'v Map<String, Value>> {
        let value = from.get(key).filter(|value| !value.is_null())?;
        self.odd |= !value.is_object();
        value.as_object()
    }

    fn list(&mut self, from: &Map<String, Value>, key: &str) -> Vec<Value> {
        let Some(value) = from.get(key).filter(|value| !value.is_null()) else { return Vec::new() };
        self.odd |= !value.is_array();
        value.as_array().cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TABLE: &str = "tblAutos000000001";

    fn ids(news: &News) -> Vec<&str> {
        news.records.iter().map(RecordId::as_str).collect()
    }

    #[test]
    fn creations_changes_and_deletions_are_all_reasons_to_read_a_record() {
        let news = News::of(
            &json!({
                "timestamp": "2022-02-01T21:25:05.663Z", "baseTransactionNumber": 4, "payloadFormat": "v0",
                "changedTablesById": {
                    TABLE: {
                        "createdRecordsById": {"recA1b2C3d4E5f6G7": {"createdTime": "…", "cellValuesByFieldId": {}}},
                        "changedRecordsById": {"recB1b2C3d4E5f6G7": {"current": {"cellValuesByFieldId": {"fldX": 1}}}},
                        "destroyedRecordIds": ["recC1b2C3d4E5f6G7"],
                    },
                    "tblOther000000001": {"destroyedRecordIds": ["recD1b2C3d4E5f6G7"], "destroyedFieldIds": ["fldX"]},
                },
            }),
            TABLE,
        );
        assert_eq!(ids(&news), ["recA1b2C3d4E5f6G7", "recB1b2C3d4E5f6G7", "recC1b2C3d4E5f6G7"]);
        assert_eq!(news.at, "2022-02-01T21:25:05.663Z".parse().ok());
        assert!(!news.fields && !news.odd && news.dead.is_none());
    }

    #[test]
    fn fields_that_change_are_a_reason_to_read_the_schema() {
        for (key, value) in [
            ("createdFieldsById", json!({"fldX": {"name": "X"}})),
            ("changedFieldsById", json!({"fldX": {"current": {"name": "Y"}}})),
            ("destroyedFieldIds", json!(["fldX"])),
            ("changedMetadata", json!({"current": {"name": "Y"}})),
        ] {
            let news = News::of(&json!({"changedTablesById": {TABLE: {key: value}}}), TABLE);
            assert!(news.fields && !news.odd && news.records.is_empty(), "{key}");
        }
        assert!(!News::of(&json!({"changedTablesById": {TABLE: {"destroyedFieldIds": []}}}), TABLE).fields);
    }

    #[test]
    fn an_error_payload_or_the_loss_of_the_table_is_the_end_of_the_hook() {
        let news = News::of(&json!({"error": true, "code": "INVALID_HOOK", "timestamp": "…"}), TABLE);
        assert_eq!(news.dead.as_deref(), Some("INVALID_HOOK"));
        assert_eq!(News::of(&json!({"error": false}), TABLE).dead, None);
        assert!(News::of(&json!({"destroyedTableIds": [TABLE]}), TABLE).dead.is_some());
        assert_eq!(News::of(&json!({"destroyedTableIds": ["tblOther000000001"]}), TABLE), News::default());
    }

    #[test]
    fn what_is_odd_is_told_and_costs_only_itself() {
        for payload in [
            json!(null),
            json!([]),
            json!({"changedTablesById": []}),
            json!({"changedTablesById": {TABLE: 7}}),
            json!({"changedTablesById": {TABLE: {"createdRecordsById": ["rec"]}}}),
            json!({"changedTablesById": {TABLE: {"destroyedRecordIds": [7]}}}),
            json!({"changedTablesById": {TABLE: {"destroyedRecordIds": {}}}}),
            json!({"destroyedTableIds": {}}),
        ] {
            assert!(News::of(&payload, TABLE).odd, "{payload}");
        }
        let news = News::of(
            &json!({"changedTablesById": {TABLE: {"destroyedRecordIds": ["recA1b2C3d4E5f6G7", "nonsense"]}}}),
            TABLE,
        );
        assert_eq!((ids(&news), news.odd), (vec!["recA1b2C3d4E5f6G7"], true));
    }

    /// Any JSON, most of it with the keys that payloads have.
    fn rubbish() -> impl Strategy<Value = Value> {
        let key = prop_oneof![
            Just("changedTablesById".to_owned()),
            Just(TABLE.to_owned()),
            Just("createdRecordsById".to_owned()),
            Just("destroyedRecordIds".to_owned()),
            Just("destroyedTableIds".to_owned()),
            Just("changedMetadata".to_owned()),
            Just("error".to_owned()),
            Just("timestamp".to_owned()),
            "\\PC{0,12}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
            Just(json!("recA1b2C3d4E5f6G7")),
            Just(json!(TABLE)),
        ];
        leaf.prop_recursive(6, 48, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..6)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_rubbish_makes_it_panic(payload in rubbish()) {
            let news = News::of(&payload, TABLE);
            prop_assert!(news.dead.is_none_or(|dead| dead.chars().count() <= 60));
        }
    }
}
