//! Listings under way: what an `offset` points into.
//!
//! **Invariants:** a listing is a snapshot of ids taken with its first page; cells are read when a page is. An offset can be asked
//! again and gives the same page. It dies when its listing was idle for `lifetime`, or all at once by [`Iterators::expire`].
//!
//! **Sources:** the form `itr…/rec…` is seen in real answers; that a listing is a snapshot, and how long it lives, is not documented.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use chrono::{DateTime, Utc};

use crate::simulator::ids::{self, Ids};

pub(in crate::simulator) struct Iterators {
    open: BTreeMap<String, Listing>,
    lifetime: Duration,
}

struct Listing {
    table: usize,
    records: Vec<String>,
    /// Where the pages begin whose offsets were given out.
    starts: HashMap<String, usize>,
    last_used: DateTime<Utc>,
}

/// Why an offset gives no page.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::simulator) enum NoPage {
    /// It was never given out.
    Malformed,
    /// Its listing is gone.
    Expired,
}

/// The ids of a page, and the offset of the next.
pub(in crate::simulator) type Page = (Vec<String>, Option<String>);

impl Iterators {
    pub(in crate::simulator) fn new(lifetime: Duration) -> Self {
        Self { open: BTreeMap::new(), lifetime }
    }

    /// The first page of `records`.
    pub(in crate::simulator) fn begin(
        &mut self,
        table: usize,
        mut records: Vec<String>,
        size: usize,
        ids: &mut Ids,
        now: DateTime<Utc>,
    ) -> Page {
        self.open.retain(|_, listing| listing.last_used + self.lifetime > now);
        let Some(next) = records.get(size).cloned() else { return (records, None) };
        let first = records.get(..size).unwrap_or_default().to_vec();
        records.shrink_to_fit();
        let id = ids.next("itr");
        let offset = format!("{id}/{next}");
        let starts = HashMap::from([(next, size)]);
        self.open.insert(id, Listing { table, records, starts, last_used: now });
        (first, Some(offset))
    }

    /// The page that begins at `offset`.
    pub(in crate::simulator) fn resume(
        &mut self,
        table: usize,
        offset: &str,
        size: usize,
        now: DateTime<Utc>,
    ) -> Result<Page, NoPage> {
        let (id, record) = offset
            .split_once('/')
            .filter(|(id, record)| ids::is_id(id, "itr") && ids::is_id(record, "rec"))
            .ok_or(NoPage::Malformed)?;
        let listing = self
            .open
            .get_mut(id)
            .filter(|listing| listing.last_used + self.lifetime > now)
            .ok_or(NoPage::Expired)?;
        let start = listing
            .starts
            .get(record)
            .copied()
            .filter(|_| listing.table == table)
            .ok_or(NoPage::Malformed)?;
        let end = listing.records.len().min(start.saturating_add(size));
        let page = listing.records.get(start..end).unwrap_or_default().to_vec();
        listing.last_used = now;
        let next = listing.records.get(end).cloned();
        if let Some(next) = &next {
            listing.starts.insert(next.clone(), end);
        }
        Ok((page, next.map(|next| format!("{id}/{next}"))))
    }

    /// Forgets every listing, as a restart of Airtable's servers does.
    pub(in crate::simulator) fn expire(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
    }

    fn listing() -> (Iterators, Vec<String>, String) {
        let mut ids = Ids::seeded(1);
        let records: Vec<_> = std::iter::repeat_with(|| ids.next("rec")).take(5).collect();
        let mut iterators = Iterators::new(Duration::from_mins(1));
        let (first, offset) = iterators.begin(0, records.clone(), 2, &mut ids, at(0));
        assert_eq!(first, records[..2]);
        (iterators, records, offset.unwrap())
    }

    #[test]
    fn the_pages_of_a_listing_are_all_its_records_once() {
        let (mut iterators, records, offset) = listing();
        let (second, next) = iterators.resume(0, &offset, 2, at(59)).unwrap();
        assert_eq!(second, records[2..4]);
        assert_eq!(iterators.resume(0, &offset, 2, at(59)).unwrap(), (second, next.clone()), "asked again");
        let last = iterators.resume(0, &next.unwrap(), 2, at(118)).unwrap();
        assert_eq!(last, (records[4..].to_vec(), None));
    }

    #[test]
    fn an_offset_dies_of_idleness_and_of_a_restart() {
        let (mut iterators, _, offset) = listing();
        assert_eq!(iterators.resume(0, &offset, 2, at(60)), Err(NoPage::Expired));
        let (mut iterators, _, offset) = listing();
        iterators.expire();
        assert_eq!(iterators.resume(0, &offset, 2, at(1)), Err(NoPage::Expired));
    }

    #[test]
    fn an_offset_that_was_never_given_out_is_malformed() {
        let (mut iterators, records, offset) = listing();
        let elsewhere = format!("{}/{}", &offset[..17], records[4]);
        for wrong in ["", "x", "itr/rec", elsewhere.as_str()] {
            assert_eq!(iterators.resume(0, wrong, 2, at(1)), Err(NoPage::Malformed), "{wrong}");
        }
        assert_eq!(iterators.resume(1, &offset, 2, at(1)), Err(NoPage::Malformed), "another table");
    }
}
