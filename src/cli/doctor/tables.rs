//! vitrina's tables: whose they are, of which version, and what is in them.

use chrono::TimeDelta;

use super::{
    database::skip,
    report::{Area, Report},
};
use crate::{
    config::DatabaseSettings,
    db::{
        Db, DbError,
        checkup::{Checkup, Migrations},
    },
};

const AREA: Area = Area::Database;

/// Whether vitrina's tables belong to somebody else. Where no migrations were noted they are not vitrina's, whoever owns them.
pub(super) fn are_anothers(found: &Checkup) -> bool {
    found.migrated && !found.owned_by_others.is_empty()
}

/// Whether the tables are there and can be read.
pub(super) async fn check(
    db: &Db,
    found: &Checkup,
    settings: &DatabaseSettings,
    report: &mut Report,
) -> bool {
    let schema = &settings.schema;
    if are_anothers(found) {
        skip(report, &["tables", "migrations"], "the tables belong to somebody else");
        return false;
    }
    let migrations = if found.migrated {
        match db.check_migrations().await {
            Ok(migrations) => migrations,
            Err(error) => {
                report.problem(
                    AREA,
                    "migrations",
                    error.to_string(),
                    "What has been done to the tables stands there.",
                    "Give the user of DATABASE_URL the right to read it.",
                );
                return false;
            }
        }
    } else {
        Migrations::default()
    };
    if migrations.applied == 0 && !found.ours.is_empty() {
        report.problem(
            AREA,
            "tables",
            format!("the schema {schema:?} holds {} of another system", found.ours.join(", ")),
            "vitrina neither changes nor reads them, and does not start in their place.",
            "Give it a schema of its own: VITRINA__DATABASE__SCHEMA=vitrina; see docs/migration.md.",
        );
        report.skipped(AREA, "migrations", "the tables are not vitrina's");
        return false;
    }
    if migrations.applied == 0 {
        report.ok(AREA, "tables", format!("none yet in the schema {schema:?}; the first start makes them"));
        return false;
    }
    report.ok(AREA, "tables", format!("vitrina's, in the schema {schema:?}"));
    told(&migrations, report);
    migrations.pending.is_empty() && migrations.broken.is_empty()
}

fn told(migrations: &Migrations, report: &mut Report) {
    let numbers = |versions: &[i64]| versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !migrations.broken.is_empty() {
        report.problem(
            AREA,
            "migrations",
            format!("these broke off or were taken in another wording: {}", numbers(&migrations.broken)),
            "vitrina does not start on tables of which it does not know what they are.",
            "Restore the last backup, or run the version of vitrina that made them.",
        );
    } else if !migrations.unknown.is_empty() {
        report.problem(
            AREA,
            "migrations",
            format!(
                "a newer version of vitrina has been here: {} are unknown to this one",
                numbers(&migrations.unknown)
            ),
            "This version does not start on the tables of a newer one.",
            "Run the newer version, or let it take them back first: `vitrina migrate --revert`.",
        );
    } else if migrations.pending.is_empty() {
        report.ok(AREA, "migrations", format!("all {} are applied", migrations.applied));
    } else {
        report.warning(
            AREA,
            "migrations",
            format!("{} are applied; still to come: {}", migrations.applied, numbers(&migrations.pending)),
            "The tables are those of an older version.",
            "Nothing: the next start applies them. To do it beforehand: `vitrina migrate`.",
        );
    }
}

/// What is in the tables.
pub(super) async fn check_content(db: Option<&Db>, report: &mut Report) {
    let Some(db) = db else { return };
    let looked =
        async { Ok::<_, DbError>((db.count_listed().await?, db.run_history(None).await?.last_full)) };
    match looked.await {
        Ok((listed, Some(last))) if crate::clock::now() - last < TimeDelta::hours(36) => {
            report.ok(
                AREA,
                "inventory",
                format!(
                    "{listed} vehicles are listed; the last full run began at {}",
                    last.format("%Y-%m-%d %H:%M UTC")
                ),
            );
        }
        Ok((listed, Some(last))) => report.warning(
            AREA,
            "inventory",
            format!(
                "{listed} vehicles are listed, but no full run has succeeded since {}",
                last.format("%Y-%m-%d %H:%M UTC")
            ),
            "What webhooks miss is repaired by it, every night.",
            "See why the last ones failed: select * from sync_runs order by id desc limit 5.",
        ),
        Ok((_, None)) => report.warning(
            AREA,
            "inventory",
            "the inventory has not been loaded yet",
            "The website is empty until then.",
            "Start the service, or run `vitrina sync --full`.",
        ),
        Err(error) => report.problem(
            AREA,
            "inventory",
            error.to_string(),
            "The tables cannot be read.",
            "Read what PostgreSQL says.",
        ),
    }
}
