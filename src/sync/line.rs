//! The line: delivered records that wait for the base's turn.
//!
//! **Invariants:** first come, first served. Deliveries of one record that wait together become one entry with several waiters, so
//! they share one read, which starts after the last of them. Nothing here takes time or can fail. Once closed, it answers every delivery at once.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, oneshot};

use super::SyncError;
use crate::domain::{Outcome, RecordId, Trigger};

/// A request to sync a record, and its reason.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The record.
    pub record_id: RecordId,
    /// Why.
    pub trigger: Trigger,
    /// Who asked.
    pub source: Option<String>,
    /// Which try of the sender this is, from 1.
    pub attempt: i32,
    /// When it was accepted.
    pub since: Instant,
    /// The same by the clock.
    pub accepted: DateTime<Utc>,
    /// When the record was edited, if the sender said so and can be believed.
    pub edited: Option<DateTime<Utc>>,
}

/// The result that a waiter gets.
pub(super) type Answer = Result<Outcome, SyncError>;

/// A record and all that wait for it.
#[derive(Debug)]
pub(super) struct Entry {
    /// The first delivery; its reason goes into the log.
    pub(super) first: Delivery,
    /// When the last one was accepted.
    pub(super) last: Instant,
    /// One for each delivery.
    pub(super) waiters: Vec<oneshot::Sender<Answer>>,
}

impl Entry {
    /// Tells everybody who waits. Those who have left are passed over.
    pub(super) fn answer(self, answer: &Answer) {
        for waiter in self.waiters {
            let _ = waiter.send(answer.clone());
        }
    }
}

/// The waiting records.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    closed: bool,
    order: VecDeque<RecordId>,
    entries: HashMap<RecordId, Entry>,
}

impl Line {
    /// Puts a delivery in line, or beside an earlier one of the same record that still waits.
    pub(super) fn put(&self, delivery: Delivery) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.lock();
        if waiting.closed {
            let _ = sender.send(Err(SyncError::Stopping));
            return receiver;
        }
        if let Some(entry) = waiting.entries.get_mut(&delivery.record_id) {
            let edited = entry.first.edited.into_iter().chain(delivery.edited).min();
            entry.first.edited = edited;
            entry.last = entry.last.max(delivery.since);
            entry.waiters.push(sender);
        } else {
            let id = delivery.record_id.clone();
            waiting.order.push_back(id.clone());
            let last = delivery.since;
            waiting.entries.insert(id, Entry { first: delivery, last, waiters: vec![sender] });
        }
        drop(waiting);
        self.arrived.notify_one();
        receiver
    }

    /// Returns when somebody waits. Safe to cancel.
    pub(super) async fn arrival(&self) {
        loop {
            let arrived = self.arrived.notified();
            if !self.lock().order.is_empty() {
                return;
            }
            arrived.await;
        }
    }

    /// Takes up to `limit` records out of the line. What is delivered from now on waits for the next read.
    pub(super) fn take(&self, limit: usize) -> Vec<Entry> {
        let mut waiting = self.lock();
        let count = limit.min(waiting.order.len());
        let ids: Vec<RecordId> = waiting.order.drain(..count).collect();
        ids.iter().filter_map(|id| waiting.entries.remove(id)).collect()
    }

    /// Answers every waiter, and from now on every delivery, that the service is stopping.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        for entry in self.take(usize::MAX) {
            entry.answer(&Err(SyncError::Stopping));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(number: usize) -> Delivery {
        Delivery {
            record_id: format!("rec{number:014}").parse().unwrap(),
            trigger: Trigger::Webhook,
            source: None,
            attempt: 1,
            since: Instant::now(),
            accepted: DateTime::UNIX_EPOCH,
            edited: None,
        }
    }

    #[test]
    fn deliveries_of_one_record_share_a_place_and_each_gets_an_answer() {
        let line = Line::default();
        let mut first = line.put(delivery(1));
        let mut other = line.put(delivery(2));
        let mut second = line.put(delivery(1));
        let entries = line.take(100);
        assert_eq!(entries.len(), 2);
        for entry in entries {
            entry.answer(&Err(SyncError::Stopping));
        }
        assert!(first.try_recv().is_ok() && second.try_recv().is_ok() && other.try_recv().is_ok());
    }

    #[test]
    fn of_deliveries_that_share_a_place_the_earliest_edit_counts() {
        let line = Line::default();
        let edited = |seconds| DateTime::from_timestamp(seconds, 0);
        let edits = [None, edited(30), edited(10), None, edited(20)];
        let _waiting: Vec<_> =
            edits.into_iter().map(|edited| line.put(Delivery { edited, ..delivery(1) })).collect();
        assert_eq!(line.take(1)[0].first.edited, edited(10));
    }

    #[test]
    fn what_arrives_after_a_batch_was_taken_waits_for_the_next_one() {
        let line = Line::default();
        let _early = line.put(delivery(1));
        assert_eq!(line.take(100).len(), 1);
        let _late = line.put(delivery(1));
        assert_eq!(line.take(100).len(), 1);
    }

    #[test]
    fn a_batch_takes_the_oldest_first() {
        let line = Line::default();
        let _receivers: Vec<_> = (0..5).map(|number| line.put(delivery(number))).collect();
        let ids = |entries: Vec<Entry>| {
            entries.iter().map(|entry| entry.first.record_id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ids(line.take(2)), ["rec00000000000000", "rec00000000000001"]);
        assert_eq!(ids(line.take(9)), ["rec00000000000002", "rec00000000000003", "rec00000000000004"]);
        assert!(line.take(1).is_empty());
    }

    #[test]
    fn a_closed_line_keeps_nobody_waiting() {
        let line = Line::default();
        let mut early = line.put(delivery(1));
        line.close();
        let mut late = line.put(delivery(2));
        assert!(matches!(early.try_recv(), Ok(Err(SyncError::Stopping))));
        assert!(matches!(late.try_recv(), Ok(Err(SyncError::Stopping))));
    }

    #[tokio::test]
    async fn an_arrival_is_noticed_also_by_one_who_looks_late() {
        let line = Line::default();
        let _receiver = line.put(delivery(1));
        line.arrival().await;
        line.arrival().await;
    }
}
