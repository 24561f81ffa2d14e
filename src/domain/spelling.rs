//! What a misspelt word may mean.
//!
//! **Invariants:** only words of letters alone are corrected, and only into such: nobody who asks for a 2020 or a CX-5 is shown another
//! one. One slip is forgiven from [`MIN_CHARS`] letters on, two from [`LONG_CHARS`] on; a slip is a letter too many, missing, wrong, or
//! two neighbours swapped.

use strsim::osa_distance;

/// Shorter words are taken as they are.
const MIN_CHARS: usize = 3;
/// From here on two slips are forgiven.
const LONG_CHARS: usize = 8;
/// From here on the beginning of a word may be misspelt too.
pub const MIN_BEGINNING_CHARS: usize = 5;

/// How many slips are forgiven in a word; 0 for one that is taken as it is.
pub fn slips(word: &str) -> usize {
    match word.chars().count() {
        _ if has_digit(word) => 0,
        0..MIN_CHARS => 0,
        MIN_CHARS..LONG_CHARS => 1,
        _ => 2,
    }
}

/// A known word that may have been meant, and how many slips lie between.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Near {
    /// The fewer, the likelier.
    pub slips: usize,
    /// What is known.
    pub word: String,
}

/// Those of the known words that this one may mean, the nearest first.
pub fn corrections(word: &str, known: &[String]) -> Vec<Near> {
    nearest(word, slips(word), known, |known| Some(osa_distance(word, known)))
}

/// Those of the known words that begin with something that this one may mean, the nearest first.
pub fn completions(word: &str, known: &[String]) -> Vec<Near> {
    let (slips, length) = (slips(word), word.chars().count());
    let slips = if length < MIN_BEGINNING_CHARS { 0 } else { slips };
    nearest(word, slips, known, |known| {
        beginnings(known, length, slips).map(|part| osa_distance(word, part)).min()
    })
}

/// Distances are measured only where they may be small enough: a word without most of the letters is far away.
fn nearest(
    word: &str,
    slips: usize,
    known: &[String],
    distance: impl Fn(&str) -> Option<usize>,
) -> Vec<Near> {
    let wanted = letters(word);
    let may_be_near =
        |known: &&String| slips > 0 && missing(wanted, letters(known)) <= slips && !has_digit(known);
    let mut near: Vec<Near> = known
        .iter()
        .filter(may_be_near)
        .filter_map(|known| {
            let slips = distance(known).filter(|distance| *distance <= slips)?;
            Some(Near { slips, word: known.clone() })
        })
        .collect();
    near.sort_unstable();
    near
}

/// The set of a word's letters, where two may share a place.
fn letters(word: &str) -> u64 {
    word.chars().fold(0, |letters, char| letters | 1 << (u32::from(char) % 64))
}

/// How many letters of the one the other lacks: each takes a slip at least.
fn missing(wanted: u64, known: u64) -> usize {
    usize::try_from((wanted & !known).count_ones()).unwrap_or(usize::MAX)
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
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

    fn near(slips: usize, word: &str) -> Near {
        Near { slips, word: word.to_owned() }
    }

    #[test]
    fn a_slip_is_forgiven_and_a_number_is_meant_as_it_is() {
        let known: Vec<String> =
            ["mazda", "mercedes", "volkswagen", "bmw", "kia", "cx5", "2020", "suv"].map(str::to_owned).into();
        for (word, meant) in [
            ("mazad", vec!["mazda"]),
            ("masda", vec!["mazda"]),
            ("bwm", vec!["bmw"]),
            ("wolkswaagen", vec!["volkswagen"]),
            ("cx3", vec![]),
            ("2021", vec![]),
            ("ki", vec![]),
            ("toyota", vec![]),
        ] {
            let near = corrections(word, &known);
            assert_eq!(near.iter().map(|near| near.word.as_str()).collect::<Vec<_>>(), meant, "{word}");
        }
    }

    #[test]
    fn the_beginning_of_a_word_may_be_misspelt_too() {
        let known: Vec<String> = ["mercedes", "mercurio", "marca"].map(str::to_owned).into();
        assert_eq!(completions("merzed", &known), [near(1, "mercedes")]);
        assert_eq!(completions("merz", &known), [], "too short");
        assert_eq!(corrections("merzed", &known), []);
    }

    #[test]
    fn the_nearest_comes_first() {
        let known: Vec<String> = ["altimate", "ultimate", "ultimo"].map(str::to_owned).into();
        assert_eq!(corrections("ultimaet", &known), [near(1, "ultimate"), near(2, "altimate")]);
    }

    proptest! {
        #[test]
        fn nothing_that_is_near_is_passed_over(word in "[a-fñ]{3,10}", known in "[a-fñ]{1,12}") {
            let far = osa_distance(&word, &known) > slips(&word);
            prop_assert_eq!(corrections(&word, &[known]).is_empty(), far);
        }
    }
}
