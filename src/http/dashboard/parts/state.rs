//! How it is, in a sentence.

use askama::Template;

use super::{T, Tone, kpis};
use crate::http::dashboard::{format::Clock, snapshot::Look};

#[derive(Template)]
#[template(path = "dashboard/parts/state.html", config = "src/http/askama.toml")]
pub(super) struct State {
    tone: Tone,
    title: String,
    detail: String,
    as_of: Option<String>,
}

impl State {
    pub(super) fn new(look: &Look, clock: Clock) -> Self {
        let t: T = clock.t;
        let as_of = look.snapshot.as_deref().map(|now| (t.as_of)(&clock.time(now.at)));
        if look.away || look.snapshot.is_none() {
            let (title, detail) = (t.database_away.to_owned(), t.database_away_detail.to_owned());
            return Self { tone: Tone::Bad, title, detail, as_of };
        }
        let missed: Vec<&str> =
            look.snapshot.as_deref().map(|now| kpis::missed(now, clock)).unwrap_or_default();
        if missed.is_empty() {
            let (title, detail) = (t.all_well.to_owned(), t.all_well_detail.to_owned());
            return Self { tone: Tone::Good, title, detail, as_of };
        }
        Self { tone: Tone::Warn, title: (t.look_at)(missed.len()), detail: missed.join(" · "), as_of }
    }
}
