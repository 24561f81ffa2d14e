//! `airtable_fields`: what is remembered of Airtable's fields.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};

use super::{Db, DbError};
use crate::domain::KnownField;

impl Db {
    /// The remembered fields of a table, by id.
    pub async fn known_fields(&self, table: &str) -> Result<Vec<KnownField>, DbError> {
        Ok(known(&mut *self.pool.acquire().await?, table).await?)
    }

    /// Replaces the memory of a table by what `learn` makes of it at the database's time, unless that is the same. Instances take turns, so
    /// what one has learnt is no news to the next.
    pub async fn learn_fields(
        &self,
        table: &str,
        learn: impl Fn(&[KnownField], DateTime<Utc>) -> Vec<KnownField>,
    ) -> Result<Vec<KnownField>, DbError> {
        let remembered = self.known_fields(table).await?;
        let learnt = learn(&remembered, now(&mut *self.pool.acquire().await?).await?);
        if learnt == remembered {
            return Ok(learnt);
        }
        let mut tx = self.pool.begin().await?;
        sqlx::query!("lock table airtable_fields in share row exclusive mode").execute(&mut *tx).await?;
        let remembered = known(&mut tx, table).await?;
        let learnt = learn(&remembered, now(&mut tx).await?);
        if learnt != remembered {
            replace(&mut tx, table, &learnt).await?;
        }
        tx.commit().await?;
        Ok(learnt)
    }
}

async fn now(connection: &mut PgConnection) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(connection).await
}

async fn known(connection: &mut PgConnection, table: &str) -> Result<Vec<KnownField>, sqlx::Error> {
    sqlx::query_as!(
        KnownField,
        r#"select field_id as id, name, coalesce(present_name, name) as "present_name!", field_type, renamed_at, former_type,
                  retyped_at, missing_since, feeds_since
           from airtable_fields where table_id = $1 order by field_id collate "C""#,
        table
    )
    .fetch_all(connection)
    .await
}

async fn replace(
    connection: &mut PgConnection,
    table: &str,
    fields: &[KnownField],
) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from airtable_fields where table_id = $1", table).execute(&mut *connection).await?;
    sqlx::query!(
        "insert into airtable_fields (table_id, field_id, name, present_name, field_type, renamed_at, former_type, retyped_at,
             missing_since, feeds_since)
         select $1, id, name, present_name, field_type, renamed_at, former_type, retyped_at, missing_since, feeds_since
         from jsonb_to_recordset($2) as field(id text, name text, present_name text, field_type text, renamed_at timestamptz,
             former_type text, retyped_at timestamptz, missing_since timestamptz, feeds_since timestamptz)",
        table,
        Json(fields) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}
