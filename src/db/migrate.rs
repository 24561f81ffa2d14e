//! Bringing the tables to this version, and back.
//!
//! **Invariants:** several instances may do so at once (sqlx's advisory lock). A migration and its row in `_sqlx_migrations` are one transaction, so
//! a server that goes away leaves nothing half done. No statement has a time-out. Tables of the same names that are not ours are never touched:
//! neither taken for ours, nor, on the way back, dropped.
//!
//! **Not here:** what the tables are, see `migrations/`.

use sqlx::{
    Connection, PgConnection,
    migrate::{AppliedMigration, Migrate, Migration},
};

use super::{Db, DbError, MIGRATOR, secure::secure};

/// Tables and views of our names, which another system may have made before us.
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
    /// Brings the tables to this version, and on Supabase closes them to the API's roles but for what is public; `private`: columns of
    /// vehicles that are not. Does nothing when all is well, so that who does not own the tables may call it too.
    pub async fn migrate(&self, private: &[String]) -> Result<(), DbError> {
        let mut connection = self.connect_for_maintenance().await?;
        // Instances that start together take turns. sqlx takes the same lock once more.
        connection.lock().await?;
        if self.schema_exists(&mut connection).await? {
            self.refuse_foreign_tables(&mut connection).await?;
        } else {
            let schema = format!(r#"create schema "{}""#, self.schema);
            sqlx::raw_sql(sqlx::AssertSqlSafe(schema)).execute(&mut connection).await?;
        }
        if !is_current(&mut connection).await? {
            MIGRATOR.run(&mut connection).await?;
        }
        secure(&mut connection, private).await?;
        connection.close().await?;
        Ok(())
    }

    /// Tells whether the tables are exactly those of this version. Makes nothing.
    pub async fn is_migrated(&self) -> Result<bool, DbError> {
        let mut connection = self.connect_for_maintenance().await?;
        let is_migrated = is_current(&mut connection).await?;
        connection.close().await?;
        Ok(is_migrated)
    }

    /// Takes the newest migration back; does nothing when there is none.
    pub async fn revert_last(&self) -> Result<(), DbError> {
        let Some(version) = self.version().await? else { return Ok(()) };
        let before =
            MIGRATOR.iter().map(|migration| migration.version).filter(|other| *other < version).max();
        let mut connection = self.connect_for_maintenance().await?;
        MIGRATOR.undo(&mut connection, before.unwrap_or(0)).await?;
        connection.close().await?;
        Ok(())
    }

    /// The newest migration that was applied. Makes nothing.
    pub async fn version(&self) -> Result<Option<i64>, DbError> {
        let mut connection = self.connect_for_maintenance().await?;
        let version = version(&mut connection).await?;
        connection.close().await?;
        Ok(version)
    }

    async fn schema_exists(&self, connection: &mut PgConnection) -> Result<bool, DbError> {
        let query = sqlx::query_scalar("select exists (select from pg_namespace where nspname = $1)");
        Ok(query.bind(&self.schema).fetch_one(connection).await?)
    }

    /// Fails when tables of ours are there that no migration of ours has made.
    async fn refuse_foreign_tables(&self, connection: &mut PgConnection) -> Result<(), DbError> {
        let relations: Vec<String> = sqlx::query_scalar(
            "select relname::text from pg_class
             where relnamespace = (select oid from pg_namespace where nspname = $1) and relname = any($2)
             order by relname",
        )
        .bind(&self.schema)
        .bind(OURS.as_slice())
        .fetch_all(&mut *connection)
        .await?;
        if relations.is_empty() || version(connection).await?.is_some() {
            return Ok(());
        }
        self.refuse_hidden_version(connection).await?;
        Err(DbError::ForeignTables { schema: self.schema.clone(), relations })
    }

    /// Fails when row level security or missing rights hide from this user what was applied.
    async fn refuse_hidden_version(&self, connection: &mut PgConnection) -> Result<(), DbError> {
        let owner: Option<(String, String)> = sqlx::query_as(
            "select pg_get_userbyid(relowner)::text, current_user::text from pg_class
             where relnamespace = (select oid from pg_namespace where nspname = $1) and relname = '_sqlx_migrations'
               and (relrowsecurity or not has_table_privilege(oid, 'select')) and not pg_has_role(relowner, 'usage')",
        )
        .bind(&self.schema)
        .fetch_optional(connection)
        .await?;
        match owner {
            Some((owner, user)) => Err(DbError::NotTheOwner { schema: self.schema.clone(), owner, user }),
            None => Ok(()),
        }
    }
}

/// The newest migration that was applied.
async fn version(connection: &mut PgConnection) -> Result<Option<i64>, DbError> {
    Ok(applied(connection).await?.iter().map(|migration| migration.version).max())
}

/// The migrations that were applied. sqlx notes a migration in the transaction that carries it out, so one that was interrupted is not among
/// them, and its marks for half of one stay unused.
async fn applied(connection: &mut PgConnection) -> Result<Vec<AppliedMigration>, DbError> {
    let table = &*MIGRATOR.table_name;
    let query = sqlx::query_scalar("select to_regclass($1) is not null");
    if query.bind(table).fetch_one(&mut *connection).await? {
        Ok(connection.list_applied_migrations(table).await?)
    } else {
        Ok(Vec::new())
    }
}

/// Tells whether exactly the migrations of this version were applied, as they stand here.
async fn is_current(connection: &mut PgConnection) -> Result<bool, DbError> {
    let applied = applied(connection).await?;
    let ours: Vec<_> = MIGRATOR.iter().filter(|step| step.migration_type.is_up_migration()).collect();
    let same = |(applied, ours): (&AppliedMigration, &&Migration)| {
        applied.version == ours.version && applied.checksum == ours.checksum
    };
    Ok(applied.len() == ours.len() && applied.iter().zip(&ours).all(same))
}
