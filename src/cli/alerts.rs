//! `vitrina alerts`: whether those who should be told can be.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Usage, say};
use crate::{
    alerts::Sample,
    config::{Loader, Needs},
    telemetry,
};

/// What to do with alerts.
#[derive(Debug, Subcommand)]
pub(super) enum AlertsCommand {
    /// Send a sample to each configured channel.
    ///
    /// Each gets an alert that fires and its end; Healthchecks gets a start, a failure and a success. They look like real ones, and
    /// whoever is called by one will be called. Exit code 1 when a channel fails.
    Test {
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: AlertsCommand) -> anyhow::Result<ExitCode> {
    let AlertsCommand::Test { json } = command;
    let config = Loader::from_environment().load(Needs::Database)?;
    telemetry::init(&config.log)?;
    let samples = Sample::send_all(&config, crate::clock::now()).await?;
    if samples.is_empty() {
        let how = "no channel is configured; set one in the section [channels] of the settings, such as VITRINA__CHANNELS__SLACK_URL";
        return Err(Usage(how.to_owned()).into());
    }
    if json {
        say(&serde_json::json!({ "channels": samples }))?;
    } else {
        for sample in &samples {
            let channel = &sample.channel;
            let how = match &sample.error {
                None => format!("{channel}: took the sample ({} messages)", sample.sent),
                Some(error) => format!("{channel}: FAILED after {} messages: {error}", sample.sent),
            };
            say(&how)?;
        }
    }
    let all = samples.iter().all(|sample| sample.error.is_none());
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
