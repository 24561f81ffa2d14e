//! What readers are shown while the base changes: older states, and cells that change without an edit.

use std::collections::BTreeSet;

use super::*;
use crate::simulator::FieldKind;

impl Setup {
    /// The field of a record as a request for it is answered; null if it is empty, and the status if there is no record.
    async fn cell(&self, id: &str, field: &str) -> Value {
        match self.get(&self.table(&format!("/{id}"))).await {
            (200, record) => record["fields"][field].clone(),
            (status, _) => json!(status),
        }
    }

    async fn by_formula(&self, formula: &str) -> Vec<String> {
        ids(&self.list(&[("filterByFormula", formula)]).await.1)
    }
}

#[tokio::test]
async fn each_request_is_shown_the_state_of_another_moment() {
    let setup = setup().await;
    let minute = Duration::from_mins(1);
    let id = setup.simulator.create(cells(json!({"Precio": 0})));
    for price in 1..=5 {
        setup.simulator.advance(minute);
        setup.simulator.edit(&id, cells(json!({ "Precio": price })));
    }
    setup.simulator.advance(minute);
    assert_eq!(setup.cell(&id, "Precio").await, 5, "without lag");

    setup.simulator.lag(5 * minute);
    let mut seen = Vec::new();
    for _ in 0..60 {
        seen.push(setup.cell(&id, "Precio").await.as_u64().unwrap());
    }
    assert_eq!(seen.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3, 4, 5]));
    assert!(!seen.is_sorted(), "an older state may follow a newer one: {seen:?}");

    setup.simulator.lag(Duration::ZERO);
    assert_eq!(setup.cell(&id, "Precio").await, 5);
}

#[tokio::test]
async fn creations_deletions_and_restorations_show_late() {
    let setup = setup().await;
    let old = setup.simulator.create(cells(json!({"Auto": "old"})));
    setup.simulator.advance(Duration::from_hours(2));
    let hour = Duration::from_hours(1);
    setup.simulator.lag(hour);
    let new = setup.simulator.create(cells(json!({"Auto": "new"})));
    setup.simulator.delete(&old);
    // A replica is never that exactly up to date.
    assert_eq!(setup.cell(&new, "Auto").await, 404);
    assert_eq!(setup.cell(&old, "Auto").await, "old");
    assert_eq!(ids(&setup.list(&[]).await.1), [old.as_str()]);
    assert_eq!(setup.by_formula("{Auto}='new'").await, [""; 0]);
    assert_eq!(setup.simulator.records().len(), 1, "the base itself is up to date");
    assert_eq!(setup.simulator.record(&new).unwrap().fields["Auto"], "new");

    setup.simulator.advance(hour);
    assert_eq!(ids(&setup.list(&[]).await.1), [new.as_str()]);
    setup.simulator.restore(&old);
    assert_eq!(setup.cell(&old, "Auto").await, 404);
    setup.simulator.advance(hour);
    assert_eq!(setup.cell(&old, "Auto").await, "old");
}

#[tokio::test]
async fn the_next_requests_for_a_record_miss_as_many_edits_as_they_are_told_to() {
    let setup = setup().await;
    let id = setup.simulator.create(cells(json!({"Precio": 1})));
    let other = setup.simulator.create(cells(json!({"Precio": 1})));
    for price in [2, 3] {
        for id in [&id, &other] {
            setup.simulator.edit(id, cells(json!({ "Precio": price })));
        }
    }
    setup.simulator.delete(&id);
    for edits in [3, 1, 4, 2] {
        setup.simulator.miss(&id, edits);
    }
    assert_eq!(setup.cell(&other, "Precio").await, 3, "it names another record");
    assert_eq!(ids(&setup.list(&[]).await.1), [other.as_str()], "it names none");
    assert_eq!(setup.cell(&id, "Precio").await, 1);
    let formula = format!("OR(RECORD_ID()='{id}',RECORD_ID()='{other}')");
    let (_, page) = setup.list(&[("filterByFormula", &formula)]).await;
    let prices: BTreeSet<_> = page["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["fields"]["Precio"].as_u64())
        .collect();
    assert_eq!(prices, BTreeSet::from([Some(3)]), "one before its deletion, one up to date");
    assert_eq!(ids(&page).len(), 2);
    let late =
        [setup.cell(&id, "Precio").await, setup.cell(&id, "Precio").await, setup.cell(&id, "Precio").await];
    assert_eq!(
        late,
        [json!(404), json!(2), json!(404)],
        "not created yet, an older state, and deleted at last"
    );
}

#[tokio::test]
async fn a_request_that_fails_misses_nothing() {
    let setup = setup().await;
    let id = setup.simulator.create(cells(json!({"Precio": 1})));
    setup.simulator.edit(&id, cells(json!({"Precio": 2})));
    setup.simulator.miss(&id, 1);
    setup.simulator.fault(super::super::Fault::new(super::super::What::NotJson).next(1));
    let path = setup.table(&format!("/{id}"));
    assert!(setup.get(&path).await.1.is_string());
    assert_eq!(setup.cell(&id, "Precio").await, 1);
    assert_eq!(setup.cell(&id, "Precio").await, 2);
}

#[tokio::test]
async fn a_computed_field_follows_later_than_the_edit() {
    let setup = setup().await;
    let later = Duration::from_mins(1);
    setup.simulator.compute("Etiqueta", later, |fields| match fields.get("Precio") {
        Some(price) => json!(format!("${price}")),
        None => json!({"error": "#ERROR!"}),
    });
    let id = setup.simulator.create(cells(json!({"Precio": 1})));
    assert_eq!((setup.cell(&id, "Precio").await, setup.cell(&id, "Etiqueta").await), (json!(1), json!(null)));
    setup.simulator.advance(later);
    assert_eq!(setup.cell(&id, "Etiqueta").await, "$1");

    let modified = setup.simulator.now().to_rfc3339();
    setup.simulator.advance(later);
    setup.simulator.edit(&id, cells(json!({"Precio": 2})));
    assert_eq!((setup.cell(&id, "Precio").await, setup.cell(&id, "Etiqueta").await), (json!(2), json!("$1")));
    assert_eq!(setup.by_formula("{Etiqueta}='$1'").await, [id.as_str()]);
    assert_eq!(setup.simulator.record(&id).unwrap().fields["Etiqueta"], "$2", "what it will be");
    setup.simulator.advance(later);
    assert_eq!(setup.cell(&id, "Etiqueta").await, "$2");
    assert_eq!(setup.by_formula("{Etiqueta}='$2'").await, [id.as_str()]);
    let later_still = setup.simulator.now().to_rfc3339();
    let since = |time: &str| format!("IS_AFTER(LAST_MODIFIED_TIME(), '{time}')");
    assert_eq!(setup.by_formula(&since(&modified)).await, [id.as_str()]);
    assert_eq!(setup.by_formula(&since(&later_still)).await, [""; 0]);

    setup.simulator.edit(&id, cells(json!({"Precio": null})));
    setup.simulator.advance(later);
    assert_eq!(setup.cell(&id, "Etiqueta").await, json!({"error": "#ERROR!"}));
    setup.simulator.miss(&id, 1);
    assert_eq!(setup.cell(&id, "Etiqueta").await, "$2", "a stale replica shows what belongs to its state");
}

#[tokio::test]
async fn a_broken_formula_shows_its_error_in_every_record_until_it_is_mended() {
    let setup = setup().await;
    let filled = setup.simulator.create(cells(json!({"OrdenStatus": "Comprado"})));
    let empty = setup.simulator.create(Map::new());
    for error in [json!({"error": "#ERROR!"}), json!([{"error": "#ERROR!"}]), json!({"specialValue": "NaN"})]
    {
        assert!(setup.simulator.break_field("OrdenStatus", error.clone()));
        for id in [&filled, &empty] {
            assert_eq!(setup.cell(id, "OrdenStatus").await, error);
            assert_eq!(setup.simulator.record(id).unwrap().fields["OrdenStatus"], error);
        }
    }
    setup.simulator.advance(Duration::from_hours(1));
    setup.simulator.mend_field("OrdenStatus");
    assert_eq!(setup.cell(&filled, "OrdenStatus").await, "Comprado");
    assert_eq!(setup.cell(&empty, "OrdenStatus").await, json!(null));
    setup.simulator.lag(Duration::from_mins(10));
    assert_eq!(setup.cell(&filled, "OrdenStatus").await, json!({"specialValue": "NaN"}), "a stale replica");
    assert!(!setup.simulator.break_field("Nope", json!(1)));
}

#[tokio::test]
async fn a_field_that_becomes_a_link_holds_record_ids_and_comes_back() {
    let setup = setup().await;
    let [mazda, other, kia] =
        ["Mazda", "Mazda", "Kia"].map(|brand| setup.simulator.create(cells(json!({"AutoMarca": brand}))));
    let empty = setup.simulator.create(Map::new());
    let kind = async || {
        let (_, schema) = setup.get(&format!("/v0/meta/bases/{}/tables", setup.simulator.base_id())).await;
        let fields = schema["tables"][0]["fields"].as_array().unwrap().clone();
        fields.into_iter().find(|field| field["name"] == "AutoMarca").unwrap()["type"].clone()
    };
    assert!(setup.simulator.link_field("AutoMarca"));
    assert_eq!(kind().await, json!(FieldKind::MultipleRecordLinks));
    let link = setup.cell(&mazda, "AutoMarca").await;
    let id = link[0].as_str().unwrap();
    assert!(id.len() == 17 && id.starts_with("rec") && link.as_array().unwrap().len() == 1, "{link}");
    assert_eq!(setup.cell(&other, "AutoMarca").await, link);
    assert_ne!(setup.cell(&kia, "AutoMarca").await, link);
    assert_eq!(setup.cell(&empty, "AutoMarca").await, json!(null));
    assert_eq!(setup.simulator.record(&mazda).unwrap().fields["AutoMarca"], link);

    setup.simulator.mend_field("AutoMarca");
    assert_eq!(kind().await, json!(FieldKind::SingleSelect));
    assert_eq!(setup.cell(&mazda, "AutoMarca").await, "Mazda");
}
