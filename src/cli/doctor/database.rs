//! PostgreSQL: is it there, is it the right one, and may vitrina do there what it does.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::{
    connection,
    report::{Area, Report},
    tables,
};
use crate::{
    config::{Config, DatabaseSettings},
    db::{
        Db, DbError,
        checkup::{Checkup, Place},
        requirements::CONNECTIONS_BESIDE,
    },
};

const AREA: Area = Area::Database;

/// What is checked behind the connection, in this order.
const BEHIND: [&str; 8] =
    ["version", "encoding", "connections", "session", "clock", "privileges", "tables", "migrations"];

/// How far two clocks may be apart.
const CLOCKS: TimeDelta = TimeDelta::seconds(30);

/// Checks the database; gives it if its tables are there and can be read.
pub(super) async fn check(config: &Config, report: &mut Report) -> Option<Db> {
    let settings = &config.database;
    let Some(url) = &settings.url else {
        report.ok(
            AREA,
            "address",
            format!(
                "DATABASE_URL is not set: vitrina runs a private PostgreSQL of its own, with its data in {}",
                settings.private_data_dir.display()
            ),
        );
        skip(report, &BEHIND, "doctor starts no server");
        return None;
    };
    let db = match Db::new(url.expose_secret(), settings) {
        Ok(db) => db,
        Err(error) => {
            report.problem(AREA, "address", error.to_string(), NEEDED, "Correct DATABASE_URL.");
            skip(report, &BEHIND, "the address cannot be used");
            return None;
        }
    };
    let place = db.place();
    let patience = (*settings.acquire_timeout).max(Duration::from_secs(5));
    let found = match db.check_up(patience).await {
        Ok(found) => found,
        Err(problem) => {
            connection::told(&problem, &place, report);
            skip(report, &BEHIND, "there is no connection");
            return None;
        }
    };
    let heard = crate::clock::now();
    report.ok(
        AREA,
        "connection",
        format!("{} answers {} in the database {}", place.server, place.user, place.database),
    );
    requirements(&found, settings, report);
    let Ok(is_session) = timeout(patience, session(&db, &place, report)).await else {
        report.problem(
            AREA,
            "session",
            format!(
                "{} lets doctor in once, but had no second connection for it within {} s",
                place.server,
                patience.as_secs()
            ),
            "vitrina needs several at once; a pooler whose pool is used up makes everything wait.",
            "Enlarge the pool there (default_pool_size; on Supabase: Pool Size), or lower database.max_connections of everything that uses it.",
        );
        skip(report, &BEHIND[4..], "there is no further connection");
        return None;
    };
    if !is_session {
        skip(report, &BEHIND[4..], "behind this pooler the answers may belong to somebody else");
        return None;
    }
    clock((heard - found.now).abs(), report);
    privileges(&found, settings, &place, report);
    tables::check(&db, &found, settings, report).await.then_some(db)
}

pub(super) const NEEDED: &str =
    "Vehicles, logs and the queue are kept there; vitrina does not start without it.";

pub(super) fn skip(report: &mut Report, names: &[&str], because: &str) {
    for name in names {
        report.skipped(AREA, name, because);
    }
}

/// Reports a database that the service would refuse to start on.
fn requirements(found: &Checkup, settings: &DatabaseSettings, report: &mut Report) {
    let unmet = found.unmet();
    let wanted = i64::from(settings.max_connections.get() + CONNECTIONS_BESIDE);
    for (name, fine) in [
        ("version", format!("PostgreSQL {}", found.version)),
        ("encoding", found.encoding.clone()),
        ("connections", format!("up to {} are allowed", found.connection_limit)),
    ] {
        if let Some(unmet) = unmet.iter().find(|unmet| unmet.name() == name) {
            report.problem(AREA, name, unmet.found(), unmet.why(), unmet.remedy());
        } else if name == "connections" && found.connection_limit < wanted {
            report.warning(
                AREA,
                name,
                format!("{fine}, and this instance may want {wanted}"),
                "Requests are answered 503 while none is left; each further instance wants as many.",
                "Raise the limit of the role, the database or the server, or lower database.max_connections.",
            );
        } else {
            report.ok(AREA, name, fine);
        }
    }
}

/// Whether each connection is a session of its own.
async fn session(db: &Db, place: &Place, report: &mut Report) -> bool {
    let checked = async {
        db.refuse_transaction_pooler().await?;
        db.check_session().await
    };
    match checked.await {
        Ok(()) => {
            report.ok(AREA, "session", "every connection is a session of its own: locks and notices work");
            true
        }
        Err(DbError::TransactionPooler) => {
            report.problem(
                AREA,
                "session",
                format!("{} is a pooler that gives each transaction another connection", place.server),
                "Behind one, prepared statements can return another query's rows without an error, and locks and notices do not work.",
                "Use the session port (Supabase: 5432 instead of 6543), pool_mode = session, or the server itself.",
            );
            false
        }
        Err(error) => {
            report.problem(
                AREA,
                "session",
                error.to_string(),
                "Runs take advisory locks, and instances hear of each other by LISTEN.",
                "Connect to the server itself, not through something that speaks for it.",
            );
            true
        }
    }
}

fn clock(apart: TimeDelta, report: &mut Report) {
    if apart <= CLOCKS {
        report.ok(AREA, "clock", "the clocks agree");
    } else {
        report.warning(
            AREA,
            "clock",
            format!("the server's clock and this machine's are {} s apart", apart.num_seconds()),
            "Runs are due by both, and a catch-up looks only five minutes behind the last one.",
            "Let both keep their time by NTP.",
        );
    }
}

fn privileges(found: &Checkup, settings: &DatabaseSettings, place: &Place, report: &mut Report) {
    let (schema, user) = (&settings.schema, &place.user);
    let why = "vitrina makes and changes its own tables at the start.";
    if found.read_only {
        report.problem(
            AREA,
            "privileges",
            "the server takes no changes: it is a standby, or read-only by a setting",
            "Nothing could be stored.",
            "Use the address of the primary.",
        );
    } else if tables::are_anothers(found) {
        report.problem(
            AREA,
            "privileges",
            format!("tables in {schema:?} belong to somebody else: {}", found.owned_by_others.join(", ")),
            why,
            format!("Use their owner in DATABASE_URL, or: alter table … owner to \"{user}\"."),
        );
    } else if !found.may_create {
        let (found, grant) = if found.schema_exists {
            (
                format!("{user:?} may not make tables in the schema {schema:?}"),
                format!("grant usage, create on schema \"{schema}\" to \"{user}\""),
            )
        } else {
            (
                format!("there is no schema {schema:?}, and {user:?} may not make one"),
                format!("create schema \"{schema}\" authorization \"{user}\""),
            )
        };
        report.problem(AREA, "privileges", found, why, format!("As the database's owner: {grant}."));
    } else {
        report.ok(
            AREA,
            "privileges",
            format!("{user:?} may make and change tables in the schema {schema:?}"),
        );
    }
}
