//! The command line.
//!
//! **Invariants:** doc comments of commands and options are what `--help` prints, hence their plain form. Exit codes are 0 done, 1 failed, 2 usage or configuration. Results go to standard output, the log and what went
//! wrong to standard error.

#![expect(clippy::doc_markdown, reason = "doc comments are printed on a terminal, where backticks are noise")]

mod alerts;
mod demo;
mod doctor;
mod healthcheck;
mod sync;
mod webhook;
mod work;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::{
    app::{App, StartError},
    config::{Config, ConfigErrors, Loader, Needs},
    db::DbError,
    lifecycle::Lifecycle,
    telemetry,
};

/// Keeps a dealership's Airtable inventory and its website in step.
///
/// Airtable's automation POSTs /airtable-sync when a vehicle changes; vitrina fetches the record, normalizes it, stores it in
/// PostgreSQL and serves it under /vehicles, never stale.
///
/// Settings come from config/default.toml (built in), the file named by VITRINA_CONFIG, and the environment; see the README.
/// Exit codes: 0 done, 1 failed, 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service (the default).
    ///
    /// Needs AIRTABLE_API_KEY, AIRTABLE_BASE_ID, AIRTABLE_TABLE_ID, WEBHOOK_SECRET and ADMIN_TOKEN. Without DATABASE_URL it runs a
    /// private PostgreSQL of its own.
    Serve,
    /// Show the whole product with nothing set up.
    ///
    /// Starts a temporary PostgreSQL, a simulated Airtable with sample vehicles that somebody keeps editing, and the service;
    /// prints addresses, tokens and curl lines to try. Ctrl-C ends it and leaves nothing behind.
    Demo(demo::Options),
    /// Sync many records now: all, what changed, or given ones.
    ///
    /// Works on its own or beside a running service, which hears of what is stored. One run at a time: fails when another is under
    /// way.
    Sync(sync::SyncOptions),
    /// Sync records once more: given ones, those of a span of time, or all that failed.
    Replay(sync::ReplayOptions),
    /// Bring the database's tables to this version.
    ///
    /// `serve` does so by itself; this is for those who want to do it beforehand, or to go back.
    Migrate {
        /// Take the newest migration back instead.
        #[arg(long)]
        revert: bool,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Find out what is wrong with a set-up, why it matters and what to do.
    ///
    /// Looks at the settings, the database, Airtable (token, scopes, base, table, fields against the mapping) and the service. Writes
    /// nothing and sends three or four requests to Airtable. Exit code 1 when there is a problem, 2 when a setting is wrong.
    Doctor {
        /// Print the checks as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make, show and delete Airtable's native webhooks.
    #[command(subcommand)]
    Webhook(webhook::Action),
    /// See whether those who should hear of alerts do.
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// Ask the service on this machine whether it is alive.
    ///
    /// For the HEALTHCHECK of container images. Looks at BIND_ADDR as `serve` does; exit code 1 when nothing answers there.
    Healthcheck,
    /// Print the description of the HTTP API (OpenAPI 3.1), as JSON.
    ///
    /// A running service answers with the same at /openapi.json.
    Openapi {
        /// Leave the old system's addresses out, as compat.supabase_paths = false does.
        #[arg(long)]
        without_old_paths: bool,
    },
}

/// Runs a command and says how it ended.
pub async fn run(cli: Cli) -> ExitCode {
    let ended = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => Box::pin(serve()).await,
        Command::Demo(options) => Box::pin(demo::run(options)).await,
        Command::Sync(options) => sync::sync(options).await,
        Command::Replay(options) => sync::replay(options).await,
        Command::Migrate { revert, json } => migrate(revert, json).await,
        Command::Alerts(command) => Box::pin(alerts::run(command)).await,
        Command::Doctor { json } => Box::pin(doctor::run(json)).await,
        Command::Webhook(action) => Box::pin(webhook::run(action)).await,
        Command::Healthcheck => healthcheck::run().await,
        Command::Openapi { without_old_paths } => openapi(!without_old_paths),
    };
    ended.unwrap_or_else(|error| {
        complain(&error);
        if error.is::<ConfigErrors>() || error.is::<Usage>() || wrong_database(&error) {
            ExitCode::from(2)
        } else {
            ExitCode::FAILURE
        }
    })
}

/// Whether `DATABASE_URL` leads where vitrina cannot work: a setting is wrong then.
fn wrong_database(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let start = cause.downcast_ref::<StartError>().and_then(|error| match error {
            StartError::Database(error) => Some(error),
            _ => None,
        });
        start.or_else(|| cause.downcast_ref::<DbError>()).is_some_and(DbError::is_configuration)
    })
}

async fn serve() -> anyhow::Result<ExitCode> {
    let config = Config::from_environment()?;
    telemetry::init(&config.log)?;
    let lifecycle = Lifecycle::new(config.server.shutdown_grace);
    lifecycle.stop_on_signals()?;
    allow_many_connections();
    let app = App::start(&config, lifecycle).await?;
    Ok(app.finish().await.into())
}

async fn migrate(revert: bool, json: bool) -> anyhow::Result<ExitCode> {
    let config = Loader::from_environment().load(Needs::Database)?;
    telemetry::init(&config.log)?;
    let version = work::with_database(&config, async |db| {
        if revert {
            db.revert_last().await?;
        } else {
            db.migrate(&config.listing.private).await?;
        }
        Ok(db.version().await?)
    })
    .await?;
    if json {
        say(&serde_json::json!({ "version": version }))?;
    } else {
        match version {
            Some(version) => say(&format!("The database is at version {version}."))?,
            None => say(&"The database has none of vitrina's tables.")?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A burst of webhooks has a connection each, and usual limits on open files are far lower than what the system allows.
fn allow_many_connections() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::from(u16::MAX)) {
        tracing::warn!(error = %error, "the limit on open files stays as it is");
    }
}

fn openapi(old_paths: bool) -> anyhow::Result<ExitCode> {
    say(&crate::http::api(old_paths).to_pretty_json().context("the description is no JSON")?)?;
    Ok(ExitCode::SUCCESS)
}

/// An option that cannot be followed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Prints a result. A reader that has gone is an error like any other.
fn say(what: &impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{what}").context("standard output cannot be written")
}

fn complain(error: &anyhow::Error) {
    // Nobody is left to be told when this fails too.
    let _ = writeln!(io::stderr(), "vitrina: {}", told(error));
}

/// The error and its causes, each once: many a message contains its cause's already.
fn told(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |told, cause| {
        let cause = cause.to_string();
        match told.is_empty() {
            true => cause,
            false if told.contains(&cause) => told,
            false => format!("{told}: {cause}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn a_cause_that_the_message_contains_is_not_said_again() {
        let cause = std::io::Error::other("it is closed");
        let error = anyhow::Error::new(cause).context("no way: it is closed").context("cannot begin");
        assert_eq!(super::told(&error), "cannot begin: no way: it is closed");
    }

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
