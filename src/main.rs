//! `vitrina`: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use vitrina::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(Cli::parse()).await
}
