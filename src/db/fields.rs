//! `airtable_fields`: the names under which vitrina knows Airtable's fields.

use std::collections::BTreeMap;

use super::{Db, DbError};

impl Db {
    /// Field id to name, for a table.
    pub async fn field_names(&self, table: &str) -> Result<BTreeMap<String, String>, DbError> {
        let rows = sqlx::query!("select field_id, name from airtable_fields where table_id = $1", table)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|row| (row.field_id, row.name)).collect())
    }

    /// Replaces what is remembered of a table.
    pub async fn remember_field_names(
        &self,
        table: &str,
        names: &BTreeMap<String, String>,
    ) -> Result<(), DbError> {
        let (ids, names): (Vec<String>, Vec<String>) = names.clone().into_iter().unzip();
        let mut tx = self.pool.begin().await?;
        sqlx::query!("delete from airtable_fields where table_id = $1", table).execute(&mut *tx).await?;
        sqlx::query!(
            "insert into airtable_fields (table_id, field_id, name)
             select $1, id, name from unnest($2::text[], $3::text[]) as field(id, name)",
            table,
            &ids,
            &names
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
