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
const MIN_BEGINNING_CHARS: usize = 5;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Near<'a> {
    /// The fewer, the likelier.
    pub slips: usize,
    /// What is known.
    pub word: &'a str,
}

/// Those of the known words that this one may mean, the nearest first.
pub fn corrections<'a>(word: &str, known: &'a [String]) -> Vec<Near<'a>> {
    nearest(slips(word), known, |known| Some(osa_distance(word, known)))
}

/// Those of the known words that begin with something that this one may mean, the nearest first.
pub fn completions<'a>(word: &str, known: &'a [String]) -> Vec<Near<'a>> {
    let (slips, length) = (slips(word), word.chars().count());
    let slips = if length < MIN_BEGINNING_CHARS { 0 } else { slips };
    nearest(slips, known, |known| beginnings(known, length, slips).map(|part| osa_distance(word, part)).min())
}

fn nearest(slips: usize, known: &[String], distance: impl Fn(&str) -> Option<usize>) -> Vec<Near<'_>> {
    let correctable = known.iter().map(String::as_str).filter(|known| slips > 0 && !has_digit(known));
    let mut near: Vec<Near<'_>> = correctable
        .filter_map(|word| {
            let slips = distance(word).filter(|distance| *distance <= slips)?;
            Some(Near { slips, word })
        })
        .collect();
    near.sort_unstable();
    near
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
    use super::*;

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
            assert_eq!(near.iter().map(|near| near.word).collect::<Vec<_>>(), meant, "{word}");
        }
    }

    #[test]
    fn the_beginning_of_a_word_may_be_misspelt_too() {
        let known: Vec<String> = ["mercedes", "mercurio", "marca"].map(str::to_owned).into();
        assert_eq!(completions("merzed", &known), [Near { slips: 1, word: "mercedes" }]);
        assert_eq!(completions("merz", &known), [], "too short");
        assert_eq!(corrections("merzed", &known), []);
    }

    #[test]
    fn the_nearest_comes_first() {
        let known: Vec<String> = ["altimate", "ultimate", "ultimo"].map(str::to_owned).into();
        let near = corrections("ultimaet", &known);
        assert_eq!(near, [Near { slips: 1, word: "ultimate" }, Near { slips: 2, word: "altimate" }]);
    }
}
