//! Makes Airtable's ids.
//!
//! **Invariants:** three letters of a kind and fourteen of `[A-Za-z0-9]`; the same seed gives the same ids in the same order.

use std::iter;

use sha2::{Digest, Sha256};

/// An endless supply of ids, none of them twice in any run that could be.
#[derive(Debug)]
pub(super) struct Ids(fastrand::Rng);

impl Ids {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A new id such as `recA1b2C3d4E5f6G7` for the kind `rec`.
    pub(super) fn next(&mut self, kind: &str) -> String {
        kind.chars().chain(iter::repeat_with(|| self.0.alphanumeric()).take(14)).collect()
    }
}

/// The one id of this kind that belongs to `text`.
pub(super) fn of(kind: &str, text: &str) -> String {
    let seed = Sha256::digest(text).iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
    Ids::seeded(seed).next(kind)
}

/// Whether `text` has the form of an id of this kind.
pub(super) fn is_id(text: &str, kind: &str) -> bool {
    text.strip_prefix(kind)
        .is_some_and(|rest| rest.len() == 14 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Every record id in `text`, in order, each once.
pub(super) fn records_in(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (at, _) in text.match_indices("rec") {
        if let Some(id) = text.get(at..at + 17)
            && is_id(id, "rec")
            && !found.iter().any(|known| known == id)
        {
            found.push(id.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let [mut one, mut two, mut other] = [7, 7, 8].map(Ids::seeded);
        let id = one.next("rec");
        assert!(is_id(&id, "rec"), "{id}");
        assert_eq!(two.next("rec"), id);
        assert_ne!(other.next("rec"), id);
        assert_ne!(one.next("rec"), id);
    }

    #[test]
    fn record_ids_are_found_wherever_they_stand() {
        let text = "OR(RECORD_ID()='recA1b2C3d4E5f6G7',x='record',recZ1b2C3d4E5f6G7 recA1b2C3d4E5f6G7 rec1 é";
        assert_eq!(records_in(text), ["recA1b2C3d4E5f6G7", "recZ1b2C3d4E5f6G7"]);
    }
}
