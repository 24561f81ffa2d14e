//! What decides whether a vehicle is shown is never guessed.

use serde_json::{Value, json};
use vitrina::{domain::Trigger, sync::Scope};

use crate::{
    fields,
    support::{Setting, World, eventually, mazda},
};

const FULL: Scope = Scope::Full { force: false };

/// What Airtable gives for a formula that fails.
fn errors() -> [Value; 5] {
    [
        json!({ "error": "#ERROR!" }),
        json!([{ "error": "#ERROR!" }]),
        json!({ "specialValue": "NaN" }),
        json!(["recQwErTyUiOpAsDf"]),
        json!("#ERROR!"),
    ]
}

fn cars(count: usize) -> impl Iterator<Item = serde_json::Map<String, Value>> {
    (0..count).map(
        |number| fields! { "Auto": format!("Auto {number}"), "OrdenStatus": "Comprado", "Publicar": true },
    )
}

/// The path of a vehicle's page.
async fn page(world: &World, id: &str) -> String {
    format!("/vehicles/{}", world.row(id).await.unwrap()["slug"].as_str().unwrap())
}

async fn listed(world: &World) -> Value {
    world.get("/vehicles").await.ok()["totalCount"].clone()
}

#[tokio::test]
async fn an_unreadable_status_leaves_a_vehicle_where_it_is_and_warns() {
    let world = World::start().await;
    let (on_sale, sold) = (world.known(mazda()).await, world.known(mazda()).await);
    world.airtable.edit(&sold, fields! { "OrdenStatus": "Vendido" });
    world.webhook(&sold).await.ok();
    for (number, error) in (1_u8..).zip(errors()) {
        for id in [&on_sale, &sold] {
            world.airtable.edit(id, fields! { "OrdenStatus": error, "Precio": number });
            let answer = world.webhook(id).await.ok();
            assert_eq!(answer["warnings"][0]["column"], "ordenstatus", "{error}: {answer}");
        }
        let row = world.row(&on_sale).await.unwrap();
        assert_eq!((&row["listed"], &row["vendido"]), (&json!(true), &json!(false)), "{error}");
        assert_eq!(
            (&row["ordenstatus"], &row["precio"]),
            (&json!("Comprado"), &json!(f64::from(number))),
            "{error}"
        );
        let row = world.row(&sold).await.unwrap();
        assert_eq!((&row["listed"], &row["ordenstatus"]), (&json!(false), &json!("Vendido")), "{error}");
    }
    let report = world.run(FULL, Trigger::Nightly).await;
    assert_eq!((report.counts.archived, report.counts.warnings, report.error), (0, 2, None), "both are told");
    assert_eq!(listed(&world).await, 1);
    // What is new and does not say that it may be shown is not.
    let unknown =
        world.airtable.create(fields! { "Auto": "X", "OrdenStatus": json!({ "error": "#ERROR!" }) });
    assert_eq!(world.webhook(&unknown).await.ok()["action"], "archived");
    assert!(world.row(&unknown).await.is_none());
}

#[tokio::test]
async fn a_reserved_vehicle_stays_reserved_while_its_checkbox_cannot_be_read() {
    let world = World::start().await;
    let id = world.known(mazda()).await;
    world.airtable.edit(&id, fields! { "Separado": true });
    world.webhook(&id).await.ok();
    for error in errors() {
        world.airtable.edit(&id, fields! { "Separado": error });
        world.webhook(&id).await.ok();
        assert_eq!(world.row(&id).await.unwrap()["separado"], true, "{error}");
    }
    world.airtable.edit(&id, fields! { "Separado": null });
    world.webhook(&id).await.ok();
    assert_eq!(world.row(&id).await.unwrap()["separado"], false);
}

#[tokio::test]
async fn a_visibility_that_cannot_be_read_neither_shows_nor_hides() {
    let world = World::set("listing.visible_field", "Publicar").vehicles(cars(1)).start().await;
    let id = world.airtable.records()[0].id.clone();
    for error in errors() {
        world.airtable.edit(&id, fields! { "Publicar": error });
        world.webhook(&id).await.ok();
        assert_eq!(listed(&world).await, 1, "{error}");
    }
    world.airtable.edit(&id, fields! { "Publicar": false });
    world.webhook(&id).await.ok();
    assert_eq!(listed(&world).await, 0);
    for error in errors() {
        world.airtable.edit(&id, fields! { "Publicar": error });
        world.webhook(&id).await.ok();
        assert_eq!(listed(&world).await, 0, "{error}");
    }
}

#[tokio::test]
async fn the_brake_holds_vehicles_whose_visibility_was_unticked_by_mistake() {
    let world = World::set("listing.visible_field", "Publicar").vehicles(cars(60)).start().await;
    world.airtable.edit_all(&fields! { "Publicar": false });

    let report = world.run(FULL, Trigger::Nightly).await;

    assert!(report.braked && report.error.is_some(), "{report}");
    assert_eq!(listed(&world).await, 60);
    let forced = world.run(Scope::Full { force: true }, Trigger::Manual).await;
    assert_eq!((forced.counts.archived, forced.error), (60, None));
    assert_eq!(listed(&world).await, 0);
}

#[tokio::test]
async fn a_few_that_were_unticked_leave_the_listing_in_a_full_run() {
    let world = World::set("listing.visible_field", "Publicar").vehicles(cars(30)).start().await;
    let id = world.airtable.records()[0].id.clone();
    world.airtable.edit(&id, fields! { "Publicar": false });

    let report = world.run(FULL, Trigger::Nightly).await;

    assert_eq!((report.counts.archived, report.error), (1, None));
    assert_eq!(listed(&world).await, 29);
    world.get(&page(&world, &id).await).await.problem(410);
}

#[tokio::test]
async fn a_sold_vehicle_keeps_its_page_until_it_is_deleted() {
    let world = Setting::default().vehicles(cars(3)).start().await;
    let ids: Vec<String> = world.airtable.records().into_iter().map(|record| record.id).collect();
    for id in &ids[..2] {
        world.airtable.edit(id, fields! { "OrdenStatus": "Vendido" });
        world.webhook(id).await.ok();
    }
    let pages = [page(&world, &ids[0]).await, page(&world, &ids[1]).await];
    assert_eq!(world.get(&pages[0]).await.ok()["vendido"], true);

    world.airtable.delete(&ids[0]);
    assert_eq!(world.webhook(&ids[0]).await.ok()["action"], "deleted");
    world.get(&pages[0]).await.problem(410);

    // Nobody tells of this one; a nightly looks.
    world.airtable.delete(&ids[1]);
    let report = world.run(FULL, Trigger::Nightly).await;
    assert_eq!((report.counts.deleted, report.error), (1, None));
    world.get(&pages[1]).await.problem(410);
}

#[tokio::test]
async fn a_record_without_a_name_is_shown_as_soon_as_it_has_one() {
    let world = World::start().await;
    let id = world.airtable.create(fields! { "OrdenStatus": "Comprado", "Precio": 5 });
    let answer = world.webhook(&id).await.ok();
    assert_eq!((&answer["action"], &answer["warnings"][0]["column"]), (&json!("archived"), &json!("title")));
    assert_eq!(listed(&world).await, 0);

    world.airtable.edit(&id, fields! { "AutoMarca": "Kia" });
    assert_eq!(world.webhook(&id).await.ok()["data"]["slug"], "kia");

    let other =
        world.airtable.create(fields! { "OrdenStatus": "Comprado", "Auto": "Mazda 3", "AutoAno": 2020 });
    assert_eq!(world.webhook(&other).await.ok()["data"]["slug"], "mazda-3-2020");
}

#[tokio::test]
async fn in_a_first_load_wished_addresses_go_before_made_ones_on_whichever_page() {
    let car = |wish: Option<&str>| fields! { "Auto": "Kia Rio", "OrdenStatus": "Comprado", "ligawp": wish };
    // Wherever Airtable puts them, some of the many come before the two.
    let made = std::iter::repeat_with(|| car(None)).take(8);
    let world = World::set("airtable.page_size", "1")
        .vehicles(made.chain([car(Some("kia-rio")), car(Some("kia-rio-2"))]))
        .start()
        .await;
    let mut slugs = Vec::new();
    for record in world.airtable.records() {
        let row = world.row(&record.id).await.unwrap();
        if let Some(wish) = record.fields.get("ligawp").and_then(Value::as_str) {
            assert_eq!(row["slug"], wish);
        }
        slugs.push(row["slug"].as_str().unwrap().to_owned());
    }
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), 10, "each has an address of its own");
    let redirects: i64 =
        sqlx::query_scalar("select count(*) from slug_redirects").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(redirects, 0, "nobody knew the others");
}

#[tokio::test]
async fn a_duplicate_gets_the_address_that_it_asks_for_when_its_original_is_deleted() {
    let world = World::start().await;
    let car = || fields! { "Auto": "Kia Rio", "OrdenStatus": "Comprado", "ligawp": "mi-kia" };
    let (original, duplicate) = (world.known(car()).await, world.known(car()).await);
    assert_eq!(world.row(&duplicate).await.unwrap()["slug"], "mi-kia-2");
    let version = world.row(&duplicate).await.unwrap()["xmin"].clone();
    assert_eq!(world.webhook(&duplicate).await.ok()["action"], "unchanged", "it cannot have it yet");
    assert_eq!(world.row(&duplicate).await.unwrap()["xmin"], version);

    world.airtable.delete(&original);
    world.webhook(&original).await.ok();

    eventually("it has it", async || world.row(&duplicate).await.unwrap()["slug"] == "mi-kia").await;
    assert_eq!(world.get("/vehicles/mi-kia").await.ok()["record_id"], duplicate.as_str());
    assert_eq!(world.get("/vehicles/mi-kia-2").await.status, 308);
    world.airtable.restore(&original);
    world.webhook(&original).await.ok();
    assert_eq!(world.get("/vehicles/mi-kia").await.ok()["record_id"], duplicate.as_str(), "it is given once");
}

#[tokio::test]
async fn what_is_made_anew_after_a_deletion_gets_the_old_address() {
    let world = World::start().await;
    let car = || fields! { "Auto": "Kia Rio", "AutoAno": 2020, "OrdenStatus": "Comprado" };
    let first = world.known(car()).await;
    world.airtable.delete(&first);
    world.webhook(&first).await.ok();
    world.get("/vehicles/kia-rio-2020").await.problem(410);

    let second = world.known(car()).await;

    assert_eq!(world.get("/vehicles/kia-rio-2020").await.ok()["record_id"], second.as_str());
}
