//! Who else may see our tables: on Supabase, almost nobody.
//!
//! Supabase's API lets the world in as the roles `anon` and `authenticated`, and grants them by default whatever is made in the schema `public`.
//! The function `vitrina_secure` (`migrations/0006_supabase.up.sql`) takes it back, table by table.
//!
//! **Invariants:** every table of ours stands in [`TABLES`]; a test says which one does not. It is looked at with every start, since roles and tables may
//! come in any order; what is as it should be is not touched.

use super::{Db, DbError};

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

impl Db {
    /// Closes the tables that are open to Supabase's roles, as far as there are such roles and the tables are ours.
    pub(super) async fn secure(&self) -> Result<(), DbError> {
        let may = sqlx::query_scalar!(
            r#"select has_function_privilege('vitrina_secure(text[])', 'execute') as "may!""#
        )
        .fetch_one(&self.pool)
        .await?;
        if may {
            let tables = TABLES.map(str::to_owned);
            sqlx::query!("select from vitrina_secure($1)", &tables[..]).execute(&self.pool).await?;
        }
        Ok(())
    }
}
