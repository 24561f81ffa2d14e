//! `vitrina webhook`: Airtable's native webhook, by hand.
//!
//! A service with `airtable_webhook.notification_url` makes and keeps its webhook by itself. This is for looking, for trying the set-up before
//! the service runs, and for cleaning up.

use std::process::ExitCode;

use anyhow::bail;
use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;

use super::{Usage, say, work};
use crate::{
    config::{Loader, Needs},
    sync::{Engine, FoundWebhook, WebhookError},
    telemetry,
};

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Make the webhook for airtable_webhook.notification_url, or see that all is well with it.
    ///
    /// A service with that setting does so by itself. The token needs the scope webhook:manage, and its owner creator rights in the
    /// base.
    Create(Output),
    /// Show every webhook of the base: whose it is, when it ends, whether its notifications arrive.
    List(Output),
    /// Delete a webhook.
    ///
    /// A running service whose webhook is deleted makes another one; unset airtable_webhook.notification_url first.
    Delete(Deletion),
}

#[derive(Debug, Args)]
pub(super) struct Output {
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["id", "ours"]))]
pub(super) struct Deletion {
    /// Its id, ach….
    id: Option<String>,
    /// All those that are for the table and address of the settings.
    #[arg(long)]
    ours: bool,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(action: Action) -> anyhow::Result<ExitCode> {
    let config = Loader::from_environment().load(Needs::Airtable)?;
    telemetry::init(&config.log)?;
    work::with_database(&config, async |db| {
        if matches!(action, Action::Create(_)) {
            db.migrate(&config.listing.private).await?;
        } else {
            work::is_migrated(db).await?;
        }
        let engine = crate::app::engine(&config, db.clone())?;
        let done = Box::pin(async {
            match action {
                Action::Create(output) => create(&engine, &output).await,
                Action::List(output) => show(&engine.webhooks().await?, &output),
                Action::Delete(deletion) => delete(&engine, &deletion).await,
            }
        });
        done.await.map_err(with_remedy)
    })
    .await
}

/// The reason is followed by what to do about it.
fn with_remedy(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<WebhookError>() {
        Some(WebhookError::Off) => Usage(format!("{error}")).into(),
        Some(refused) => anyhow::anyhow!("{}", refused.with_remedy()),
        None => error,
    }
}

async fn create(engine: &Engine, output: &Output) -> anyhow::Result<ExitCode> {
    match engine.make_webhook().await {
        // The service's own is as good.
        Ok(()) | Err(WebhookError::Kept) => {}
        Err(error) => return Err(error.into()),
    }
    let found: Vec<FoundWebhook> = engine.webhooks().await?.into_iter().filter(|found| found.kept).collect();
    if found.is_empty() {
        bail!(WebhookError::Kept);
    }
    show(&found, output)
}

async fn delete(engine: &Engine, deletion: &Deletion) -> anyhow::Result<ExitCode> {
    let ids: Vec<String> = if let Some(id) = &deletion.id {
        vec![id.clone()]
    } else {
        let found = engine.webhooks().await?.into_iter().filter(|found| found.ours);
        found.map(|found| found.webhook.id).collect()
    };
    for id in &ids {
        engine.delete_webhook(id).await?;
    }
    if deletion.output.json {
        say(&json!({ "deleted": ids }))?;
    } else if ids.is_empty() {
        say(&"There is none.")?;
    } else {
        say(&format!("Deleted: {}.", ids.join(", ")))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(found: &[FoundWebhook], output: &Output) -> anyhow::Result<ExitCode> {
    if output.json {
        say(&json!({ "webhooks": found }))?;
    } else if found.is_empty() {
        say(&"The base has no webhook.")?;
    } else {
        for found in found {
            say(&text(found))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(found: &FoundWebhook) -> String {
    let hook = &found.webhook;
    let whose = match (found.kept, found.ours) {
        (true, _) => "ours",
        (false, true) => "ours, but its secret is not known here: the service will replace it",
        (false, false) => "somebody else's",
    };
    let state = match hook.expiration_time {
        Some(end) if hook.enabled => format!("until {end}"),
        None if hook.enabled => "without an end".to_owned(),
        _ => "over".to_owned(),
    };
    let last =
        hook.last_notification_result.as_ref().map_or_else(|| "none yet".to_owned(), ToString::to_string);
    format!(
        "{} ({whose})\n    address        {}\n    lives          {state}\n    notifications  {}, the last one: {last}",
        hook.id,
        hook.notification_url.as_deref().unwrap_or("none"),
        if hook.notifications_enabled { "on" } else { "off" },
    )
}
