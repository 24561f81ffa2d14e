//! The addresses of attachments, which change and die.
//!
//! An attachment stands in its cell as `{id, filename, type, size, width, height}`; `url` and `thumbnails` are made when it is read.
//!
//! **Invariants:** within one window of time a URL stays the same, in the next it is another one; it says when it dies, one to two
//! windows after it was read, and cannot be guessed. An object that brings its own `url` keeps it.
//!
//! **Sources:** <https://support.airtable.com/docs/airtable-attachment-url-behavior> (two hours); the shape with the time of death in
//! milliseconds, rounded up to a window, is inferred from public samples, as is 410 for a dead one. Real URLs show no attachment
//! id; here it is the last part.

use std::{fmt::Write as _, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Makes and checks URLs.
#[derive(Debug)]
pub(super) struct Links {
    /// `http://127.0.0.1:port`.
    pub(super) origin: String,
    pub(super) window: Duration,
    pub(super) seed: u64,
}

/// Why a URL leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DeadLink {
    /// It is too old.
    Expired,
    /// It was never made here.
    Unknown,
}

const SIZES: [(&str, u64); 3] = [("small", 36), ("large", 512), ("full", 3_000)];

impl Links {
    /// Gives every attachment in a cell its URLs of this moment.
    pub(super) fn dress(&self, cell: &Value, now: DateTime<Utc>) -> Value {
        match cell {
            Value::Array(items) => items.iter().map(|item| self.dress(item, now)).collect(),
            Value::Object(object) => match object.get("id").and_then(Value::as_str) {
                Some(id) if id.starts_with("att") && !object.contains_key("url") => {
                    Value::Object(self.attachment(id, object, now))
                }
                _ => cell.clone(),
            },
            _ => cell.clone(),
        }
    }

    fn attachment(&self, id: &str, object: &Map<String, Value>, now: DateTime<Utc>) -> Map<String, Value> {
        let dies = self.death(now);
        let mut dressed = object.clone();
        dressed.insert("url".to_owned(), json!(self.url(id, "original", dies)));
        let side = |name| object.get(name).and_then(Value::as_u64);
        if let (Some(width), Some(height @ 1..)) = (side("width"), side("height")) {
            let thumbnails = SIZES.map(|(size, longest)| {
                let shown = longest.min(height);
                let thumbnail =
                    json!({"url": self.url(id, size, dies), "width": width * shown / height, "height": shown});
                (size.to_owned(), thumbnail)
            });
            dressed.insert("thumbnails".to_owned(), Value::Object(Map::from_iter(thumbnails)));
        }
        dressed
    }

    /// The end of the next window, in milliseconds.
    fn death(&self, now: DateTime<Utc>) -> i64 {
        let window = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX).max(1);
        now.timestamp_millis().div_euclid(window).saturating_add(2).saturating_mul(window)
    }

    fn url(&self, id: &str, size: &str, dies: i64) -> String {
        format!("{}/attachments/v3/u/1/1/{dies}/{size}/{}/{id}", self.origin, self.token(id, size, dies))
    }

    fn token(&self, id: &str, size: &str, dies: i64) -> String {
        let digest = Sha256::digest(format!("{}/{id}/{size}/{dies}", self.seed));
        digest.iter().take(16).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The attachment id that a path, cut at its slashes, leads to.
    pub(super) fn open<'a>(&self, path: &[&'a str], now: DateTime<Utc>) -> Result<&'a str, DeadLink> {
        let ["attachments", "v3", "u", "1", "1", dies, size, token, id] = path else {
            return Err(DeadLink::Unknown);
        };
        let dies: i64 = dies.parse().map_err(|_| DeadLink::Unknown)?;
        if self.token(id, size, dies) != *token {
            Err(DeadLink::Unknown)
        } else if now.timestamp_millis() < dies {
            Ok(id)
        } else {
            Err(DeadLink::Expired)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Links {
        Links { origin: "http://sim".to_owned(), window: Duration::from_hours(2), seed: 1 }
    }

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + hours * 3_600, 0).unwrap()
    }

    fn url(hours: i64) -> String {
        let cell = json!([{"id": "attA", "filename": "a.jpg", "width": 400, "height": 300}]);
        let dressed = links().dress(&cell, at(hours));
        assert_eq!(dressed[0]["thumbnails"]["small"]["width"], 48);
        dressed[0]["url"].as_str().unwrap().to_owned()
    }

    fn open(url: &str, hours: i64) -> Result<String, DeadLink> {
        let path: Vec<_> = url.trim_start_matches("http://sim/").split('/').collect();
        links().open(&path, at(hours)).map(str::to_owned)
    }

    #[test]
    fn a_url_stays_for_a_window_and_dies_one_to_two_windows_after_it_was_read() {
        assert_eq!(url(0), url(1));
        assert_ne!(url(1), url(2));
        assert_eq!(open(&url(1), 3), Ok("attA".to_owned()));
        assert_eq!(open(&url(1), 4), Err(DeadLink::Expired));
    }

    #[test]
    fn a_url_cannot_be_made_up() {
        let longer_lived = url(0).replace(&links().death(at(0)).to_string(), "9999999999999");
        assert_eq!(open(&longer_lived, 0), Err(DeadLink::Unknown));
        assert_eq!(open("http://sim/attachments/attA", 0), Err(DeadLink::Unknown));
    }

    #[test]
    fn only_attachments_without_a_url_get_one() {
        for cell in
            [json!("attA"), json!([{"id": "usrA"}]), json!([{"id": "attA", "url": "http://other/x.jpg"}])]
        {
            assert_eq!(links().dress(&cell, at(0)), cell);
        }
    }
}
