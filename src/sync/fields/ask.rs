//! Finds missing fields while the schema is hidden: Airtable refuses a listing of a field that it does not have.
//!
//! **Invariants:** it is asked only for fields whose values have vanished and for those that are missing, one request each. A field that is not
//! there is remembered as missing, so its columns stay; one that is back counts as come into use.

use chrono::{DateTime, Utc};

use super::Fields;
use crate::{
    airtable::{AirtableClient, Lane},
    db::Db,
    domain::KnownField,
    sync::SyncError,
};

impl Fields {
    /// Asks for `doubted` fields, by the names that records carry, and for mapped ones that are missing; gives the memory afterwards.
    pub(super) async fn ask(
        &self,
        airtable: &AirtableClient,
        db: &Db,
        doubted: &[String],
        lane: Lane,
    ) -> Result<Vec<KnownField>, SyncError> {
        let known = db.known_fields(&self.table).await?;
        let mapped = |field: &KnownField| {
            let sources = self.configured.field_names().chain(self.visible_field.as_deref());
            sources.into_iter().any(|source| KnownField::meant_by(source, &[field]).is_some())
        };
        let missing = known.iter().filter(|field| !field.is_present() && mapped(field));
        let names: std::collections::BTreeSet<&String> =
            missing.map(|field| &field.name).chain(doubted).collect();
        let mut answers = Vec::new();
        for name in names {
            let id = known.iter().find(|field| field.name == *name).map_or(name, |field| &field.id);
            let permit = airtable.permit(lane).await;
            answers.push((name.clone(), airtable.has_field(permit, id).await?));
        }
        if answers.is_empty() {
            return Ok(known);
        }
        self.learn(db, |known, now| answered(&answers, known, now)).await
    }
}

/// The memory after answers about single fields: their names, and whether they are there.
fn answered(answers: &[(String, bool)], remembered: &[KnownField], now: DateTime<Utc>) -> Vec<KnownField> {
    let mut known = remembered.to_vec();
    for (name, there) in answers {
        match known.iter_mut().find(|field| field.name == *name) {
            Some(field) if *there && field.missing_since.is_some() => {
                field.missing_since = None;
                field.feeds_since = Some(now);
            }
            Some(field) if !there => field.missing_since = field.missing_since.or(Some(now)),
            Some(_) => {}
            None if *there => {}
            None => known.push(KnownField {
                id: name.clone(),
                name: name.clone(),
                present_name: name.clone(),
                field_type: None,
                renamed_at: None,
                former_type: None,
                retyped_at: None,
                missing_since: Some(now),
                feeds_since: None,
            }),
        }
    }
    known.sort_by(|one, other| one.id.cmp(&other.id));
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-11-23T{hour:02}:00:00Z").parse().unwrap()
    }

    #[test]
    fn a_field_that_is_not_there_is_missing_until_it_is_and_then_came_into_use() {
        let gone = answered(&[("Precio".to_owned(), false), ("Auto".to_owned(), true)], &[], at(1));
        assert_eq!(gone.len(), 1);
        assert!(gone[0].is_only_a_name());
        let again = answered(&[("Precio".to_owned(), false)], &gone, at(2));
        assert_eq!(again, gone, "nothing new");
        let back = answered(&[("Precio".to_owned(), true)], &again, at(3));
        assert_eq!((back[0].missing_since, back[0].feeds_since), (None, Some(at(3))));
    }
}
