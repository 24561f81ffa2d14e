//! Which fields there are, and by which names vitrina knows them.
//!
//! Records are read by field id. An id is bound to the name under which it was first seen, for ever and across restarts (`bind`), so
//! `config/fields.toml`, the keys of `data` and the warnings go on meaning the same field when somebody renames it in Airtable. What
//! follows for reading is a [`plan`]; what operators should know is a `report`.
//!
//! **Invariants:** one look at the schema at a time, so an earlier answer never replaces a later one; a look that fails changes nothing. The
//! memory is in the database, so restarts and instances agree; who looks second learns nothing new and reports nothing anew.

mod bind;
mod plan;
mod report;
mod sample;
mod watch;
mod words;

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{
    sync::{Mutex, Notify},
    time::Instant,
};

use super::SyncError;
use crate::{
    airtable::{AirtableClient, AirtableError, Kind, Lane, TableSchema},
    config::Config,
    db::{Db, DbError},
    domain::{KnownField, Mapping},
    signals::{Signal, Signals},
};

pub(super) use self::plan::FieldPlan;
pub use self::{
    bind::bind,
    report::{Appeared, FieldReport, Missing, Renamed, Retyped, Unfed, report},
    sample::{Sample, sample},
};

/// The present plan; made when first needed.
pub(super) struct Fields {
    /// The table under which fields are remembered.
    table: String,
    configured: Mapping,
    visible_field: Option<String>,
    /// How often the schema is looked at; `None`: only when there is a reason.
    every: Option<Duration>,
    present: RwLock<Option<Look>>,
    looking: Mutex<()>,
    remembers: AtomicBool,
    wanted: Notify,
    signals: Signals,
}

/// What the last look found.
#[derive(Clone)]
struct Look {
    began: Instant,
    plan: Arc<FieldPlan>,
    report: Arc<FieldReport>,
}

impl Fields {
    pub(super) fn new(config: &Config, signals: Signals) -> Self {
        Self {
            table: table_key(config),
            configured: config.mapping.clone(),
            visible_field: config.listing.visible_field.clone(),
            every: Some(config.airtable.schema_every).filter(|every| !every.is_zero()),
            present: RwLock::new(None),
            looking: Mutex::new(()),
            remembers: AtomicBool::new(true),
            wanted: Notify::new(),
            signals,
        }
    }

    /// From now on nothing that is learnt is written down: for a preview, in a process that does nothing else.
    pub(super) fn remember_nothing(&self) {
        self.remembers.store(false, Ordering::Relaxed);
    }

    /// The present plan. The first call reads the schema; those who come meanwhile wait for it.
    pub(super) async fn plan(&self, airtable: &AirtableClient, db: &Db) -> Result<Arc<FieldPlan>, SyncError> {
        if let Some(look) = self.last_look() {
            return Ok(look.plan);
        }
        let _looking = self.looking.lock().await;
        match self.last_look() {
            Some(look) => Ok(look.plan),
            None => self.look(airtable, db, Lane::Webhook).await,
        }
    }

    /// A plan for another mapping, on the same fields; without one the present plan.
    pub(super) async fn plan_with(
        &self,
        mapping: Option<&Mapping>,
        airtable: &AirtableClient,
        db: &Db,
    ) -> Result<Arc<FieldPlan>, SyncError> {
        let present = self.plan(airtable, db).await?;
        let visible = self.visible_field.as_deref();
        Ok(match (mapping, &present.known) {
            (None, _) => present,
            (Some(mapping), Some(known)) => Arc::new(FieldPlan::new(mapping, visible, known.clone())),
            (Some(mapping), None) => Arc::new(FieldPlan::by_name(mapping, visible)),
        })
    }

    /// A plan from a look at the schema that begins after this call.
    pub(super) async fn look_again(
        &self,
        airtable: &AirtableClient,
        db: &Db,
        lane: Lane,
    ) -> Result<Arc<FieldPlan>, SyncError> {
        let asked = Instant::now();
        let _looking = self.looking.lock().await;
        match self.last_look().filter(|look| look.began >= asked) {
            // Somebody else who waited has looked meanwhile.
            Some(look) => Ok(look.plan),
            None => self.look(airtable, db, lane).await,
        }
    }

    /// What there is to tell of the fields; empty before the first look.
    pub(super) fn report(&self) -> FieldReport {
        self.last_look().map(|look| (*look.report).clone()).unwrap_or_default()
    }

    /// What operators have to mend by what the database remembers of the fields, whichever instance has looked last, and since when.
    async fn remembered_troubles(&self, db: &Db) -> Result<Option<(Option<DateTime<Utc>>, String)>, DbError> {
        let known = db.known_fields(&self.table).await?;
        if known.is_empty() {
            return Ok(None);
        }
        let report = report(&self.configured, self.visible_field.as_deref(), &known);
        let troubles = report.troubles();
        Ok((!troubles.is_empty()).then(|| (report.troubled_since(), troubles.join("; "))))
    }

    /// The last time at which a mapped field's values came into use, as far as this process knows.
    pub(super) fn feeds_since(&self) -> Option<DateTime<Utc>> {
        self.last_look()?.plan.feeds_since()
    }

    fn last_look(&self) -> Option<Look> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the schema; whoever calls holds `looking`.
    async fn look(
        &self,
        airtable: &AirtableClient,
        db: &Db,
        lane: Lane,
    ) -> Result<Arc<FieldPlan>, SyncError> {
        let permit = airtable.permit(lane).await;
        let began = Instant::now();
        let (known, problem) = match airtable.schema(permit).await {
            Ok(schema) => (self.learn(db, &schema).await?, None),
            Err(error) if lacks_scope(&error) => {
                (db.known_fields(&self.table).await?, Some(error.to_string()))
            }
            Err(error) => return Err(error.into()),
        };
        let visible = self.visible_field.as_deref();
        let plan = if known.is_empty() && problem.is_some() {
            FieldPlan::by_name(&self.configured, visible)
        } else {
            FieldPlan::new(&self.configured, visible, known)
        };
        let known = plan.known.as_deref().unwrap_or_default();
        let report = FieldReport {
            looked_at: Some(crate::clock::now()),
            unreadable_schema: problem,
            ..if plan.knows_fields() {
                report(&self.configured, visible, known)
            } else {
                FieldReport::default()
            }
        };
        airtable.use_field_names(plan.names());
        let look = Look { began, plan: Arc::new(plan), report: Arc::new(report) };
        let former = self.present.write().unwrap_or_else(PoisonError::into_inner).replace(look.clone());
        self.tell(&look, former.as_ref());
        Ok(look.plan)
    }

    /// Brings the memory up to date.
    async fn learn(&self, db: &Db, schema: &TableSchema) -> Result<Vec<KnownField>, SyncError> {
        Ok(if self.remembers.load(Ordering::Relaxed) {
            db.learn_fields(&self.table, |known, now| bind(schema, known, now)).await?
        } else {
            bind(schema, &db.known_fields(&self.table).await?, crate::clock::now())
        })
    }
}

/// The name under which a table's fields are remembered.
pub fn table_key(config: &Config) -> String {
    format!("{}/{}", config.airtable.base_id, config.airtable.table_id)
}

/// Whether only the schema is refused; if it is the whole base, reading records will say so.
fn lacks_scope(error: &AirtableError) -> bool {
    matches!((error.kind, error.status), (Kind::Forbidden, _) | (Kind::NotFound, Some(_)))
}

impl Fields {
    /// Says what the look has found that was not known before, and raises or clears the signal.
    fn tell(&self, look: &Look, former: Option<&Look>) {
        let none = FieldReport::default();
        let (now, before) = (&*look.report, former.map_or(&none, |look| &*look.report));
        if let Some(problem) = &now.unreadable_schema
            && before.unreadable_schema.is_none()
        {
            tracing::warn!(
                error = problem,
                "the base's schema cannot be read, so new, renamed and deleted fields go unnoticed; \
                 give the token the scope schema.bases:read"
            );
        }
        for renamed in now.renamed.iter().filter(|renamed| !before.renamed.contains(renamed)) {
            tracing::info!(field.id = renamed.id, "{renamed}");
        }
        for retyped in
            now.retyped.iter().filter(|field| field.unreadable.is_empty() && !before.retyped.contains(field))
        {
            tracing::info!(field.id = retyped.id, "{retyped}");
        }
        for appeared in now.appeared.iter().filter(|appeared| !before.appeared.contains(appeared)) {
            tracing::info!(
                field.id = appeared.id,
                "the field {:?} feeds {} from now on",
                appeared.field,
                appeared.columns.join(", ")
            );
        }
        let unfed: Vec<String> = now.unfed.iter().map(|unfed| unfed.column.clone()).collect();
        if !unfed.is_empty() && now.unfed != before.unfed {
            tracing::warn!(
                columns = unfed.join(", "),
                "no field in Airtable feeds these columns, so they stay as they are; see config/fields.toml"
            );
        }
        let (troubles, told) = (now.troubles(), before.troubles());
        for trouble in troubles.iter().filter(|trouble| !told.contains(trouble)) {
            tracing::error!("{trouble}; mend it in Airtable, or name another field in the field mapping");
        }
        if !troubles.is_empty() {
            self.signals.raise(Signal::FieldsMissing, troubles.join("; "));
        } else if !told.is_empty() {
            tracing::info!("every field that was missing is there again");
            self.signals.clear(Signal::FieldsMissing);
        }
    }
}
