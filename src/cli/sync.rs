//! `vitrina sync` and `vitrina replay`: runs from the command line, and what they would change.

use std::{fmt::Write, io::IsTerminal, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::bail;
use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Usage, say, work};
use crate::{
    config::{Loader, Needs},
    domain::{Change, MOMENT, Mapping, RecordId, Trigger, moment, no_span},
    lifecycle::Lifecycle,
    sync::{Difference, Engine, PreviewReport, Run, Scope},
    telemetry,
};

/// What to sync and how.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("scope"))]
pub(super) struct SyncOptions {
    /// Every listed record, then the vehicles that Airtable no longer lists (the default).
    #[arg(long, group = "scope")]
    full: bool,
    /// What Airtable changed since the last run.
    #[arg(long, group = "scope")]
    catch_up: bool,
    /// This record; may be given several times.
    #[arg(long = "record", value_name = "REC", group = "scope")]
    records: Vec<RecordId>,
    /// Take vehicles out of the listing however many they are; for a full sync.
    #[arg(long, conflicts_with_all = ["catch_up", "records"])]
    force: bool,
    #[command(flatten)]
    output: Output,
}

/// What to sync once more.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(false).args(["records", "from", "failed"]))]
pub(super) struct ReplayOptions {
    /// This record; may be given several times.
    #[arg(long = "record", value_name = "REC")]
    records: Vec<RecordId>,
    /// Records whose sync was logged from this time on, such as 2026-11-23T08:00:00Z, or from the beginning of a day in UTC, such as
    /// 2026-11-23.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<DateTime<Utc>>,
    /// The end of the span, after --from; now unless given.
    #[arg(long, value_name = "TIME", value_parser = time, requires = "from", conflicts_with_all = ["records", "failed"])]
    to: Option<DateTime<Utc>>,
    /// All records whose last sync failed, and all that the queue has given up.
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Output {
    /// Write nothing; print what would change, column by column.
    #[arg(long)]
    dry_run: bool,
    /// Try this field mapping instead of the configured one; needs --dry-run.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    fields: Option<PathBuf>,
    /// Print the result as JSON: one object a line.
    #[arg(long)]
    json: bool,
}

pub(super) async fn sync(options: SyncOptions) -> anyhow::Result<ExitCode> {
    Box::pin(with_engine(!options.output.dry_run, async |engine| {
        let scope = if options.catch_up {
            Scope::CatchUp
        } else if options.records.is_empty() {
            Scope::Full { force: options.force }
        } else {
            Scope::Records(options.records.clone())
        };
        run(engine, scope, Trigger::Manual, &options.output).await
    }))
    .await
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    moment(text).ok_or_else(|| format!("it should be {MOMENT}"))
}

pub(super) async fn replay(options: ReplayOptions) -> anyhow::Result<ExitCode> {
    let wrong = options.from.and_then(|from| no_span(from, options.to, crate::clock::now()));
    if let Some((_, detail)) = wrong {
        return Err(Usage(format!("--from, --to: {detail}")).into());
    }
    Box::pin(with_engine(!options.output.dry_run, async |engine| {
        let records = if options.failed {
            engine.failed_records().await?
        } else if let Some(from) = options.from {
            engine.synced_between(from, options.to.unwrap_or_else(crate::clock::now)).await?
        } else {
            options.records.clone()
        };
        run(engine, Scope::Records(records), Trigger::Replay, &options.output).await
    }))
    .await
}

/// An engine on the configured Airtable and database, for as long as the work takes or until Ctrl-C.
async fn with_engine(
    migrate: bool,
    work_with: impl AsyncFnOnce(&Engine) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let config = Loader::from_environment().load(Needs::Airtable)?;
    telemetry::init(&config.log)?;
    let lifecycle = Lifecycle::new(config.server.shutdown_grace);
    lifecycle.stop_on_signals()?;
    work::with_database(&config, async |db| {
        if migrate {
            db.migrate(&config.listing.private).await?;
        } else {
            work::is_migrated(db).await?;
        }
        let engine = crate::app::engine(&config, db.clone())?;
        let stop = lifecycle.soft();
        let cut_off = async {
            stop.cancelled().await;
            engine.cut_off_runs();
            // A run ends itself and writes its row; what does not is left alone after this.
            tokio::time::sleep(Duration::from_secs(2)).await;
        };
        tokio::select! {
            done = work_with(&engine) => done,
            () = cut_off => bail!("stopped; what was stored until then stays"),
        }
    })
    .await
}

async fn run(engine: &Engine, scope: Scope, trigger: Trigger, output: &Output) -> anyhow::Result<ExitCode> {
    if output.dry_run {
        return preview(engine, scope, output).await;
    }
    let run = engine.begin_run(scope, trigger).await?;
    let bar = progress(&run);
    let report = engine.carry_out(run).await?;
    bar.finish_and_clear();
    if output.json {
        say(&serde_json::to_string(&report)?)?;
    } else {
        say(&report)?;
    }
    let done = report.error.is_none() && report.counts.failed == 0;
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn preview(engine: &Engine, scope: Scope, output: &Output) -> anyhow::Result<ExitCode> {
    let mapping = output.fields.as_deref().map(read_mapping).transpose()?;
    let mut unsaid = Ok(());
    let report = engine
        .preview(scope, mapping.as_ref(), |difference| {
            if unsaid.is_ok() {
                unsaid = if output.json { say(&json(difference)) } else { say(&text(difference)) };
            }
        })
        .await?;
    unsaid?;
    if output.json {
        say(&serde_json::to_string(&report)?)?;
    } else {
        say(&summary(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read_mapping(path: &std::path::Path) -> anyhow::Result<Mapping> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Usage(format!("--fields: {} cannot be read: {error}", path.display())))?;
    Mapping::parse(&text).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Usage(format!("--fields: {} is not a field mapping:\n  {}", path.display(), errors.join("\n  ")))
            .into()
    })
}

fn json(difference: &Difference) -> String {
    serde_json::to_string(difference).unwrap_or_default()
}

fn text(difference: &Difference) -> String {
    let title = difference.title.as_deref().unwrap_or("without a title");
    let mut lines = format!("{} {title}: {}", difference.record_id, difference.action.as_str());
    for (column, Change { before, after }) in &difference.columns {
        if *column == "data" {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = write!(lines, "\n    {column}: {before} -> {after}");
    }
    lines
}

fn summary(report: &PreviewReport) -> String {
    let mut fields = String::new();
    for problem in &report.fields {
        // Writing to a string cannot fail.
        let _ = writeln!(fields, "Field mapping: {problem}.");
    }
    let absent = if report.absent > 0 {
        format!(" {} not in Airtable and not known here.", report.absent)
    } else {
        String::new()
    };
    let columns: Vec<String> =
        report.columns.iter().map(|(column, count)| format!("{column} {count}")).collect();
    let brake =
        if report.brake { " The brake would hold all that would leave; --force takes it off." } else { "" };
    format!(
        "{fields}Nothing was written. {} records read: {} would be new, {} updated, {} archived, {} deleted; {} with warnings. Columns: {}.\
         {absent}{brake}",
        report.seen,
        report.created,
        report.updated,
        report.archived,
        report.deleted,
        report.warnings,
        if columns.is_empty() { "none".to_owned() } else { columns.join(", ") }
    )
}

/// A line that follows the run on a terminal, and nothing elsewhere.
fn progress(run: &Run) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        bar.set_style(style);
    }
    let mut counts = run.progress();
    let shown = bar.clone();
    tokio::spawn(async move {
        while counts.changed().await.is_ok() {
            let now = *counts.borrow_and_update();
            shown.set_message(format!(
                "{} records on {} pages, {} new, {} updated",
                now.seen, now.pages, now.created, now.updated
            ));
            shown.tick();
        }
    });
    bar
}
