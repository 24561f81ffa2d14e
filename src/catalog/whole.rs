//! The old system's whole listing where it is too large to be cached: read in slices, and sent as it is read.
//!
//! **Invariants:** a slice at a time is in memory for each reader, and no connection is held while a client reads. No vehicle is
//! sent twice; those that are edited meanwhile move to the front of the order, so the front is read again until a slice of it holds
//! nothing new. The number of readers is bounded.

use std::{collections::HashSet, sync::Arc};

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::Stream;
use tokio::sync::OwnedSemaphorePermit;

use super::{Catalog, LoadError, load, old};
use crate::db::within;

/// Vehicles in a slice.
pub(super) const SLICE: i64 = 100;

/// Whole listings sent at once.
pub(super) const STREAMS: usize = 16;

impl Catalog {
    /// The whole listing as it is read; fails when it is being sent to too many already.
    pub fn whole(&self) -> Result<impl Stream<Item = Result<Bytes, LoadError>> + Send + 'static, LoadError> {
        let place = Arc::clone(&self.inner.streams).try_acquire_owned().map_err(|_| LoadError::Busy)?;
        Ok(self.clone().slices(place))
    }

    fn slices(
        self,
        place: OwnedSemaphorePermit,
    ) -> impl Stream<Item = Result<Bytes, LoadError>> + Send + 'static {
        async_stream::try_stream! {
            let _place = place;
            let (mut sent, mut offset, mut is_first_pass) = (HashSet::new(), 0, true);
            yield Bytes::from_static(br#"{"data":["#);
            loop {
                let page = self.slice(offset).await?;
                let is_last = page.ids.len() < usize::try_from(SLICE).unwrap_or(usize::MAX);
                let mut text = BytesMut::new();
                let mut news = 0;
                for (id, vehicle) in page.ids.into_iter().zip(&page.vehicles) {
                    if sent.contains(&id) {
                        continue;
                    }
                    if !sent.is_empty() {
                        text.put_u8(b',');
                    }
                    text.put_slice(old::with_old_names(&vehicle.0).map_err(load::unreadable)?.get().as_bytes());
                    sent.insert(id);
                    news += 1;
                }
                if !text.is_empty() {
                    yield text.freeze();
                }
                match (is_last, is_first_pass || news > 0) {
                    (false, true) => offset += SLICE,
                    (true, true) => (offset, is_first_pass) = (0, false),
                    (_, false) => break,
                }
            }
            yield Bytes::from(format!(r#"],"count":{}}}"#, sent.len()));
        }
    }

    async fn slice(&self, offset: i64) -> Result<crate::db::vehicles::VehiclePage, LoadError> {
        let inner = &self.inner;
        let _place = inner.line.wait().await?;
        let slice = load::slice(&inner.db, &inner.branches, Some(SLICE), offset);
        Ok(within(inner.load_timeout, slice).await?)
    }
}
