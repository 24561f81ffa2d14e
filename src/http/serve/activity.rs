//! What each open connection is doing: whether a request is being answered on it, and when it last took something.
//!
//! **Invariants:** a connection is idle unless a handler or a streamed answer is at work on it. When all places are taken, the connection
//! that has been idle the longest is closed for the next one, so silent clients keep nobody out. Noting something costs no lock.
//!
//! **Units:** milliseconds since the server's start.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

/// One connection.
pub(super) struct Activity {
    epoch: Instant,
    busy: AtomicUsize,
    last: AtomicU64,
}

/// Keeps a connection from being idle until it is dropped.
pub(super) struct Busy(Arc<Activity>);

impl Activity {
    pub(super) fn new(epoch: Instant) -> Arc<Self> {
        let activity = Self { epoch, busy: AtomicUsize::new(0), last: AtomicU64::new(0) };
        activity.note();
        Arc::new(activity)
    }

    /// Something was sent just now.
    pub(super) fn note(&self) {
        self.last.store(self.now(), Relaxed);
    }

    /// Begins to answer a request.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Relaxed);
        Busy(Arc::clone(self))
    }

    /// How long it has been idle; `None`: it is not.
    pub(super) fn idle(&self) -> Option<Duration> {
        let since = self.now().saturating_sub(self.last.load(Relaxed));
        (self.busy.load(Relaxed) == 0).then(|| Duration::from_millis(since))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.note();
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

/// All open connections, with what closes each.
#[derive(Default)]
pub(super) struct Connections {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    by_number: HashMap<u64, (Arc<Activity>, CancellationToken)>,
}

impl Connections {
    /// Adds a connection; its number takes it out again.
    pub(super) fn add(&self, activity: &Arc<Activity>, close: &CancellationToken) -> u64 {
        let mut open = self.open();
        open.next += 1;
        let number = open.next;
        open.by_number.insert(number, (Arc::clone(activity), close.clone()));
        number
    }

    pub(super) fn remove(&self, number: u64) {
        self.open().by_number.remove(&number);
    }

    /// Closes the connection that has been idle the longest, if any is.
    pub(super) fn close_idlest(&self) {
        let mut open = self.open();
        let idle =
            open.by_number.iter().filter_map(|(number, (activity, _))| Some((activity.idle()?, *number)));
        if let Some((_, number)) = idle.max()
            && let Some((_, close)) = open.by_number.remove(&number)
        {
            close.cancel();
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
