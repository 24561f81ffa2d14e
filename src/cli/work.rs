//! What commands that work on the database have in common.

use anyhow::bail;
use secrecy::ExposeSecret;

use crate::{
    app,
    config::Config,
    db::Db,
    private_pg::{PrivatePg, PrivatePgError},
};

/// Works with the configured database, or a private one: that of the service that runs it, else one that is started and stopped for this.
pub(super) async fn with_database<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Db) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (url, postgres) = if let Some(url) = &config.database.url {
        (url.expose_secret().to_owned(), None)
    } else {
        match PrivatePg::start(app::private_postgres(&config.database)).await {
            Ok(postgres) => (postgres.url(), Some(postgres)),
            // A service runs it: the command works beside it.
            Err(PrivatePgError::InUse { folder }) => (PrivatePg::url_in(&folder), None),
            Err(error) => return Err(error.into()),
        }
    };
    let db = Db::new(&url, &config.database)?;
    let done = async {
        db.refuse_unsuitable().await?;
        work(&db).await
    }
    .await;
    db.close().await;
    if let Some(postgres) = postgres {
        postgres.stop().await?;
    }
    done
}

/// Fails unless the tables are those of this version: for commands that only look and change nothing.
pub(super) async fn is_migrated(db: &Db) -> anyhow::Result<()> {
    if db.is_migrated().await? {
        return Ok(());
    }
    bail!("the database has not the tables of this version yet; run `vitrina migrate` first")
}
