//! The checks that were made, and how they are told.
//!
//! **Invariants:** every check that is not fine says why it matters and what to do, or why it was left out. Two checks are told apart by area
//! and name, which are stable for machines.

use std::{fmt, process::ExitCode};

use serde::Serialize;
use serde_json::{Value, json};

/// Where the text begins.
const MARGIN: usize = 36;
/// The room for a check's name.
const NAME: usize = 22;
/// Where the text is broken.
const WIDTH: usize = 118;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Area {
    Configuration,
    Database,
    Airtable,
    Fields,
    Service,
}

impl Area {
    const ALL: [Self; 5] = [Self::Configuration, Self::Database, Self::Airtable, Self::Fields, Self::Service];

    fn title(self) -> &'static str {
        match self {
            Self::Configuration => "Configuration",
            Self::Database => "Database",
            Self::Airtable => "Airtable",
            Self::Fields => "Fields",
            Self::Service => "Service",
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Ok,
    Warning,
    Problem,
    Skipped,
}

impl Status {
    fn shown(self) -> &'static str {
        match self {
            Self::Ok => "✓ ok",
            Self::Warning => "! warning",
            Self::Problem => "✗ problem",
            Self::Skipped => "- skipped",
        }
    }
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    area: Area,
    name: String,
    status: Status,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// All of them, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Check>);

impl Report {
    /// It is as it should be.
    pub(super) fn ok(&mut self, area: Area, name: &str, found: impl Into<String>) {
        self.note(area, name, Status::Ok, found, None);
    }

    /// It works, and something about it should be known.
    pub(super) fn warning(
        &mut self,
        area: Area,
        name: &str,
        found: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.note(area, name, Status::Warning, found, Some((why.into(), remedy.into())));
    }

    /// It does not work.
    pub(super) fn problem(
        &mut self,
        area: Area,
        name: &str,
        found: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.note(area, name, Status::Problem, found, Some((why.into(), remedy.into())));
    }

    /// It could not be checked.
    pub(super) fn skipped(&mut self, area: Area, name: &str, because: &str) {
        self.note(area, name, Status::Skipped, format!("skipped because {because}"), None);
    }

    fn note(
        &mut self,
        area: Area,
        name: &str,
        status: Status,
        found: impl Into<String>,
        advice: Option<(String, String)>,
    ) {
        let (why, remedy) = advice.unzip();
        self.0.push(Check { area, name: name.to_owned(), status, found: found.into(), why, remedy });
    }

    fn count(&self, status: Status) -> usize {
        self.0.iter().filter(|check| check.status == status).count()
    }

    /// 1 if there is a problem.
    pub(super) fn exit_code(&self) -> ExitCode {
        if self.count(Status::Problem) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// The same for machines.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "problems": self.count(Status::Problem),
            "warnings": self.count(Status::Warning),
            "ok": self.count(Status::Ok),
            "skipped": self.count(Status::Skipped),
            "checks": self.0,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for area in Area::ALL {
            let mut checks = self.0.iter().filter(|check| check.area == area).peekable();
            if checks.peek().is_some() {
                writeln!(out, "{}", area.title())?;
            }
            for check in checks {
                if check.name.chars().count() > NAME {
                    write!(out, "  {:<11}{}\n{:MARGIN$}", check.status.shown(), check.name, "")?;
                } else {
                    write!(out, "  {:<11}{:<NAME$} ", check.status.shown(), check.name)?;
                }
                write_wrapped(out, &check.found, "")?;
                if let Some(why) = &check.why {
                    write!(out, "{:MARGIN$}", "")?;
                    write_wrapped(out, why, "why: ")?;
                }
                if let Some(remedy) = &check.remedy {
                    write!(out, "{:MARGIN$}", "")?;
                    write_wrapped(out, remedy, "do:  ")?;
                }
            }
        }
        let number =
            |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        write!(
            out,
            "\n{}, {}, {} ok, {} skipped.",
            number(self.count(Status::Problem), "problem"),
            number(self.count(Status::Warning), "warning"),
            self.count(Status::Ok),
            self.count(Status::Skipped)
        )
    }
}

/// Writes a text behind the margin, broken at words.
fn write_wrapped(out: &mut fmt::Formatter<'_>, text: &str, label: &str) -> fmt::Result {
    write!(out, "{label}")?;
    let mut column = MARGIN + label.len();
    for (number, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if number > 0 && column + 1 + length > WIDTH {
            write!(out, "\n{:1$}", "", MARGIN + label.len())?;
            column = MARGIN + label.len();
        } else if number > 0 {
            write!(out, " ")?;
            column += 1;
        }
        write!(out, "{word}")?;
        column += length;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_aligned_and_ends_with_its_sum() {
        let mut report = Report::default();
        report.ok(Area::Database, "connection", "PostgreSQL answers");
        report.problem(
            Area::Airtable,
            "token",
            "Airtable does not know it",
            "Nothing can be read.",
            "Make another one.",
        );
        report.skipped(Area::Airtable, "base", "the token is wrong");
        report.warning(
            Area::Fields,
            "a very long name of a column",
            "word ".repeat(30),
            "It matters.",
            "Do it.",
        );
        insta::assert_snapshot!(report.to_string(), @r"
        Database
          ✓ ok       connection             PostgreSQL answers
        Airtable
          ✗ problem  token                  Airtable does not know it
                                            why: Nothing can be read.
                                            do:  Make another one.
          - skipped  base                   skipped because the token is wrong
        Fields
          ! warning  a very long name of a column
                                            word word word word word word word word word word word word word word word word
                                            word word word word word word word word word word word word word word
                                            why: It matters.
                                            do:  Do it.

        1 problem, 1 warning, 1 ok, 1 skipped.
        ");
        assert_eq!(report.to_json()["checks"][1]["do"], "Make another one.");
        assert_eq!(report.to_json()["problems"], 1);
    }
}
