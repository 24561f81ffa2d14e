//! Text as it is compared and searched: the one fold and the one tokenizer, for vehicles and for questions.
//!
//! **Invariants:** folding twice changes nothing. A word has only letters and digits, and points between digits; it is at most
//! [`MAX_WORD_CHARS`] long. Since both sides use the same functions, a vehicle is found by the words of its own title.
//!
//! **Not here:** slugs, which are ASCII (`slug`), and what a misspelt word may mean (`db::search`).

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The longest word that is told from others, in characters; the rest of a longer one is ignored.
pub const MAX_WORD_CHARS: usize = 60;
/// The longest name that is told from others, in characters.
const MAX_NAME_CHARS: usize = 200;
/// The most neighbours that are also found written as one word.
const MAX_JOINED: usize = 4;

/// Text without accents, case and surrounding blanks: equal folds mean equal text, such as `Citroën ` and `citroen`.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for char in text.nfkd().filter(|char| !is_combining_mark(*char) && !is_invisible(*char)) {
        for small in char.to_lowercase() {
            match spelled(small) {
                Some(letters) => folded.push_str(letters),
                None => folded.push(small),
            }
        }
    }
    let trimmed = folded.trim();
    if trimmed.len() == folded.len() { folded } else { trimmed.to_owned() }
}

/// The fold of a name such as a brand, cut to the length that is compared.
pub fn name_key(name: &str) -> String {
    let mut key = fold(name);
    if let Some((end, _)) = key.char_indices().nth(MAX_NAME_CHARS) {
        key.truncate(end);
    }
    key
}

/// A folded word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Whether a hyphen joins it to the word before: the `5` of `CX-5`. Two numbers are never joined.
    pub joined: bool,
}

/// The words of a text in their order.
pub fn words(text: &str) -> Vec<Word> {
    let folded: Vec<char> = fold(text).chars().collect();
    let at = |place: Option<usize>| place.and_then(|place| folded.get(place)).copied().unwrap_or(' ');
    let mut words: Vec<Word> = Vec::new();
    let (mut length, mut joined) = (0, false);
    for (place, &char) in folded.iter().enumerate() {
        let (before, after) = (at(place.checked_sub(1)), at(place.checked_add(1)));
        let between_digits = before.is_ascii_digit() && after.is_ascii_digit();
        if char.is_alphanumeric() || char == '.' && between_digits {
            if length == 0 {
                words.push(Word { text: String::new(), joined });
            }
            length += 1;
            if length <= MAX_WORD_CHARS
                && let Some(word) = words.last_mut()
            {
                word.text.push(char);
            }
        } else {
            length = 0;
            joined = char == '-' && before.is_alphanumeric() && after.is_alphanumeric() && !between_digits;
        }
    }
    words
}

/// Neighbours written as one word, two of them and up to four: `mazdacx` and `mazdacx5` of `Mazda CX 5`. Two numbers begin none.
///
/// `all`: any neighbours, as in a name; else only those that hyphens join.
pub fn joins(words: &[Word], all: bool) -> impl Iterator<Item = String> {
    (0..words.len()).flat_map(move |start| {
        let rest = words.get(start..).unwrap_or_default();
        let together =
            rest.iter().skip(1).take_while(|word| all || word.joined).count().min(MAX_JOINED - 1) + 1;
        let numbers = rest.iter().take(2).all(|word| is_number(&word.text));
        let lengths = if together < 2 || numbers { [0, 0] } else { [2, together] };
        let join = move |length: usize| -> String {
            rest.iter().take(length).flat_map(|word| word.text.chars()).take(MAX_WORD_CHARS).collect()
        };
        let distinct = usize::from(together > 2) + 1;
        lengths.into_iter().take(distinct).filter(|length| *length > 0).map(join)
    })
}

/// A name as whole words with one blank after each, so that `corolla ` begins `corolla le ` and not `corollas `. Signs alone are one word.
pub fn whole_words(text: &str) -> String {
    let mut whole = String::new();
    for word in words(text) {
        if word.joined && whole.ends_with(' ') {
            whole.pop();
            whole.push('-');
        }
        whole.push_str(&word.text);
        whole.push(' ');
    }
    if whole.is_empty() {
        whole = fold(text);
        whole.push_str(if whole.is_empty() { "" } else { " " });
    }
    if let Some((end, _)) = whole.char_indices().nth(MAX_NAME_CHARS) {
        whole.truncate(end);
    }
    whole
}

/// Whether it has digits and points alone.
pub fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Characters without a width: soft hyphens, joiners, marks of direction and of byte order; and NUL, which PostgreSQL refuses.
fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\0' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Letters that Unicode does not take apart, as people without such a key write them; one kind of hyphen; an x for 4×4.
fn spelled(char: char) -> Option<&'static str> {
    Some(match char {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ς' => "σ",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        '×' => "x",
        '\u{2010}' | '\u{2012}' | '\u{2013}' | '\u{2212}' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text)
            .into_iter()
            .map(|word| if word.joined { format!("-{}", word.text) } else { word.text })
            .collect()
    }

    #[test]
    fn accents_case_and_surrounding_blanks_do_not_count() {
        for (text, folded) in [
            ("Citroën ", "citroen"),
            ("CITROE\u{308}N", "citroen"),
            ("Año\u{a0}", "ano"),
            ("Škoda Øst", "skoda ost"),
            ("Лада", "лада"),
            ("Æon Þór STRAẞE", "aeon thor strasse"),
            ("Œuvre ĐÐ ĲL", "oeuvre dd ijl"),
            ("Ⴀ 𐐀 Ꞵ", "ⴀ 𐐨 ꞵ"),
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
    fn words_stand_between_marks_and_hyphens_join_them() {
        for (text, expected) in [
            ("¡Kia/Río «2020», C3·X!", &["kia", "rio", "2020", "c3", "x"][..]),
            ("—!", &[]),
            ("CX-5, mazda-3-sport -x- a--b c-", &["cx", "-5", "mazda", "-3", "-sport", "x", "a", "b", "c"]),
            ("Pick‑Up F–150-2020", &["pick", "-up", "f", "-150", "2020"]),
            ("2.5 1.6L .5 7. 1.2.3 v2.5 2.x", &["2.5", "1.6l", "5", "7", "1.2.3", "v2.5", "2", "x"]),
            ("4×4 8÷2 2.5-turbo", &["4x4", "8", "2", "2.5", "-turbo"]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
        assert_eq!(words(&"x".repeat(99))[0].text.len(), MAX_WORD_CHARS);
    }

    #[test]
    fn neighbours_are_one_word_too() {
        let of = |text: &str, all: bool| joins(&words(text), all).collect::<Vec<_>>();
        assert_eq!(of("Mazda CX 5", true), ["mazdacx", "mazdacx5", "cx5"]);
        assert_eq!(of("a-b-c d 2 5", false), ["ab", "abc", "bc"]);
        assert_eq!(of("2 5 x", true), ["5x"]);
        assert_eq!(of("a b c d e", true), ["ab", "abcd", "bc", "bcde", "cd", "cde", "de"]);
    }

    #[test]
    fn a_beginning_is_made_of_whole_words() {
        for (text, whole) in
            [("Corolla, LE", "corolla le "), ("CX-5  2.5", "cx-5 2.5 "), ("¡!", "¡! "), (" ", "")]
        {
            assert_eq!(whole_words(text), whole);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}|(?s).{0,20}|[À-ž ]{0,20}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn the_words_of_a_fold_are_the_words_of_the_text(text in "\\PC{0,20}|[a-z0-9.À-ž -]{0,30}") {
            prop_assert_eq!(words(&fold(&text)), words(&text));
        }
    }
}
