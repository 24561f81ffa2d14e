//! What this process knows to be wrong at the moment.
//!
//! Whoever notices a lasting trouble raises its signal and clears it when it is over; alerts and the dashboard read them.
//!
//! **Invariants:** a signal that is raised again keeps the time at which it was first raised. Each process has its own.
//!
//! **Not here:** troubles that the database shows to every instance, such as dead records or failed runs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};

/// A trouble that lasts until somebody clears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Airtable refuses the token, base or table.
    AirtableRefuses,
    /// The month's Airtable requests are used up.
    QuotaUsedUp,
    /// A field that the mapping names is gone from Airtable or has changed its type, or the schema can no longer be read.
    FieldsMissing,
    /// The notices of other instances are not heard.
    ListenerDown,
    /// The native webhook is dead and could not be made anew.
    WebhookDead,
}

/// A raised signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// Since when.
    pub since: DateTime<Utc>,
    /// What exactly, for people.
    pub detail: String,
}

/// The raised signals. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Signals(Arc<Mutex<BTreeMap<Signal, Raised>>>);

impl Signals {
    /// Says that something is wrong; a new detail replaces the former.
    pub fn raise(&self, signal: Signal, detail: impl Into<String>) {
        let detail = detail.into();
        let mut raised = self.lock();
        let since = raised.get(&signal).map_or_else(crate::clock::now, |before| before.since);
        raised.insert(signal, Raised { since, detail });
    }

    /// Says that it is over.
    pub fn clear(&self, signal: Signal) {
        self.lock().remove(&signal);
    }

    /// Whether something is wrong.
    pub fn get(&self, signal: Signal) -> Option<Raised> {
        self.lock().get(&signal).cloned()
    }

    /// All that is wrong.
    pub fn all(&self) -> Vec<(Signal, Raised)> {
        self.lock().iter().map(|(signal, raised)| (*signal, raised.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Signal, Raised>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_keeps_its_first_time_and_its_last_detail() {
        let signals = Signals::default();
        assert_eq!(signals.get(Signal::ListenerDown), None);
        signals.raise(Signal::ListenerDown, "refused");
        let first = signals.get(Signal::ListenerDown).unwrap();
        signals.raise(Signal::ListenerDown, "reset");
        let second = signals.get(Signal::ListenerDown).unwrap();
        assert_eq!((second.since, second.detail.as_str()), (first.since, "reset"));
        assert_eq!(signals.all(), [(Signal::ListenerDown, second)]);
        signals.clone().clear(Signal::ListenerDown);
        assert_eq!(signals.get(Signal::ListenerDown), None);
    }
}
