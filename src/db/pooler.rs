//! Refusing a pooler that gives each transaction another connection.
//!
//! Behind one, prepared statements can return another query's rows without an error, advisory locks are taken by nobody in
//! particular, and LISTEN hears nothing. Two connections that are open at the same time and report the same backend are the
//! sign: the pooler hands both the one that is free.
//!
//! **Invariants:** nothing is prepared here, so that the test itself is safe behind such a pooler. A session pooler, which gives each
//! client a backend of its own, passes.

use sqlx::{Connection, PgConnection, Row};

use super::{Db, DbError};

/// The number of times that the two are asked in turn: a busy pooler may give different backends by chance.
const ROUNDS: usize = 3;

impl Db {
    /// Fails with [`DbError::TransactionPooler`] behind a pooler in transaction or statement mode.
    pub async fn refuse_transaction_pooler(&self) -> Result<(), DbError> {
        let mut first = self.connect().await?;
        let mut second = self.connect().await?;
        for _ in 0..ROUNDS {
            if backend(&mut first).await? == backend(&mut second).await? {
                return Err(DbError::TransactionPooler);
            }
        }
        first.close().await?;
        second.close().await?;
        Ok(())
    }
}

async fn backend(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    let row = sqlx::raw_sql("select pg_backend_pid()::text").fetch_one(connection).await?;
    row.try_get(0)
}
