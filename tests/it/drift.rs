//! What becomes of the website when somebody changes Airtable's fields: nothing, and operators are told.

use serde_json::{Value, json};
use vitrina::{
    domain::Trigger,
    signals::Signal,
    simulator::{Fault, FieldKind, Operation, Refusal, Target, What},
    sync::{FieldReport, Scope},
};

use crate::{
    fields,
    support::{Setting, World, eventually, mazda},
};

/// A dealership whose fields are looked at all the time.
fn watchful() -> Setting {
    World::set("airtable.schema_every", "30ms")
}

fn report(world: &World) -> FieldReport {
    world.state().engine.field_report()
}

/// What is told to be wrong with the fields, if something is.
fn alarm(world: &World) -> Option<String> {
    world.state().engine.signals().get(Signal::FieldsMissing).map(|raised| raised.detail)
}

async fn full_runs(world: &World) -> i64 {
    sqlx::query_scalar("select count(*) from sync_runs where kind = 'full' and status = 'succeeded'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap()
}

fn looks(world: &World) -> usize {
    world.airtable.requests().iter().filter(|seen| seen.operation == Operation::Schema).count()
}

#[tokio::test]
async fn a_renamed_field_goes_on_feeding_its_column_and_is_told_alike_by_everybody() {
    let mut world = watchful().start().await;
    let id = world.known(mazda()).await;
    world.airtable.rename_field("Precio", "Precio de lista");

    eventually("the rename is noticed", || async { !report(&world).renamed.is_empty() }).await;

    let renamed = report(&world).renamed;
    assert_eq!(
        (renamed[0].field.as_str(), renamed[0].present_name.as_str(), renamed[0].columns.as_slice()),
        ("Precio", "Precio de lista", ["precio".to_owned()].as_slice())
    );
    assert!(renamed[0].since.is_some() && alarm(&world).is_none());
    world.airtable.edit(&id, fields! { "Precio de lista": 100_000 });
    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");
    assert_eq!(world.row(&id).await.unwrap()["precio"], 100_000.0);

    world.restart().await;
    eventually("the new process has looked", || async { report(&world).looked_at.is_some() }).await;
    assert_eq!(report(&world).renamed, renamed, "since the same time");
}

#[tokio::test]
async fn a_field_that_vanishes_is_noticed_without_an_edit_and_a_new_one_of_its_name_feeds_the_column_by_itself()
 {
    let world = watchful().start().await;
    let id = world.known(mazda()).await;
    world.airtable.add_field("Precio MXN", FieldKind::Currency);
    world.airtable.remove_field("Precio");

    eventually("the loss is noticed", || async { alarm(&world).is_some() }).await;

    let said = alarm(&world).unwrap();
    assert_eq!(
        said,
        r#"the field "Precio" is gone from Airtable, so precio stays as before; closest: "Precio MXN""#
    );
    let missing = report(&world).missing;
    assert!(missing[0].since.is_some() && missing[0].columns == ["precio"], "{missing:?}");
    world.airtable.edit(&id, fields! { "autokilometraje": 50_000 });
    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");
    assert_eq!(world.row(&id).await.unwrap()["precio"], 329_900.0);

    // No webhook and no restart from here on.
    let runs = full_runs(&world).await;
    world.airtable.add_field("Precio", FieldKind::Currency);
    eventually("the field is found", || async { alarm(&world).is_none() }).await;
    world.airtable.edit(&id, fields! { "Precio": 1_000 });
    eventually("what it says is read", || async {
        full_runs(&world).await > runs || world.row(&id).await.unwrap()["precio"] == 1_000.0
    })
    .await;
    world.run(Scope::CatchUp, Trigger::CatchUp).await;
    assert_eq!(world.row(&id).await.unwrap()["precio"], 1_000.0);
}

#[tokio::test]
async fn values_that_came_with_a_new_field_are_read_without_an_edit_once() {
    let world = watchful().vehicles([mazda()]).start().await;
    let id = world.airtable.records()[0].id.clone();
    world.airtable.remove_field("Precio");
    eventually("the loss is noticed", || async { alarm(&world).is_some() }).await;
    let runs = full_runs(&world).await;
    // A formula has its values at once, and no record counts as modified since the last catch-up.
    sqlx::query(
        "insert into sync_runs (kind, trigger, status, started_at, finished_at)
         values ('catch_up', 'catch_up', 'succeeded', now() + interval '1 hour', now() + interval '1 hour')",
    )
    .execute(&world.db.pool)
    .await
    .unwrap();
    world.airtable.add_field("Precio MXN", FieldKind::Formula);
    world.airtable.edit(&id, fields! { "Precio MXN": 250_000 });
    world.airtable.rename_field("Precio MXN", "Precio");

    eventually("the vehicles are read once more", || async {
        world.row(&id).await.unwrap()["precio"] == 250_000.0
    })
    .await;

    world.no_run().await;
    let looked = looks(&world);
    eventually("it is looked at again", || async { looks(&world) > looked + 3 }).await;
    assert!(full_runs(&world).await <= runs + 1, "one full run is enough");
}

#[tokio::test]
async fn a_type_that_the_column_cannot_hold_leaves_it_as_it_was_until_it_is_mended() {
    let world = watchful().start().await;
    let id = world.known(mazda()).await;
    world.airtable.retype_field("Precio", FieldKind::MultipleAttachments);
    world.airtable.edit(&id, fields! { "Precio": [{"id": "attA1b2C3d4E5f6G7", "filename": "a.jpg"}] });

    let answer = world.webhook(&id).await.ok();

    assert_eq!((&answer["action"], &answer["warnings"]), (&json!("updated"), &json!([])));
    assert_eq!(world.row(&id).await.unwrap()["precio"], 329_900.0);
    let said = alarm(&world).unwrap();
    assert_eq!(
        said,
        r#"the field "Precio" has changed its type from currency to multipleAttachments, which cannot be read as precio, so precio stays as before"#
    );

    world.airtable.edit(&id, fields! { "Precio": 5_000 });
    world.airtable.retype_field("Precio", FieldKind::Number);
    eventually("the end is noticed", || async { alarm(&world).is_none() }).await;
    eventually("what was kept back is read", || async { world.row(&id).await.unwrap()["precio"] == 5_000.0 })
        .await;
}

#[tokio::test]
async fn the_ids_of_linked_records_are_never_shown_as_words() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    let link = "recQwErTyUiOpAsDf";
    for cell in [json!([link]), json!(link)] {
        world
            .airtable
            .edit(&id, fields! { "AutoMarca": cell, "ClasificacionID": ["SUV", link], "ligawp": link });
        let answer = world.webhook(&id).await.ok();
        let warned = answer["warnings"].as_array().unwrap();
        for column in ["title", "marca", "clasificacionid", "slug_wanted"] {
            let warning = warned.iter().find(|warning| warning["column"] == column).unwrap();
            assert!(warning["problem"].as_str().unwrap().contains("links to other records"), "{warning}");
        }
        let shown = world.get("/vehicles").await.ok()["vehicles"][0].clone();
        assert_eq!((&shown["title"], &shown["marca"]), (&json!("3 Sport 2.5"), &Value::Null));
        assert_eq!(shown["clasificacionid"], json!(["SUV"]));
        assert!(!shown.to_string().contains(link), "{shown}");
    }
}

#[tokio::test]
async fn a_type_that_can_be_read_goes_on_being_read_and_is_told() {
    let world = watchful().start().await;
    let id = world.known(mazda()).await;
    world.airtable.retype_field("AutoAno", FieldKind::SingleLineText);
    world.airtable.edit(&id, fields! { "AutoAno": "2021" });

    assert_eq!(world.webhook(&id).await.ok()["action"], "updated");

    assert_eq!(world.row(&id).await.unwrap()["autoano"], 2021);
    eventually("the type is noticed", || async { !report(&world).retyped.is_empty() }).await;
    let retyped = report(&world).retyped;
    assert_eq!(
        (retyped[0].from.as_deref(), retyped[0].to.as_str(), retyped[0].unreadable.len()),
        (Some("number"), "singleLineText", 0)
    );
    assert_eq!(alarm(&world), None);
}

#[tokio::test]
async fn without_the_status_field_nobody_leaves_the_listing() {
    for loss in [
        |world: &World| world.airtable.remove_field("OrdenStatus"),
        |world: &World| world.airtable.retype_field("OrdenStatus", FieldKind::MultipleRecordLinks),
    ] {
        let world = Setting::default().vehicles((0..30).map(|_| mazda())).start().await;
        let id = world.airtable.records()[0].id.clone();
        assert!(loss(&world));
        world.airtable.edit(&id, fields! { "autokilometraje": 50_000 });

        world.webhook(&id).await.ok();
        let full = world.run(Scope::Full { force: false }, Trigger::Nightly).await;
        let catch_up = world.run(Scope::CatchUp, Trigger::CatchUp).await;

        assert_eq!((full.error, catch_up.error), (None, None));
        let page = world.get("/vehicles?pageSize=100").await.ok();
        assert_eq!(page["totalCount"], 30);
        assert!(page["vehicles"].as_array().unwrap().iter().all(|vehicle| vehicle["vendido"] == false));
        assert_eq!(world.row(&id).await.unwrap()["kilometraje"], 50_000);
        assert!(alarm(&world).unwrap().contains("OrdenStatus"));
        let new = world.airtable.create(mazda_without_status());
        assert_eq!(world.webhook(&new).await.ok()["action"], "archived", "nobody says that it is for sale");
    }
}

fn mazda_without_status() -> serde_json::Map<String, Value> {
    let mut fields = mazda();
    fields.remove("OrdenStatus");
    fields
}

#[tokio::test]
async fn without_the_checkbox_of_visibility_nobody_is_hidden_and_who_is_sold_goes() {
    let shown = |visible: bool| {
        let mut fields = mazda();
        fields.insert("Publicar".to_owned(), json!(visible));
        fields
    };
    let world = World::set("listing.visible_field", "Publicar")
        .set("airtable.schema_every", "30ms")
        .vehicles([shown(true), shown(true)])
        .start()
        .await;
    let ids: Vec<String> = world.airtable.records().into_iter().map(|record| record.id).collect();
    world.airtable.rename_field("Publicar", "Publicar en web");
    world.airtable.edit(&ids[0], fields! { "Precio": 1_000 });
    world.webhook(&ids[0]).await.ok();
    assert_eq!(world.get("/vehicles").await.ok()["totalCount"], 2, "by its new name, too");

    world.airtable.remove_field("Publicar en web");
    world.airtable.edit(&ids[0], fields! { "Precio": 2_000 });
    world.airtable.edit(&ids[1], fields! { "OrdenStatus": "Vendido" });
    for id in &ids {
        world.webhook(id).await.ok();
    }

    let page = world.get("/vehicles").await.ok();
    assert_eq!((&page["totalCount"], &page["vehicles"][0]["precio"]), (&json!(1), &json!(2_000)));
    assert!(alarm(&world).unwrap().contains("so listed stays as before"), "{:?}", alarm(&world));
}

#[tokio::test]
async fn an_alias_does_not_stand_in_for_a_field_that_is_gone() {
    let world = World::start().await;
    let mut fields = mazda();
    fields.insert("autoano".to_owned(), json!(1999));
    let id = world.known(fields).await;
    world.airtable.remove_field("AutoAno");

    world.webhook(&id).await.ok();

    assert_eq!(world.row(&id).await.unwrap()["autoano"], 2020);
}

#[tokio::test]
async fn a_lost_alias_empties_nothing_and_the_field_before_it_goes_on() {
    let world = World::start().await;
    let mut fields = mazda();
    fields.insert("oferta".to_owned(), json!(300_000));
    let id = world.known(fields).await;
    world.airtable.remove_field("oferta");

    world.webhook(&id).await.ok();
    assert_eq!(world.row(&id).await.unwrap()["oferta"], 300_000.0);
    world.airtable.edit(&id, fields! { "Oferta": 290_000 });
    world.webhook(&id).await.ok();

    assert_eq!(world.row(&id).await.unwrap()["oferta"], 290_000.0);
}

#[tokio::test]
async fn a_title_survives_the_loss_of_one_of_its_fields() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.remove_field("AutoMarca");
    world.airtable.edit(&id, fields! { "AutoSubmarcaVersion": "3 Grand Touring" });

    world.webhook(&id).await.ok();

    let vehicle = world.get("/vehicles").await.ok()["vehicles"][0].clone();
    assert_eq!((&vehicle["title"], &vehicle["marca"]), (&json!("Mazda 3 Grand Touring"), &json!("Mazda")));
}

#[tokio::test]
async fn a_look_that_fails_changes_nothing() {
    let world = watchful().start().await;
    let id = world.known(mazda()).await;
    for refusal in [Refusal::ServerError, Refusal::PermissionsOrModelNotFound] {
        world.airtable.fault(Fault::new(What::Answer(refusal)).on(Target::Only(Operation::Schema)));
        let tried = looks(&world);
        eventually("it is tried", || async { looks(&world) > tried + 1 }).await;
        for price in [1_000, 2_000] {
            world.airtable.edit(&id, fields! { "Precio": price });
            assert_eq!(world.webhook(&id).await.ok()["action"], "updated");
        }
        assert_eq!(world.run(Scope::Full { force: false }, Trigger::Nightly).await.error, None);
        world.airtable.clear_faults();
    }
    world.airtable.rename_field("Precio", "Precio nuevo");
    eventually("it goes on afterwards", || async { !report(&world).renamed.is_empty() }).await;
}

#[tokio::test]
async fn a_scope_that_is_withdrawn_is_told_and_records_go_on_being_read_by_id() {
    let world = watchful().start().await;
    let id = world.known(mazda()).await;
    world.airtable.remove_field("Ubicacion");
    eventually("the loss is noticed", || async { alarm(&world).is_some() }).await;
    let forbidden = What::Answer(Refusal::PermissionsOrModelNotFound);
    world.airtable.fault(Fault::new(forbidden).on(Target::Only(Operation::Schema)));
    eventually("the refusal is noticed", || async { report(&world).unreadable_schema.is_some() }).await;

    world.airtable.rename_field("Precio", "Precio nuevo");
    world.airtable.edit(&id, fields! { "Precio nuevo": 1_000 });
    world.webhook(&id).await.ok();

    let row = world.row(&id).await.unwrap();
    assert_eq!((&row["precio"], &row["ubicacion"]), (&json!(1_000.0), &json!(["MTY"])), "still frozen");
    assert!(alarm(&world).is_some());
}

fn hide_the_schema(world: &World) {
    let forbidden = What::Answer(Refusal::PermissionsOrModelNotFound);
    world.airtable.fault(Fault::new(forbidden).on(Target::Only(Operation::Schema)));
}

async fn stored(world: &World, column: &str) -> Vec<Value> {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select to_jsonb({column}) from inventario_cache")))
        .fetch_all(&world.db.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_field_that_vanishes_while_the_schema_is_hidden_empties_nothing_is_told_and_is_read_when_it_is_back()
 {
    let with_warranty = || {
        let mut fields = mazda();
        fields.insert("Garantia".to_owned(), json!("1 año"));
        fields
    };
    let mut world = watchful().vehicles((0..3).map(|_| with_warranty())).start().await;
    let ids: Vec<String> = world.airtable.records().into_iter().map(|record| record.id).collect();
    hide_the_schema(&world);
    eventually("the refusal is told", || async {
        alarm(&world).is_some_and(|said| said.contains("give the token the scope schema.bases:read again"))
    })
    .await;

    // What somebody empties is emptied: the field is there.
    world.airtable.edit(&ids[0], fields! { "Precio": null });
    assert_eq!(world.webhook(&ids[0]).await.ok()["action"], "updated");
    assert_eq!(world.row(&ids[0]).await.unwrap()["precio"], Value::Null);
    world.airtable.remove_field("Garantia");
    let full = world.run(Scope::Full { force: false }, Trigger::Nightly).await;

    assert_eq!(full.error, None);
    let kept = vec![json!("1 año"); 3];
    assert_eq!(stored(&world, "garantia").await, kept);
    assert!(
        alarm(&world).unwrap().contains(r#"the field "Garantia" is gone from Airtable, so garantia stays"#)
    );
    world.restart().await;
    world.airtable.edit(&ids[1], fields! { "Precio": 1_000 });
    assert_eq!(world.webhook(&ids[1]).await.ok()["action"], "updated");
    assert_eq!(stored(&world, "garantia").await, kept, "also by a new process");

    world.airtable.clear_faults();
    world.airtable.add_field("Garantia", FieldKind::SingleLineText);
    for id in &ids {
        world.airtable.edit(id, fields! { "Garantia": "2 años" });
    }
    eventually("what came back is read", || async {
        stored(&world, "garantia").await == vec![json!("2 años"); 3]
    })
    .await;
    eventually("all is well again", || async { alarm(&world).is_none() }).await;
}

#[tokio::test]
async fn a_field_that_is_renamed_where_the_schema_was_never_readable_leaves_its_column_as_it_was() {
    let forbidden = What::Answer(Refusal::PermissionsOrModelNotFound);
    let world = watchful()
        .vehicles((0..3).map(|_| mazda()))
        .fault(Fault::new(forbidden).on(Target::Only(Operation::Schema)))
        .start()
        .await;
    assert_eq!(alarm(&world), None, "who never had the scope knows");
    world.airtable.rename_field("Precio", "Precio MXN");

    assert_eq!(world.run(Scope::Full { force: false }, Trigger::Nightly).await.error, None);

    let prices = vec![json!(329_900.0); 3];
    assert_eq!(stored(&world, "precio").await, prices);
    assert!(alarm(&world).unwrap().contains(r#"the field "Precio" is gone from Airtable, so precio stays"#));
    let id = world.airtable.records()[0].id.clone();
    world.airtable.edit(&id, fields! { "Precio MXN": 1_000 });
    world.webhook(&id).await.ok();
    assert_eq!(stored(&world, "precio").await, prices);
    world.airtable.rename_field("Precio MXN", "Precio");
    eventually("it is read by itself", || async { world.row(&id).await.unwrap()["precio"] == 1_000.0 }).await;
    eventually("all is well again", || async { alarm(&world).is_none() }).await;
}

#[tokio::test]
async fn without_the_schema_and_the_status_field_nobody_leaves_the_listing() {
    let forbidden = What::Answer(Refusal::PermissionsOrModelNotFound);
    let world = Setting::default()
        .vehicles((0..30).map(|_| mazda()))
        .fault(Fault::new(forbidden).on(Target::Only(Operation::Schema)))
        .start()
        .await;
    world.airtable.rename_field("OrdenStatus", "Estado");

    assert_eq!(world.run(Scope::Full { force: false }, Trigger::Nightly).await.error, None);

    assert_eq!(world.get("/vehicles?pageSize=100").await.ok()["totalCount"], 30);
    assert!(alarm(&world).unwrap().contains("OrdenStatus"), "{:?}", alarm(&world));
}

#[tokio::test]
async fn a_schema_that_can_be_read_again_leads_to_one_full_run() {
    let world = watchful().vehicles([mazda()]).start().await;
    hide_the_schema(&world);
    eventually("the refusal is noticed", || async { report(&world).unreadable_schema.is_some() }).await;
    world.no_run().await;
    let runs = full_runs(&world).await;
    world.airtable.clear_faults();

    eventually("everything is read once more", || async { full_runs(&world).await > runs }).await;

    world.no_run().await;
    let looked = looks(&world);
    eventually("it is looked at again", || async { looks(&world) > looked + 3 }).await;
    assert_eq!(full_runs(&world).await, runs + 1);
    assert_eq!(alarm(&world), None);
}

#[tokio::test]
async fn a_field_named_by_its_id_without_the_schema_leaves_its_column_and_is_told() {
    let mapping = include_str!("../../config/fields.toml");
    let mut world = World::start().await;
    let id = world.known(mazda()).await;
    let forbidden = What::Answer(Refusal::PermissionsOrModelNotFound);
    world.airtable.fault(Fault::new(forbidden).on(Target::Only(Operation::Schema)));
    sqlx::query("delete from airtable_fields").execute(&world.db.pool).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), mapping.replace(r#"["Precio"]"#, r#"["fldA1b2C3d4E5f6G7"]"#)).unwrap();
    world.stop().await;
    let instance =
        world.instance_with(&[("listing.fields_file", file.path().to_str().unwrap().to_owned())]).await;
    world.airtable.edit(&id, fields! { "autokilometraje": 1 });
    // The catch-up of the start may come first.
    world.webhook_to(&instance, &id).await.ok();

    let row = world.row(&id).await.unwrap();
    assert_eq!((&row["precio"], &row["kilometraje"]), (&json!(329_900.0), &json!(1)));
    let said = instance.state().engine.signals().get(Signal::FieldsMissing).unwrap().detail;
    assert!(said.contains("fldA1b2C3d4E5f6G7, which needs the scope schema.bases:read"), "{said}");
    instance.stop().await;
}

#[tokio::test]
async fn a_change_that_is_announced_is_looked_at_and_otherwise_a_look_has_its_reason() {
    let world = World::set("airtable.schema_every", "0s").start().await;
    let id = world.known(mazda()).await;
    world.airtable.requests_clear();
    world.airtable.edit(&id, fields! { "Precio": 1_000 });
    world.webhook(&id).await.ok();
    assert_eq!(looks(&world), 0);

    world.airtable.rename_field("Precio", "Precio nuevo");
    world.state().engine.fields_changed();

    eventually("it is noticed", || async { !report(&world).renamed.is_empty() }).await;
    assert_eq!(looks(&world), 1, "one request");
}

#[tokio::test]
async fn an_emptied_value_is_believed_without_a_look_when_another_record_has_it() {
    let world = World::set("airtable.schema_every", "0s").start().await;
    let (first, second) = (world.known(mazda()).await, world.known(mazda()).await);
    world.airtable.requests_clear();
    world.airtable.edit(&first, fields! { "Precio": null });
    world.airtable.edit(&second, fields! { "autokilometraje": 1 });

    world.post_webhook(&json!({ "recordIds": [first, second] })).await.ok();

    assert_eq!(world.row(&first).await.unwrap()["precio"], Value::Null);
    assert_eq!(looks(&world), 0);
}

#[tokio::test]
async fn of_several_instances_each_tells_and_one_reads_anew() {
    let world = watchful().vehicles([mazda()]).start().await;
    let other = world.another_instance().await;
    world.airtable.remove_field("Precio");
    eventually("the loss is noticed", || async { alarm(&world).is_some() }).await;
    let since = report(&world).missing[0].since;
    let runs = full_runs(&world).await;
    world.airtable.add_field("Precio", FieldKind::Currency);
    eventually("the new field is read", || async { full_runs(&world).await > runs }).await;
    let (ours, theirs) = (looks(&world), looks(&world));
    eventually("both look on", || async { looks(&world) > ours + theirs + 6 }).await;
    world.no_run().await;

    assert!(since.is_some());
    assert_eq!(full_runs(&world).await, runs + 1);
    other.stop().await;
}

#[tokio::test]
async fn what_one_process_knows_to_be_gone_another_does_not_empty() {
    let world = World::start().await;
    let other = world.another_instance().await;
    let id = world.known(mazda()).await;
    // Both know the fields as they are.
    world.webhook_to(&other, &id).await.ok();
    for field in ["Precio", "OrdenStatus", "AutoMarca"] {
        world.airtable.remove_field(field);
    }
    // Runs of a start may come first; what counts is what is stored.
    world.airtable.edit(&id, fields! { "autokilometraje": 1 });
    world.webhook(&id).await.ok();
    world.airtable.edit(&id, fields! { "autokilometraje": 2 });
    world.webhook_to(&other, &id).await.ok();

    let row = world.row(&id).await.unwrap();
    assert_eq!(
        (&row["precio"], &row["ordenstatus"], &row["listed"], &row["title"], &row["kilometraje"]),
        (&json!(329_900.0), &json!("Comprado"), &json!(true), &json!("Mazda 3 Sport 2.5"), &json!(2))
    );
    other.stop().await;
}

#[tokio::test]
async fn a_field_that_came_back_unnoticed_is_read_when_another_value_vanishes() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.remove_field("OrdenStatus");
    world.airtable.edit(&id, fields! { "autokilometraje": 1 });
    world.webhook(&id).await.ok();
    world.airtable.add_field("OrdenStatus", FieldKind::SingleLineText);

    world.airtable.edit(&id, fields! { "OrdenStatus": "Comprado", "Precio": null });
    world.webhook(&id).await.ok();

    let row = world.row(&id).await.unwrap();
    assert_eq!(
        (&row["precio"], &row["ordenstatus"], &row["listed"]),
        (&json!(null), &json!("Comprado"), &json!(true))
    );
}
