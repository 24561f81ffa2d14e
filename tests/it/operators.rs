//! The queries that operators have in their notes: they run as they are and answer from indexes.

use sqlx::{Executor, PgConnection, Row};

use crate::support::Database;

const RATES: &str = "SELECT COUNT(*) FILTER (WHERE status = 'success') * 100.0 / COUNT(*) AS success_rate_pct, COUNT(*) FILTER (WHERE status = 'error') AS error_count, COUNT(*) AS total_syncs FROM sync_logs WHERE created_at > NOW() - INTERVAL '24 hours';";
const DURATIONS: &str = "SELECT AVG(duration_ms)::INTEGER AS avg_ms, MIN(duration_ms) AS min_ms, MAX(duration_ms) AS max_ms, PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY duration_ms)::INTEGER AS p95_ms FROM sync_logs WHERE created_at > NOW() - INTERVAL '24 hours' AND status = 'success';";
const ERRORS: &str = "SELECT created_at, record_id, message, error_details, attempt_number FROM sync_logs WHERE status = 'error' ORDER BY created_at DESC LIMIT 10;";
const HOURS: &str = "SELECT * FROM sync_stats WHERE hour > NOW() - INTERVAL '24 hours' ORDER BY hour DESC;";

/// A month of a busy dealership: 300,000 rows, one in 97 an error.
const MONTH: &str = "
    insert into sync_logs (created_at, record_id, sync_type, status, message, attempt_number, duration_ms)
    select now() - n * interval '30 days' / 300000, 'rec' || lpad((n % 2000)::text, 14, '0'),
        case when n % 20 = 0 then 'nightly' else 'webhook' end,
        case when n % 97 = 0 then 'error' when n % 31 = 0 then 'warning' else 'success' end, 'Mazda 3 is unchanged', 1, n % 900
    from generate_series(1, 300000) n";

fn of_records(query: &str) -> String {
    query.replace("WHERE", "WHERE record_id IS NOT NULL AND")
}

async fn plan(connection: &mut PgConnection, query: &str) -> String {
    let explain = format!("explain (analyze, buffers, timing off) {query}");
    let rows = connection.fetch_all(sqlx::AssertSqlSafe(explain)).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0) + "\n").collect()
}

#[tokio::test]
async fn the_operators_queries_answer_from_indexes_on_a_month_of_logs() {
    let database = Database::new().await;
    let mut connection = database.pool.acquire().await.unwrap();
    connection.execute(MONTH).await.unwrap();
    connection.execute("vacuum analyze sync_logs").await.unwrap();

    for (query, index) in [
        (RATES, "Index Only Scan using sync_logs_by_time"),
        (DURATIONS, "Index Only Scan using sync_logs_by_time"),
        (ERRORS, "Index Scan using sync_logs_errors"),
        (HOURS, "Index Only Scan using sync_logs_by_time"),
        // The same, of records alone.
        (&of_records(RATES), "Index Only Scan using sync_logs_by_time"),
        (&of_records(DURATIONS), "Index Only Scan using sync_logs_by_time"),
        (&of_records(ERRORS), "Index Scan using sync_logs_errors"),
    ] {
        let plan = plan(&mut connection, query).await;
        println!("{query}\n{plan}");
        assert!(plan.contains(index), "{query}\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{query}\n{plan}");
    }
}

#[tokio::test]
async fn the_operators_queries_run_as_they_are_and_say_what_is_true() {
    let database = Database::new().await;
    let pool = &database.pool;
    pool.execute(
        "insert into sync_logs (created_at, record_id, sync_type, status, message, duration_ms, attempt_number)
         select now() - n * interval '1 minute', 'rec', 'webhook', case when n <= 10 then 'error' else 'success' end, n::text, n, 1
         from generate_series(1, 100) n
         union all select now() - interval '25 hours', 'rec', 'webhook', 'error', 'old', 9999, 1",
    )
    .await
    .unwrap();
    let rates = pool.fetch_one(RATES).await.unwrap();
    assert_eq!((rates.get::<i64, _>("error_count"), rates.get::<i64, _>("total_syncs")), (10, 100));
    let durations = pool.fetch_one(DURATIONS).await.unwrap();
    let figures = ["avg_ms", "min_ms", "max_ms", "p95_ms"].map(|name| durations.get::<i32, _>(name));
    assert_eq!(figures, [56, 11, 100, 96]);
    let errors = pool.fetch_all(ERRORS).await.unwrap();
    let messages: Vec<&str> = errors.iter().map(|row| row.get("message")).collect();
    assert_eq!(messages, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    let hours = pool.fetch_all(HOURS).await.unwrap();
    assert_eq!(hours.iter().map(|row| row.get::<i64, _>("count")).sum::<i64>(), 100);
}
