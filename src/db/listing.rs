//! Writing the rows of `listing`, by which vehicles are filtered, sorted, counted and searched.
//!
//! **Invariants:** the row of a vehicle is written in the transaction that writes the vehicle; an unlisted one has none. Words are written only where they
//! changed. Rows that are missing or were made by older rules ([`RULES`]) are made anew by each full run ([`Db::list_anew`]).
//!
//! **Not here:** what a row holds (`domain::listing`), reading it (`vehicles`, `search`).

use std::sync::LazyLock;

use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection, types::Json};

use super::{Db, DbError, notify};
use crate::domain::{
    Content,
    listing::{ListingRow, RULES, names_column},
    parameters::{FILTERS, INDEXED},
};

/// Rows that are made anew in one transaction.
const SLICE: i64 = 500;

/// The statement that writes rows of `listing`; `updated_at` is the vehicle's.
static UPSERT: LazyLock<String> = LazyLock::new(|| {
    let indexed = FILTERS.iter().filter(|criterion| INDEXED.contains(&criterion.column));
    let mut columns: Vec<String> = indexed
        .flat_map(|criterion| {
            [Some(criterion.column.to_owned()), names_column(criterion.column, criterion.test)]
        })
        .flatten()
        .chain(["record_id", "arrived_at", "rules", "more"].map(str::to_owned))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let each = |write: fn(&String) -> String| columns.iter().map(write).collect::<Vec<_>>().join(", ");
    format!(
        "insert into listing ({}, updated_at)
         select {}, v.updated_at from jsonb_populate_recordset(null::listing, $1) r join inventario_cache v using (record_id)
         on conflict (record_id) do update set {}, updated_at = excluded.updated_at",
        each(String::clone),
        each(|column| format!("r.{column}")),
        each(|column| format!("{column} = excluded.{column}"))
    )
});

/// Writes the rows of vehicles that were written in the same transaction, and deletes those of unlisted ones.
pub(super) async fn write<'c>(
    tx: &mut PgConnection,
    vehicles: impl Iterator<Item = &'c Content> + Clone,
) -> Result<(), sqlx::Error> {
    let (listed, unlisted): (Vec<&Content>, Vec<&Content>) = vehicles.partition(|vehicle| vehicle.listed);
    unlist(tx, &unlisted.iter().map(|vehicle| vehicle.record_id.to_string()).collect::<Vec<_>>()).await?;
    if listed.is_empty() {
        return Ok(());
    }
    let rows: Vec<ListingRow> = listed.iter().map(|vehicle| ListingRow::new(vehicle)).collect();
    let columns: Vec<_> = rows.iter().map(|row| &row.columns).collect();
    sqlx::query(AssertSqlSafe(UPSERT.as_str())).bind(Json(columns)).execute(&mut *tx).await?;
    let texts = rows.iter().zip(&listed).map(|(row, vehicle)| {
        json!({ "record_id": vehicle.record_id, "heading": row.heading, "words": row.words })
    });
    let texts: Vec<_> = texts.collect();
    sqlx::query_file!("src/db/sql/list_vehicles.sql", Json(texts) as _).execute(&mut *tx).await?;
    Ok(())
}

/// Deletes the rows of vehicles that are listed no longer.
pub(super) async fn unlist(tx: &mut PgConnection, ids: &[String]) -> Result<(), sqlx::Error> {
    if !ids.is_empty() {
        sqlx::query!("delete from listing where record_id = any($1)", ids).execute(tx).await?;
    }
    Ok(())
}

impl Db {
    /// Makes the rows anew that are missing, should not be, or were made by other rules; returns how many they were.
    pub async fn list_anew(&self) -> Result<u64, DbError> {
        let mut made = 0;
        loop {
            let mut tx = self.pool.begin().await?;
            // A vehicle that is being written gets its row with that.
            let vehicles: Vec<Json<Content>> = sqlx::query_scalar!(
                r#"select to_json(v) as "content!: Json<Content>"
                   from inventario_cache v left join listing l using (record_id)
                   where case when v.listed then l.rules is distinct from $1 else l.record_id is not null end
                   order by record_id limit $2
                   for update of v skip locked"#,
                RULES,
                SLICE
            )
            .fetch_all(&mut *tx)
            .await?;
            if vehicles.is_empty() {
                break;
            }
            write(&mut tx, vehicles.iter().map(|vehicle| &vehicle.0)).await?;
            notify::announce(&mut *tx).await?;
            tx.commit().await?;
            made += u64::try_from(vehicles.len()).unwrap_or_default();
        }
        Ok(made)
    }
}
