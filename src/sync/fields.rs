//! Which fields there are, and by which names vitrina knows them.
//!
//! Records are read by field id. An id is bound to the name under which it was first seen, for ever and across restarts (`bind`), so
//! `config/fields.toml`, the keys of `data` and the warnings go on meaning the same field when somebody renames it in Airtable. What
//! follows for reading is a [`plan`]; what operators should know is a `report`.
//!
//! **Invariants:** one look at the schema at a time, so an earlier answer never replaces a later one; a look that fails changes nothing. The
//! memory is in the database, so restarts and instances agree; who looks second learns nothing new and reports nothing anew. Where the schema is
//! hidden no column is emptied for want of a field either: Airtable is asked for each field whose values vanish (`ask`).

mod ask;
mod bind;
mod plan;
mod report;
mod sample;
mod tell;
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
    airtable::{AirtableClient, AirtableError, Kind, Lane},
    config::Config,
    db::{Db, DbError},
    domain::{KnownField, Mapping},
    signals::Signals,
};

pub(super) use self::plan::FieldPlan;
use self::report::report_by_name;
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
    /// The interval at which the schema is looked at; `None`: only when there is a reason.
    every: Option<Duration>,
    present: RwLock<Option<Look>>,
    looking: Mutex<()>,
    remembers: AtomicBool,
    wanted: Notify,
    signals: Signals,
}

/// The findings of the last look.
#[derive(Clone)]
struct Look {
    began: Instant,
    plan: Arc<FieldPlan>,
    report: Arc<FieldReport>,
    /// When the schema was last found to be hidden.
    hidden_at: Option<DateTime<Utc>>,
}

impl Look {
    /// The last time at which a mapped field's values came into use. What was read while the schema was hidden counts as such.
    fn feeds_since(&self) -> Option<DateTime<Utc>> {
        let readable = self.report.unreadable_schema.is_none();
        self.plan.feeds_since().max(self.hidden_at.filter(|_| readable))
    }
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
            None => self.look(airtable, db, &[], Lane::Webhook).await,
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
            (Some(mapping), None) => Arc::new(FieldPlan::by_name(mapping, visible, &[])),
        })
    }

    /// The fields of a mapping (the configured one if none is given) that cannot be read, a sentence each without a
    /// full stop.
    pub(super) async fn problems_of(
        &self,
        mapping: Option<&Mapping>,
        airtable: &AirtableClient,
        db: &Db,
    ) -> Result<Vec<String>, SyncError> {
        let present = self.plan(airtable, db).await?;
        let mapping = mapping.unwrap_or(&self.configured);
        let Some(known) = &present.known else {
            return Ok(vec![
                "without the scope schema.bases:read nobody can tell whether Airtable has the fields that it names".to_owned(),
            ]);
        };
        let found = report(mapping, self.visible_field.as_deref(), known);
        let decisive = |unfed: &&Unfed| unfed.column != crate::domain::Column::Ordenstatus.as_str();
        let unfed = found.unfed.iter().filter(decisive).map(ToString::to_string);
        Ok(found.troubles().into_iter().chain(unfed).collect())
    }

    /// A plan from a look at the schema that begins after this call; `doubted`: fields that may be gone.
    pub(super) async fn look_again(
        &self,
        airtable: &AirtableClient,
        db: &Db,
        doubted: &[String],
        lane: Lane,
    ) -> Result<Arc<FieldPlan>, SyncError> {
        let asked = Instant::now();
        let _looking = self.looking.lock().await;
        let answered = |look: &Look| {
            look.began >= asked && (look.report.unreadable_schema.is_none() || doubted.is_empty())
        };
        match self.last_look().filter(answered) {
            // Somebody else who waited has looked meanwhile.
            Some(look) => Ok(look.plan),
            None => self.look(airtable, db, doubted, lane).await,
        }
    }

    /// The report on the fields; empty before the first look.
    pub(super) fn report(&self) -> FieldReport {
        self.last_look().map(|look| (*look.report).clone()).unwrap_or_default()
    }

    /// The faults of fields that operators have to mend, by the database's memory, whichever instance has looked
    /// last; with their time.
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
        self.last_look()?.feeds_since()
    }

    fn last_look(&self) -> Option<Look> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the schema, or asks for single fields where it is hidden; whoever calls holds `looking`.
    async fn look(
        &self,
        airtable: &AirtableClient,
        db: &Db,
        doubted: &[String],
        lane: Lane,
    ) -> Result<Arc<FieldPlan>, SyncError> {
        let remembered = db.known_fields(&self.table).await?;
        let permit = airtable.permit(lane).await;
        let began = Instant::now();
        let (known, problem) = match airtable.schema(permit).await {
            Ok(schema) => (self.learn(db, |known, now| bind(&schema, known, now)).await?, None),
            Err(error) if lacks_scope(&error) => {
                (Box::pin(self.ask(airtable, db, doubted, lane)).await?, Some(error.to_string()))
            }
            Err(error) => return Err(error.into()),
        };
        let former = self.last_look();
        // Who comes later than others finds written down what they have told.
        let told = match &former {
            Some(look) => (*look.report).clone(),
            None => report(&self.configured, self.visible_field.as_deref(), &remembered),
        };
        let hidden_at = match &problem {
            Some(_) => Some(crate::clock::now()),
            None => former.as_ref().and_then(|look| look.hidden_at),
        };
        let visible = self.visible_field.as_deref();
        let plan = if problem.is_some() && known.iter().all(KnownField::is_only_a_name) {
            FieldPlan::by_name(&self.configured, visible, &known)
        } else {
            FieldPlan::new(&self.configured, visible, known.clone())
        };
        let found = if plan.knows_fields() {
            report(&self.configured, visible, &known)
        } else {
            report_by_name(&self.configured, visible, &known, &plan)
        };
        let report = FieldReport {
            looked_at: Some(crate::clock::now()),
            schema_was_readable: problem.is_some() && plan.knows_fields(),
            unreadable_schema: problem,
            ..found
        };
        airtable.use_field_names(plan.names());
        let look = Look { began, plan: Arc::new(plan), report: Arc::new(report), hidden_at };
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = Some(look.clone());
        self.tell(&look, former.as_ref(), &told);
        Ok(look.plan)
    }

    /// Brings the memory up to date.
    async fn learn(
        &self,
        db: &Db,
        learn: impl Fn(&[KnownField], DateTime<Utc>) -> Vec<KnownField>,
    ) -> Result<Vec<KnownField>, SyncError> {
        Ok(if self.remembers.load(Ordering::Relaxed) {
            db.learn_fields(&self.table, learn).await?
        } else {
            learn(&db.known_fields(&self.table).await?, crate::clock::now())
        })
    }
}

/// The name under which a table's fields are remembered.
pub fn table_key(config: &Config) -> String {
    format!("{}/{}", config.airtable.base_id, config.airtable.table_id)
}

/// Tells whether the token may lack the scope of the schema. If the whole base is refused, reading records will say so.
fn lacks_scope(error: &AirtableError) -> bool {
    matches!((error.kind, error.status), (Kind::Forbidden, _) | (Kind::NotFound, Some(_)))
}
