//! The log: for people on a terminal, for collectors elsewhere.
//!
//! **Invariants:** the log goes to standard error; standard output belongs to results (`--json`, `openapi`). An event is one line, whatever
//! data is in it: line breaks, other control characters and marks that turn the direction of text are escaped ([`OneLine`]).
//!
//! **Not here:** which events there are; that is decided where they are written.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write},
};

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
        .with_writer(OneLine { writer, colours })
        // A log that cannot be written any more (its reader is gone, the disk is full) must not disturb the service: the
        // complaint would go to the same place, and panic.
        .log_internal_errors(false);
    Ok(match format {
        LogFormat::Pretty => Box::new(lines.compact().with_ansi(colours).finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish()),
    })
}

/// What the formatter writes on a terminal. Data may write it too: colours forge nothing.
const COLOURS: [&str; 9] = [
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[2m",
    "\u{1b}[3m",
    "\u{1b}[31m",
    "\u{1b}[32m",
    "\u{1b}[33m",
    "\u{1b}[34m",
    "\u{1b}[35m",
];

/// Makes writers that keep each event on one line.
struct OneLine<W> {
    writer: W,
    colours: bool,
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLine<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine { writer: self.writer.make_writer(), colours: self.colours }
    }
}

impl<W: Write> Write for OneLine<W> {
    /// Writes an event: the formatter hands over each with the line break at its end.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (line, end) = text.strip_suffix('\n').map_or((&*text, ""), |line| (line, "\n"));
        if !line.contains(forges_lines) {
            return self.writer.write_all(event).map(|()| event.len());
        }
        let mut safe = String::with_capacity(line.len() + 16);
        for (place, char) in line.char_indices() {
            let is_colour = self.colours && COLOURS.iter().any(|colour| line[place..].starts_with(colour));
            if forges_lines(char) && !is_colour {
                // As JSON has it, so that a line of it stays one.
                let _ = write!(safe, "\\u{:04x}", u32::from(char));
            } else {
                safe.push(char);
            }
        }
        safe.push_str(end);
        self.writer.write_all(safe.as_bytes()).map(|()| event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Whether a character breaks a line or changes how the rest of it is shown.
fn forges_lines(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    fn data_cannot_forge_a_line() {
        let title = "Kia\r\n2026-11-29T00:00:00Z ERROR all is lost\u{202e}\u{2028}\u{1b}[8m\u{85}\0";
        for (format, colours) in
            [(LogFormat::Pretty, false), (LogFormat::Pretty, true), (LogFormat::Json, false)]
        {
            let captured = Captured::default();
            let writer = captured.clone();
            let log = log(format, colours, "info", move || writer.clone()).unwrap();
            subscriber::with_default(log, || {
                let _sync = info_span!("sync", title = %title).entered();
                info!(title = %title, quoted = title, "synced {title}");
            });
            let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
            let line = text.strip_suffix('\n').unwrap();
            let odd: Vec<char> = line.chars().filter(|char| forges_lines(*char)).collect();
            assert!(odd.iter().all(|char| colours && *char == '\u{1b}'), "{odd:?} {line}");
            assert!(line.contains("all is lost") && !line.contains("\u{1b}[8m"), "{line:?}");
            if matches!(format, LogFormat::Json) {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["title"], title);
            }
        }
    }

    #[test]
    fn starting_twice_changes_nothing() {
        let settings = |filter: &str| LogSettings { format: None, filter: filter.parse().unwrap() };
        assert!(init(&settings("warn")).is_ok());
        assert!(init(&settings("info")).is_ok());
    }
}
