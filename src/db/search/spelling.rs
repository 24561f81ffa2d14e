//! Corrections of a misspelt word.
//!
//! **Invariants:** words with digits are neither corrected nor corrections: a CX-3 is no CX-5. One slip is forgiven from [`MIN_CHARS`] letters on, two from
//! [`LONG_CHARS`] on; a slip is a letter too many, missing or wrong, or two neighbours swapped. At most [`MAX_CORRECTIONS`] are given.

use strsim::osa_distance;

/// Shorter words are taken as they are.
const MIN_CHARS: usize = 3;
/// From here on two slips are forgiven.
const LONG_CHARS: usize = 8;
/// From here on the beginning of a word may be misspelt too.
pub(super) const MIN_BEGINNING_CHARS: usize = 5;
/// Corrections of one word at most, so that a query stays small.
const MAX_CORRECTIONS: usize = 100;

/// A word of the vocabulary.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) word: String,
    pub(super) in_heading: bool,
}

/// A word that may have been meant, and how many slips lie between.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Near {
    pub(super) slips: usize,
    pub(super) word: String,
}

/// The number of slips that are forgiven in a word; 0 for one that is taken as it is.
pub(super) fn slips(word: &str) -> usize {
    match word.chars().count() {
        _ if word.bytes().any(|byte| byte.is_ascii_digit()) => 0,
        0..MIN_CHARS => 0,
        MIN_CHARS..LONG_CHARS => 1,
        _ => 2,
    }
}

/// The known words that this one may mean, the nearest first; longer ones that begin with something nearer than any whole word come before.
pub(super) fn corrections(word: &str, known: &[Known]) -> Vec<Near> {
    let all = || known.iter().map(|known| known.word.as_str());
    let mut near = nearest(word, slips(word), all(), osa_distance);
    let closer = near.first().map_or(slips(word), |near| near.slips.saturating_sub(1));
    let length = word.chars().count();
    if length >= MIN_BEGINNING_CHARS && closer > 0 {
        let distance = |word: &str, known: &str| {
            beginnings(known, length, closer).map(|part| osa_distance(word, part)).min().unwrap_or(usize::MAX)
        };
        let mut longer = nearest(word, closer, all(), distance);
        longer.append(&mut near);
        near = longer;
    }
    near.truncate(MAX_CORRECTIONS);
    near
}

/// The words of headings that a word may mean which stands in descriptions alone.
pub(super) fn in_headings(word: &str, known: &[Known]) -> Vec<Near> {
    let named = known.iter().filter(|known| known.in_heading).map(|known| known.word.as_str());
    let mut near = nearest(word, slips(word), named, osa_distance);
    near.truncate(MAX_CORRECTIONS);
    near
}

/// Distances are measured only where they may be small enough: a word without most of the letters is far away.
fn nearest<'k>(
    word: &str,
    slips: usize,
    known: impl Iterator<Item = &'k str>,
    distance: impl Fn(&str, &str) -> usize,
) -> Vec<Near> {
    let wanted = letters(word);
    let may_be_near = |known: &&str| (wanted & !letters(known)).count_ones() as usize <= slips;
    let mut near: Vec<Near> = known
        .filter(may_be_near)
        .map(|known| Near { slips: distance(word, known), word: known.to_owned() })
        .filter(|near| near.slips <= slips)
        .collect();
    near.sort_unstable();
    near
}

/// The set of a word's letters, where two may share a place.
fn letters(word: &str) -> u64 {
    word.chars().fold(0, |letters, char| letters | 1 << (u32::from(char) % 64))
}

/// The beginnings of a word that are about as long.
fn beginnings(word: &str, length: usize, slips: usize) -> impl Iterator<Item = &str> {
    let ends = word.char_indices().map(|(start, char)| start + char.len_utf8());
    ends.enumerate()
        .filter(move |(index, _)| (index + 1).abs_diff(length) <= slips)
        .filter_map(|(_, end)| word.get(..end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(words: &[&str]) -> Vec<Known> {
        words
            .iter()
            .map(|word| Known { word: (*word).to_owned(), in_heading: word.starts_with('m') })
            .collect()
    }

    fn near(slips: usize, word: &str) -> Near {
        Near { slips, word: word.to_owned() }
    }

    #[test]
    fn a_slip_is_forgiven_and_a_number_is_meant_as_it_is() {
        let known = known(&["mazda", "mercedes", "volkswagen", "bmw", "kia", "suv"]);
        for (word, meant) in [
            ("mazad", &["mazda"][..]),
            ("masda", &["mazda"]),
            ("bwm", &["bmw"]),
            ("wolkswaagen", &["volkswagen"]),
            ("kia3", &[]),
            ("ki", &[]),
            ("toyota", &[]),
        ] {
            let near = corrections(word, &known);
            assert_eq!(near.iter().map(|near| near.word.as_str()).collect::<Vec<_>>(), meant, "{word}");
        }
    }

    #[test]
    fn the_beginning_of_a_word_may_be_misspelt_too() {
        let known = known(&["mercedes", "mercurio", "marca"]);
        assert_eq!(corrections("merzed", &known), [near(1, "mercedes")]);
        assert_eq!(corrections("merz", &known), [], "too short");
    }

    #[test]
    fn the_nearest_comes_first() {
        let all = known(&["altimate", "ultimate", "ultimo"]);
        assert_eq!(corrections("ultimaet", &all), [near(1, "ultimate"), near(2, "altimate")]);
        let all = known(&["masda", "mazda"]);
        assert_eq!(in_headings("mazdda", &all), [near(1, "mazda")]);
    }

    proptest! {
        #[test]
        fn nothing_that_is_near_is_passed_over(word in "[a-fñ]{3,10}", other in "[a-fñ]{1,12}") {
            let far = osa_distance(&word, &other) > slips(&word);
            prop_assert_eq!(in_headings(&word, &[Known { word: other, in_heading: true }]).is_empty(), far);
        }
    }
}
