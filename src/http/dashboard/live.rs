//! `/dashboard/live`: what changes on the page, as it changes (server-sent events).
//!
//! Event `part`: `{"id","html"}`, a part as it is now. Event `say`: a sentence for those who do not see the page change.
//!
//! **Invariants:** the first events bring every part, later ones only what differs. A stream ends with its session and with the service;
//! The number of streams is bounded. What is said is about what happened since the stream began.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::Stream;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::{
    news::news,
    parts::{self, Part},
    snapshot::LOOK_EVERY,
    state::Dashboard,
    visitor::{NotLoggedIn, Operator},
};
use crate::http::problem::Problem;

/// How long a quiet stream says nothing, so that proxies do not take it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) async fn stream(
    operator: Result<Operator, NotLoggedIn>,
    State(dashboard): State<Dashboard>,
) -> Result<Response, Problem> {
    let Ok(operator) = operator else {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "The session is over; log in at /dashboard."));
    };
    let Ok(place) = std::sync::Arc::clone(&dashboard.inner.streams).try_acquire_owned() else {
        let detail = "Too many pages are being kept up to date; this one is not for the moment.";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    };
    let events = async_stream::stream! {
        let _place = place;
        for await event in events(operator, dashboard) {
            yield Ok::<Event, Infallible>(event);
        }
    };
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = events.into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

fn events(operator: Operator, dashboard: Dashboard) -> impl Stream<Item = Event> {
    async_stream::stream! {
        let left = (operator.session.until - crate::clock::now()).to_std().unwrap_or_default();
        let ends = Instant::now() + left;
        let mut pace = interval(LOOK_EVERY);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut shown: Vec<Part> = Vec::new();
        let mut before = None;
        loop {
            tokio::select! {
                _ = pace.tick() => {}
                () = sleep(ends.saturating_duration_since(Instant::now())) => return,
                () = dashboard.inner.stop.cancelled() => return,
            }
            if dashboard.inner.sessions.is_ended(&operator.session) {
                return;
            }
            let look = dashboard.inner.watch.look().await;
            let clock = dashboard.clock(operator.texts());
            let Ok(parts) = parts::render(&look, clock) else { return };
            for part in parts.iter().filter(|part| !shown.contains(part)) {
                let Part { id, html, .. } = part;
                if let Ok(event) = Event::default().event("part").json_data(serde_json::json!({ "id": id, "html": html })) {
                    yield event;
                }
            }
            shown = parts;
            if let (Some(before), Some(now)) = (before.as_deref(), look.snapshot.as_deref()) {
                for sentence in news(before, now, operator.texts()) {
                    yield Event::default().event("say").data(sentence);
                }
            }
            before = look.snapshot.or(before);
        }
    }
}
