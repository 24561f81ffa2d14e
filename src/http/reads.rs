//! The public reads: the one way of every GET that a website makes, hit or miss.
//!
//! **Invariants**
//! - The path is looked at once, the query parsed once, the cache asked once. What is cached in the form that the client takes is
//!   answered without an await, a lock, a copy or an allocation for its body.
//! - Errors are answered here too, so that all of it may be read by browsers of other origins.
//! - Nothing takes a place in flight of webhooks and operators; loads stand in the catalog's own line.
//!
//! **Not here:** what every request passes, such as its id and CORS (`front`); what each route asks and its description ([`routes`]).

mod address;
mod old;
pub(super) mod routes;

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use tracing::Instrument as _;

pub(super) use self::address::FUNCTIONS;
use self::address::{Address, Folder};
use super::{
    deliver::{self, NotMade},
    fixed::Fixed,
    guard,
    monitoring::Fresh,
    per_client::Gate,
    problem::{self, Problem},
    request_id,
    state::{AppState, Limits},
};
use crate::{
    catalog::{Answer, Catalog, LoadError, Missed, Query, Served, Shape},
    domain::{WrongParameter, slugify},
};

/// Answers public reads.
pub(super) struct Reads {
    catalog: Catalog,
    limits: Arc<Limits>,
    gate: Option<Gate>,
    description: Fixed,
}

/// A read that was found by its path.
#[derive(Clone, Copy)]
pub(super) struct Read<'a>(Address<'a>);

/// A request, but for its body.
struct Asked<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    /// Its id, for the log.
    id: &'a HeaderValue,
    /// When it came.
    began: Instant,
}

impl Read<'_> {
    /// The pattern of its route, for the metrics.
    pub(super) fn route(self) -> &'static str {
        self.0.route()
    }
}

impl Reads {
    pub(super) fn new(state: &AppState, description: Fixed) -> Self {
        Self {
            catalog: state.catalog.clone(),
            limits: Arc::clone(&state.limits),
            gate: state.limits.per_client.as_ref().map(Gate::new),
            description,
        }
    }

    /// The read at this path; `None`: the path is not public.
    pub(super) fn find<'a>(&self, path: &'a str) -> Option<Read<'a>> {
        Address::find(path, self.limits.supabase_paths).map(Read)
    }

    /// Answers a request that came at `began`.
    pub(super) async fn answer<B>(
        &self,
        Read(address): Read<'_>,
        request: &Request<B>,
        peer: IpAddr,
        id: &HeaderValue,
        began: Instant,
    ) -> Response {
        let asked =
            Asked { method: request.method(), uri: request.uri(), headers: request.headers(), id, began };
        match self.try_answer(address, &asked, peer).await {
            Ok(response) => response,
            Err(problem) => refuse(address, problem),
        }
    }

    async fn try_answer(
        &self,
        address: Address<'_>,
        request: &Asked<'_>,
        peer: IpAddr,
    ) -> Result<Response, Problem> {
        if !matches!(*request.method, Method::GET | Method::HEAD) && !matches!(address, Address::Unknown(_)) {
            return Ok(wrong_method(address, request));
        }
        if let Some(gate) = &self.gate {
            gate.check(request.headers, peer)?;
        }
        let (catalog, limits) = (&self.catalog, &self.limits);
        let asked = request.uri.query().unwrap_or_default();
        let (query, control) = match address {
            Address::List(folder) => match folder.shape() {
                Shape::Plain => (routes::list(catalog, asked)?, &limits.list_control),
                Shape::Old => (routes::old_list(catalog, asked)?, &limits.list_control),
            },
            Address::Facets => (routes::facets(catalog, asked)?, &limits.facets_control),
            Address::Slugs => (routes::slugs(), &limits.slugs_control),
            Address::Vehicle(folder, text) => return self.vehicle(folder, text, request).await,
            Address::CacheStats => {
                return Ok(Fresh(Box::pin(routes::cache_stats(catalog)).await).into_response());
            }
            Address::OldCacheStats(_) => {
                let stats = Box::pin(routes::old_cache_stats(catalog, limits.cache_ttl)).await;
                return Ok(Fresh(stats).into_response());
            }
            Address::Description => return Ok(Box::pin(self.description.answer(request.headers)).await),
            Address::Unknown(_) => return Err(problem::nothing_at(request.uri)),
        };
        let served = self.served(query, request).await?;
        match served.answer() {
            Answer::Body(_) => Ok(content(&served, request, control).await),
            Answer::Large => self.stream(&served, control, request.began),
            Answer::Moved { .. } | Answer::Gone | Answer::Unknown => Err(problem::nothing_at(request.uri)),
        }
    }

    /// A vehicle by its slug, or a redirect from another spelling of it.
    async fn vehicle(&self, folder: Folder, text: &str, request: &Asked<'_>) -> Result<Response, Problem> {
        let control = &self.limits.detail_control;
        let spelled = if is_slug(text) { None } else { Some(slug_of(text).ok_or_else(|| unknown(text))?) };
        let slug = spelled.as_deref().unwrap_or(text);
        let query = match folder.shape() {
            Shape::Plain => routes::one(slug),
            Shape::Old => routes::old_one(slug),
        };
        let served = self.served(query, request).await?;
        let mut response = match served.answer() {
            Answer::Body(_) if spelled.is_none() => return Ok(content(&served, request, control).await),
            Answer::Body(body) => deliver::moved(folder.path(), slug, body.surrogate_key.clone()),
            Answer::Moved { slug, id } => deliver::moved(folder.path(), slug, deliver::key_of(id)),
            Answer::Gone => refuse(Address::Vehicle(folder, text), gone(slug)),
            Answer::Unknown | Answer::Large => refuse(Address::Vehicle(folder, text), unknown(text)),
        };
        if response.status().is_redirection() {
            response.headers_mut().insert(header::CACHE_CONTROL, control.clone());
        }
        deliver::tell_source(response.headers_mut(), &served, request.began);
        Ok(response)
    }

    /// The catalog's answer; what has to be loaded gets a span and a time limit.
    async fn served(&self, query: Query, request: &Asked<'_>) -> Result<Served, Problem> {
        match self.catalog.cached(query, request.began) {
            Ok(served) => Ok(served),
            Err(missed) => Box::pin(self.load(missed, request.id)).await,
        }
    }

    /// The old system's whole listing, too large to be cached, as it is read.
    fn stream(&self, served: &Served, control: &HeaderValue, began: Instant) -> Result<Response, Problem> {
        let slices = self.catalog.whole().map_err(Problem::from)?;
        let mut response = Response::new(Body::from_stream(slices));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, control.clone());
        headers.insert(deliver::SURROGATE_KEY, HeaderValue::from_static("vehicles"));
        deliver::tell_source(headers, served, began);
        Ok(response)
    }

    async fn load(&self, missed: Missed, id: &HeaderValue) -> Result<Served, Problem> {
        let load = async { self.catalog.load(missed).await.map_err(Problem::from) };
        let load = load.instrument(request_id::span(id));
        timeout(self.limits.request_timeout, load).await.unwrap_or_else(|_| Err(guard::too_long()))
    }
}

/// A body in the form that the client likes best.
async fn content(served: &Served, request: &Asked<'_>, control: &HeaderValue) -> Response {
    let Some(body) = served.answer().body() else { return StatusCode::NO_CONTENT.into_response() };
    let mut response = match deliver::content(body, request.headers) {
        Ok(response) => response,
        Err(NotMade(_)) => Box::pin(deliver::send(body, request.headers)).await,
    };
    response.headers_mut().insert(header::CACHE_CONTROL, control.clone());
    deliver::tell_source(response.headers_mut(), served, request.began);
    response
}

/// An error, with the old system's member below its addresses.
fn refuse(address: Address<'_>, problem: Problem) -> Response {
    match address.folder().map(Folder::shape) {
        Some(Shape::Old) => problem.with_error().into_response(),
        _ => problem.into_response(),
    }
}

fn wrong_method(address: Address<'_>, request: &Asked<'_>) -> Response {
    let mut response = refuse(address, problem::not_allowed(request.method, request.uri));
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Busy => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many different questions are being answered; try again in a few seconds.",
            ),
            LoadError::Database(error) => Self::from(&*error),
        }
    }
}

impl From<WrongParameter> for Problem {
    fn from(wrong: WrongParameter) -> Self {
        Self::parameter(wrong.param, wrong.detail)
    }
}

fn unknown(slug: &str) -> Problem {
    let slug: String = slug.chars().take(100).collect();
    Problem::new(StatusCode::NOT_FOUND, format!("No vehicle is or was at {slug:?}."))
}

fn gone(slug: &str) -> Problem {
    Problem::new(StatusCode::GONE, format!("The vehicle {slug} was taken out of the inventory for good."))
}

/// The longest text that is looked at as a slug.
const MAX_SLUG: usize = 200;

/// Whether a text has the letters of a slug; what has not need not be looked for.
fn is_slug(text: &str) -> bool {
    (1..=MAX_SLUG).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The slug that a text is another spelling of: capitals, accents, `_` or a slash at the end.
fn slug_of(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text.trim_end_matches('/')).decode_utf8().ok()?;
    let slug = (decoded.len() <= MAX_SLUG).then(|| slugify(&decoded))?;
    is_slug(&slug).then_some(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_lead_to_one_slug() {
        for (text, slug) in [
            ("Ford-Ranger-2021", Some("ford-ranger-2021")),
            ("kia_rio_ex-2020", Some("kia-rio-ex-2020")),
            ("citro%C3%ABn-c3/", Some("citroen-c3")),
            ("mazda%2D3", Some("mazda-3")),
            ("%FF", None),
            ("---_", None),
            (&"X".repeat(201), None),
        ] {
            assert_eq!(slug_of(text).as_deref(), slug, "{text}");
        }
    }
}
