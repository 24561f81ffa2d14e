//! `vitrina demo`: the whole product with nothing set up.
//!
//! **Invariants:** everything lives in this process or in a temporary PostgreSQL that ends with it, in whatever way it ends. What
//! happens goes through the same webhook as in production.

mod desk;
mod tour;

use std::{
    io::ErrorKind,
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use secrecy::ExposeSecret;

use self::desk::Desk;
use crate::{
    app::{App, StartError},
    config::{Config, Loader, Needs},
    lifecycle::Lifecycle,
    private_pg::{self, PrivatePg},
    simulator::{self, Simulator, inventory},
    telemetry,
};

/// What the demo shows.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Sample vehicles.
    #[arg(long, default_value_t = 300)]
    vehicles: usize,
    /// Somebody edits a vehicle once in this time.
    #[arg(long, default_value = "4s", value_parser = humantime::parse_duration)]
    every: Duration,
    /// The seed of everything random.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let secrets = Secrets::new();
    let config = configure(Loader::from_environment(), &secrets).load(Needs::Serve)?;
    telemetry::init(&config.log)?;
    let lifecycle = Lifecycle::new(config.server.shutdown_grace);
    lifecycle.stop_on_signals()?;
    let stop = lifecycle.soft();
    let Some(postgres) = stop.run_until_cancelled(PrivatePg::start(private_pg::Options::temporary())).await else {
        return Ok(ExitCode::SUCCESS);
    };
    let postgres = postgres?;
    let shown = show(&options, &secrets, &postgres, lifecycle).await;
    postgres.stop().await?;
    shown
}

async fn show(
    options: &Options,
    secrets: &Secrets,
    postgres: &PrivatePg,
    lifecycle: Lifecycle,
) -> anyhow::Result<ExitCode> {
    let simulator = simulate(options).await?;
    let loader = configure(Loader::from_environment(), secrets)
        .set("database.url", postgres.url().expose_secret())
        .set("airtable.api_url", simulator.url())
        .set("airtable.api_key", simulator.token())
        .set("airtable.base_id", simulator.base_id())
        .set("airtable.table_id", simulator.table_id());
    let app = match start(loader, &lifecycle).await {
        Err(StartError::Stopped) => return Ok(ExitCode::SUCCESS),
        app => app?,
    };
    tour::welcome(&app, secrets, &simulator)?;
    let desk = Desk::new(simulator.clone(), app.addr(), secrets.webhook.clone(), options.seed)?;
    let (stop, every) = (lifecycle.soft(), options.every);
    lifecycle.spawn("desk", async move {
        stop.run_until_cancelled(desk.work(every)).await;
    });
    let ending = app.finish().await;
    simulator.stop().await;
    Ok(ending.into())
}
