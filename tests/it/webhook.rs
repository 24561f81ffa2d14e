//! `POST /airtable-sync`: a change in Airtable is on the website when the webhook is answered.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vitrina::simulator::{Fault, Gate, Operation, Refusal, Target, What};

use crate::{
    fields,
    support::{Answer, Setting, World, mazda},
};

#[tokio::test]
async fn a_new_record_is_on_the_website_when_the_webhook_is_answered() {
    let world = World::start().await;
    let id = world.airtable.create(mazda());

    let answer = world.webhook(&id).await.ok();

    assert_eq!(answer["success"], true);
    assert_eq!(answer["action"], "created");
    assert_eq!(
        answer["data"],
        json!({ "record_id": id, "title": "Mazda 3 Sport 2.5", "ordencompra": "OC-04123", "slug": "mazda-3-sport-2-5-2020" })
    );
    assert_eq!(answer["warnings"], json!([]));
    assert_eq!(answer["attempt"], 1);
    assert!(answer["duration_ms"].is_u64());
    let vehicle = world.get("/vehicles/mazda-3-sport-2-5-2020").await.ok();
    assert_eq!(vehicle["precio"], 329_900);
    assert_eq!(world.listed_titles().await, ["Mazda 3 Sport 2.5"]);
}

#[tokio::test]
async fn an_edit_is_on_the_website_when_the_webhook_is_answered() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    assert_eq!(world.get("/vehicles").await.ok()["vehicles"][0]["precio"], 329_900);
    world.airtable.edit(&id, fields! { "Precio": "$299,900.00", "Separado": true });

    let answer = world.webhook(&id).await.ok();

    assert_eq!(answer["action"], "updated");
    let vehicle = &world.get("/vehicles").await.ok()["vehicles"][0];
    assert_eq!((&vehicle["precio"], &vehicle["separado"]), (&json!(299_900), &json!(true)));
    let log = world.logs(&id).await.pop().unwrap();
    assert_eq!(log["metadata"]["changed"], json!(["precio", "separado", "data"]));
}

#[tokio::test]
async fn a_field_that_was_emptied_is_null_and_not_zero() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "Precio": null });

    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");

    assert_eq!(world.get("/vehicles").await.ok()["vehicles"][0]["precio"], json!(null));
}

#[tokio::test]
async fn a_record_without_a_change_is_not_written_and_leaves_the_cache_alone() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.get("/vehicles").await;
    let before = world.row(&id).await;

    assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");

    assert_eq!(world.row(&id).await, before);
    assert_eq!(world.get("/vehicles").await.header("x-cache"), "hit");
}

#[tokio::test]
async fn an_attachment_whose_address_changed_is_no_change() {
    let world = World::start().await;
    let mut fields = mazda();
    fields.extend(fields! { "fotos_exterior_url": [{ "id": "attAAAAAAAAAAAAAA", "filename": "a.png", "type": "image/png", "size": 9 }] });
    let id = world.known(fields).await;
    let before = world.row(&id).await.unwrap();
    world.airtable.advance(Duration::from_hours(3));

    assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");

    assert_eq!(world.row(&id).await.unwrap(), before);
}

#[tokio::test]
async fn a_sold_vehicle_leaves_the_listing_and_keeps_its_page() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "OrdenStatus": "Vendido" });

    assert_eq!(world.webhook(&id).await.ok()["action"], "archived");

    assert!(world.listed_titles().await.is_empty());
    let vehicle = world.get("/vehicles/mazda-3-sport-2-5-2020").await.ok();
    assert_eq!((&vehicle["vendido"], &vehicle["ordenstatus"]), (&json!(true), &json!("Vendido")));

    world.airtable.edit(&id, fields! { "OrdenStatus": " comprado " });
    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");
    assert_eq!(world.listed_titles().await, ["Mazda 3 Sport 2.5"]);
}

#[tokio::test]
async fn a_record_that_was_never_listed_is_not_stored() {
    let world = World::start().await;
    let id = world.airtable.create(fields! { "AutoMarca": "Mazda", "OrdenStatus": "En proceso" });

    let answer = world.webhook(&id).await.ok();

    assert_eq!((&answer["action"], &answer["data"]["slug"]), (&json!("archived"), &json!(null)));
    assert_eq!(world.row(&id).await, None);
}

#[tokio::test]
async fn a_record_deleted_in_airtable_is_gone_and_comes_back_when_it_is_restored() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.delete(&id);

    assert_eq!(world.webhook(&id).await.ok()["action"], "deleted");
    assert!(world.listed_titles().await.is_empty());
    world.get("/vehicles/mazda-3-sport-2-5-2020").await.problem(410);
    let row = world.row(&id).await.unwrap();
    assert!(row["deleted_at"].is_string());
    assert_eq!(world.webhook(&id).await.ok()["action"], "deleted");
    assert_eq!(world.row(&id).await.unwrap(), row, "deleting once is enough");

    world.airtable.restore(&id);
    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");
    assert_eq!(world.listed_titles().await, ["Mazda 3 Sport 2.5"]);
    assert_eq!(world.row(&id).await.unwrap()["deleted_at"], json!(null));
}

#[tokio::test]
async fn a_record_of_another_table_is_never_imported() {
    let world = World::start().await;
    let id = world.airtable.create_in_other_table(mazda());

    assert_eq!(world.webhook(&id).await.ok()["action"], "absent");

    assert_eq!(world.row(&id).await, None);
}

#[tokio::test]
async fn one_lost_answer_does_not_delete_a_vehicle() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    // An answer that is made while the record is away, and arrives when it is back.
    let gate = Gate::closed();
    world.airtable.fault(Fault::new(What::Held(gate.clone())).next(1));
    world.airtable.delete(&id);
    let (answer, ()) = tokio::join!(world.webhook(&id), async {
        gate.reached(1).await;
        world.airtable.restore(&id);
        gate.open();
    });

    assert_eq!(answer.ok()["action"], "unchanged");
    assert_eq!(world.listed_titles().await, ["Mazda 3 Sport 2.5"]);
}

#[tokio::test]
async fn a_value_that_cannot_be_read_costs_its_column_and_is_told() {
    let world = World::start().await;
    let mut fields = mazda();
    fields.extend(fields! { "Precio": { "error": "#ERROR!" }, "autokilometraje": "muchos" });
    let id = world.airtable.create(fields);

    let answer = world.webhook(&id).await.ok();

    let warned: Vec<_> =
        answer["warnings"].as_array().unwrap().iter().map(|warning| &warning["field"]).collect();
    assert_eq!(warned, ["Precio", "autokilometraje"]);
    let vehicle = world.get("/vehicles/mazda-3-sport-2-5-2020").await.ok();
    assert_eq!((&vehicle["precio"], &vehicle["kilometraje"]), (&json!(null), &json!(null)));
    assert_eq!(vehicle["autoano"], 2020);
    let log = world.logs(&id).await.pop().unwrap();
    assert_eq!(
        (&log["status"], &log["metadata"]["warnings"][0]["column"]),
        (&json!("warning"), &json!("precio"))
    );
}

#[tokio::test]
async fn a_sync_is_logged_with_what_it_did_and_how_long_the_parts_took() {
    let world = World::start().await;
    let id = world.airtable.create(mazda());
    world.post_webhook(&json!({ "recordId": id, "source": "boton", "attempt": 2 })).await.ok();

    let logs = world.logs(&id).await;

    assert_eq!(logs.len(), 1);
    let log = &logs[0];
    assert_eq!(log["sync_type"], "webhook");
    assert_eq!(log["status"], "success");
    assert_eq!((&log["source"], &log["attempt_number"]), (&json!("boton"), &json!(2)));
    assert_eq!(
        (&log["vehicle_title"], &log["ordencompra"]),
        (&json!("Mazda 3 Sport 2.5"), &json!("OC-04123"))
    );
    assert_eq!((&log["ordenstatus"], &log["http_status"]), (&json!("Comprado"), &json!(200)));
    assert!(log["duration_ms"].is_u64());
    assert_eq!(log["metadata"]["trigger"], "webhook");
    for part in ["queue", "airtable", "normalize", "upsert", "invalidate"] {
        assert!(log["metadata"]["timings"][part].is_number(), "{part}");
    }
}

#[tokio::test]
async fn a_batch_gets_one_result_for_each_record_from_one_request() {
    let world = World::start().await;
    let known = world.known(mazda()).await;
    world.airtable.edit(&known, fields! { "Precio": 1 });
    let new = world.airtable.create(fields! { "Auto": "Kia Rio", "OrdenStatus": "Comprado" });
    let absent = "recNobodyHasThis0";
    world.airtable.requests_clear();

    let answer = world.post_webhook(&json!({ "recordIds": [known, new, absent, known] })).await.ok();

    let results: Vec<_> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| (&result["data"]["record_id"], &result["action"]))
        .collect();
    assert_eq!(
        results,
        [
            (&json!(known), &json!("updated")),
            (&json!(new), &json!("created")),
            (&json!(absent), &json!("absent"))
        ]
    );
    assert_eq!(world.airtable.requests().len(), 1);
}

#[tokio::test]
async fn a_thousand_records_fit_into_one_webhook_and_one_more_does_not() {
    let world = World::start().await;
    let ids: Vec<String> = (0..1000).map(|number| format!("rec{number:014}")).collect();

    let answer = world.post_webhook(&json!({ "recordIds": ids })).await.ok();
    assert_eq!(answer["results"].as_array().unwrap().len(), 1000);

    let too_many: Vec<String> = (0..1001).map(|number| format!("rec{number:014}")).collect();
    let problem = world.post_webhook(&json!({ "recordIds": too_many })).await.problem(400);
    assert_eq!((&problem["param"], &problem["retryable"]), (&json!("recordIds"), &json!(false)));
}

#[tokio::test]
async fn a_wrong_body_is_refused_with_what_is_wrong_and_no_work_is_done() {
    let world = World::start().await;
    for (body, param) in [
        (json!({}), "recordId"),
        (json!({ "recordId": "rec123" }), "recordId"),
        (json!({ "recordId": 7 }), "recordId"),
        (json!({ "recordId": "recA1b2C3d4E5f6G7'" }), "recordId"),
        (json!({ "recordIds": [] }), "recordIds"),
        (json!({ "recordIds": ["tblA1b2C3d4E5f6G7"] }), "recordIds"),
        (json!({ "recordIds": "recA1b2C3d4E5f6G7" }), "recordIds"),
        (json!({ "recordId": "recA1b2C3d4E5f6G7", "recordIds": ["recA1b2C3d4E5f6G7"] }), "recordIds"),
    ] {
        let problem = world.post_webhook(&body).await.problem(400);
        assert_eq!(problem["param"], param, "{body}");
        assert_eq!((&problem["success"], &problem["retryable"]), (&json!(false), &json!(false)), "{body}");
        assert!(!problem["error"].as_str().unwrap().is_empty());
    }
    for body in ["", "{", "[]", "null", "\"recA1b2C3d4E5f6G7\"", "\u{0}"] {
        let request = world.webhook_request(&world.url);
        let answer = Answer::read(request.body(body).send().await.unwrap()).await;
        let problem = answer.problem(400);
        assert_eq!(problem["retryable"], false, "{body:?}");
        assert!(!problem["error"].as_str().unwrap().contains("struct"), "{problem}");
    }
    assert!(world.airtable.requests().is_empty());
}

#[tokio::test]
async fn what_is_odd_beside_the_record_id_costs_nothing() {
    let world = World::start().await;
    let id = world.airtable.create(mazda());
    let body = json!({ "recordId": id, "source": "a\u{0}b", "attempt": "two", "timestamp": 5, "more": [1] });

    assert_eq!(world.post_webhook(&body).await.ok()["action"], "created");

    assert_eq!(world.logs(&id).await[0]["source"], "ab");
}

#[tokio::test]
async fn nobody_without_the_secret_gets_any_work_done() {
    let world = World::start().await;
    let id = world.airtable.create(mazda());
    let body = json!({ "recordId": id }).to_string();
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer webhook-secret-for-test",
        "Basic webhook-secret-for-tests",
        "Bearer admin-token-for-the-tests",
    ] {
        let request =
            world.http.post(format!("{}/airtable-sync", world.url)).header("authorization", authorization);
        let answer = Answer::read(request.body(body.clone()).send().await.unwrap()).await;
        let problem = answer.problem(401);
        assert_eq!(
            (&problem["success"], &problem["retryable"]),
            (&json!(false), &json!(false)),
            "{authorization}"
        );
    }
    assert!(world.airtable.requests().is_empty());
    assert!(world.logs(&id).await.is_empty());
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused() {
    let world = World::start().await;
    let problem = world.post_webhook(&json!({ "recordId": "x".repeat(70_000) })).await.problem(413);
    assert_eq!(problem["retryable"], false);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let world = World::set("server.body_timeout", "50ms").start().await;
    let mut stream = tokio::net::TcpStream::connect(world.url.trim_start_matches("http://")).await.unwrap();
    let head = "POST /airtable-sync HTTP/1.1\r\nhost: x\r\nauthorization: Bearer webhook-secret-for-tests\r\ncontent-length: 40\r\nconnection: close\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();

    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut answer)).await.unwrap().unwrap();

    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains(r#""retryable":true"#), "{answer}");
}

#[tokio::test]
async fn a_renamed_field_changes_nothing_also_after_a_restart() {
    let mut world = World::start().await;
    let id = world.known(mazda()).await;
    let before = world.row(&id).await;
    world.airtable.rename_field("Precio", "Precio de lista");
    world.airtable.rename_field("OrdenStatus", "Estado de la orden");

    assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
    world.restart().await;

    assert_eq!(world.webhook(&id).await.ok()["action"], "unchanged");
    assert_eq!(world.row(&id).await, before);
    world.airtable.edit(&id, fields! { "Precio de lista": 100_000 });
    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");
    assert_eq!(world.row(&id).await.unwrap()["precio"], 100_000.0);
}

#[tokio::test]
async fn a_field_that_vanished_leaves_its_column_as_it_was() {
    let mut world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.remove_field("Precio");
    world.airtable.remove_field("OrdenStatus");
    world.restart().await;
    world.airtable.edit(&id, fields! { "autokilometraje": 50_000 });

    world.webhook(&id).await.ok();

    let vehicle = world.get("/vehicles").await.ok()["vehicles"][0].clone();
    assert_eq!((&vehicle["precio"], &vehicle["kilometraje"]), (&json!(329_900), &json!(50_000)));
    assert_eq!((&vehicle["ordenstatus"], &vehicle["vendido"]), (&json!("Comprado"), &json!(false)));
}

#[tokio::test]
async fn a_field_that_vanishes_while_the_service_runs_empties_nothing() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    for field in ["Precio", "Ubicacion", "OrdenStatus"] {
        world.airtable.remove_field(field);
    }
    world.airtable.edit(&id, fields! { "autokilometraje": 50_000 });

    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");

    let vehicle = world.get("/vehicles").await.ok()["vehicles"][0].clone();
    assert_eq!((&vehicle["precio"], &vehicle["kilometraje"]), (&json!(329_900), &json!(50_000)));
    assert_eq!((&vehicle["ubicacion"], &vehicle["ordenstatus"]), (&json!(["MTY"]), &json!("Comprado")));
}

#[tokio::test]
async fn without_the_schema_scope_records_are_read_by_name() {
    let forbidden =
        Fault::new(What::Answer(Refusal::PermissionsOrModelNotFound)).on(Target::Only(Operation::Schema));
    let world = Setting::default().fault(forbidden).start().await;
    let id = world.airtable.create(mazda());

    assert_eq!(world.webhook(&id).await.ok()["action"], "created");

    assert_eq!(world.get("/vehicles").await.ok()["vehicles"][0]["precio"], 329_900);
    let by_id =
        world.airtable.requests().iter().any(|seen| seen.options.get("returnFieldsByFieldId").is_some());
    assert!(!by_id);
}

/// So that a secret is changed without a gap: first the service takes both, then the senders change, then the old one goes.
#[tokio::test]
async fn two_secrets_and_two_tokens_are_accepted_while_they_are_changed() {
    let world = World::set("auth.webhook_secret", "new-hook-0123456789abcdef old-hook-0123456789abcdef")
        .set("auth.admin_token", "new-admin-0123456789abcdef old-admin-0123456789abcdef")
        .start()
        .await;
    let status = async |method: reqwest::Method, path: &str, token: &str| {
        let request = world.http.request(method, format!("{}{path}", world.url));
        let request = request.bearer_auth(token).json(&json!({ "recordId": "recAAAAAAAAAAAAAA" }));
        request.send().await.unwrap().status().as_u16()
    };
    for token in ["new", "old"] {
        let hook =
            status(reqwest::Method::POST, "/airtable-sync", &format!("{token}-hook-0123456789abcdef")).await;
        let admin = status(reqwest::Method::GET, "/kpis", &format!("{token}-admin-0123456789abcdef")).await;
        assert_eq!((hook, admin), (200, 200), "{token}");
    }
    let both = "new-hook-0123456789abcdef old-hook-0123456789abcdef";
    for token in ["", "older-hook-0123456789abcdef", "new-admin-0123456789abcdef", both] {
        assert_eq!(status(reqwest::Method::POST, "/airtable-sync", token).await, 401, "{token}");
    }
}
