//! The session that every connection begins with.
//!
//! Settings of the role or the database would otherwise change what statements mean (`DateStyle`, `standard_conforming_strings`), what they
//! find (`gin_fuzzy_search_limit`, `search_path`), whether they commit (`default_transaction_isolation`) and how long they may take.
//!
//! **Invariants**
//! - Whatever vitrina depends on is set here, for each connection, and nowhere else. Not as start-up options, which session poolers refuse.
//! - A connection that can only read is not handed out again, so a failover ends with the connections that it left behind.
//! - `default_transaction_read_only` is left alone: hosts use it to stop writes to a full disk. `/readyz` tells of it, see [`super::ready`].

use std::time::Duration;

use sqlx::{Connection, PgConnection, pool::PoolConnectionMetadata};

use super::{Db, DbError, within};

/// The age from which a connection that can only read is replaced. Younger ones serve reads meanwhile, so a database that takes no writes
/// costs each place in the pool one new connection a second, not one for every statement.
const READ_ONLY_FOR: Duration = Duration::from_secs(1);

/// The settings on which vitrina depends, whatever a role or database says.
///
/// - `plan_cache_mode`: a plan for all values at once would know neither which filters are given nor how common their values are.
/// - `jit`: compiling a statement takes longer than any of them runs.
/// - `random_page_cost`: the listing fits in memory (100,000 vehicles, a search within a brand: 150 ms by the default of 4, 90 ms by 1.5).
/// - `idle_in_transaction_session_timeout`, `tcp_keepalives_*`: a connection that died unseen must not keep its locks.
const SETTINGS: [(&str, &str); 22] = [
    ("timezone", "UTC"),
    ("datestyle", "ISO, MDY"),
    ("intervalstyle", "postgres"),
    ("client_encoding", "UTF8"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
    ("standard_conforming_strings", "on"),
    ("array_nulls", "on"),
    ("transform_null_equals", "off"),
    ("row_security", "on"),
    ("gin_fuzzy_search_limit", "0"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    ("lock_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("idle_in_transaction_session_timeout", "15s"),
    ("tcp_keepalives_idle", "15"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("plan_cache_mode", "force_custom_plan"),
    ("jit", "off"),
    ("random_page_cost", "1.5"),
];

/// The statements that begin a session. Without a `statement_timeout` a statement may take as long as it needs.
pub(super) fn begin(search_path: &str, statement_timeout: Option<Duration>) -> String {
    let settings = SETTINGS.map(|(name, value)| format!("('{name}', '{value}')")).join(", ");
    // The time-out first, for the role's own may be too short for the rest. `transaction_timeout` came with PostgreSQL 17. What was answered
    // has to survive a crash of the server, so `synchronous_commit` is never off; stricter values than `on` stay.
    format!(
        "set statement_timeout = {}; set search_path = {search_path};
         select set_config(name, value, false) from (values {settings}) ours(name, value);
         select set_config('transaction_timeout', '0', false) where current_setting('transaction_timeout', true) <> '0';
         select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'",
        statement_timeout.unwrap_or_default().as_millis()
    )
}

impl Db {
    /// A connection beside the pool, without a session of ours yet.
    pub(super) async fn connect(&self) -> Result<PgConnection, DbError> {
        let limit = self.pool.options().get_acquire_timeout();
        within(limit, async { Ok(PgConnection::connect_with(&self.options).await?) }).await
    }

    /// A connection beside the pool for migrations and maintenance, whose statements may take as long as they need. It sees no schema but
    /// vitrina's, so that `drop table if exists` cannot reach the tables of another system.
    pub(super) async fn connect_for_maintenance(&self) -> Result<PgConnection, DbError> {
        let mut connection = self.connect().await?;
        let begin = begin(&format!(r#""{}""#, self.schema), None);
        sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut connection).await?;
        Ok(connection)
    }
}

/// Tells whether an idle connection may be handed out: it answers, and it can write.
pub(super) async fn may_be_used(connection: &mut PgConnection, its: PoolConnectionMetadata) -> bool {
    let reads_only =
        sqlx::query_scalar!(r#"select current_setting('transaction_read_only')::bool as "reads_only!""#);
    reads_only.fetch_one(connection).await.is_ok_and(|reads_only| !reads_only || its.age < READ_ONLY_FOR)
}
