//! Getting a database ready for the service, however often it goes away meanwhile.
//!
//! **Invariants:** an error that passes by itself is waited for: PostgreSQL may be started after vitrina, and restarted at any moment of the start or
//! of a migration. Each step may be taken again. Any other error is returned, and nothing has been written in a database that cannot work.

use std::time::Duration;

use tokio::time::sleep;

use super::{Db, DbError};

/// The first wait for a database that is away; doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Db {
    /// Waits for the database, refuses one that cannot work, and brings its tables to this version. `private`: see [`Db::migrate`].
    pub async fn prepare(&self, private: &[String]) -> Result<(), DbError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let prepared = async {
                self.refuse_unsuitable().await?;
                self.migrate(private).await
            };
            match prepared.await {
                Err(error) if error.is_transient() => {
                    tracing::warn!(error = %error, "waiting for the database");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                done => return done,
            }
        }
    }
}
