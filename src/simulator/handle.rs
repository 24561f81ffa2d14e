//! What demo and tests do to the base, and ask about it.
//!
//! **Invariants:** a change made here is a change made by a person in Airtable: no token, no limit, no fault, and readers see it as late
//! as the lag says. Fields go by name or id; a name the table does not have becomes a field, as if somebody had added the
//! column first.

mod fields;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    Fault, OTHER, PingFault, RateLimit, Scope, Seen, Simulator, VEHICLES, WebhookState,
    server::State,
    store::{Field, Shown, Table},
};

/// The source of what is done here, by which webhooks tell it from the API's.
const BY_HAND: &str = "client";

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
    fn of(table: &Table, id: &str) -> Option<Self> {
        let Shown { created, cells, .. } = table.latest(id)?;
        let filled = |field: &Field| Some((field.name.clone(), cells.get(&field.slot)?.clone()));
        Some(Self { id: id.to_owned(), created, fields: table.fields.iter().filter_map(filled).collect() })
    }
}

/// The base.
impl Simulator {
    /// Adds a vehicle; gives its id.
    pub fn create(&self, fields: Map<String, Value>) -> String {
        self.shared.lock().create(VEHICLES, fields)
    }

    /// Adds a record to another table of the base; gives its id.
    pub fn create_in_other_table(&self, fields: Map<String, Value>) -> String {
        self.shared.lock().create(OTHER, fields)
    }

    /// Changes these fields of a record, null and other empty values clearing them. False if it is not there.
    pub fn edit(&self, id: &str, fields: Map<String, Value>) -> bool {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        let Some(table) = state.store.table_of(id) else { return false };
        let changes = state.store.cells_adding_fields(table, fields);
        let done = state.store.change((table, id), changes, false, now);
        state.publish(BY_HAND);
        done
    }

    /// Changes these fields of all vehicles in one action, as pasting into a whole column does.
    pub fn edit_all(&self, fields: &Map<String, Value>) {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        let changes = state.store.cells_adding_fields(VEHICLES, fields.clone());
        let ids: Vec<String> =
            state.vehicles().map(|table| table.records.keys().cloned().collect()).unwrap_or_default();
        for id in &ids {
            state.store.change((VEHICLES, id), changes.clone(), false, now);
        }
        state.publish(BY_HAND);
    }

    /// Deletes a record. False if it is not there.
    pub fn delete(&self, id: &str) -> bool {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        let done = state.store.table_of(id).is_some_and(|table| state.store.delete((table, id), now));
        state.publish(BY_HAND);
        done
    }

    /// Takes a deleted record out of the bin, as it was and under its id. False if it is not there.
    pub fn restore(&self, id: &str) -> bool {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        let done = state.store.table_of(id).is_some_and(|table| state.store.restore((table, id), now));
        state.publish(BY_HAND);
        done
    }

    /// A record of any table.
    pub fn record(&self, id: &str) -> Option<Stored> {
        let state = self.shared.lock();
        let table = state.store.table(state.store.table_of(id)?)?;
        Stored::of(table, id)
    }

    /// Every vehicle, by id.
    pub fn records(&self) -> Vec<Stored> {
        let state = self.shared.lock();
        let table = state.store.table(VEHICLES);
        table.iter().flat_map(|table| table.records.keys().filter_map(|id| Stored::of(table, id))).collect()
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
        self.shared.lock().scopes = scopes.to_vec();
    }

    /// See [`super::Options::latency`].
    pub fn set_latency(&self, latency: Duration) {
        self.shared.lock().latency = latency;
    }

    /// Lets every request be shown the base as it was up to this long ago, each by a replica of its own, at random by the seed:
    /// some of several edits, deletions and creations late, and an older state after a newer one. Zero ends it.
    pub fn lag(&self, most: Duration) {
        self.shared.lock().replicas.lag = most;
    }

    /// Shows the next request that reads this record by its id the state before the last `edits` edits (a creation, deletion or restoration is
    /// one too); called again, also the request after that. Later requests see the present state.
    pub fn miss(&self, id: &str, edits: usize) {
        self.shared.lock().replicas.miss(id, edits);
    }

    /// See [`super::Options::rate_limit`]; a lock-out in force goes on.
    pub fn set_rate_limit(&self, limit: Option<RateLimit>) {
        self.shared.lock().limiter.limit = limit;
    }

    /// Moves the simulator's time ahead: lock-outs end, changes show, offsets, attachment URLs and webhooks age, pings fall due.
    pub fn advance(&self, by: Duration) {
        let mut state = self.shared.lock();
        state.clock.advance(by);
        state.mail.notify_one();
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

/// The webhooks.
impl Simulator {
    /// As they stand in the base.
    pub fn webhooks(&self) -> Vec<WebhookState> {
        self.shared.lock().webhooks.states()
    }

    /// Deletes every webhook, as somebody else with the right to do so might.
    pub fn lose_webhooks(&self) {
        self.shared.lock().webhooks.hooks.clear();
    }

    /// Puts every webhook into the error state of this code for good; the list goes on showing them as healthy.
    pub fn break_webhooks(&self, code: &str) {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        state.webhooks.break_all(code, now);
        state.mail.notify_one();
    }

    /// Puts any text for the payload of every webhook.
    pub fn garble_webhooks(&self, payload: &Value) {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        state.webhooks.garble_all(payload, now);
        state.mail.notify_one();
    }

    /// What goes wrong with the next ping; after several calls with the next ones, in turn.
    pub fn ping_fault(&self, fault: PingFault) {
        self.shared.lock().webhooks.faults.push_back(fault);
    }

    /// A ping for this webhook as Airtable would send it now: body and the value of `X-Airtable-Content-MAC`.
    pub fn ping_of(&self, webhook: &str) -> Option<(String, String)> {
        let state = self.shared.lock();
        state.webhooks.ping_of(webhook, &self.shared.base_id, state.clock.now())
    }
}

impl State {
    fn create(&mut self, table: usize, fields: Map<String, Value>) -> String {
        let now = self.clock.now();
        let cells = self.store.cells_adding_fields(table, fields);
        let id = self.store.ids.next("rec");
        self.store.create((table, &id), cells, now);
        self.publish(BY_HAND);
        id
    }

    fn vehicles(&mut self) -> Option<&mut Table> {
        self.store.tables.get_mut(VEHICLES)
    }
}
