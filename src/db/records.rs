//! Storing what was read: the one way by which vehicles are written, for a single webhook as for a page of a run.
//!
//! **Invariants**
//! - *Latest wins*: a reading counts only when its stamp is above that of the last one that counted for the record. The claim on
//!   `record_reads` is also the lock by which concurrent stores of a record take turns; rows are claimed in the order of
//!   their ids, so two batches cannot wait for each other.
//! - The stored rows are read *after* the claim, by a statement of their own: one statement for both would see the rows as they
//!   were before it waited for the lock.
//! - An unchanged vehicle is not written.
//! - Vehicle, former slug, log, settled deliveries and the notice to other instances are one transaction.
//!
//! **Not here:** raising the cache's generation, which the caller does after this returned and before it answers.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Instant,
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, types::Json};

use super::{
    Db, DbError, Stamp,
    feeds::Feeds,
    logs::{self, LogEntry},
    notify,
    plan::{Plan, Stored, Write},
    queue,
    runs::RunId,
    slugs,
};
use crate::domain::{Content, Kept, Normalized, Outcome, RecordId, Trigger};

/// What a read found for one record.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The record asked for.
    pub record_id: RecordId,
    /// The record as normalized; `None` when the table does not have it.
    pub found: Option<Normalized>,
    /// Why it was read.
    pub cause: Cause,
}

/// Why and since when a record is being synced; goes into its log.
#[derive(Debug, Clone)]
pub struct Cause {
    /// Why.
    pub trigger: Trigger,
    /// Who asked, such as `airtable_automation`.
    pub source: Option<String>,
    /// Which delivery of the sender this is, from 1.
    pub attempt: i32,
    /// Deliveries that this read answers.
    pub deliveries: usize,
    /// When the first of them was accepted.
    pub since: Instant,
    /// When the record was edited in Airtable, as far as that is known: what the time to consistency begins with.
    pub edited: Option<DateTime<Utc>>,
    /// The run that it is part of.
    pub run: Option<RunId>,
    /// How long the parts took so far, in ms.
    pub timings: Timings,
}

/// How long the parts of a sync took, in ms.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Timings {
    /// Waiting for the base's turn.
    pub queue: f64,
    /// Airtable's answer, retries included.
    pub airtable: f64,
    /// Normalizing.
    pub normalize: f64,
    /// Storing, up to the log.
    pub upsert: f64,
    /// Telling the other instances.
    pub invalidate: f64,
}

/// A record that was synced, and how.
#[derive(Debug, Clone)]
pub struct Synced {
    /// What came of it.
    pub outcome: Outcome,
    /// Why it was synced, with how long the parts took.
    pub cause: Cause,
    /// From acceptance to the log, in ms.
    pub duration_ms: i32,
    /// From the edit in Airtable to the stored row, in ms; only for what was written.
    pub consistency_ms: Option<i64>,
    /// Whether it has a row of its own in `sync_logs`.
    pub logged: bool,
}

/// Columns with what is stored in them and what would be.
pub type Changes = BTreeMap<&'static str, (Value, Value)>;

/// Whether it is known which fields the table has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields<'a> {
    /// It was looked up just now, or cannot be.
    Sure,
    /// It was looked up some time ago: a value that vanished from one of these may have gone with its field, which leaves the column
    /// as it was.
    Unsure(&'a Feeds),
}

/// How much of a batch goes into the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// Every record.
    All,
    /// Records that were written or that have warnings: for runs, whose summary counts the rest.
    Notable,
}

impl Db {
    /// Stores a batch of readings made under one stamp, each record at most once; the outcomes come in the order of the readings.
    ///
    /// `kept`: what stays as it is stored, because its fields are gone from the base. Fails as a whole: nothing of
    /// the batch is stored then; with [`DbError::FieldsMayBeGone`] it should be stored again once `fields` are sure.
    pub async fn store(
        &self,
        stamp: Stamp,
        readings: Vec<Reading>,
        kept: &Kept,
        logged: Logged,
        fields: Fields<'_>,
    ) -> Result<Vec<Synced>, DbError> {
        let started = Instant::now();
        let mut tx = self.pool.begin().await?;
        let mut ids: Vec<String> = readings.iter().map(|reading| reading.record_id.to_string()).collect();
        ids.sort_unstable();
        let claimed = claim(&mut tx, &ids, stamp).await?;
        let mut stored = stored(&mut tx, &ids).await?;
        let seen = match fields {
            Fields::Unsure(feeds) => {
                feeds.seen(&readings.iter().filter_map(|reading| Some(&reading.found.as_ref()?.content)))
            }
            Fields::Sure => HashSet::new(),
        };
        let mut plans: Vec<Plan> = readings
            .into_iter()
            .map(|reading| {
                let former = stored.remove(reading.record_id.as_str());
                if claimed.contains(reading.record_id.as_str()) {
                    Plan::new(reading, former, kept)
                } else {
                    Plan::superseded(reading, former)
                }
            })
            .collect();
        if let Fields::Unsure(feeds) = fields
            && plans.iter().any(|plan| plan.doubts_fields(feeds, &seen))
        {
            let doubted = plans.iter().flat_map(|plan| plan.doubted(feeds, &seen));
            let doubted: BTreeSet<&str> = doubted.collect();
            return Err(DbError::FieldsMayBeGone(doubted.into_iter().map(str::to_owned).collect()));
        }
        slugs::assign(&mut tx, &mut plans).await?;
        write(&mut tx, &plans).await?;
        let settled = queue::settle(&mut *tx, &ids, stamp).await?;
        let telling = Instant::now();
        let number = self.commits.number();
        let written = plans.iter().map(|plan| &plan.outcome).filter(|outcome| outcome.written);
        let written: Vec<String> = written.map(|outcome| outcome.record_id.to_string()).collect();
        if !written.is_empty() {
            notify::tell(&mut *tx, self.instance, number).await?;
        }
        let invalidate = ms_since(telling);
        let upsert = ms_since(started) - invalidate;
        let now = crate::clock::now();
        let synced: Vec<Synced> = plans
            .into_iter()
            .map(|mut plan| {
                plan.cause.timings.upsert = upsert;
                plan.cause.timings.invalidate = invalidate;
                let waited_since = settled.get(plan.outcome.record_id.as_str()).copied();
                plan.cause.edited = plan.cause.edited.into_iter().chain(waited_since).min();
                let logged = logged == Logged::All || plan.is_notable() || waited_since.is_some();
                plan.synced(logged, now)
            })
            .collect();
        let entries: Vec<LogEntry> =
            synced.iter().filter(|synced| synced.logged).map(Synced::log_entry).collect();
        if !entries.is_empty() {
            logs::insert(&mut *tx, &entries).await?;
        }
        let commit = self.commits.begin(number, written);
        tx.commit().await?;
        commit.answered();
        Ok(synced)
    }
}

impl Db {
    /// What storing the readings would do, with the columns that would change: stored, and to be stored. Nothing is written.
    pub async fn preview(
        &self,
        readings: Vec<Reading>,
        kept: &Kept,
    ) -> Result<Vec<(Outcome, Changes)>, DbError> {
        let ids: Vec<String> = readings.iter().map(|reading| reading.record_id.to_string()).collect();
        let mut connection = self.pool.acquire().await?;
        let mut stored = stored(&mut connection, &ids).await?;
        Ok(readings
            .into_iter()
            .map(|reading| {
                let former = stored.remove(reading.record_id.as_str());
                let before = former.as_ref().map(|stored| stored.content.clone());
                let plan = Plan::new(reading, former, kept);
                let changes = plan.changes(before.as_ref());
                (plan.outcome, changes)
            })
            .collect())
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
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let known = sqlx::query_scalar!(
            "select record_id from inventario_cache where record_id = any($1) and deleted_at is null",
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(known.into_iter().filter_map(|id| id.parse().ok()).collect())
    }
}

/// The ids for which this read is the latest; their records are locked until the transaction ends.
async fn claim(tx: &mut PgConnection, ids: &[String], stamp: Stamp) -> Result<HashSet<String>, sqlx::Error> {
    let claimed = sqlx::query_scalar!(
        "insert into record_reads (record_id, read_seq) select id, $2 from unnest($1::text[]) id
         on conflict (record_id) do update set read_seq = excluded.read_seq
         where record_reads.read_seq < excluded.read_seq
         returning record_id",
        ids,
        stamp.0
    )
    .fetch_all(tx)
    .await?;
    Ok(claimed.into_iter().collect())
}

async fn stored(tx: &mut PgConnection, ids: &[String]) -> Result<HashMap<String, Stored>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select record_id, to_json(v) as "content!: Json<Content>", slug, updated_at, deleted_at is not null as "deleted!"
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
            };
            (row.record_id, stored)
        })
        .collect())
}

/// A vehicle as `upsert_vehicles.sql` takes it.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    content: &'a Content,
    slug: Option<&'a str>,
    updated_at: Option<DateTime<Utc>>,
}

async fn write(tx: &mut PgConnection, plans: &[Plan]) -> Result<(), sqlx::Error> {
    let mut rows = Vec::new();
    let mut deleted = Vec::new();
    for plan in plans {
        match &plan.write {
            Write::Nothing => {}
            Write::Deletion => deleted.push(plan.outcome.record_id.to_string()),
            Write::Vehicle { content, updated_at, .. } => {
                rows.push(Row { content, slug: plan.outcome.slug.as_deref(), updated_at: *updated_at });
            }
        }
    }
    if !rows.is_empty() {
        sqlx::query_file!("src/db/sql/upsert_vehicles.sql", Json(rows) as _).execute(&mut *tx).await?;
    }
    if !deleted.is_empty() {
        sqlx::query!(
            "update inventario_cache
             set deleted_at = now(), listed = false, updated_at = now(), last_synced_at = now()
             where record_id = any($1)",
            &deleted
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// How long it is since then, in ms, as [`Timings`] have it.
pub fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}
