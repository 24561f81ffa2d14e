//! The transaction that stores what was read: the one way by which vehicles are written, for a webhook as for a page of a run.
//!
//! **Invariants**
//! - *Latest wins*: a reading counts only when its stamp is above that of the last one that counted for its record
//!   ([`Storing::claim`]). The claim on `record_reads` is also the lock by which concurrent stores of a record take turns; rows are
//!   locked in the order of their ids, so two batches cannot wait for each other.
//! - The stored rows are read after the claim, by a statement of their own: one statement for both would see the rows as they were
//!   before it waited for the lock.
//! - Vehicles, their rows of `listing`, former slugs, logs, the queue and the notice to the instances are one transaction. Dropped, it leaves nothing.
//!
//! **Not here:** what is written (`sync::plan`), and making older responses unreachable afterwards (`catalog`).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{Acquire as _, PgConnection, Postgres, Transaction, types::Json};

use super::{
    Db, DbError, Stamp,
    columns::{Statement, statement},
    listing,
    logs::{self, LogEntry},
    notify::{self, CommitId},
};
use crate::domain::{Content, RecordId};

static UPSERT: Statement = Statement::new(|| statement(include_str!("sql/upsert_vehicles.sql")));

/// A transaction that stores readings.
pub struct Storing {
    pub(super) tx: Transaction<'static, Postgres>,
}

/// A claimed record and its stored state.
#[derive(Debug)]
pub struct Claimed {
    /// Set when no later read of the record has counted.
    pub is_latest: bool,
    /// The vehicle as it is stored; `None`: it never was.
    pub stored: Option<Stored>,
}

/// A stored vehicle.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The content of its last read that counted.
    pub content: Content,
    /// Its address.
    pub slug: String,
    /// When something that the website shows last changed.
    pub updated_at: DateTime<Utc>,
    /// Set when it was deleted in Airtable.
    pub deleted: bool,
    /// The commit that wrote it, if that was in the last minute: instances may not have heard of it yet. A statement's time-out is
    /// half a minute, so an older row has been visible, and its notice heard, for long.
    pub commit: Option<CommitId>,
}

/// A vehicle to be written.
#[derive(Debug, Serialize)]
pub struct VehicleRow<'a> {
    /// Its columns.
    #[serde(flatten)]
    pub content: &'a Content,
    /// Its address.
    pub slug: &'a str,
    /// When something that the website shows last changed; `None`: now.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Db {
    /// Begins a transaction that stores readings.
    pub async fn storing(&self) -> Result<Storing, DbError> {
        Ok(Storing { tx: self.pool.begin().await? })
    }

    /// The ids of all listed vehicles.
    pub async fn listed_ids(&self) -> Result<Vec<RecordId>, DbError> {
        let ids =
            sqlx::query_scalar!("select record_id from inventario_cache where listed order by record_id")
                .fetch_all(&self.pool)
                .await?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Those of the ids that are stored and not deleted.
    pub async fn still_known(&self, ids: &[RecordId]) -> Result<Vec<RecordId>, DbError> {
        let known = sqlx::query_scalar!(
            "select record_id from inventario_cache where record_id = any($1) and deleted_at is null",
            &texts(ids)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(known.into_iter().filter_map(|id| id.parse().ok()).collect())
    }
}

impl Storing {
    /// Locks the records until the transaction ends, and tells for each whether this read is its latest, and what is stored.
    pub async fn claim(
        &mut self,
        ids: &[RecordId],
        stamp: Stamp,
    ) -> Result<HashMap<RecordId, Claimed>, DbError> {
        let mut sorted = texts(ids);
        sorted.sort_unstable();
        let latest = lock(&mut self.tx, &sorted, stamp).await?;
        let mut stored = stored(&mut self.tx, &sorted).await?;
        let claimed = |id: &RecordId| Claimed {
            is_latest: latest.contains(id.as_str()),
            stored: stored.remove(id.as_str()),
        };
        let mut claimed = claimed;
        Ok(ids.iter().map(|id| (id.clone(), claimed(id))).collect())
    }

    /// Writes vehicles, each as a whole.
    pub async fn write(&mut self, rows: &[VehicleRow<'_>]) -> Result<(), DbError> {
        if !rows.is_empty() {
            sqlx::query(UPSERT.clone()).bind(Json(rows)).execute(&mut *self.tx).await?;
            listing::write(&mut self.tx, rows.iter().map(|row| row.content)).await?;
        }
        Ok(())
    }

    /// Marks vehicles as deleted, and has those read again that asked for one of their addresses.
    pub async fn delete(&mut self, ids: &[RecordId]) -> Result<(), DbError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids = texts(ids);
        listing::unlist(&mut self.tx, &ids).await?;
        sqlx::query!(
            "update inventario_cache
             set deleted_at = now(), listed = false, updated_at = now(), last_synced_at = statement_timestamp()
             where record_id = any($1)",
            &ids
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!(
            "insert into sync_queue (record_id, settling, trigger)
             select record_id, true, 'webhook' from inventario_cache
             where listed and slug_wanted <> slug and slug_wanted in (
                 select slug from inventario_cache where record_id = any($1)
                 union all
                 select slug from slug_redirects where record_id = any($1)
             )
             order by record_id
             on conflict do nothing",
            &ids
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Tells every instance, when the transaction commits, that vehicles have changed.
    pub async fn announce(&mut self) -> Result<CommitId, DbError> {
        Ok(notify::announce(&mut *self.tx).await?)
    }

    /// Writes rows of `sync_logs`.
    pub async fn log(&mut self, entries: &[LogEntry]) -> Result<(), DbError> {
        if !entries.is_empty() {
            logs::insert(&mut *self.tx, entries).await?;
        }
        Ok(())
    }

    /// Commits. After an error it may be committed all the same; then its notice tells of it.
    pub async fn commit(self) -> Result<(), DbError> {
        self.tx.commit().await?;
        Ok(())
    }

    pub(super) async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.tx.acquire().await
    }
}

pub(super) fn texts(ids: &[RecordId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The ids for which this read is the latest. Rows are locked whether it is or not.
///
/// A read with an earlier stamp may be refused even if its answer is newer: what only it saw was edited after the
/// later read was sent, so that edit has a delivery of its own, whose read has a higher stamp than both.
///
/// The stamp stands in a table of its own, since it also moves when a read finds nothing to change, and the vehicle
/// is not written then.
async fn lock(tx: &mut PgConnection, ids: &[String], stamp: Stamp) -> Result<HashSet<String>, sqlx::Error> {
    let latest = sqlx::query_scalar!(
        "insert into record_reads (record_id, read_seq) select id, $2 from unnest($1::text[]) id
         on conflict (record_id) do update set read_seq = excluded.read_seq
         where record_reads.read_seq < excluded.read_seq
         returning record_id",
        ids,
        stamp.seq
    )
    .fetch_all(tx)
    .await?;
    Ok(latest.into_iter().collect())
}

async fn stored(tx: &mut PgConnection, ids: &[String]) -> Result<HashMap<String, Stored>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select record_id, to_json(v) as "content!: Json<Content>", slug, updated_at, deleted_at is not null as "deleted!",
               case when last_synced_at > now() - interval '1 minute' then v.xmin::text end as commit
           from inventario_cache v where record_id = any($1)"#,
        ids
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let stored = Stored {
                content: row.content.0,
                slug: row.slug,
                updated_at: row.updated_at,
                deleted: row.deleted,
                commit: row.commit.as_deref().and_then(CommitId::parse),
            };
            (row.record_id, stored)
        })
        .collect())
}
