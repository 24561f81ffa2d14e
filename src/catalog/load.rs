//! From the database to a finished response.

use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use sqlx::types::Json;

use super::query::{ListQuery, Query};
use crate::db::{
    Db, DbError,
    vehicles::{BySlug, Locations},
};

/// What is known of a query.
#[derive(Debug, Clone)]
pub enum Answer {
    /// JSON to be sent.
    Body(Body),
    /// The vehicle is now under this slug.
    Moved(Box<str>),
    /// The vehicle was deleted in Airtable.
    Gone,
    /// No vehicle ever had this slug.
    Unknown,
}

/// A finished body; a clone shares the bytes.
#[derive(Debug, Clone)]
pub struct Body {
    /// The JSON.
    pub json: Bytes,
    /// A strong validator: equal exactly when the body is.
    pub etag: HeaderValue,
    /// The vehicles in the body, for a CDN that drops by key.
    pub surrogate_key: HeaderValue,
}

impl Answer {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Body(body) => body.json.len() + body.etag.len() + body.surrogate_key.len(),
            Self::Moved(slug) => slug.len(),
            Self::Gone | Self::Unknown => 0,
        }
    }
}

pub(super) async fn load(db: &Db, locations: &Locations, query: &Query) -> Result<Answer, DbError> {
    match query {
        Query::List(list) => load_list(db, locations, list).await,
        Query::Vehicle(slug) => Ok(match db.by_slug(locations, slug).await? {
            BySlug::Vehicle(id, vehicle) => Answer::Body(body(vehicle.get().to_owned(), &[id])),
            BySlug::Moved(slug) => Answer::Moved(slug.into()),
            BySlug::Gone => Answer::Gone,
            BySlug::Unknown => Answer::Unknown,
        }),
    }
}

/// The answer of `GET /vehicles`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    vehicles: &'a [Json<Box<RawValue>>],
    total_count: i64,
    page: u32,
    page_size: u32,
    total_pages: i64,
}

async fn load_list(db: &Db, locations: &Locations, list: &ListQuery) -> Result<Answer, DbError> {
    let size = i64::from(list.page_size);
    let page = db.listed(locations, size, (i64::from(list.page) - 1) * size).await?;
    let response = List {
        vehicles: &page.vehicles,
        total_count: page.total,
        page: list.page,
        page_size: list.page_size,
        total_pages: (page.total + size - 1) / size,
    };
    let json =
        serde_json::to_string(&response).map_err(|error| DbError::from(sqlx::Error::Decode(error.into())))?;
    Ok(Answer::Body(body(json, &page.ids)))
}

fn body(json: String, ids: &[String]) -> Body {
    let etag = format!("\"{}\"", hex(&Sha256::digest(&json)[..16]));
    let surrogate_key = format!("vehicles {}", ids.join(" "));
    Body { json: Bytes::from(json), etag: header(&etag), surrogate_key: header(surrogate_key.trim_end()) }
}

/// Hexadecimal digits and record ids are visible ASCII, so the fallback is never taken.
fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("vehicles"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
