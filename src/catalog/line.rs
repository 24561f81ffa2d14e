//! The line of loads: how many may ask the database at once, and how many may wait for it.
//!
//! **Invariants:** loads have at most half of the connections, so whatever readers ask, the other half is for webhooks and operators. A
//! load that finds the line full fails at once ([`LoadError::Busy`]). A place belongs to the load, not to who asked for it: it is taken
//! until the database has answered, also when the client has hung up.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::db::DbError;

/// Loads that may wait for each that may run.
const WAITING_PER_PLACE: usize = 16;

/// A load without an answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// Too many loads are waiting.
    #[error("too many loads are waiting for the database")]
    Busy,
    /// The database did not answer.
    #[error(transparent)]
    Database(Arc<DbError>),
}

impl From<DbError> for LoadError {
    fn from(error: DbError) -> Self {
        Self::Database(Arc::new(error))
    }
}

pub(super) struct Line {
    places: Semaphore,
    waiting: AtomicUsize,
    longest: usize,
}

/// Counts one who waits until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Line {
    /// For a pool of so many connections.
    pub(super) fn new(connections: u32) -> Self {
        let places = usize::try_from(connections / 2).unwrap_or(1).max(1);
        Self {
            places: Semaphore::new(places),
            waiting: AtomicUsize::new(0),
            longest: places * WAITING_PER_PLACE,
        }
    }

    /// A place, however long the line is: for the next part of an answer that has begun.
    pub(super) async fn wait(&self) -> Result<SemaphorePermit<'_>, LoadError> {
        // The semaphore is never closed.
        self.places.acquire().await.map_err(|_| LoadError::Busy)
    }

    /// A place, if need be after waiting in a line that is not full.
    pub(super) async fn enter(&self) -> Result<SemaphorePermit<'_>, LoadError> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let waiting = Waiting(&self.waiting);
        if self.waiting.fetch_add(1, Relaxed) >= self.longest {
            return Err(LoadError::Busy);
        }
        let place = self.wait().await;
        drop(waiting);
        place
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, future::join_all};

    use super::*;

    #[tokio::test]
    async fn half_of_the_connections_run_a_bounded_line_waits_and_the_rest_fail_at_once() {
        for (connections, places) in [(10, 5), (2, 1), (1, 1)] {
            let line = Line::new(connections);
            let running: Vec<_> =
                (0..places).map(|_| line.enter().now_or_never().unwrap().unwrap()).collect();
            let mut waiting: Vec<_> = (0..line.longest).map(|_| Box::pin(line.enter())).collect();
            assert!(waiting.iter_mut().all(|load| load.now_or_never().is_none()));
            assert!(matches!(line.enter().now_or_never(), Some(Err(LoadError::Busy))));
            // Who gives up makes room.
            waiting.pop();
            let last = Box::pin(line.enter());
            drop(running);
            for waits in waiting.into_iter().chain([last]) {
                drop(waits.await.unwrap());
            }
            assert_eq!(line.waiting.load(Relaxed), 0);
            assert!(join_all((0..places).map(|_| line.enter())).now_or_never().is_some());
        }
    }
}
