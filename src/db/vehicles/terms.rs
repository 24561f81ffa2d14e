//! The terms of a search in the syntax of `tsquery`, before anybody knows what they may be misspellings of.
//!
//! **Invariants:** a term has neither quotes nor backslashes, see `domain::terms`. What hyphens join (`cr-v`) is asked for written together, and apart only
//! if one of its parts says something by itself ([`MIN_PART_CHARS`]), or there is no other way.

use crate::domain::MAX_WORD_CHARS;

/// From here on a part of a joined term is a word that may be looked for by itself, unless it is a number: `trail` of X-Trail, neither `cr` nor 150.
const MIN_PART_CHARS: usize = 3;
/// So many parts together are no chance: `cr-v-2020`.
const MANY_PARTS: usize = 3;

/// What a term asks the index, either way.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// What it most likely means, as whole words.
    pub(super) word: String,
    /// All that it may mean, as beginnings of words.
    pub(super) beginning: String,
}

/// A term, or a part of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// A part that says nothing by itself is found only whole.
    pub(super) tells: bool,
}

impl Term {
    /// A word, found by its beginning.
    pub(super) fn word(word: &str) -> Self {
        Self { word: whole(word), beginning: format!("{}:*", whole(word)) }
    }

    /// A word, found only whole.
    pub(super) fn whole(word: &str) -> Self {
        Self { word: whole(word), beginning: whole(word) }
    }

    pub(super) fn any(terms: impl IntoIterator<Item = Self>) -> Self {
        Self::combined(terms, " | ")
    }

    pub(super) fn all(terms: impl IntoIterator<Item = Self>) -> Self {
        Self::combined(terms, " & ")
    }

    /// In brackets; of nothing it is the empty query, which matches nothing.
    fn combined(terms: impl IntoIterator<Item = Self>, sign: &str) -> Self {
        let (words, beginnings): (Vec<_>, Vec<_>) =
            terms.into_iter().map(|term| (term.word, term.beginning)).unzip();
        let combine = |each: Vec<String>| {
            if each.is_empty() { String::new() } else { format!("({})", each.join(sign)) }
        };
        Self { word: combine(words), beginning: combine(beginnings) }
    }
}

impl<'a> Piece<'a> {
    pub(super) fn of(term: &'a str) -> Self {
        Self { text: term, tells: true }
    }

    /// What hyphens join, one by one; `None` for a single word, and where the parts say too little.
    pub(super) fn parts(self) -> Option<Vec<Self>> {
        let parts: Vec<Self> = self.text.split('-').map(|text| Self { text, tells: tells(text) }).collect();
        let enough =
            parts.iter().any(|part| part.tells) || parts.len() >= MANY_PARTS || self.together().is_none();
        (parts.len() > 1 && enough).then_some(parts)
    }

    /// As one word; `None` for what is never written so: 2.5-turbo.
    pub(super) fn together(self) -> Option<String> {
        (!self.text.contains('.')).then(|| self.text.replace('-', ""))
    }

    /// What it means as it is written.
    pub(super) fn written(self) -> Term {
        if !self.text.contains('-') {
            return if self.tells { Term::word(self.text) } else { Term::whole(self.text) };
        }
        let together = self.together().map(|together| Term::word(&together));
        let apart = self.parts().map(|parts| {
            let last = parts.len() - 1;
            // The last one may still be being written.
            let begun = |place: usize| place == last && together.is_none();
            let each = parts.iter().enumerate();
            Term::all(each.map(
                |(place, part)| {
                    if begun(place) { Term::word(part.text) } else { part.written() }
                },
            ))
        });
        Term::any(together.clone().into_iter().chain(apart))
    }

    /// Whether it is a word that may have been misspelt, not joined ones.
    pub(super) fn is_word(self) -> bool {
        self.tells && !self.text.contains('-')
    }
}

/// Two neighbours as one word: `xc 40`, `eco sport`. Two numbers are none.
pub(super) fn pair(one: Piece<'_>, other: Piece<'_>) -> Option<Term> {
    let together = one.together()? + &other.together()?;
    let is_number = together.bytes().all(|byte| byte.is_ascii_digit());
    (!is_number).then(|| Term::word(&together))
}

fn tells(part: &str) -> bool {
    part.chars().count() >= MIN_PART_CHARS && !part.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word in the syntax of `tsquery`, as long as the index has it.
pub(super) fn whole(word: &str) -> String {
    let word: String = word.chars().take(MAX_WORD_CHARS).collect();
    format!("'{word}'")
}
