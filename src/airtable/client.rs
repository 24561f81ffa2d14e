//! The calls that vitrina makes to Airtable.
//!
//! **Invariants:** every attempt has a [`Permit`] of its own and is counted. All clones share one limiter, one quota and one set
//! of field names. Options of a listing are repeated on every page.
//!
//! **Not here:** `GET …/{table}/{record}` is never used: for an id that is not in the table it answers with a record of another
//! table of the base, and does not say so. A formula is only evaluated on the records of its own table.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use backon::Retryable;
use chrono::{DateTime, Utc};
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{
    AirtableError, FieldNames, Kind, Lane, Others, Permit, Policy, SetUpError, TableSchema, Waited, formula,
    lock,
    mend::answer,
    quota::{Quota, QuotaStop, next_month},
    rate_limit::RateLimiter,
    request::{self, Ask},
    retry,
    schema::Tables,
    wire::{ListOptions, WirePage},
};
use crate::{
    config::AirtableSettings,
    domain::{Record, RecordId},
};

/// Records in one answer at most: Airtable's limit for `pageSize`.
pub const MAX_RECORDS_PER_REQUEST: usize = 100;

/// A listing with a longer URL is a POST. Airtable refuses those above 16,000 characters; the rest is left for the offset, so
/// that all pages of a listing are asked for in the same way.
const MAX_URL_CHARS: usize = 15_000;

/// What a listing asks for; the same on each of its pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Which records, as an Airtable formula; `None`: all of the table.
    pub formula: Option<String>,
    /// Records on a page, 1 to [`MAX_RECORDS_PER_REQUEST`].
    pub page_size: usize,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its records, in no particular order.
    pub records: Vec<Record>,
    /// Where the next page begins; `None`: this was the last.
    pub offset: Option<String>,
}

/// The one client for the base; clones are cheap and share everything.
#[derive(Debug, Clone)]
pub struct AirtableClient(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    settings: AirtableSettings,
    table_url: Url,
    list_records_url: Url,
    schema_url: Url,
    webhooks_url: Url,
    limiter: RateLimiter,
    quota: Quota,
    answers: Mutex<BTreeMap<Option<u16>, u64>>,
    field_names: RwLock<Option<Arc<FieldNames>>>,
}

impl AirtableClient {
    /// The client for the base and table of `settings`; sends nothing.
    pub fn new(settings: &AirtableSettings) -> Result<Self, SetUpError> {
        let (base, table) = (&*settings.base_id, &*settings.table_id);
        Ok(Self(Arc::new(Inner {
            http: request::http_client(settings)?,
            table_url: url(&settings.api_url, &["v0", base, table])?,
            list_records_url: url(&settings.api_url, &["v0", base, table, "listRecords"])?,
            schema_url: url(&settings.api_url, &["v0", "meta", "bases", base, "tables"])?,
            webhooks_url: url(&settings.api_url, &["v0", "bases", base, "webhooks"])?,
            limiter: RateLimiter::new(settings.requests_per_second.get()),
            quota: Quota::default(),
            answers: Mutex::default(),
            field_names: RwLock::default(),
            settings: settings.clone(),
        })))
    }

    /// From now on the base's turns are shared with others who ask it. Call it before the first request.
    pub fn share_turns(&self, others: Others) {
        self.0.limiter.share(others);
    }

    /// Waits for the base's turn: webhooks before runs, first come, first served, nobody during a pause. Dropping the future
    /// gives the place back. The permit is good for one request, to be made at once.
    pub async fn permit(&self, lane: Lane) -> Permit {
        self.0.limiter.permit(lane).await
    }

    /// The records with these ids that are in the table; the others are simply not in the answer, in which records stand in no
    /// particular order. Up to [`MAX_RECORDS_PER_REQUEST`] ids take one request; none takes none.
    pub async fn records(&self, first: Permit, ids: &[RecordId]) -> Result<Vec<Record>, AirtableError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: HashSet<&RecordId> = ids.iter().collect();
        let listing = Listing { formula: Some(formula::any_of(ids)), page_size: MAX_RECORDS_PER_REQUEST };
        let lane = first.lane();
        let mut records = Vec::new();
        let mut page = self.list("records by id", first, &listing, None).await?;
        // A page may be followed by another although it could hold all: stopping early would make records look deleted.
        for _ in 0..=ids.len() {
            records.extend(page.records.into_iter().filter(|record| wanted.contains(&record.id)));
            let Some(offset) = page.offset else { return Ok(records) };
            let permit = self.permit(lane).await;
            page = self.list("records by id", permit, &listing, Some(&offset)).await?;
        }
        Err(AirtableError::new(
            Kind::BrokenResponse,
            format!("Airtable's listing of {} records does not end", ids.len()),
        ))
    }

    /// One page of a listing, the first if `offset` is `None`. After [`Kind::IteratorLost`] the listing must be begun anew and
    /// what was collected thrown away.
    pub async fn page(
        &self,
        first: Permit,
        listing: &Listing,
        offset: Option<&str>,
    ) -> Result<Page, AirtableError> {
        self.list("a page", first, listing, offset).await
    }

    /// The table as the base describes it; needs the scope `schema.bases:read`. A table that is not there is
    /// [`Kind::NotFound`], and the error names those that are.
    pub async fn schema(&self, first: Permit) -> Result<TableSchema, AirtableError> {
        let tables: Tables = self.send(&self.schema_ask(), first).await?;
        tables.find(&self.0.settings.base_id, &self.0.settings.table_id)
    }

    pub(super) fn schema_ask(&self) -> Ask {
        Ask { what: "the schema", method: Method::GET, url: self.0.schema_url.clone(), body: None }
    }

    pub(super) fn list_ask(&self, what: &'static str, options: &ListOptions<'_>) -> Ask {
        Ask { what, method: Method::GET, url: options.url(self.0.table_url.clone()), body: None }
    }

    /// An address below `/v0/meta`.
    pub(super) fn meta_url(&self, path: &[&str]) -> Result<Url, AirtableError> {
        url(&self.0.settings.api_url, &[&["v0", "meta"], path].concat())
            .map_err(|error| AirtableError::new(Kind::InvalidRequest, error.to_string()))
    }

    /// From now on records are read by field id and their keys translated by `names`; `None`: read by name. Requests under way
    /// keep the names they began with.
    pub fn use_field_names(&self, names: Option<FieldNames>) {
        *self.0.field_names.write().unwrap_or_else(PoisonError::into_inner) = names.map(Arc::new);
    }

    /// Requests sent since the start of the process, further attempts and those that never arrived included.
    pub fn calls(&self) -> u64 {
        self.0.quota.calls()
    }

    /// The same by the status of the answer; `None`: there was no answer, or no whole one.
    pub fn answers(&self) -> Vec<(Option<u16>, u64)> {
        lock(&self.0.answers).iter().map(|(status, count)| (*status, *count)).collect()
    }

    /// How long this lane has waited for its turns.
    pub fn waited(&self, lane: Lane) -> Waited {
        self.0.limiter.waited(lane)
    }

    /// Sends nothing before `until`: calls fail at once as [`Kind::QuotaUsedUp`]. The client does so itself, until the first of
    /// next month, when Airtable says that the month's requests are used up.
    pub fn stop_until(&self, until: DateTime<Utc>) {
        self.0.quota.stop_until(until);
    }

    /// Until when nothing is sent, if that is so.
    pub fn stopped_until(&self) -> Option<DateTime<Utc>> {
        self.0.quota.stopped_until(super::now())
    }

    /// A stop that other instances have not been told of.
    pub fn untold_stop(&self) -> Option<QuotaStop> {
        self.0.quota.untold()
    }

    /// Takes over what holds for all instances, after they were told of `told`.
    pub fn learn_stop(&self, until: Option<DateTime<Utc>>, told: Option<QuotaStop>) {
        self.0.quota.learn(until, told);
    }

    /// Ends such a stop, at an operator's word.
    pub fn resume(&self) {
        self.0.quota.resume();
    }

    async fn list(
        &self,
        what: &'static str,
        first: Permit,
        listing: &Listing,
        offset: Option<&str>,
    ) -> Result<Page, AirtableError> {
        let names = self.0.field_names.read().unwrap_or_else(PoisonError::into_inner).clone();
        let options = ListOptions {
            filter_by_formula: listing.formula.as_deref(),
            page_size: listing.page_size,
            return_fields_by_field_id: names.is_some(),
            field: None,
            offset,
        };
        let first_page = ListOptions { offset: None, ..options }.url(self.0.table_url.clone());
        let ask = if first_page.as_str().len() <= MAX_URL_CHARS {
            self.list_ask(what, &options)
        } else {
            let body = serde_json::to_vec(&options).map_err(|error| {
                AirtableError::new(Kind::InvalidRequest, format!("the listing is no JSON: {error}"))
            })?;
            Ask { what, method: Method::POST, url: self.0.list_records_url.clone(), body: Some(body.into()) }
        };
        let page: WirePage = self.send(&ask, first).await?;
        Ok(page.into_page(names.as_deref()))
    }

    /// Sends it until it is answered, cannot be, or was tried often enough.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        first: Permit,
    ) -> Result<T, AirtableError> {
        let lane = first.lane();
        let mut first = Some(first);
        let mut attempts = 0;
        let attempt = || {
            attempts += 1;
            let (number, held) = (attempts, first.take());
            async move {
                let permit = match held {
                    Some(permit) if permit.is_good() => permit,
                    _ => self.permit(lane).await,
                };
                self.attempt(ask, permit, number).await
            }
        };
        attempt
            .retry(retry::schedule(&self.0.settings))
            .when(retry::may_help)
            .adjust(|error, longest| longest.map(|longest| retry::wait(error, longest)))
            .notify(|error, wait| warn_of_retry(ask, error, retry::until_next(error, wait, &self.0.settings)))
            .await
    }

    /// Sends it a single time, for what must not be done twice.
    pub(super) async fn send_once<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        first: Permit,
    ) -> Result<T, AirtableError> {
        let lane = first.lane();
        let permit = if first.is_good() { first } else { self.permit(lane).await };
        self.attempt(ask, permit, 1).await
    }

    /// The address of the base's webhooks, or of what stands below it.
    pub(super) fn webhooks_url(&self, below: &[&str]) -> Url {
        let mut url = self.0.webhooks_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(below);
        }
        url
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        permit: Permit,
        number: u32,
    ) -> Result<T, AirtableError> {
        if let Some(until) = self.stopped_until() {
            return Err(AirtableError::stopped(until).after(number - 1));
        }
        drop(permit);
        self.0.quota.count();
        let began = Instant::now();
        let outcome = request::exchange(&self.0.http, ask, self.0.settings.max_response_bytes.get())
            .await
            .and_then(|body| answer(&body, ask.what))
            .map_err(|error| error.after(number));
        let status = outcome.as_ref().map_or_else(|error| error.status, |_| Some(200));
        *lock(&self.0.answers).entry(status).or_default() += 1;
        tracing::debug!(
            http.method = %ask.method,
            http.status = status,
            airtable.asked = ask.what,
            airtable.attempt = number,
            duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "asked Airtable for {}",
            ask.what,
        );
        if let Err(error) = &outcome {
            self.heed(error).await;
        }
        outcome
    }

    /// What an answer means for the requests after it.
    async fn heed(&self, error: &AirtableError) {
        match error.kind.policy() {
            Policy::PauseBase => {
                self.0.limiter.pause(retry::pause(error, &self.0.settings)).await;
            }
            Policy::StopUntilResumed => self.stop_until(next_month(super::now())),
            Policy::Retry | Policy::RestartListing | Policy::GiveUp { .. } => {}
        }
    }
}

fn warn_of_retry(ask: &Ask, error: &AirtableError, wait: Duration) {
    tracing::warn!(
        http.status = error.status,
        airtable.asked = ask.what,
        airtable.attempt = error.attempts,
        airtable.error = ?error.kind,
        airtable.body = error.body_start,
        wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        "asking Airtable for {} failed and will be tried again: {}",
        ask.what,
        error.message,
    );
}

/// An address below the API's, whose own path is kept; each segment is percent-encoded.
fn url(api_url: &str, segments: &[&str]) -> Result<Url, SetUpError> {
    let wrong = || SetUpError::ApiUrl { given: api_url.to_owned() };
    let mut url: Url = api_url.parse().map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong());
    }
    url.set_query(None);
    url.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().extend(segments);
    Ok(url)
}
