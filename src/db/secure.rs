//! Access of Supabase's roles to our tables: almost none.
//!
//! Supabase's API lets the world in as the roles `anon` and `authenticated`, and grants them by default whatever is made in the schema `public`.
//! The function `vitrina_secure` (`migrations/0006_supabase.up.sql`) takes it back, table by table.
//!
//! **Invariants:** every table of ours stands in [`TABLES`]; a test says which one does not. Of `inventario_cache` exactly the public columns
//! that `listing.private` does not name may be read, and of its rows the listed ones. It is looked at with every start, since roles, tables and
//! settings may come in any order; what is as it should be is not touched.

use sqlx::PgConnection;

use crate::domain::Described;

/// All tables.
const TABLES: [&str; 18] = [
    "_sqlx_migrations",
    "airtable_fields",
    "airtable_turns",
    "airtable_usage",
    "airtable_webhooks",
    "alert_channels",
    "alert_messages",
    "alert_reports",
    "alerts",
    "inventario_cache",
    "listing",
    "listing_texts",
    "record_reads",
    "search_words",
    "slug_redirects",
    "sync_logs",
    "sync_queue",
    "sync_runs",
];

/// Closes the tables to Supabase's roles but for what is public, as far as there are such roles and the tables are ours. `private`: columns of
/// vehicles that are not public.
pub(super) async fn secure(connection: &mut PgConnection, private: &[String]) -> Result<(), sqlx::Error> {
    let may = sqlx::query_scalar!(
        r#"select has_function_privilege('vitrina_secure(text[], text[])', 'execute') as "may!""#
    );
    if may.fetch_one(&mut *connection).await? {
        let tables = TABLES.map(str::to_owned);
        let is_private = |column: &str| private.iter().any(|private| private == column);
        let public: Vec<String> =
            Described::public_columns().filter(|column| !is_private(column)).map(str::to_owned).collect();
        sqlx::query!("select from vitrina_secure($1, $2)", &tables[..], &public).execute(connection).await?;
    }
    Ok(())
}
