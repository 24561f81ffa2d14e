//! What demo and tests do to the base, and ask about it.
//!
//! **Invariants:** a change made here is a change made by a person in Airtable: no token, no limit, no fault, and readers see it after the
//! visibility delay. Fields go by name or id; a name the table does not have becomes a field, as if somebody had added the
//! column first.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    Fault, FieldKind, OTHER, RateLimit, Scope, Seen, Simulator, VEHICLES,
    server::State,
    store::{Record, Table},
};

/// A record as it stands in the base, whatever readers still see.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// `rec…`
    pub id: String,
    /// When it was created.
    pub created: DateTime<Utc>,
    /// Its filled cells by field name; attachments without URLs.
    pub fields: Map<String, Value>,
}

impl Stored {
    fn of(table: &Table, id: &str, record: &Record) -> Option<Self> {
        let cells = &record.latest()?.cells;
        let filled =
            |field: &super::store::Field| Some((field.name.clone(), cells.get(&field.slot)?.clone()));
        Some(Self {
            id: id.to_owned(),
            created: record.created,
            fields: table.fields.iter().filter_map(filled).collect(),
        })
    }
}

/// The base.
impl Simulator {
    /// Adds a vehicle; gives its id.
    pub fn create(&self, fields: Map<String, Value>) -> String {
        self.shared.lock().create(VEHICLES, None, fields)
    }

    /// Adds a vehicle under this id, overwriting one that has it.
    pub fn create_with_id(&self, id: &str, fields: Map<String, Value>) {
        self.shared.lock().create(VEHICLES, Some(id), fields);
    }

    /// Adds a record to another table of the base; gives its id.
    pub fn create_in_other_table(&self, fields: Map<String, Value>) -> String {
        self.shared.lock().create(OTHER, None, fields)
    }

    /// Changes these fields of a record, null and other empty values clearing them. False if it is not there.
    pub fn edit(&self, id: &str, fields: Map<String, Value>) -> bool {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        let Some(table) = state.store.table_of(id) else { return false };
        let changes = state.store.cells_adding_fields(table, fields);
        state.store.change((table, id), changes, false, now)
    }

    /// Deletes a record. False if it is not there.
    pub fn delete(&self, id: &str) -> bool {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        state.store.table_of(id).is_some_and(|table| state.store.delete((table, id), now))
    }

    /// Takes a deleted record out of the bin, as it was and under its id. False if it is not there.
    pub fn restore(&self, id: &str) -> bool {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        state.store.table_of(id).is_some_and(|table| state.store.restore((table, id), now))
    }

    /// A record of any table.
    pub fn record(&self, id: &str) -> Option<Stored> {
        let state = self.shared.lock();
        let table = state.store.table(state.store.table_of(id)?)?;
        Stored::of(table, id, table.records.get(id)?)
    }

    /// Every vehicle, by id.
    pub fn records(&self) -> Vec<Stored> {
        let state = self.shared.lock();
        let table = state.store.table(VEHICLES);
        table
            .iter()
            .flat_map(|table| table.records.iter().filter_map(|(id, record)| Stored::of(table, id, record)))
            .collect()
    }

    /// The id of a field of the vehicles.
    pub fn field_id(&self, name: &str) -> Option<String> {
        Some(self.shared.lock().store.table(VEHICLES)?.field(name)?.id.clone())
    }

    /// Adds a field to the vehicles; gives its id.
    pub fn add_field(&self, name: &str, kind: FieldKind) -> String {
        let mut state = self.shared.lock();
        let id = state.store.ids.next("fld");
        if let Some(table) = state.vehicles() {
            table.add_field(id.clone(), name.to_owned(), kind);
        }
        id
    }

    /// Gives a field of the vehicles another name; its id and cells stay. False if there is none.
    pub fn rename_field(&self, old: &str, new: &str) -> bool {
        let mut state = self.shared.lock();
        let field = state.vehicles().and_then(|table| table.field_mut(old));
        field.map(|field| new.clone_into(&mut field.name)).is_some()
    }

    /// Removes a field of the vehicles with all its cells. False if there is none.
    pub fn remove_field(&self, name: &str) -> bool {
        self.shared.lock().vehicles().is_some_and(|table| table.remove_field(name))
    }

    /// Gives a field of the vehicles another type; its cells stay as they are. False if there is none.
    pub fn retype_field(&self, name: &str, kind: FieldKind) -> bool {
        let mut state = self.shared.lock();
        let field = state.vehicles().and_then(|table| table.field_mut(name));
        field.map(|field| field.kind = kind).is_some()
    }
}

/// The server.
impl Simulator {
    /// The token that is accepted.
    pub fn token(&self) -> String {
        self.shared.lock().token.clone()
    }

    /// Accepts this token from now on and revokes the former one.
    pub fn set_token(&self, token: &str) {
        token.clone_into(&mut self.shared.lock().token);
    }

    /// Leaves the token these scopes alone.
    pub fn set_scopes(&self, scopes: &[Scope]) {
        self.shared.lock().scopes = Some(scopes.to_vec());
    }

    /// See [`super::Options::latency`].
    pub fn set_latency(&self, latency: Duration) {
        self.shared.lock().latency = latency;
    }

    /// See [`super::Options::visibility_delay`]; holds for changes from now on.
    pub fn set_visibility_delay(&self, delay: Duration) {
        self.shared.lock().store.visibility_delay = delay;
    }

    /// See [`super::Options::rate_limit`]; a lock-out in force goes on.
    pub fn set_rate_limit(&self, limit: Option<RateLimit>) {
        self.shared.lock().limiter.limit = limit;
    }

    /// Moves the simulator's time ahead: lock-outs end, changes show, offsets and attachment URLs age.
    pub fn advance(&self, by: Duration) {
        self.shared.lock().clock.advance(by);
    }

    /// The simulator's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.lock().clock.now()
    }

    /// Forgets every listing under way: their offsets are answered with `LIST_RECORDS_ITERATOR_NOT_AVAILABLE`.
    pub fn expire_iterators(&self) {
        self.shared.lock().store.iterators.expire();
    }

    /// Sets a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Ends every fault; what hangs or is held stays so.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// The requests since the start or the last [`Self::requests_clear`], those without an answer too.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.lock().log.all()
    }

    /// Forgets the requests.
    pub fn requests_clear(&self) {
        self.shared.lock().log.clear();
    }

    /// How many requests the rate limit has refused.
    pub fn rate_limited(&self) -> usize {
        self.shared.lock().limiter.refused
    }

    /// The most requests to the base that arrived within any one second.
    pub fn max_in_any_second(&self) -> usize {
        self.shared.lock().log.max_in_any_second()
    }
}

impl State {
    fn create(&mut self, table: usize, id: Option<&str>, fields: Map<String, Value>) -> String {
        let now = self.clock.now();
        let cells = self.store.cells_adding_fields(table, fields);
        let id = id.map_or_else(|| self.store.ids.next("rec"), str::to_owned);
        self.store.create((table, &id), cells, now);
        id
    }

    fn vehicles(&mut self) -> Option<&mut Table> {
        self.store.tables.get_mut(VEHICLES)
    }
}
