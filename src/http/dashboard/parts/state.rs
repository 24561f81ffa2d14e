//! How it is, in a sentence.

use askama::Template;

use super::{T, Tone, alerts, kpis};
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
        let wrong = look.snapshot.as_deref().map(|now| alerts::wrong(now, clock)).unwrap_or_default();
        let missed = look.snapshot.as_deref().map(|now| kpis::missed(now, clock)).unwrap_or_default();
        let urgent = wrong.iter().filter(|(urgent, _)| *urgent).count();
        let (tone, title) = match (urgent, wrong.len() + missed.len()) {
            (0, 0) => (Tone::Good, t.all_well.to_owned()),
            (0, things) => (Tone::Warn, (t.look_at)(things)),
            (urgent, _) => (Tone::Bad, (t.broken)(urgent)),
        };
        let things: Vec<&str> = wrong.into_iter().map(|(_, title)| title).chain(missed).collect();
        let detail = if things.is_empty() { t.all_well_detail.to_owned() } else { things.join(" · ") };
        Self { tone, title, detail, as_of }
    }
}
