//! How PostgreSQL finds what is asked: each single filter, each order and the search have an index.

use sqlx::Executor;
use vitrina::{
    catalog::ListQuery,
    config::{Loader, Needs},
    db::{
        Db,
        vehicles::{Locations, Window},
    },
};

use crate::{
    fields,
    support::{Database, World, mazda},
};

const VEHICLES: i32 = 20_000;

#[tokio::test]
async fn single_filters_orders_and_the_search_use_an_index() {
    let database = Database::new().await;
    let seed = include_str!("support/inventory.sql").replace("$1", &VEHICLES.to_string());
    database.pool.execute(sqlx::AssertSqlSafe(seed)).await.unwrap();
    database.list_all().await;
    database.pool.execute("vacuum analyze").await.unwrap();
    let settings = Loader::new(std::iter::empty()).load(Needs::Database).unwrap().database;
    let db = Db::new(&database.url, &settings).unwrap();
    let branches = Locations::from([("TMPS".to_owned(), "Reynosa".to_owned())]);

    for query in [
        "",
        "marca=mazda",
        "marca=mazda&marca=kia",
        "modelo=sentra",
        "autoano=2020",
        "minYear=2024",
        "transmision=tiptronic",
        "combustible=electrico",
        "garantia=5+meses",
        "carroceria=van",
        "ubicacion=TMPS",
        "promociones=bono",
        "minPrice=950000",
        "maxPrice=120000",
        "maxMileage=5000",
        "enganchemin=95000",
        "maxEnganche=15000",
        "maxMonthly=2000",
        "search=mazda+sentra",
        "orderby=price-asc",
        "orderby=price-desc",
        "orderby=year-asc",
        "orderby=year-desc",
        "orderby=mileage-asc",
        "orderby=mileage-desc",
        "orderby=newest",
    ] {
        let list = ListQuery::parse(query, &branches).unwrap().unwrap_or_default();
        let window = Window { order: list.order, limit: Some(20), offset: 0 };
        let search = db.understand(list.filter.search()).await.unwrap();
        let plan = db.explain_listed(&list.filter, &search, window).await.unwrap().join("\n");
        assert_eq!(plan.contains("listing_texts"), query.starts_with("search"), "{query}:\n{plan}");
        // Counting all of them reads all of them, unless an index happens to be the shorter way.
        let (_, page) = plan.split_once("CTE page").unwrap();
        let (page, _) = page.split_once("CTE counted").unwrap();
        let looked_at = if query.is_empty() || query.starts_with("orderby") { page } else { &plan };
        assert!(!looked_at.contains("Seq Scan on listing"), "{query}:\n{plan}");
        assert!(!plan.contains("Seq Scan on inventario_cache"), "{query}:\n{plan}");
        assert!(!query.starts_with("orderby") || !page.contains("Sort Key"), "{query}:\n{plan}");
    }
}

#[tokio::test]
async fn a_vehicle_is_in_the_listing_exactly_while_it_is_listed() {
    let world = World::start().await;
    world.no_run().await;
    let id = world.known(mazda()).await;
    let brands = async || -> Vec<String> {
        sqlx::query_scalar("select marca from listing join listing_texts using (record_id)")
            .fetch_all(&world.db.pool)
            .await
            .unwrap()
    };
    assert_eq!(brands().await, ["mazda"]);
    world.airtable.edit(&id, fields! { "AutoMarca": "Ñandú" });
    world.webhook(&id).await.ok();
    assert_eq!(brands().await, ["nandu"]);
    world.airtable.edit(&id, fields! { "OrdenStatus": "Vendido" });
    world.webhook(&id).await.ok();
    assert_eq!(brands().await, [""; 0]);
    world.airtable.edit(&id, fields! { "OrdenStatus": "Comprado" });
    world.webhook(&id).await.ok();
    assert_eq!(brands().await, ["nandu"]);
    world.airtable.delete(&id);
    world.webhook(&id).await.ok();
    assert_eq!(brands().await, [""; 0]);
}

#[tokio::test]
async fn an_edit_of_a_price_leaves_the_words_of_the_vehicle_alone_and_one_of_its_text_does_not() {
    let world = World::start().await;
    world.no_run().await;
    let id = world.known(mazda()).await;
    let words = async || -> (String, bool) {
        sqlx::query_as("select xmin::text, words @@ 'gigantesco'::tsquery from listing_texts")
            .fetch_one(&world.db.pool)
            .await
            .unwrap()
    };
    let (before, _) = words().await;
    world.airtable.edit(&id, fields! { "Precio": 1 });
    world.webhook(&id).await.ok();
    assert_eq!(words().await, (before.clone(), false));
    world.airtable.edit(&id, fields! { "descripcion": "Gigantesco" });
    world.webhook(&id).await.ok();
    let (after, found) = words().await;
    assert!(found && after != before);
}
