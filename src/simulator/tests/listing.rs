use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use super::*;

async fn with_records(count: u32) -> Setup {
    let setup = setup().await;
    for n in 0..count {
        setup
            .simulator
            .create(cells(json!({"Auto": format!("Auto {n}"), "Precio": n, "OrdenStatus": "Comprado"})));
    }
    setup
}

/// All pages of a listing, by GET or by POST.
async fn pages(setup: &Setup, options: &Value, post: bool) -> Vec<Value> {
    let (mut pages, mut options) = (Vec::new(), options.clone());
    loop {
        let (status, page) = if post {
            setup.send(Method::POST, "/listRecords", &options).await
        } else {
            let pairs: Vec<(String, String)> = options
                .as_object()
                .unwrap()
                .iter()
                .map(|(key, value)| {
                    (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                })
                .collect();
            answer(setup.request(Method::GET, &setup.table("")).query(&pairs)).await
        };
        assert_eq!(status, 200, "{page}");
        let offset = page.get("offset").cloned();
        pages.push(page);
        match offset {
            Some(offset) => options["offset"] = offset,
            None => return pages,
        }
    }
}

#[tokio::test]
async fn the_pages_of_a_listing_hold_every_record_once() {
    let setup = with_records(250).await;
    for post in [false, true] {
        for (options, expected) in [(json!({}), vec![100, 100, 50]), (json!({"pageSize": 25}), vec![25; 10])]
        {
            let pages = pages(&setup, &options, post).await;
            assert_eq!(pages.iter().map(|page| ids(page).len()).collect::<Vec<_>>(), expected);
            assert_eq!(pages.iter().flat_map(ids).collect::<BTreeSet<_>>().len(), 250);
            let offset = pages[0]["offset"].as_str().unwrap();
            assert_eq!(offset.split_once('/').unwrap().1, ids(&pages[1])[0]);
            assert!(offset.starts_with("itr") && offset.len() == 35, "{offset}");
        }
        let capped = pages(&setup, &json!({"pageSize": 20, "maxRecords": 50}), post).await;
        assert_eq!(capped.iter().map(|page| ids(page).len()).collect::<Vec<_>>(), [20, 20, 10]);
    }
}

#[tokio::test]
async fn a_page_shows_the_cells_of_its_time_and_the_records_of_the_first() {
    let setup = with_records(30).await;
    let (_, first) = setup.list(&[("pageSize", "10")]).await;
    let rest: Vec<_> = setup
        .simulator
        .records()
        .into_iter()
        .map(|record| record.id)
        .filter(|id| !ids(&first).contains(id))
        .collect();
    setup.simulator.edit(&rest[0], cells(json!({"Auto": "edited"})));
    setup.simulator.delete(&rest[1]);
    setup.simulator.create(cells(json!({"Auto": "new"})));
    let query = [("pageSize", "100"), ("offset", first["offset"].as_str().unwrap())];
    let (_, second) = setup.list(&query).await;
    assert_eq!(ids(&second).len(), 19);
    assert!(second.to_string().contains("edited") && !second.to_string().contains("new"));
    assert!(!ids(&second).contains(&rest[1]));
}

#[tokio::test]
async fn a_lost_listing_and_a_wrong_offset_are_told_apart() {
    let setup = with_records(3).await;
    let (_, first) = setup.list(&[("pageSize", "1")]).await;
    setup.simulator.expire_iterators();
    let (status, body) = setup.list(&[("offset", first["offset"].as_str().unwrap())]).await;
    assert_eq!((status, body), (422, json!({"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}})));
    let (status, body) = setup.list(&[("offset", "abc")]).await;
    assert_eq!(
        (status, body),
        (
            422,
            json!({"error": {"type": "INVALID_OFFSET_VALUE", "message": "The value of offset abc is invalid"}})
        )
    );
}

#[tokio::test]
async fn empty_cells_are_left_out_and_zero_is_shown() {
    let setup = setup().await;
    let id = setup.simulator.create(cells(json!({
        "Auto": "", "Precio": 0, "Separado": false, "Promociones": [], "Oferta": null, "Rezago": true,
    })));
    let blank = setup.simulator.create(Map::new());
    let (_, page) = setup.list(&[]).await;
    let find =
        |id: &str| page["records"].as_array().unwrap().iter().find(|record| record["id"] == id).unwrap();
    assert_eq!(find(&id)["fields"], json!({"Precio": 0, "Rezago": true}));
    assert_eq!(find(&blank)["fields"], json!({}));
    let created = find(&id)["createdTime"].as_str().unwrap();
    assert!(created.len() == 24 && &created[19..] == ".000Z", "{created}");
}

#[tokio::test]
async fn fields_can_be_chosen_ordered_by_and_shown_by_id() {
    let setup = with_records(12).await;
    let precio = setup.simulator.field_id("Precio").unwrap();
    let query = [
        ("fields[]", "Precio"),
        ("sort[0][field]", precio.as_str()),
        ("sort[0][direction]", "desc"),
        ("returnFieldsByFieldId", "1"),
        ("recordMetadata[]", "commentCount"),
        ("view", "Grid view"),
        ("cellFormat", "json"),
    ];
    let (status, by_get) = setup.list(&query).await;
    assert_eq!(status, 200, "{by_get}");
    let prices: Vec<_> =
        by_get["records"].as_array().unwrap().iter().map(|record| record["fields"].clone()).collect();
    assert_eq!(prices, (0..12).rev().map(|n| json!({&precio: n})).collect::<Vec<_>>());
    assert_eq!(by_get["records"][0]["commentCount"], 0);

    let body = json!({
        "fields": [precio], "sort": [{"field": "Precio", "direction": "desc"}], "returnFieldsByFieldId": true,
        "recordMetadata": ["commentCount"], "offset": "",
    });
    assert_eq!(setup.send(Method::POST, "/listRecords", &body).await, (200, by_get));
}

#[tokio::test]
async fn a_listing_refuses_what_airtable_refuses() {
    let setup = with_records(1).await;
    let formula = |reason: &str| format!("The formula for filtering records is invalid: {reason}");
    for (option, value, kind, message) in [
        ("fields[]", "Nope", "UNKNOWN_FIELD_NAME", "Unknown field name: \"Nope\"".to_owned()),
        ("sort[0][field]", "Nope", "UNKNOWN_FIELD_NAME", "Unknown field name: \"Nope\"".to_owned()),
        ("filterByFormula", "{Nope}", "INVALID_FILTER_BY_FORMULA", formula("Unknown field names: Nope")),
        (
            "filterByFormula",
            "((",
            "INVALID_FILTER_BY_FORMULA",
            formula("Invalid formula. Please check your formula text."),
        ),
        ("view", "Nope", "VIEW_NAME_NOT_FOUND", "View Nope not found".to_owned()),
        ("view", "viwX", "VIEW_ID_NOT_FOUND", "View viwX not found".to_owned()),
    ] {
        let (status, body) = setup.list(&[(option, value)]).await;
        assert_eq!(
            (status, &body["error"]),
            (422, &json!({"type": kind, "message": message})),
            "{option}={value}"
        );
    }
    for (option, value) in [
        ("fields", "Auto,Precio"),
        ("pageSize", "0"),
        ("pageSize", "101"),
        ("pageSize", "x"),
        ("maxRecords", "0"),
        ("cellFormat", "string"),
    ] {
        let (status, body) = setup.list(&[(option, value)]).await;
        assert_eq!((status, error_type(&body)), (422, "INVALID_REQUEST_UNKNOWN"), "{option}={value}");
    }
    for body in [json!({"offset": null}), json!({"limit": 3}), json!({"fields": "Auto"})] {
        assert_eq!(setup.send(Method::POST, "/listRecords", &body).await.0, 422, "{body}");
    }
    let (status, body) = answer(setup.request(Method::POST, &setup.table("/listRecords")).body("{")).await;
    assert_eq!((status, error_type(&body)), (400, "INVALID_REQUEST_BODY"));
}

#[tokio::test]
async fn hundreds_of_ids_are_found_by_post_and_too_long_for_a_url() {
    let setup = with_records(600).await;
    let wanted: Vec<_> = setup.simulator.records().into_iter().map(|record| record.id).take(499).collect();
    let formula = |ids: &[String]| {
        let mut formula = String::from("OR(FALSE()");
        for id in ids {
            write!(formula, ",RECORD_ID()='{id}'").unwrap();
        }
        formula + ")"
    };
    let (status, body) = setup.list(&[("filterByFormula", &formula(&wanted))]).await;
    assert_eq!(status, 414);
    assert!(body.as_str().unwrap().starts_with("<html>"), "{body}");

    let found = pages(&setup, &json!({"filterByFormula": formula(&wanted), "pageSize": 50}), true).await;
    assert_eq!(found.iter().flat_map(ids).collect::<Vec<_>>(), wanted);

    let (status, page) = setup.list(&[("filterByFormula", &formula(&wanted[..100]))]).await;
    assert_eq!((status, ids(&page)), (200, wanted[..100].to_vec()));
    assert_eq!(setup.simulator.requests().pop().unwrap().record_ids, wanted[..100]);
}

#[tokio::test]
async fn what_was_modified_since_is_found() {
    let setup = with_records(5).await;
    setup.simulator.advance(Duration::from_mins(10));
    let since = setup.simulator.now().to_rfc3339();
    setup.simulator.advance(Duration::from_mins(1));
    let id = setup.simulator.records()[2].id.clone();
    setup.simulator.edit(&id, cells(json!({"Precio": 99})));
    let formula = format!("IS_AFTER(LAST_MODIFIED_TIME(), '{since}')");
    assert_eq!(ids(&setup.list(&[("filterByFormula", &formula)]).await.1), [id]);
}

#[tokio::test]
async fn a_single_record_is_found_in_other_tables_too_but_a_listing_finds_its_own() {
    let setup = setup().await;
    let own = setup.simulator.create(cells(json!({"Auto": "Jetta"})));
    let other = setup.simulator.create_in_other_table(cells(json!({"Nombre": "Ana"})));
    assert_eq!(setup.get(&setup.table(&format!("/{own}"))).await.1["fields"], json!({"Auto": "Jetta"}));
    assert_eq!(setup.get(&setup.table(&format!("/{other}"))).await.1["fields"], json!({"Nombre": "Ana"}));
    let elsewhere = format!("/v0/{}/Clientes/{own}", setup.simulator.base_id());
    assert_eq!(setup.get(&elsewhere).await.1["id"], own);
    let formula = format!("OR(RECORD_ID()='{own}',RECORD_ID()='{other}')");
    assert_eq!(ids(&setup.list(&[("filterByFormula", &formula)]).await.1), [own.as_str()]);

    setup.simulator.delete(&own);
    let gone = json!({"error": {"type": "MODEL_ID_NOT_FOUND", "message": "Record not found"}});
    assert_eq!(setup.get(&setup.table(&format!("/{own}"))).await, (404, gone));
    assert!(setup.simulator.restore(&own));
    assert_eq!(setup.get(&setup.table(&format!("/{own}?returnFieldsByFieldId=true"))).await.1["fields"], {
        json!({setup.simulator.field_id("Auto").unwrap(): "Jetta"})
    });
}
