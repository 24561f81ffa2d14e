//! Starts a simulator and lets Airtable's official clients judge it.
//!
//! Not part of `cargo test`, for the clients come from package registries: `tests/clients/run` fetches them and calls this with
//! the folder it put them in. Each check is told by its arguments where everything is, and says itself what is wrong.

use std::{path::Path, process::Command};

use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};
use vitrina::simulator::{Options, Simulator};

const RECORDS: u32 = 250;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let clients =
        std::env::args().nth(1).context("call tests/clients/run, which fetches the clients first")?;
    check(&format!("{clients}/venv/bin/python"), "pyairtable_check.py", &clients).await?;
    check("node", "airtable_js_check.mjs", &clients).await
}

async fn check(interpreter: &str, script: &str, clients: &str) -> anyhow::Result<()> {
    let simulator = Simulator::start(Options { rate_limit: None, ..Options::default() }).await?;
    for n in 0..RECORDS {
        simulator.create(vehicle(n));
    }
    let mut command = Command::new(interpreter);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script)).args([
        &simulator.url(),
        &simulator.token(),
        simulator.base_id(),
        simulator.table_id(),
        clients,
    ]);
    let status = tokio::task::spawn_blocking(move || command.status()).await?;
    ensure!(status.with_context(|| format!("cannot start {interpreter}"))?.success(), "{script} failed");
    Ok(())
}

fn vehicle(n: u32) -> Map<String, Value> {
    let brand = if n.is_multiple_of(2) { "Mazda" } else { "Nissan" };
    let cells = json!({
        "Auto": format!("Auto {n:03}"), "AutoMarca": brand, "Precio": n * 1_000, "Separado": n.is_multiple_of(10),
    });
    cells.as_object().cloned().unwrap_or_default()
}
