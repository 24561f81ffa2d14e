use super::*;

#[tokio::test]
async fn records_are_created_changed_replaced_and_deleted_one_by_one() {
    let setup = setup().await;
    let (status, made) =
        setup.send(Method::POST, "", &json!({"fields": {"Auto": "Jetta", "Precio": 1}})).await;
    assert_eq!((status, &made["fields"]), (200, &json!({"Auto": "Jetta", "Precio": 1})));
    let path = format!("/{}", made["id"].as_str().unwrap());
    let (_, patched) = setup.send(Method::PATCH, &path, &json!({"fields": {"Precio": 2}})).await;
    assert_eq!(patched["fields"], json!({"Auto": "Jetta", "Precio": 2}));
    let (_, put) = setup.send(Method::PUT, &path, &json!({"fields": {"Oferta": 3}})).await;
    assert_eq!(put["fields"], json!({"Oferta": 3}));
    let (_, deleted) = setup.send(Method::DELETE, &path, &json!({})).await;
    assert_eq!(deleted, json!({"id": made["id"], "deleted": true}));
    for method in [Method::PATCH, Method::DELETE] {
        let (status, body) = setup.send(method, &path, &json!({"fields": {}})).await;
        assert_eq!((status, error_type(&body)), (404, "MODEL_ID_NOT_FOUND"));
    }
}

#[tokio::test]
async fn records_are_written_in_batches_of_ten_wholly_or_not_at_all() {
    let setup = setup().await;
    let rows =
        |count: usize| json!({"records": vec![json!({"fields": {"Auto": "x"}}); count], "typecast": true});
    let (_, made) = setup.send(Method::POST, "", &rows(10)).await;
    let made = ids(&made);
    assert_eq!(made.len(), 10);
    for count in [0, 11] {
        let (status, body) = setup.send(Method::POST, "", &rows(count)).await;
        assert_eq!((status, error_type(&body)), (422, "INVALID_RECORDS"), "{count}");
    }
    let broken = json!({"records": [{"fields": {"Auto": "y"}}, {"fields": {"Nope": 1}}]});
    let (status, body) = setup.send(Method::POST, "", &broken).await;
    assert_eq!((status, error_type(&body)), (422, "UNKNOWN_FIELD_NAME"));
    let (status, body) = setup.send(Method::POST, "", &json!({})).await;
    assert_eq!((status, error_type(&body)), (422, "INVALID_REQUEST_MISSING_FIELDS"));
    let unknown =
        json!({"records": [{"id": made[0], "fields": {"Auto": "y"}}, {"id": "recX", "fields": {}}]});
    let (status, body) = setup.send(Method::PATCH, "", &unknown).await;
    assert_eq!((status, error_type(&body)), (422, "ROW_DOES_NOT_EXIST"));
    assert!(setup.simulator.records().iter().all(|record| record.fields["Auto"] == "x"));
    assert_eq!(setup.simulator.records().len(), 10);

    let query = format!("?records[]={}&records[]={}", made[0], made[1]);
    let (status, deleted) = setup.send(Method::DELETE, &query, &json!({})).await;
    assert_eq!((status, ids(&deleted)), (200, made[..2].to_vec()));
    assert_eq!(setup.simulator.records().len(), 8);
}

#[tokio::test]
async fn an_upsert_changes_what_matches_and_creates_the_rest() {
    let setup = setup().await;
    let known = setup.simulator.create(cells(json!({"OrdenCompra": "A1", "Precio": 1, "Auto": "Jetta"})));
    let auto = setup.simulator.field_id("Auto").unwrap();
    let body = json!({
        "performUpsert": {"fieldsToMergeOn": ["OrdenCompra"]},
        "returnFieldsByFieldId": true,
        "records": [{"fields": {"OrdenCompra": "A1", "Precio": 2}}, {"fields": {"OrdenCompra": "B2"}}],
    });
    let (status, answer) = setup.send(Method::PATCH, "", &body).await;
    assert_eq!((status, &answer["updatedRecords"]), (200, &json!([known])), "{answer}");
    assert_eq!(answer["createdRecords"], json!([ids(&answer)[1]]));
    assert_eq!(answer["records"][0]["fields"][auto], "Jetta");
    assert_eq!(setup.simulator.record(&known).unwrap().fields["Precio"], 2);

    setup.simulator.create(cells(json!({"OrdenCompra": "B2"})));
    let (status, body) = setup.send(Method::PATCH, "", &body).await;
    assert_eq!((status, error_type(&body)), (422, "INVALID_REQUEST_UNKNOWN"), "two records match");
}

#[tokio::test]
async fn a_writer_sees_its_write_before_readers_do() {
    let setup = setup().await;
    let id = setup.simulator.create(cells(json!({"Auto": "old"})));
    setup.simulator.miss(&id, 1);
    let path = format!("/{id}");
    let (_, written) = setup.send(Method::PATCH, &path, &json!({"fields": {"Auto": "new"}})).await;
    assert_eq!(written["fields"]["Auto"], "new");
    assert_eq!(setup.get(&setup.table(&path)).await.1["fields"]["Auto"], "old");
}
