//! Bringing the tables to this version, and back.
//!
//! **Invariants:** several instances may do so at once (sqlx's advisory lock). Tables of the same names that are not ours are never
//! touched: neither taken for ours, nor, on the way back, dropped.
//!
//! **Not here:** what the tables are, see `migrations/`.

use sqlx::{
    Connection, PgConnection,
    migrate::{AppliedMigration, Migrate, Migration},
};

use super::{Db, DbError, MIGRATOR};

/// What the first migrations make, and other systems may have made before them.
pub(super) const OURS: [&str; 9] = [
    "airtable_fields",
    "inventario_cache",
    "listing",
    "record_reads",
    "slug_redirects",
    "sync_logs",
    "sync_queue",
    "sync_runs",
    "sync_stats",
];

impl Db {
    /// Brings the tables to this version, and on Supabase closes those that are open; does nothing when all is well, so that who does not
    /// own the tables may call it too. Safe on several instances at once (advisory lock).
    pub async fn migrate(&self) -> Result<(), DbError> {
        let schema = format!(r#"create schema if not exists "{}""#, self.schema);
        let exists: Option<String> =
            sqlx::query_scalar("select nspname::text from pg_namespace where nspname = $1")
                .bind(&self.schema)
                .fetch_optional(&self.pool)
                .await?;
        if exists.is_none() {
            sqlx::raw_sql(sqlx::AssertSqlSafe(schema)).execute(&self.pool).await?;
        } else {
            self.refuse_foreign_tables().await?;
        }
        let mut connection = self.alone_in_its_schema().await?;
        if !is_current(&mut connection).await? {
            MIGRATOR.run(&mut connection).await?;
        }
        connection.close().await?;
        self.secure().await
    }

    /// Whether the tables are exactly those of this version. Makes nothing.
    pub async fn is_migrated(&self) -> Result<bool, DbError> {
        let mut connection = self.alone_in_its_schema().await?;
        let is_migrated = is_current(&mut connection).await?;
        connection.close().await?;
        Ok(is_migrated)
    }

    /// Takes the newest migration back; does nothing when there is none.
    pub async fn revert_last(&self) -> Result<(), DbError> {
        let Some(version) = self.version().await? else { return Ok(()) };
        let before =
            MIGRATOR.iter().map(|migration| migration.version).filter(|other| *other < version).max();
        let mut connection = self.alone_in_its_schema().await?;
        MIGRATOR.undo(&mut connection, before.unwrap_or(0)).await?;
        connection.close().await?;
        Ok(())
    }

    /// The newest migration that was applied. Makes nothing.
    pub async fn version(&self) -> Result<Option<i64>, DbError> {
        let mut connection = self.alone_in_its_schema().await?;
        let table = &MIGRATOR.table_name;
        let kept: Option<String> = sqlx::query_scalar("select to_regclass($1)::text")
            .bind(&**table)
            .fetch_one(&mut connection)
            .await?;
        let applied =
            if kept.is_some() { connection.list_applied_migrations(table).await? } else { Vec::new() };
        connection.close().await?;
        Ok(applied.iter().map(|migration| migration.version).max())
    }

    /// Fails when tables of ours are there that no migration of ours has made.
    async fn refuse_foreign_tables(&self) -> Result<(), DbError> {
        let relations: Vec<String> = sqlx::query_scalar(
            "select relname::text from pg_class
             where relnamespace = (select oid from pg_namespace where nspname = $1) and relname = any($2)
             order by relname",
        )
        .bind(&self.schema)
        .bind(OURS.as_slice())
        .fetch_all(&self.pool)
        .await?;
        if relations.is_empty() || self.version().await?.is_some() {
            return Ok(());
        }
        self.refuse_hidden_version().await?;
        Err(DbError::ForeignTables { schema: self.schema.clone(), relations })
    }

    /// Fails when row level security or missing rights hide from this user what was applied.
    async fn refuse_hidden_version(&self) -> Result<(), DbError> {
        let owner: Option<(String, String)> = sqlx::query_as(
            "select pg_get_userbyid(relowner)::text, current_user::text from pg_class
             where relnamespace = (select oid from pg_namespace where nspname = $1) and relname = '_sqlx_migrations'
               and (relrowsecurity or not has_table_privilege(oid, 'select')) and not pg_has_role(relowner, 'usage')",
        )
        .bind(&self.schema)
        .fetch_optional(&self.pool)
        .await?;
        match owner {
            Some((owner, user)) => Err(DbError::NotTheOwner { schema: self.schema.clone(), owner, user }),
            None => Ok(()),
        }
    }

    /// A connection that sees no other schema, so that `drop table if exists` cannot reach the tables of another system.
    async fn alone_in_its_schema(&self) -> Result<PgConnection, DbError> {
        let mut connection = self.pool.acquire().await?.detach();
        let path = format!(r#"set search_path = "{}""#, self.schema);
        sqlx::raw_sql(sqlx::AssertSqlSafe(path)).execute(&mut connection).await?;
        Ok(connection)
    }
}

/// Whether exactly the migrations of this version were applied, as they stand here.
async fn is_current(connection: &mut PgConnection) -> Result<bool, DbError> {
    let table = &MIGRATOR.table_name;
    let kept: Option<String> =
        sqlx::query_scalar("select to_regclass($1)::text").bind(&**table).fetch_one(&mut *connection).await?;
    if kept.is_none() || connection.dirty_version(table).await?.is_some() {
        return Ok(false);
    }
    let applied = connection.list_applied_migrations(table).await?;
    let ours: Vec<_> = MIGRATOR.iter().filter(|step| step.migration_type.is_up_migration()).collect();
    let same = |(applied, ours): (&AppliedMigration, &&Migration)| {
        applied.version == ours.version && applied.checksum == ours.checksum
    };
    Ok(applied.len() == ours.len() && applied.iter().zip(&ours).all(same))
}
