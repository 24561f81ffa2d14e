//! A list that only grows, for what is looked up with every request.
//!
//! **Invariants:** looking something up takes no lock; only who adds an entry may wait for another who adds one. An entry stays where it
//! is. Looking up is linear: it is for some dozens of entries, and what is asked for first stands first.

use std::sync::OnceLock;

/// The list. Its end is empty.
#[derive(Debug)]
pub(super) struct Growing<K, V>(OnceLock<Box<Entry<K, V>>>);

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    value: V,
    rest: Growing<K, V>,
}

impl<K, V> Growing<K, V> {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The value of the first key that `is` the right one; made, with its key, when there is none.
    pub(super) fn get_or_add(&self, is: impl Fn(&K) -> bool, new: impl Fn() -> (K, V)) -> &V {
        let mut list = self;
        loop {
            let entry = list.0.get_or_init(|| {
                let (key, value) = new();
                Box::new(Entry { key, value, rest: Self::new() })
            });
            if is(&entry.key) {
                return &entry.value;
            }
            list = &entry.rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        thread,
    };

    use super::*;

    #[test]
    fn each_key_has_one_value_however_many_add_it_at_once() {
        let list: Growing<usize, AtomicUsize> = Growing::new();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for key in (0..50).cycle().take(5_000) {
                        let count = list.get_or_add(|known| *known == key, || (key, AtomicUsize::new(0)));
                        count.fetch_add(1, Relaxed);
                    }
                });
            }
        });
        for key in 0..50 {
            let count = list.get_or_add(|known| *known == key, || unreachable!("all are known"));
            assert_eq!(count.load(Relaxed), 400);
        }
    }
}
