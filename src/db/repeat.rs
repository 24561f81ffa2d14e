//! Transactions that PostgreSQL rolled back for the sake of another one.
//!
//! **Invariants:** only whole transactions are repeated, and only after an error that says that nothing of them is in force: SQLSTATE
//! class 40 (deadlock, serialization failure), or a slug that another transaction gave meanwhile. The pauses grow and are random, so that two that met do not meet again.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use super::{Db, DbError};

/// The most times that a transaction is tried again.
const RETRIES: usize = 5;

/// The wait before the second try; doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

impl Db {
    /// Carries out a transaction, again where PostgreSQL rolled it back because of another one. `transaction` begins it and commits it.
    pub async fn repeating<T, F>(&self, transaction: impl FnMut() -> F) -> Result<T, DbError>
    where
        F: Future<Output = Result<T, DbError>>,
    {
        let pauses =
            ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_times(RETRIES).with_jitter();
        transaction.retry(pauses).when(DbError::is_conflict).await
    }
}
