//! Text as it is compared and searched.
//!
//! **Invariants:** [`fold`] is the function `vitrina_fold` of the migrations, character by character; a test compares them. Folding what is
//! folded changes nothing. What [`terms`] gives has only letters, digits, hyphens between them and points between digits.
//!
//! **Not here:** addresses, which are ASCII (`slug`), and what a term finds (`db::Search`).

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// Without accents, case and surrounding spaces, so that equal folds mean equal text: `Citroën ` and `citroen`.
pub fn fold(text: &str) -> String {
    let folded: String = if text.is_ascii() {
        text.chars().filter(|char| *char != '\0').map(|char| char.to_ascii_lowercase()).collect()
    } else {
        let mut folded = String::with_capacity(text.len());
        for char in text.nfkd().filter(|char| *char != '\0' && !is_left_out(*char)) {
            let small = small(char);
            match spelled(small) {
                Some(letters) => folded.push_str(letters),
                None => folded.push(small),
            }
        }
        folded
    };
    let trimmed = folded.trim_matches([' ', '\t', '\n', '\r']);
    if trimmed.len() == folded.len() { folded } else { trimmed.to_owned() }
}

/// The longest word that is told from others, in characters; the rest of a longer one is ignored. `vitrina_words` cuts there too.
pub const MAX_WORD_CHARS: usize = 60;

/// The different terms of a question, folded, in their order: words, words joined by hyphens (`cx-5`), and numbers with a point (`2.5l`).
pub fn terms(text: &str) -> Vec<String> {
    let folded: Vec<char> = fold(text).chars().collect();
    let mut terms = vec![String::new()];
    // `v1.2.3` is three words, since it begins with none that is a number.
    let mut points_divide = false;
    for (place, &char) in folded.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| folded.get(before)).copied();
        let after = folded.get(place + 1).copied();
        let beside = |is: fn(char) -> bool| before.is_some_and(is) && after.is_some_and(is);
        let Some(term) = terms.last_mut() else { break };
        let word = term.rsplit('-').next().unwrap_or_default();
        let joins = match char {
            '-' => beside(is_word_char),
            '.' if beside(|char| char.is_ascii_digit()) => {
                points_divide |= !word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
                !points_divide
            }
            char => is_word_char(char),
        };
        if !is_word_char(char) && char != '.' {
            points_divide = false;
        }
        if !joins {
            if !term.is_empty() {
                terms.push(String::new());
            }
        } else if char == '-' || word.chars().count() < MAX_WORD_CHARS {
            term.push(char);
        }
    }
    let mut known = HashSet::new();
    terms.retain(|term| !term.is_empty() && known.insert(term.clone()));
    terms
}

/// Accents that stand alone, and what nobody sees: soft hyphens, joiners, selectors, marks of direction and of byte order.
fn is_left_out(char: char) -> bool {
    matches!(
        char,
        '\u{ad}'
            | '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}'
            | '\u{feff}'
    )
}

/// The small letter of a capital that Unicode does not take apart, a letter without its stroke, a hyphen for a dash, an x for 4×4.
fn small(char: char) -> char {
    let mut small = char.to_lowercase();
    match small.next().filter(|_| small.next().is_none()).unwrap_or(char) {
        'ø' => 'o',
        'ł' => 'l',
        'đ' => 'd',
        'ħ' => 'h',
        'ŧ' => 't',
        'ı' => 'i',
        'ς' => 'σ',
        '×' => 'x',
        '\u{2010}' | '\u{2012}' | '\u{2013}' | '\u{2212}' => '-',
        small => small,
    }
}

/// What is two letters in one, as people without such a key write it.
fn spelled(char: char) -> Option<&'static str> {
    match char {
        'ß' => Some("ss"),
        'æ' => Some("ae"),
        'œ' => Some("oe"),
        'þ' => Some("th"),
        'ð' => Some("d"),
        _ => None,
    }
}

/// Letters and digits of ASCII and of most alphabets; by ranges, so that every PostgreSQL agrees whatever its locale.
fn is_word_char(char: char) -> bool {
    matches!(char, 'a'..='z' | '0'..='9' | '\u{c0}'..='\u{f6}' | '\u{f8}'..='\u{1fff}' | '\u{2c00}'..='\u{2dff}' | '\u{3040}'..='\u{d7ff}'
        | '\u{10000}'..='\u{1cfff}' | '\u{1e000}'..='\u{1efff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_surrounding_spaces_do_not_count() {
        for (text, folded) in [
            ("Citroën ", "citroen"),
            ("CITROE\u{308}N", "citroen"),
            ("Año\u{a0}", "ano"),
            ("Škoda Øst", "skoda ost"),
            ("Лада", "лада"),
            ("Æon Þór STRAẞE", "aeon thor strasse"),
            ("Œuvre ĐÐ ĲL", "oeuvre dd ijl"),
            ("Ⴀ ა Ა Ꭰ Ⲁ Ⰰ 𐐀 Ꞵ Ꙁ", "ⴀ ა ა ꭰ ⲁ ⰰ 𐐨 ꞵ ꙁ"),
            ("F‑150 CX–5 −1", "f-150 cx-5 -1"),
            ("Ma\u{1dc4}z\u{fe0f}da\u{202d}", "mazda"),
            ("ΣΟΦΟΣ", "σοφοσ"),
            ("½", "1⁄2"),
            ("a\0b", "ab"),
            ("\u{feff}Ma\u{ad}z\u{200b}da\u{200e}", "mazda"),
            (" ", ""),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }

    #[test]
    fn terms_are_what_stands_between_marks() {
        for (text, expected) in [
            ("¡Kia/Río «2020», C3·X — kia!", &["kia", "rio", "2020", "c3", "x"][..]),
            ("—!", &[]),
            ("CX-5, mazda-3-sport -x- a--b c-", &["cx-5", "mazda-3-sport", "x", "a", "b", "c"]),
            ("Pick‑Up F–150", &["pick-up", "f-150"]),
            ("2.5 1.6L .5 7. 1.2.3 v2.5 2.x", &["2.5", "1.6l", "5", "7", "1.2.3", "v2", "2", "x"]),
            ("v1.2.3 4×4 8÷2", &["v1", "2", "3", "4x4", "8"]),
            ("cx-5.2 2.5-turbo", &["cx-5.2", "2.5-turbo"]),
        ] {
            assert_eq!(terms(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}|(?s).{0,20}|[À-ž ]{0,20}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
