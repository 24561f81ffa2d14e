//! The log: for people on a terminal, for collectors elsewhere.
//!
//! **Invariants:** the log goes to standard error; standard output belongs to results (`--json`, `openapi`).
//!
//! **Not here:** what may stand in a log line; that is decided where it is written.

use std::io::{self, IsTerminal as _};

use tracing::{Subscriber, subscriber};
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt::MakeWriter};

use crate::config::{LogFormat, LogSettings};

/// Starts the log of this process; a second call changes nothing.
///
/// Fails only if the filter is wrong, which the configuration has already refused.
pub fn init(settings: &LogSettings) -> Result<(), ParseError> {
    let terminal = io::stderr().is_terminal();
    let format = settings.format.unwrap_or(if terminal { LogFormat::Pretty } else { LogFormat::Json });
    let log = log(format, terminal, &settings.filter, io::stderr)?;
    // An error says that a log has been started before, as in every test but the first.
    let _already_started = subscriber::set_global_default(log);
    Ok(())
}

/// A log that writes to `writer`; `colours` only concern the pretty one.
fn log<W>(
    format: LogFormat,
    colours: bool,
    filter: &str,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, ParseError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_writer(writer)
        // A log that cannot be written any more (its reader is gone, the disk is full) must not disturb the service: the
        // complaint would go to the same place, and panic.
        .log_internal_errors(false);
    Ok(match format {
        LogFormat::Pretty => Box::new(lines.compact().with_ansi(colours).finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish()),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{debug, info, info_span};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a log of this `format` says of one sync.
    fn said(format: LogFormat) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let log = log(format, false, "info", move || writer.clone()).unwrap();
        subscriber::with_default(log, || {
            let _sync = info_span!("sync", record.id = "recA1b2C3d4E5f6G7").entered();
            info!(sync.outcome = "updated", "synced");
            debug!("not told");
        });
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_is_one_object_a_line_with_the_fields_beside_the_message() {
        let text = said(LogFormat::Json);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "synced");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["sync.outcome"], "updated");
        assert_eq!(line["span"]["record.id"], "recA1b2C3d4E5f6G7");
    }

    #[test]
    fn pretty_is_one_line_without_colours_outside_a_terminal() {
        let text = said(LogFormat::Pretty);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("synced") && text.contains("recA1b2C3d4E5f6G7"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn starting_twice_changes_nothing_and_a_wrong_filter_is_an_error() {
        let settings = |filter: &str| LogSettings { format: None, filter: filter.to_owned() };
        assert!(init(&settings("warn")).is_ok());
        assert!(init(&settings("info")).is_ok());
        assert!(init(&settings("vitrina=loud")).is_err());
    }
}
