//! The page itself: every part as it is now, and what was just done.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    format::Clock,
    parts::{self, Part, Place, Tone},
    state::Dashboard,
    texts::Texts,
    visitor::{Frame, Operator},
};
use crate::http::pages;

#[derive(Template)]
#[template(path = "dashboard/page.html", config = "src/http/askama.toml")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    parts: Vec<Part>,
    zone: String,
}

/// What was just done, told once.
struct Notice {
    text: String,
    tone: Tone,
    /// A run to look at.
    run: Option<i64>,
}

impl Notice {
    /// By the word that an action left in the address.
    fn by_word(word: &str, t: &'static Texts) -> Option<Self> {
        let plain = |text: &str, tone| Some(Self { text: text.to_owned(), tone, run: None });
        match word {
            "emptied" => plain(t.invalidated, Tone::Good),
            "resumed" => plain(t.resumed, Tone::Good),
            "busy" => plain(t.busy, Tone::Warn),
            "nothing" => plain(t.nothing_failed, Tone::Warn),
            "not-begun" => plain(t.not_begun, Tone::Bad),
            "away" => plain(t.database_away, Tone::Bad),
            _ => {
                let run = word.strip_prefix("run-")?.parse().ok()?;
                Some(Self { text: (t.run_begun)(run), tone: Tone::Good, run: Some(run) })
            }
        }
    }
}

pub(super) async fn show(
    operator: Operator,
    State(dashboard): State<Dashboard>,
    RawQuery(query): RawQuery,
) -> Response {
    let done = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let look = if done.is_some() {
        dashboard.inner.watch.look_anew().await
    } else {
        dashboard.inner.watch.look().await
    };
    let clock = dashboard.clock(operator.texts());
    let parts = match parts::render(&look, clock) {
        Ok(parts) => parts,
        Err(error) => return pages::broken(&error),
    };
    let status = if look.snapshot.is_some() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let page = Page {
        notice: done.and_then(|word| Notice::by_word(word, operator.texts())),
        parts,
        zone: (operator.texts().times_in)(dashboard.inner.zone.name()),
        frame: operator.frame(),
    };
    (status, pages::render(&page, &dashboard.inner.policy)).into_response()
}

impl Dashboard {
    /// How times are told to a reader now.
    pub(super) fn clock(&self, t: &'static Texts) -> Clock {
        Clock { zone: self.inner.zone, t, now: crate::clock::now() }
    }
}
