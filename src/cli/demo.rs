//! `vitrina demo`: the whole product with nothing set up.
//!
//! **Invariants:** everything lives in this process or in a temporary PostgreSQL that ends with it, in whatever way it ends. What
//! happens goes through the same webhook as in production.

mod desk;
mod tour;

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;

use self::{desk::Desk, tour::Example};
use crate::{
    app::{App, StartError},
    catalog::{ListQuery, Query, Shape},
    config::{Config, Loader, Needs},
    lifecycle::Lifecycle,
    private_pg::{self, Keep, PrivatePg},
    simulator::{self, Simulator, inventory},
    telemetry,
};

/// What the demo shows.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The number of sample vehicles.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    vehicles: u16,
    /// Somebody edits a vehicle once in this time.
    #[arg(long, default_value = "4s", value_parser = humantime::parse_duration)]
    every: Duration,
    /// The seed of everything random.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// The demo's own secrets, made anew each time.
struct Secrets {
    webhook: SecretString,
    admin: SecretString,
}

impl Secrets {
    fn new() -> Self {
        let secret = || SecretString::from(uuid::Uuid::new_v4().simple().to_string());
        Self { webhook: secret(), admin: secret() }
    }
}

pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let secrets = Secrets::new();
    let simulator = simulate(&options).await?;
    let config = configure(&secrets, &simulator).await?;
    telemetry::init(&config.log)?;
    let lifecycle = Lifecycle::new(config.server.shutdown_grace);
    lifecycle.stop_on_signals()?;
    let stop = lifecycle.soft();
    let postgres = private_pg::Options {
        programs_dir: config.database.programs_dir.clone(),
        ..private_pg::Options::new(Keep::Nothing)
    };
    let Some(postgres) = stop.run_until_cancelled(PrivatePg::start(postgres)).await else {
        return Ok(ExitCode::SUCCESS);
    };
    let postgres = postgres?;
    let shown = show(&options, &secrets, config, &simulator, &postgres, lifecycle).await;
    postgres.stop().await?;
    simulator.stop().await;
    shown
}

async fn show(
    options: &Options,
    secrets: &Secrets,
    mut config: Config,
    simulator: &Simulator,
    postgres: &PrivatePg,
    lifecycle: Lifecycle,
) -> anyhow::Result<ExitCode> {
    config.database.url = Some(postgres.url().parse()?);
    let app = match App::start(&config, lifecycle.clone()).await {
        Err(StartError::Stopped) => return Ok(ExitCode::SUCCESS),
        app => app?,
    };
    if let Some(example) = example(&app, &lifecycle.soft()).await? {
        tour::welcome(&app, secrets, simulator, &example)?;
        let desk = Desk::new(simulator.clone(), app.addr(), secrets.webhook.clone(), options.seed)?;
        let (stop, every) = (lifecycle.soft(), options.every);
        lifecycle.spawn("desk", async move {
            stop.run_until_cancelled(desk.work(every)).await;
        });
    }
    Ok(app.finish().await.into())
}

async fn simulate(options: &Options) -> anyhow::Result<Simulator> {
    let picture = |name: &str| Some(("image/webp", Bytes::from_static(inventory::picture(name)?)));
    // The tour's edits stand for edits by hand: pasted all at once, they must not lock vitrina out of the base.
    let airtable = simulator::Options {
        pictures: Some(Arc::new(picture)),
        free_edits: true,
        ..simulator::Options::default()
    };
    let simulator =
        Simulator::start(airtable).await.context("the simulated Airtable could not be started")?;
    let photos = format!("{}/photos", simulator.url());
    for fields in inventory::vehicles(options.seed, options.vehicles.into(), &photos) {
        simulator.create(fields);
    }
    Ok(simulator)
}

/// The user's settings, with the simulator and fresh secrets above them. Another port is taken where the usual one is in use, and
/// unless the user chose a filter, the log tells only of trouble, so that the tour and the edits can be read.
async fn configure(secrets: &Secrets, simulator: &Simulator) -> anyhow::Result<Config> {
    let mut config = Loader::from_environment()
        .set("database.url", "")
        .set("airtable.api_url", simulator.url())
        .set("airtable.api_key", simulator.token())
        .set("airtable.base_id", simulator.base_id())
        .set("airtable.table_id", simulator.table_id())
        .set("auth.webhook_secret", secrets.webhook.expose_secret())
        .set("auth.admin_token", secrets.admin.expose_secret())
        .set("shop.page", "true")
        .set("shop.photo_origins", format!("[\"{}\"]", simulator.url()))
        .load(Needs::Serve)?;
    if config.log.filter == Loader::new(std::iter::empty()).load(Needs::Database)?.log.filter {
        config.log.filter = "warn".parse()?;
    }
    if TcpListener::bind(config.server.bind_addr).await.is_err() {
        config.server.bind_addr = SocketAddr::new(config.server.bind_addr.ip(), 0);
    }
    Ok(config)
}

/// Waits for the first load and picks a vehicle from its front page; `None` when stopped before.
async fn example(app: &App, stop: &CancellationToken) -> anyhow::Result<Option<Example>> {
    const LOOK_EVERY: Duration = Duration::from_millis(100);
    while !app.state().db.was_ever_loaded().await? {
        if stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_none() {
            return Ok(None);
        }
    }
    let front = Query::List(ListQuery { page_size: 1, ..ListQuery::default() }, Shape::Plain);
    let served = app.state().catalog.get(front).await.map_err(|error| anyhow::anyhow!(error))?;
    let body = served.answer().body().context("the listing is not a page")?;
    let page: serde_json::Value = serde_json::from_slice(body.json())?;
    let text =
        |key: &str| page["vehicles"][0][key].as_str().map(str::to_owned).context("the listing is empty");
    Ok(Some(Example { record_id: text("record_id")?, slug: text("slug")? }))
}
