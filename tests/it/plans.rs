//! How PostgreSQL finds what is asked: each single filter, each order and the search have an index.

use sqlx::{Executor, PgConnection, Row};

use crate::support::Database;

const VEHICLES: i32 = 20_000;

/// The statement that is served, asked for its plan.
async fn plan(connection: &mut PgConnection, arguments: &[(usize, &str)]) -> String {
    let mut values = [
        "'{}'",
        "20",
        "0",
        "null",
        "null",
        "null",
        "null",
        "null",
        "null",
        "null",
        "null",
        "null",
        "null",
        "null",
        "null",
        "false",
        "null",
        "'{}'",
        "'{}'",
        "'updated'",
        "''",
        "null",
    ];
    for (number, value) in arguments {
        values[number - 1] = value;
    }
    let explain = format!("explain execute listed({})", values.join(", "));
    let rows = connection.fetch_all(sqlx::AssertSqlSafe(explain)).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0) + "\n").collect()
}

#[tokio::test]
async fn single_filters_orders_and_the_search_use_an_index() {
    let database = Database::new().await;
    let mut connection = database.pool.acquire().await.unwrap();
    let seed = include_str!("support/inventory.sql").replace("$1", &VEHICLES.to_string());
    connection.execute(sqlx::AssertSqlSafe(seed)).await.unwrap();
    connection.execute("vacuum analyze").await.unwrap();
    connection.execute("set plan_cache_mode = force_custom_plan; set random_page_cost = 1.5").await.unwrap();
    let listed = include_str!("../../src/db/sql/listed.sql");
    let statement = listed.replace("{shown}", "vitrina_branches($1::jsonb, v.ubicacion)");
    connection.execute(sqlx::AssertSqlSafe(format!("prepare listed as {statement}"))).await.unwrap();

    for (what, arguments) in [
        ("nothing", &[][..]),
        ("marca", &[(4, "'{mazda}'")]),
        ("two brands", &[(4, "'{mazda,kia}'")]),
        ("autoano", &[(5, "'{2020}'")]),
        ("transmision", &[(6, "'{tiptronic}'")]),
        ("combustible", &[(7, "'{electrico}'")]),
        ("garantia", &[(8, "'{\"5 meses\"}'")]),
        ("carroceria", &[(9, "'{van}'")]),
        ("ubicacion", &[(10, "'{tmps,reynosa}'")]),
        ("promociones", &[(11, "'{bono}'")]),
        ("minPrice", &[(12, "95000000")]),
        ("maxPrice", &[(13, "12000000")]),
        ("enganchemin", &[(14, "9500000")]),
        ("maxEnganche", &[(15, "1500000")]),
        (
            "search",
            &[
                (17, "'''mazda'':* & ''sentra'':*'"),
                (18, "'{mazda,sentra}'"),
                (21, "'''mazda'':* | ''sentra'':*'"),
                (19, "'{mazda:*,sentra:*}'"),
                (20, "'relevance'"),
            ],
        ),
        ("price-asc", &[(20, "'price-asc'")]),
        ("price-desc", &[(20, "'price-desc'")]),
        ("year-asc", &[(20, "'year-asc'")]),
        ("year-desc", &[(20, "'year-desc'")]),
        ("mileage-asc", &[(20, "'mileage-asc'")]),
        ("mileage-desc", &[(20, "'mileage-desc'")]),
        ("newest", &[(20, "'newest'")]),
    ] {
        let plan = plan(&mut connection, arguments).await;
        let searches = arguments.iter().any(|(number, _)| *number == 17);
        assert_eq!(plan.contains("listing_texts"), searches, "{what}:\n{plan}");
        // Counting all of them reads all of them, unless an index happens to be the shorter way.
        let page = if arguments.first().is_none_or(|(number, _)| *number == 20) {
            plan.split("InitPlan").nth(1).unwrap()
        } else {
            &plan
        };
        assert!(!page.contains("Seq Scan on listing"), "{what}:\n{plan}");
        assert!(!plan.contains("Seq Scan on inventario_cache"), "{what}:\n{plan}");
        let sorts_by_index = arguments.first().is_some_and(|(number, _)| *number == 20);
        assert!(!sorts_by_index || !page.contains("Sort Key"), "{what}:\n{plan}");
    }
}

#[tokio::test]
async fn what_is_written_by_any_statement_is_listed_and_what_is_no_longer_listed_is_not() {
    let database = Database::new().await;
    let pool = &database.pool;
    let listed = || async {
        let ids: Vec<String> =
            sqlx::query_scalar("select record_id from listing order by 1").fetch_all(pool).await.unwrap();
        ids.len()
    };
    let seed = include_str!("support/inventory.sql").replace("$1", "50");
    pool.execute(sqlx::AssertSqlSafe(seed)).await.unwrap();
    assert_eq!(listed().await, 50);
    pool.execute("update inventario_cache set listed = false where record_id like '%7'").await.unwrap();
    assert_eq!(listed().await, 45);
    pool.execute("update inventario_cache set listed = true, marca = 'Ñandú' where record_id like '%07'")
        .await
        .unwrap();
    let brands: Vec<String> = sqlx::query_scalar("select marca from listing where record_id like '%07'")
        .fetch_all(pool)
        .await
        .unwrap();
    assert_eq!(brands, ["nandu"]);
    pool.execute("delete from inventario_cache where record_id like '%07'").await.unwrap();
    assert_eq!(listed().await, 45);
}

#[tokio::test]
async fn an_edit_of_a_price_leaves_the_words_of_the_vehicle_alone_and_one_of_its_text_does_not() {
    let database = Database::new().await;
    let pool = &database.pool;
    let seed = include_str!("support/inventory.sql").replace("$1", "1");
    pool.execute(sqlx::AssertSqlSafe(seed)).await.unwrap();
    let words = || async {
        let row: (String, bool) =
            sqlx::query_as("select xmin::text, words @@ 'gigantesco'::tsquery from listing_texts")
                .fetch_one(pool)
                .await
                .unwrap();
        row
    };
    let (before, _) = words().await;
    pool.execute("update inventario_cache set precio = 1, updated_at = now()").await.unwrap();
    assert_eq!(words().await, (before.clone(), false));
    pool.execute("update inventario_cache set descripcion = 'Gigantesco'").await.unwrap();
    let (after, found) = words().await;
    assert!(found && after != before);
    pool.execute("update inventario_cache set listed = false").await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from listing_texts").fetch_one(pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_text_of_too_many_words_is_found_by_some_of_them() {
    let database = Database::new().await;
    let words = "select string_agg('w' || n || '-x' || n, ' ' order by n) from generate_series(1, 60000) n";
    let insert = format!(
        "insert into inventario_cache (record_id, slug, title, marca, descripcion, listed, created_at)
         values ('recAAAAAAAAAAAAAA', 'a', 'Kia', 'Kia', ({words}), true, now())"
    );
    database.pool.execute(sqlx::AssertSqlSafe(insert)).await.unwrap();
    let found: bool = sqlx::query_scalar(
        "select words @@ 'w1 & w1x1 & kia'::tsquery and heading @@ 'kia'::tsquery
             and not exists (select from unnest(tsvector_to_array(words)) word where word !~ '^((kia)+|[wx][0-9]+|w[0-9]+x[0-9]+)$')
         from listing_texts",
    )
    .fetch_one(&database.pool)
    .await
    .unwrap();
    assert!(found, "and by no others: PostgreSQL mixes words up where there are too many");
}
