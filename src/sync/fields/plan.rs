//! The plan by which records are read, made from the mapping and the known fields.
//!
//! **Invariants:** pure. A column that a vanished or unreadable field fed is *frozen*, unless a field that goes before it is there: then it
//! is only not emptied. An alias never stands in for a field that goes before it and was lost. No column is emptied for want of a field.
//! Without the field that decides on listing, nobody is listed or unlisted.

use chrono::{DateTime, Utc};

use crate::{
    airtable::{FieldNames, formula},
    domain::{Column, Kept, Kind, KnownField, Mapping, Record},
    sync::feeds::Feeds,
};

/// The plan by which records are read at the moment.
#[derive(Debug)]
pub(in crate::sync) struct FieldPlan {
    /// The mapping, in names that records carry, without fields that a column cannot be read from.
    pub(in crate::sync) mapping: Mapping,
    /// The columns that stay as they are stored.
    pub(in crate::sync) kept: Kept,
    /// The checkbox that decides who may be shown, by the name that records carry; `None`: none, or it cannot be read.
    pub(in crate::sync) visible_field: Option<String>,
    /// The fields whose disappearance must not go unnoticed.
    pub(in crate::sync) feeds: Feeds,
    /// The field that decides on listing, as a formula names it: by id when ids are known.
    status_field: Option<String>,
    /// The field in which Airtable says when a record was last modified, if the table has one.
    modified_field: Option<String>,
    feeds_since: Option<DateTime<Utc>>,
    /// The memory it was made from; `None`: fields are read by name.
    pub(in crate::sync) known: Option<Vec<KnownField>>,
}

/// The state of a field that feeds a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is there and can be read.
    Fine,
    /// It was there and is gone, or can no longer be read.
    Lost,
    /// It was never seen.
    Unknown,
}

impl FieldPlan {
    /// From the memory of the fields.
    pub(super) fn new(configured: &Mapping, visible: Option<&str>, known: Vec<KnownField>) -> Self {
        let mapping =
            configured.resolve(|source| present(source, &known).map(|field| field.name.clone())).without(
                |column, field| present(field, &known).is_some_and(|field| !readable(column.kind(), field)),
            );
        let mut kept = Kept::default();
        for column in configured.columns() {
            let states = configured.sources(column).iter().map(|source| state(column.kind(), source, &known));
            keep(&mut kept, column, &states.collect::<Vec<_>>());
        }
        let checkbox = visible.map(|field| {
            present(field, &known)
                .filter(|field| readable(Kind::Checkbox, field))
                .map(|field| field.name.clone())
        });
        kept.visibility = checkbox == Some(None);
        let visible_field = checkbox.flatten();
        let status_field = (!kept.frozen.contains(&Column::Ordenstatus))
            .then(|| {
                let fields = mapping.fields_of(Column::Ordenstatus);
                fields.filter_map(|field| present(field, &known)).map(|field| field.id.clone()).next()
            })
            .flatten();
        let feeds = feeds_of(&mapping, visible_field.as_deref());
        let modified_field = known
            .iter()
            .find(|field| field.is_present() && field.field_type.as_deref() == Some("lastModifiedTime"))
            .map(|field| field.name.clone());
        let feeds_since =
            configured.field_names().chain(visible).filter_map(|source| fed_since(source, &known)).max();
        let known = Some(known);
        Self { mapping, kept, visible_field, feeds, status_field, modified_field, feeds_since, known }
    }

    /// Without the schema every source counts as it is written, except for what cannot be there by that name: an id, and what Airtable,
    /// `asked` for it, did not have.
    pub(super) fn by_name(configured: &Mapping, visible: Option<&str>, asked: &[KnownField]) -> Self {
        let gone = |field: &str| KnownField::is_id(field) || lost(field, asked).is_some();
        let mut kept = Kept::default();
        for column in configured.columns() {
            let sources = configured.sources(column).iter();
            let lost = |source: &Vec<String>| source.iter().any(|field| gone(field));
            let states = sources.map(|source| if lost(source) { State::Lost } else { State::Fine });
            keep(&mut kept, column, &states.collect::<Vec<_>>());
        }
        kept.visibility = visible.is_some_and(gone);
        let status_field = (!kept.frozen.contains(&Column::Ordenstatus))
            .then(|| configured.fields_of(Column::Ordenstatus).next().map(str::to_owned))
            .flatten();
        let names = || configured.field_names().chain(visible);
        Self {
            mapping: configured.clone(),
            visible_field: visible.filter(|field| !gone(field)).map(str::to_owned),
            feeds: feeds_of(configured, visible),
            status_field,
            modified_field: None,
            feeds_since: names().filter_map(|source| fed_since(source, asked)).max(),
            known: None,
            kept,
        }
    }

    /// Tells whether the table's fields are known, so that a missing one is noticed.
    pub(in crate::sync) fn knows_fields(&self) -> bool {
        self.known.is_some()
    }

    /// Tells whether records say if they are listed; otherwise the stored state stands.
    pub(in crate::sync) fn decides_listing(&self) -> bool {
        !self.kept.frozen.contains(&Column::Ordenstatus)
    }

    /// When Airtable says that the record was last modified.
    pub(in crate::sync) fn modified(&self, record: &Record) -> Option<DateTime<Utc>> {
        record.fields.get(self.modified_field.as_ref()?)?.as_str()?.parse().ok()
    }

    /// A formula that holds for the records whose state is the listed one; `None` when there is no such field.
    pub(in crate::sync) fn listed_formula(&self, status: &str) -> Option<String> {
        let field = self.status_field.as_ref()?;
        let status = status.trim().to_lowercase();
        Some(format!("LOWER(TRIM({}&''))={}", formula::field(field), formula::text(&status)))
    }

    /// The names by which records are to be read, if their fields are known.
    pub(in crate::sync) fn names(&self) -> Option<FieldNames> {
        let known = self.known.as_ref()?;
        let present = known.iter().filter(|field| field.is_present());
        Some(present.map(|field| (field.id.clone(), field.name.clone())).collect())
    }

    /// The last time at which the values of a mapped field came into use.
    pub(super) fn feeds_since(&self) -> Option<DateTime<Utc>> {
        self.feeds_since
    }
}

fn feeds_of(mapping: &Mapping, visible: Option<&str>) -> Feeds {
    let of = |column: Column| {
        let sources = mapping.sources(column).iter();
        let those = if column == Column::Title { 1 } else { usize::MAX };
        sources.take(those).flatten().cloned().collect()
    };
    Feeds {
        columns: mapping.columns().map(|column| (column, of(column))).collect(),
        visible: visible.map(str::to_owned),
        fields: mapping.field_names().chain(visible).map(str::to_owned).collect(),
    }
}

/// Since when a source has given values that it did not give before: its field is new, came back, or got the name by which it is meant.
fn fed_since(source: &str, known: &[KnownField]) -> Option<DateTime<Utc>> {
    let field = present(source, known)?;
    let by_present_name = field.name != source && field.id != source;
    field.feeds_since.max(field.renamed_at.filter(|_| by_present_name))
}

/// Decides how a column is kept whose sources are in these states.
fn keep(kept: &mut Kept, column: Column, states: &[State]) {
    let first = |wanted: State| states.iter().position(|state| *state == wanted);
    match (first(State::Fine), first(State::Lost)) {
        (Some(_), None) => {}
        // What is left of a title's sources may say something else of the same vehicle.
        (Some(fine), Some(lost)) if fine < lost && column != Column::Title => kept.filled.push(column),
        (None, _) | (Some(_), Some(_)) => kept.frozen.push(column),
    }
}

/// The state of a source: several fields that are joined are as good as the worst of them.
pub(super) fn state(kind: Kind, source: &[String], known: &[KnownField]) -> State {
    let states = source.iter().map(|field| match present(field, known) {
        Some(field) if readable(kind, field) => State::Fine,
        Some(_) => State::Lost,
        None if lost(field, known).is_some() => State::Lost,
        None => State::Unknown,
    });
    states.fold(State::Fine, |worst, state| match (worst, state) {
        (State::Lost, _) | (_, State::Lost) => State::Lost,
        (State::Unknown, _) | (_, State::Unknown) => State::Unknown,
        (State::Fine, State::Fine) => State::Fine,
    })
}

/// The field of the table that a source means.
pub(super) fn present<'k>(source: &str, known: &'k [KnownField]) -> Option<&'k KnownField> {
    let present: Vec<&KnownField> = known.iter().filter(|field| field.is_present()).collect();
    KnownField::meant_by(source, &present)
}

/// The field that a source meant when there still was one.
pub(super) fn lost<'k>(source: &str, known: &'k [KnownField]) -> Option<&'k KnownField> {
    let gone: Vec<&KnownField> = known.iter().filter(|field| !field.is_present()).collect();
    KnownField::meant_by(source, &gone)
}

pub(super) fn readable(kind: Kind, field: &KnownField) -> bool {
    field.field_type.as_ref().is_none_or(|field_type| kind.reads(field_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(fields: &[(&str, &str, bool)]) -> Vec<KnownField> {
        let since: DateTime<Utc> = "2026-11-23T05:00:00Z".parse().unwrap();
        let field = |(name, field_type, there): &(&str, &str, bool)| KnownField {
            id: format!("fld{name}"),
            name: (*name).to_owned(),
            present_name: (*name).to_owned(),
            field_type: Some((*field_type).to_owned()),
            renamed_at: None,
            former_type: None,
            retyped_at: None,
            missing_since: (!there).then_some(since),
            feeds_since: None,
        };
        fields.iter().map(field).collect()
    }

    fn mapping() -> Mapping {
        Mapping::parse(
            r#"
            title = { from = [["Marca", "Modelo"], "Auto"], as = "text", or = "Sin título" }
            ordenstatus = { from = ["Estado"], as = "text" }
            oferta = { from = ["Oferta", "oferta"], as = "money" }
            "#,
        )
        .unwrap()
    }

    fn plan(fields: &[(&str, &str, bool)]) -> FieldPlan {
        FieldPlan::new(&mapping(), None, known(fields))
    }

    const WHOLE: [(&str, &str, bool); 6] = [
        ("Marca", "singleSelect", true),
        ("Modelo", "singleLineText", true),
        ("Auto", "formula (singleLineText)", true),
        ("Estado", "singleSelect", true),
        ("Oferta", "currency", true),
        ("oferta", "currency", true),
    ];

    /// The whole table with one field in another state.
    fn with(name: &str, field_type: &str, there: bool) -> FieldPlan {
        let mut fields = WHOLE.to_vec();
        for field in &mut fields {
            if field.0 == name {
                (field.1, field.2) = (field_type, there);
            }
        }
        FieldPlan::new(&mapping(), None, known(&fields))
    }

    #[test]
    fn nothing_is_kept_while_all_fields_are_there_or_were_never_there() {
        assert_eq!(plan(&WHOLE).kept, Kept::default());
        let bare = [
            ("Marca", "singleLineText", true),
            ("Modelo", "singleLineText", true),
            ("Estado", "singleLineText", true),
            ("Oferta", "number", true),
        ];
        assert_eq!(plan(&bare).kept, Kept::default());
    }

    #[test]
    fn an_alias_does_not_stand_in_for_a_field_that_goes_before_it() {
        assert_eq!(with("Oferta", "currency", false).kept.frozen, [Column::Oferta]);
        let kept = with("oferta", "currency", false).kept;
        assert_eq!((kept.frozen, kept.filled), (vec![], vec![Column::Oferta]));
    }

    #[test]
    fn a_type_that_the_column_cannot_hold_is_as_good_as_gone_and_is_not_read() {
        let plan = with("Oferta", "multipleAttachments", true);
        assert_eq!(plan.kept.frozen, [Column::Oferta]);
        assert!(plan.mapping.fields_of(Column::Oferta).eq(["oferta"]));
        assert_eq!(with("Oferta", "singleLineText", true).kept, Kept::default());
    }

    #[test]
    fn a_title_is_kept_when_any_of_its_fields_is_gone() {
        for lost in ["Marca", "Auto"] {
            assert_eq!(with(lost, "singleLineText", false).kept.frozen, [Column::Title], "{lost}");
        }
    }

    #[test]
    fn without_the_status_nothing_decides_on_listing() {
        for plan in [with("Estado", "singleSelect", false), with("Estado", "multipleRecordLinks", true)] {
            assert!(!plan.decides_listing());
            assert_eq!(plan.listed_formula("Comprado"), None);
        }
        let formula = plan(&WHOLE).listed_formula(" Comprado").unwrap();
        assert_eq!(formula, "LOWER(TRIM({fldEstado}&''))='comprado'");
    }

    #[test]
    fn the_checkbox_of_visibility_may_be_named_as_it_is_called_now_and_must_be_there() {
        let mut fields = known(&WHOLE);
        fields[4].present_name = "Publicar".to_owned();
        let plan = FieldPlan::new(&mapping(), Some("Publicar"), fields.clone());
        assert_eq!((plan.visible_field.as_deref(), plan.kept.visibility), (Some("Oferta"), false));
        let plan = FieldPlan::new(&mapping(), Some("Mostrar"), fields);
        assert_eq!((plan.visible_field.as_deref(), plan.kept.visibility), (None, true));
    }

    #[test]
    fn a_field_that_is_renamed_to_a_mapped_name_came_into_use_then() {
        let hour = |hour: u32| format!("2026-11-23T{hour:02}:00:00Z").parse().ok();
        let mut fields = known(&WHOLE);
        assert_eq!(FieldPlan::new(&mapping(), None, fields.clone()).feeds_since(), None);
        (fields[4].feeds_since, fields[3].renamed_at) = (hour(1), hour(9));
        fields[3].present_name = "Estado de hoy".to_owned();
        assert_eq!(FieldPlan::new(&mapping(), None, fields.clone()).feeds_since(), hour(1), "it fed before");
        (fields[4].name, fields[4].renamed_at) = ("Oferta nueva".to_owned(), hour(5));
        assert_eq!(FieldPlan::new(&mapping(), None, fields).feeds_since(), hour(5));
    }

    #[test]
    fn a_mapping_may_name_a_field_by_its_id_its_first_or_its_present_name() {
        let mut fields = known(&[("Precio", "number", true), ("OrdenStatus", "singleSelect", true)]);
        fields[1].present_name = "Estado".to_owned();
        for source in ["OrdenStatus", "Estado", "fldOrdenStatus"] {
            assert_eq!(present(source, &fields).unwrap().name, "OrdenStatus");
        }
        assert_eq!(present("Kilometraje", &fields), None);
        let frozen = FieldPlan::new(Mapping::builtin(), None, fields).kept.frozen;
        assert!(!frozen.contains(&Column::Precio) && frozen.contains(&Column::Kilometraje));
    }
}
