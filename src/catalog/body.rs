//! A finished body and its compressed forms.
//!
//! **Invariants**
//! - Each form is made once, by the first request that asks for it, off the async threads; later ones share it.
//! - No more encoders run at once than there are cores: each takes megabytes, and more would be no faster.
//! - A form is kept only if it is at most half as long as the JSON, so [`Body::weight`], which the cache counts when the entry is
//!   made, is an upper bound for what it will ever hold.
//! - Every form has a strong validator of its own (RFC 9110, section 8.8.3): equal exactly when its bytes are.

use std::{io::Write, sync::LazyLock, thread::available_parallelism};

use bytes::Bytes;
use http::HeaderValue;
use sha2::{Digest, Sha256};
use tokio::{
    sync::{OnceCell, Semaphore},
    task::spawn_blocking,
};

/// The shortest body that is compressed. A shorter one fits into one packet anyway.
const MIN_COMPRESSED_BYTES: usize = 1024;
/// Brotli's quality: 5 is the best that takes milliseconds for a page.
const BROTLI_QUALITY: u32 = 5;
/// Brotli's window, 2^22 bytes.
const BROTLI_WINDOW: u32 = 22;
/// The level of Zstandard, its own default.
const ZSTD_LEVEL: i32 = 3;
/// The longest list of vehicles in a header: nginx, unless told otherwise, takes 4 KiB for all headers of an answer and else says 502. It
/// is room for 170 vehicles.
const MAX_KEY_BYTES: usize = 3 * 1024;
/// The bytes that the encoders read at a time.
const BUFFER: usize = 16 * 1024;

/// A place for each encoder that may run; it is never closed.
static ENCODERS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(places()));

fn places() -> usize {
    available_parallelism().map_or(2, usize::from)
}

/// The form in which a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// Brotli.
    Br,
    /// Zstandard.
    Zstd,
    /// Gzip.
    Gzip,
}

impl Coding {
    /// The compressed ones, the better first.
    pub const COMPRESSED: [Self; 3] = [Self::Br, Self::Zstd, Self::Gzip];

    /// Its name in `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Br => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }
}

/// A finished body with the headers that belong to it.
#[derive(Debug)]
pub struct Body {
    json: Bytes,
    etags: [HeaderValue; 4],
    compressed: [OnceCell<Option<Bytes>>; 3],
    /// The number of vehicles in it.
    pub vehicles: usize,
    /// The vehicles in the body, for a CDN that drops by key; `vehicles` alone stands for too many to be named.
    pub surrogate_key: HeaderValue,
}

impl Body {
    /// From its bytes and the record ids of the vehicles that it shows.
    pub fn new(json: impl Into<Bytes>, ids: &[String]) -> Self {
        let json = json.into();
        let hash = hex::encode(&Sha256::digest(&json)[..16]);
        let etag = |coding: Coding| match coding {
            Coding::Identity => header(&format!("\"{hash}\"")),
            other => header(&format!("\"{hash}-{}\"", other.name())),
        };
        Self {
            json,
            etags: [Coding::Identity, Coding::Br, Coding::Zstd, Coding::Gzip].map(etag),
            compressed: Default::default(),
            vehicles: ids.len(),
            surrogate_key: surrogate_key(ids),
        }
    }

    /// The JSON.
    pub fn json(&self) -> &Bytes {
        &self.json
    }

    /// The validator of one form.
    pub fn etag(&self, coding: Coding) -> &HeaderValue {
        let [identity, br, zstd, gzip] = &self.etags;
        match coding {
            Coding::Identity => identity,
            Coding::Br => br,
            Coding::Zstd => zstd,
            Coding::Gzip => gzip,
        }
    }

    /// The validators of all forms.
    pub fn etags(&self) -> &[HeaderValue] {
        &self.etags
    }

    /// The bytes in that form and the form that it really is: what does not shrink by half is sent as it is. `None`: [`Self::make`]
    /// it first.
    pub fn form(&self, coding: Coding) -> Option<(Coding, Bytes)> {
        let plain = || (Coding::Identity, self.json.clone());
        match self.cell(coding) {
            None => Some(plain()),
            Some(cell) => Some(cell.get()?.as_ref().map_or_else(plain, |bytes| (coding, bytes.clone()))),
        }
    }

    /// Makes a compressed form, once however many ask.
    pub async fn make(&self, coding: Coding) {
        if let Some(cell) = self.cell(coding) {
            cell.get_or_init(|| compress(coding, self.json.clone())).await;
        }
    }

    /// The place of a compressed form; `None` where the JSON is sent as it is.
    fn cell(&self, coding: Coding) -> Option<&OnceCell<Option<Bytes>>> {
        let [br, zstd, gzip] = &self.compressed;
        match coding {
            _ if self.json.len() < MIN_COMPRESSED_BYTES => None,
            Coding::Identity => None,
            Coding::Br => Some(br),
            Coding::Zstd => Some(zstd),
            Coding::Gzip => Some(gzip),
        }
    }

    /// The most bytes that it will ever hold.
    pub(super) fn weight(&self) -> usize {
        let forms = if self.json.len() < MIN_COMPRESSED_BYTES { 0 } else { 3 * self.json.len() / 2 };
        self.json.len() + forms + self.surrogate_key.len()
    }
}

async fn compress(coding: Coding, json: Bytes) -> Option<Bytes> {
    let place = ENCODERS.acquire().await.ok()?;
    let made = spawn_blocking(move || {
        // Held until the work is done, even if nobody waits for it any more.
        let _place = place;
        let made = match coding {
            Coding::Identity => None,
            Coding::Br => brotli(&json),
            Coding::Zstd => zstd::bulk::compress(&json, ZSTD_LEVEL).ok(),
            Coding::Gzip => gzip(&json),
        };
        made.filter(|made| made.len() <= json.len() / 2).map(|mut made| {
            made.shrink_to_fit();
            Bytes::from(made)
        })
    });
    made.await.ok().flatten()
}

fn brotli(json: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), BUFFER, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder.write_all(json).ok()?;
    encoder.flush().ok()?;
    Some(encoder.into_inner())
}

fn gzip(json: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(json).ok()?;
    encoder.finish().ok()
}

/// The key of all vehicles, and those of each.
pub fn surrogate_key(ids: &[impl AsRef<str>]) -> HeaderValue {
    let mut key = String::from("vehicles");
    for id in ids {
        key.push(' ');
        key.push_str(id.as_ref());
        if key.len() > MAX_KEY_BYTES {
            return HeaderValue::from_static("vehicles");
        }
    }
    header(&key)
}

/// Hexadecimal digits and record ids are visible ASCII, so the fallback is never taken.
fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("vehicles"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn encoded(body: &Body, coding: Coding) -> (Coding, Bytes) {
        body.make(coding).await;
        body.form(coding).unwrap()
    }

    #[tokio::test]
    async fn every_form_holds_the_same_and_is_made_once() {
        let json = format!("[{}]", ["{\"marca\":\"Mazda\"}"; 200].join(","));
        let body = Body::new(json.clone(), &[]);
        for coding in Coding::COMPRESSED {
            let (real, bytes) = encoded(&body, coding).await;
            assert_eq!(real, coding);
            let text = match coding {
                Coding::Br => {
                    let mut text = Vec::new();
                    brotli::BrotliDecompress(&mut &bytes[..], &mut text).unwrap();
                    text
                }
                Coding::Zstd => zstd::bulk::decompress(&bytes, 1_000_000).unwrap(),
                _ => {
                    let mut text = Vec::new();
                    std::io::copy(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text).unwrap();
                    text
                }
            };
            assert_eq!(text, json.as_bytes(), "{coding:?}");
            let again = encoded(&body, coding).await.1;
            assert_eq!(again.as_ptr(), bytes.as_ptr(), "the same bytes, not the same again");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn when_enough_encoders_run_the_next_waits_and_is_made_when_one_is_done() {
        let body = Body::new("x".repeat(100_000), &[]);
        let all = ENCODERS.acquire_many(u32::try_from(places()).unwrap()).await.unwrap();
        // The clock stands still while an encoder runs, so only one that waits is late.
        let patience = std::time::Duration::from_mins(1);
        for coding in Coding::COMPRESSED {
            assert!(tokio::time::timeout(patience, encoded(&body, coding)).await.is_err(), "{coding:?}");
        }
        drop(all);
        for coding in Coding::COMPRESSED {
            assert_eq!(encoded(&body, coding).await.0, coding);
        }
    }

    #[tokio::test]
    async fn what_does_not_shrink_is_sent_as_it_is() {
        let mut random = fastrand::Rng::with_seed(1);
        let noise: String = (0..4000).map(|_| random.char('!'..='~')).collect();
        for json in ["{}".to_owned(), noise] {
            let (coding, bytes) = encoded(&Body::new(json.clone(), &[]), Coding::Br).await;
            assert_eq!((coding, &bytes[..]), (Coding::Identity, json.as_bytes()));
        }
    }

    #[test]
    fn vehicles_are_named_unless_they_are_too_many() {
        let key =
            |count: usize| surrogate_key(&vec!["rec0123456789abcd"; count]).to_str().unwrap().to_owned();
        assert_eq!(key(0), "vehicles");
        assert_eq!(key(2), "vehicles rec0123456789abcd rec0123456789abcd");
        assert_eq!(key(170).split(' ').count(), 171);
        assert_eq!(key(171), "vehicles");
    }

    #[test]
    fn validators_differ_by_form_and_by_content() {
        let (one, same, other) = (Body::new("1", &[]), Body::new("1", &[]), Body::new("2", &[]));
        assert_eq!(one.etags(), same.etags());
        let mut all: Vec<_> = one.etags().iter().chain(other.etags()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8);
    }
}
