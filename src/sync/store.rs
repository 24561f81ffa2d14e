//! Storing what was read: normalize, compare, look at the schema again if a value vanished, write, tell.
//!
//! **Invariants**
//! - Every commit is made known to the catalog before this returns, so whoever is answered afterwards sees it: the commit of this store,
//!   and those of others whose rows it has found.
//! - A value that vanished is believed only when its field is still there.
//! - A record that was delivered so shortly before its read that Airtable's lag may have spoilt it is kept in `sync_queue`, in the same
//!   transaction, until a read that is late enough.
//! - A transaction that another one was in the way of is begun anew.
//!
//! **Not here:** what is written (`plan`), SQL (`db::records`).

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use chrono::{DateTime, Utc};

use super::{
    Engine, SyncError,
    consistency::believable,
    fields::FieldPlan,
    plan::{Plan, Write},
    reading::{Cause, Reading, Synced, ms_since},
};
use crate::{
    airtable::Lane,
    db::{
        DbError, Stamp,
        logs::LogEntry,
        notify::CommitId,
        queue::{Answered, Owed},
        records::{Claimed, Storing, VehicleRow},
    },
    domain::{Normalized, Record, RecordId, normalize},
};

/// How a batch is stored.
#[expect(clippy::struct_excessive_bools, reason = "each departs from the usual way by itself")]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// Only records that were written or that have warnings get a row in the log, as in runs, whose summary counts the rest.
    pub(super) notable_only: bool,
    /// A listed vehicle is not unlisted, but reported as held back.
    pub(super) hold_back: bool,
    /// Nobody outside knows an address yet, so made ones give way.
    pub(super) first_load: bool,
    /// Everything is rolled back.
    pub(super) dry_run: bool,
}

/// When a batch was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) stamp: Stamp,
    /// The same by this process's clock.
    pub(super) began: Instant,
}

/// A record as it is understood.
struct Found {
    normalized: Option<Normalized>,
    /// How long normalizing took.
    ms: f64,
    edited: Option<DateTime<Utc>>,
}

/// A batch as far as it is planned, in the order of its readings.
struct Planned {
    found: Vec<Found>,
    plans: Vec<Plan>,
    /// The commits that wrote what is stored, where they are young.
    commits: HashSet<CommitId>,
}

impl Engine {
    /// Stores readings of one batch, each record at most once, and makes older responses unreachable. The results come in the order
    /// of the readings. It fails as a whole: nothing of the batch is stored then.
    pub(super) async fn store(
        &self,
        read: Read,
        readings: &[Reading],
        fields: &Arc<FieldPlan>,
        manner: Manner,
    ) -> Result<Vec<Synced>, SyncError> {
        let mut looked: Option<Arc<FieldPlan>> = None;
        loop {
            let db = &self.inner.db;
            let attempt = || db.patiently(self.try_store(read, readings, fields, looked.as_deref(), manner));
            match db.repeating(attempt).await? {
                Ok(synced) => {
                    if !manner.dry_run {
                        self.told(&synced);
                    }
                    return Ok(synced);
                }
                Err(doubted) => {
                    let doubted: Vec<String> = doubted.into_iter().collect();
                    let look = self.look_for_fields(&doubted, Lane::Webhook).await;
                    looked = Some(look.map_err(SyncError::without_the_schema)?);
                }
            }
        }
    }

    /// Stores the readings in one transaction. The inner error names fields that have to be looked at first, unless they were `looked` at;
    /// nothing is stored then.
    async fn try_store(
        &self,
        read: Read,
        readings: &[Reading],
        fields: &FieldPlan,
        looked: Option<&FieldPlan>,
        manner: Manner,
    ) -> Result<Result<Vec<Synced>, BTreeSet<String>>, DbError> {
        // A preview may try another mapping than the one that a look at the schema would give.
        let are_sure = manner.dry_run || looked.is_some();
        let fields = looked.unwrap_or(fields);
        let normalized = self.normalize_all(readings, fields, looked.is_some());
        let mut storing = self.inner.db.storing().await?;
        let planned = plan(&mut storing, read.stamp, readings, normalized, fields, manner).await?;
        let doubted = if are_sure { BTreeSet::new() } else { doubted(&planned.plans, fields) };
        if !doubted.is_empty() {
            return Ok(Err(doubted));
        }
        self.write(storing, read, readings, planned, manner).await.map(Ok)
    }

    /// `anew`: the schema was read after the records, so some of their fields may still have ids for names.
    fn normalize_all(&self, readings: &[Reading], fields: &FieldPlan, anew: bool) -> Vec<Found> {
        let (names, rules) = (fields.names().filter(|_| anew), self.rules(fields));
        let read = |record: &Record| match &names {
            None => normalize(record, &fields.mapping, &rules),
            Some(names) => {
                let fields_by_name = names.translate(record.fields.clone());
                normalize(&Record { fields: fields_by_name, ..record.clone() }, &fields.mapping, &rules)
            }
        };
        let timed = |reading: &Reading| {
            let started = Instant::now();
            let normalized = reading.record.as_ref().map(read);
            Found { normalized, ms: ms_since(started), edited: edited(reading, fields) }
        };
        readings.iter().map(timed).collect()
    }

    async fn write(
        &self,
        mut storing: Storing,
        read: Read,
        readings: &[Reading],
        Planned { mut plans, mut commits, found }: Planned,
        manner: Manner,
    ) -> Result<Vec<Synced>, DbError> {
        let started = Instant::now();
        let requests = plans.iter().filter_map(Plan::slug_request).collect();
        let mut given = storing.assign_slugs(requests, manner.first_load).await?;
        for plan in &mut plans {
            if let Some(slug) = given.slugs.remove(&plan.outcome.record_id) {
                plan.take_slug(slug);
            }
            plan.outcome.written = plan.write != Write::Nothing;
        }
        let rows: Vec<VehicleRow<'_>> = plans
            .iter()
            .filter_map(Plan::vehicle)
            .map(|(content, slug, updated_at)| VehicleRow { content, slug, updated_at })
            .collect();
        storing.write(&rows).await?;
        storing.delete(&ids_of(&plans, |plan| plan.write == Write::Deletion)).await?;
        let answered = self.settle(&mut storing, read, readings, &found).await?;
        let upsert = ms_since(started);
        let announcing = Instant::now();
        if plans.iter().any(|plan| plan.outcome.written) {
            commits.insert(storing.announce().await?);
        }
        let invalidate = ms_since(announcing);
        let now = crate::clock::now();
        let synced: Vec<Synced> = readings
            .iter()
            .zip(found)
            .zip(plans)
            .map(|((reading, found), plan)| {
                let mut cause = reading.task.cause.clone();
                cause.timings.normalize = found.ms;
                cause.timings.upsert = upsert;
                cause.timings.invalidate = invalidate;
                let answered = answered.get(&plan.outcome.record_id);
                cause.edited = found.edited.into_iter().chain(answered.map(|row| row.edited)).min();
                // Every delivery ends in a log; a read that only confirms one has nothing to say.
                let asks_for_a_log = answered.map_or(!manner.notable_only, |row| !row.was_settling);
                let logged = asks_for_a_log || plan.is_notable();
                synced(plan, cause, logged, now)
            })
            .collect();
        let entries: Vec<LogEntry> =
            synced.iter().filter(|synced| synced.logged).map(Synced::log_entry).collect();
        storing.log(&entries).await?;
        if !manner.dry_run {
            storing.commit().await?;
            self.make_known(&synced, &commits, given.took).await;
        }
        Ok(synced)
    }

    /// Takes the records out of the queue that this read settles, and puts those in that it reads too early.
    async fn settle(
        &self,
        storing: &mut Storing,
        read: Read,
        readings: &[Reading],
        found: &[Found],
    ) -> Result<HashMap<RecordId, Answered>, DbError> {
        let settle_after = self.inner.settings.recheck_after;
        let (mut owed, mut others) = (Vec::new(), Vec::new());
        for (reading, found) in readings.iter().zip(found) {
            let task = &reading.task;
            let too_early = |delivered| read.began.saturating_duration_since(delivered) < settle_after;
            if task.delivered.is_some_and(too_early) {
                owed.push(Owed {
                    record_id: task.record_id.clone(),
                    trigger: task.cause.trigger,
                    source: task.cause.source.clone(),
                    edited: found.edited.unwrap_or_else(crate::clock::now),
                    reason: None,
                });
            } else {
                others.push(task.record_id.clone());
            }
        }
        let answered = storing.settle(&others, read.stamp).await?;
        storing.owe(&owed, settle_after).await?;
        Ok(answered)
    }

    /// Makes responses unreachable that are older than this commit, or than one whose rows it has found.
    async fn make_known(&self, synced: &[Synced], commits: &HashSet<CommitId>, took: bool) {
        let written = || synced.iter().map(|synced| &synced.outcome).filter(|outcome| outcome.written);
        // A vehicle that moved was also known under its former address, which is not at hand.
        let moved = took || written().any(|outcome| outcome.changed.contains(&"slug"));
        let catalog = &self.inner.catalog;
        if moved {
            catalog.committed(commits, None).await;
        } else {
            let slugs: Vec<&str> =
                synced.iter().filter_map(|synced| synced.outcome.slug.as_deref()).collect();
            catalog.committed(commits, Some(&slugs)).await;
        }
    }

    fn told(&self, synced: &[Synced]) {
        for synced in synced {
            self.inner.tally.count(synced.cause.trigger, synced.outcome.action.into());
            if synced.logged {
                synced.tell();
            }
        }
    }
}

/// When the record was edited: as its sender says, else as Airtable says, else when somebody said that it changed.
fn edited(reading: &Reading, fields: &FieldPlan) -> Option<DateTime<Utc>> {
    let modified = || believable(fields.modified(reading.record.as_ref()?)?, crate::clock::now());
    reading.task.cause.edited.or_else(modified).or(reading.task.accepted)
}

async fn plan(
    storing: &mut Storing,
    stamp: Stamp,
    readings: &[Reading],
    mut found: Vec<Found>,
    fields: &FieldPlan,
    manner: Manner,
) -> Result<Planned, DbError> {
    let ids: Vec<RecordId> = readings.iter().map(|reading| reading.task.record_id.clone()).collect();
    let claimed = storing.claim(&ids, stamp).await?;
    let commits = claimed.values().filter_map(|claimed| claimed.stored.as_ref()?.commit).collect();
    let plans = ids
        .iter()
        .zip(&mut found)
        .map(|(id, found)| {
            let Some(Claimed { is_latest, stored }) = claimed.get(id) else {
                return Plan::superseded(id, None);
            };
            if *is_latest {
                Plan::new(id, found.normalized.take(), stored.as_ref(), &fields.kept, manner.hold_back)
            } else {
                Plan::superseded(id, stored.as_ref())
            }
        })
        .collect();
    Ok(Planned { found, plans, commits })
}

/// The fields whose values the plans would take away and that may be gone.
fn doubted(plans: &[Plan], fields: &FieldPlan) -> BTreeSet<String> {
    let seen = fields.feeds.seen(&plans.iter().filter_map(Plan::content));
    let mut doubted = BTreeSet::new();
    for plan in plans {
        let Some((before, after)) = plan.change() else { continue };
        let changed = &plan.outcome.changed;
        doubted.extend(fields.feeds.doubted(before, after, changed, &seen).into_iter().map(str::to_owned));
        let unreadable =
            plan.outcome.warnings.iter().filter(|warning| changed.contains(&warning.column.as_str()));
        doubted.extend(unreadable.map(|warning| warning.field.clone()));
    }
    doubted
}

fn ids_of(plans: &[Plan], which: impl Fn(&Plan) -> bool) -> Vec<RecordId> {
    plans.iter().filter(|plan| which(plan)).map(|plan| plan.outcome.record_id.clone()).collect()
}

fn synced(plan: Plan, cause: Cause, logged: bool, now: DateTime<Utc>) -> Synced {
    let edited = cause.edited.filter(|_| plan.outcome.written);
    Synced {
        duration_ms: i32::try_from(cause.since.elapsed().as_millis()).unwrap_or(i32::MAX),
        consistency_ms: edited.map(|edited| (now - edited).num_milliseconds().max(0)),
        changes: plan.changes(),
        held_back: plan.is_held_back(),
        outcome: plan.outcome,
        cause,
        logged,
    }
}
