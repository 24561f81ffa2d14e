//! The parts of the page, each rendered by itself, so that a change of one is sent alone.
//!
//! **Invariants:** a part is one `section` whose id is the part's name; the script replaces it by that. Rendering is pure.

mod cache;
mod charts;
mod errors;
mod kpis;
mod queue;
mod runs;
mod state;

use askama::Template;

pub(super) use self::{errors::advice, runs::RunView};
use super::{format::Clock, snapshot::Look, texts::Texts};

/// A part's name and its HTML.
pub(super) type Part = (&'static str, String);

/// All parts, in the order of the page.
pub(super) fn render(look: &Look, clock: Clock) -> Result<Vec<Part>, askama::Error> {
    let mut parts = vec![("state", state::State::new(look, clock).render()?)];
    if let Some(now) = look.snapshot.as_deref() {
        parts.extend([
            ("kpis", kpis::Kpis::new(now, clock).render()?),
            ("charts", charts::Charts::new(now, clock).render()?),
            ("errors", errors::Errors::new(now, clock).render()?),
            ("runs", runs::Runs::new(now, clock).render()?),
            ("queue", queue::Queue::new(now, clock).render()?),
            ("cache", cache::Cache::new(now, clock).render()?),
        ]);
    }
    Ok(parts)
}

/// Good, in need of a look, or bad; `Plain` where there is nothing to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Warn,
    Bad,
    Plain,
}

impl Tone {
    /// The class that colours and shapes it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }
}

/// Names of what a reader sees as a whole.
type T = &'static Texts;
