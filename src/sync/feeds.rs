//! Which fields of Airtable fill which columns, so that a value that vanishes is not believed before somebody has looked for its field.
//!
//! **Invariants:** pure. What another process has kept counts too: a column that is filled although none of its fields was stored with it was
//! kept by somebody who knew that they are gone.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::domain::{Column, Content};

/// The fields that matter, by what they fill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Feeds {
    /// By column, its fields; of the title those of its first source, for what is left of it may say something else.
    pub(super) columns: BTreeMap<Column, Vec<String>>,
    /// The checkbox that decides who may be shown.
    pub(super) visible: Option<String>,
    /// All fields that the mapping names.
    pub(super) fields: Vec<String>,
}

impl Feeds {
    /// The fields that may be gone, if `after` is what a record says now and `before` is stored; `seen`: those that some other record has filled.
    pub(in crate::sync) fn doubted<'a>(
        &'a self,
        before: &Content,
        after: &Content,
        changed: &[&str],
        seen: &HashSet<&str>,
    ) -> BTreeSet<&'a str> {
        let absent = |field: &&str| !after.data.contains_key(*field) && !seen.contains(*field);
        let gone = self.fields.iter().map(String::as_str).filter(|field| before.data.contains_key(*field));
        let kept = self
            .columns
            .iter()
            .filter(|(column, _)| changed.contains(&column.as_str()))
            .filter(|(column, fields)| loses_what_was_kept(**column, fields, before, after))
            .flat_map(|(_, fields)| fields.iter().map(String::as_str));
        let hidden = self.visible.as_deref().filter(|_| before.listed && !after.listed);
        gone.chain(kept).chain(hidden).filter(absent).collect()
    }

    /// Of the fields, those that some content has filled: they are there.
    pub(in crate::sync) fn seen<'c>(
        &self,
        contents: &(impl Iterator<Item = &'c Content> + Clone),
    ) -> HashSet<&str> {
        let filled = |field: &&str| contents.clone().any(|content| content.data.contains_key(*field));
        self.fields.iter().map(String::as_str).filter(filled).collect()
    }
}

fn loses_what_was_kept(column: Column, fields: &[String], before: &Content, after: &Content) -> bool {
    let stored = || fields.iter().any(|field| before.data.contains_key(field));
    column == Column::Title || !stored() && !before.is_empty(column) && after.is_empty(column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::mazda;

    fn feeds() -> Feeds {
        let price = "Precio".to_owned();
        Feeds {
            columns: BTreeMap::from([
                (Column::Precio, vec![price.clone()]),
                (Column::Title, vec!["AutoMarca".to_owned()]),
            ]),
            visible: Some("Publicar".to_owned()),
            fields: vec![price, "AutoMarca".to_owned(), "Publicar".to_owned()],
        }
    }

    #[test]
    fn what_another_process_kept_is_not_emptied_before_somebody_has_looked() {
        let mut before = mazda().content;
        let mut after = before.clone();
        before.data.remove("Precio");
        after.data.remove("Precio");
        after.precio = None;
        let seen = HashSet::new();
        assert_eq!(feeds().doubted(&before, &after, &["precio"], &seen), BTreeSet::from(["Precio"]));
        assert!(feeds().doubted(&before, &after, &["precio"], &HashSet::from(["Precio"])).is_empty());
        // Nothing was kept: there was no price.
        before.precio = None;
        assert!(feeds().doubted(&before, &after, &["data"], &seen).is_empty());
    }

    #[test]
    fn a_value_that_vanishes_and_a_vehicle_that_goes_are_doubted() {
        let mut before = mazda().content;
        let mut after = before.clone();
        before.data.insert("Precio".to_owned(), 5.into());
        after.data.remove("Precio");
        after.listed = false;
        assert_eq!(
            feeds().doubted(&before, &after, &["precio", "listed"], &HashSet::new()),
            BTreeSet::from(["Precio", "Publicar"])
        );
    }

    #[test]
    fn a_title_that_lost_its_first_words_is_doubted() {
        let before = mazda().content;
        let mut after = before.clone();
        after.data.remove("AutoMarca");
        assert_eq!(
            feeds().doubted(&before, &after, &["title"], &HashSet::new()),
            BTreeSet::from(["AutoMarca"])
        );
    }
}
