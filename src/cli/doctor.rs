//! `vitrina doctor`: what is wrong with a set-up, why it matters, and what to do.
//!
//! **Invariants:** nothing is written: no table is made, nothing is changed in Airtable, no server is started. A handful of requests is sent to
//! Airtable. What cannot be checked because something else is wrong says so. No secret is shown.
//!
//! Exit codes: 0 fine, warnings included; 1 a problem; 2 a wrong configuration.

mod airtable;
mod connection;
mod database;
mod fields;
mod report;
mod service;

use std::process::ExitCode;

use self::report::{Area, Report};
use super::say;
use crate::config::{Config, ConfigErrors, Loader, Needs};

/// Checks everything and says what was found.
pub(super) async fn run(json: bool) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    let (config, may) = configuration(&mut report);
    if let Some(config) = &config {
        let db = database::check(config, &mut report).await;
        if may.ask_airtable {
            Box::pin(airtable::check(config, db.as_ref(), &mut report)).await;
        } else {
            report.skipped(Area::Airtable, "everything", "its settings are wrong");
        }
        database::check_content(db.as_ref(), &mut report).await;
        if let Some(db) = &db {
            db.close().await;
        }
        service::check(config, &mut report).await;
    } else {
        for area in [Area::Database, Area::Airtable, Area::Service] {
            report.skipped(area, "everything", "the configuration is wrong");
        }
    }
    if json {
        say(&serde_json::to_string_pretty(&report.to_json())?)?;
    } else {
        say(&report)?;
    }
    Ok(if may.is_right { report.exit_code() } else { ExitCode::from(2) })
}

/// What the configuration allows.
struct May {
    is_right: bool,
    ask_airtable: bool,
}

/// The configuration, or as much of it as some checks can do with.
fn configuration(report: &mut Report) -> (Option<Config>, May) {
    let loader = Loader::from_environment();
    let errors = match loader.clone().load(Needs::Serve) {
        Ok(config) => {
            report.ok(Area::Configuration, "settings", "every setting is right");
            return (Some(config), May { is_right: true, ask_airtable: true });
        }
        Err(errors) => errors,
    };
    tell(&errors, report);
    let partly = [Needs::Airtable, Needs::Database]
        .into_iter()
        .find_map(|needs| Some((loader.clone().load(needs).ok()?, needs == Needs::Airtable)));
    match partly {
        Some((config, ask_airtable)) => (Some(config), May { is_right: false, ask_airtable }),
        None => (None, May { is_right: false, ask_airtable: false }),
    }
}

fn tell(errors: &ConfigErrors, report: &mut Report) {
    for problem in errors.problems() {
        let origin = problem.origin.as_ref().map(|origin| format!(", from {origin}")).unwrap_or_default();
        let remedy = match problem.variable() {
            Some(variable) => format!("Set {variable} to {}.", problem.expected),
            None => format!("It should be {}.", problem.expected),
        };
        report.problem(
            Area::Configuration,
            &problem.key,
            format!("{}{origin}", problem.found),
            "vitrina does not start with a wrong setting.",
            remedy,
        );
    }
}
