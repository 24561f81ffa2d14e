//! How it is, in a sentence.

use askama::Template;

use super::{T, Tone, advice, alerts, kpis};
use crate::{
    alerts::Rule,
    http::dashboard::{
        format::Clock,
        snapshot::{Look, Snapshot},
        texts::Advice,
    },
};

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
        let now = look.snapshot.as_deref().filter(|_| !look.away);
        let Some(now) = now else {
            let (title, detail) = (t.database_away.to_owned(), t.database_away_detail.to_owned());
            return Self { tone: Tone::Bad, title, detail, as_of };
        };
        let wrong = alerts::wrong(now, clock);
        let told: Vec<Rule> = wrong.iter().map(|(rule, _)| *rule).collect();
        let urgent = wrong.iter().filter(|(_, urgent)| *urgent).count();
        let causes = told.iter().map(|rule| (t.alert)(*rule).cause.to_owned());
        if !now.loaded {
            let (tone, why) = not_loaded(now, t);
            let why = why.filter(|_| told.is_empty());
            let detail = why.into_iter().chain(causes).collect::<Vec<_>>().join(" · ");
            return Self { tone, title: t.not_loaded.to_owned(), detail, as_of };
        }
        let missed = kpis::missed(now, clock, &told).into_iter().map(str::to_owned);
        let things: Vec<String> = causes.chain(missed).collect();
        let (tone, title) = match (urgent, things.len()) {
            (0, 0) => (Tone::Good, t.all_well.to_owned()),
            (0, things) => (Tone::Warn, (t.look_at)(things)),
            (urgent, _) => (Tone::Bad, (t.broken)(urgent)),
        };
        let detail = if things.is_empty() { t.all_well_detail.to_owned() } else { things.join(" · ") };
        Self { tone, title, detail, as_of }
    }
}

/// Why nothing is there yet, and what to do: the last run that failed says it.
fn not_loaded(now: &Snapshot, t: T) -> (Tone, Option<String>) {
    let failed = now.errors.iter().find(|failure| failure.last.record_id.is_none());
    match failed.map(|failure| advice(&failure.last, t)) {
        Some(Advice { cause, remedy }) => (Tone::Bad, Some(format!("{cause}. {remedy}"))),
        None => (Tone::Warn, Some(t.first_load.to_owned())),
    }
}
