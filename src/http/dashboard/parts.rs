//! The parts of the page, each rendered by itself, so that a change of one is sent alone.
//!
//! **Invariants:** a part is one `section` whose id is the part's name; the script replaces it by that. Rendering is pure.

mod alerts;
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

/// A part of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its name.
    pub(super) id: &'static str,
    /// Where it stands.
    pub(super) place: Place,
    pub(super) html: String,
}

/// Where a part stands when there is room for two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    Left,
    Right,
}

/// All parts, in the order of the page; empty ones until there is something to show.
pub(super) fn render(look: &Look, clock: Clock) -> Result<Vec<Part>, askama::Error> {
    let now = look.snapshot.as_deref();
    let part = |id, place, html: Option<Result<String, askama::Error>>| {
        let empty = || Ok(format!("<section id=\"{id}\" hidden></section>"));
        Ok(Part { id, place, html: html.unwrap_or_else(empty)? })
    };
    [
        part("state", Place::Top, Some(state::State::new(look, clock).render())),
        part("kpis", Place::Top, now.map(|now| kpis::Kpis::new(now, clock).render())),
        part("charts", Place::Top, now.map(|now| charts::Charts::new(now, clock).render())),
        part("alerts", Place::Left, now.map(|now| alerts::Alerts::new(now, clock).render())),
        part("errors", Place::Left, now.map(|now| errors::Errors::new(now, clock).render())),
        part("runs", Place::Right, now.map(|now| runs::Runs::new(now, clock).render())),
        part("queue", Place::Right, now.map(|now| queue::Queue::new(now, clock).render())),
        part("cache", Place::Right, now.map(|now| cache::Cache::new(now, clock).render())),
    ]
    .into_iter()
    .collect()
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
