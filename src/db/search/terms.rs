//! Terms of a search in the syntax of `tsquery`.
//!
//! **Invariants:** words have letters, digits and points alone (`domain::text`), so nothing needs escaping. Nothing combined is the empty query, which
//! matches nothing.

/// From here on a part of a joined term is looked for by itself too, unless it is a number: `trail` of X-Trail, neither `cr` nor 150.
const MIN_PART_CHARS: usize = 3;
/// So many parts together are no chance, so any of them are looked for by themselves: `kia-rio-2020`.
const MANY_PARTS: usize = 3;

/// The two queries of a term, which give different points.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// Its likeliest meaning, as whole words.
    pub(super) likely: String,
    /// All that it may mean, as beginnings of words.
    pub(super) any: String,
}

impl Term {
    /// A word, found by its beginning.
    pub(super) fn beginning(word: &str) -> Self {
        Self { likely: format!("'{word}'"), any: format!("'{word}':*") }
    }

    /// A word, found only whole.
    pub(super) fn whole(word: &str) -> Self {
        let whole = format!("'{word}'");
        Self { likely: whole.clone(), any: whole }
    }

    pub(super) fn any(terms: impl IntoIterator<Item = Self>) -> Self {
        Self::combined(terms, " | ")
    }

    pub(super) fn all(terms: impl IntoIterator<Item = Self>) -> Self {
        Self::combined(terms, " & ")
    }

    fn combined(terms: impl IntoIterator<Item = Self>, sign: &str) -> Self {
        let (likely, any): (Vec<_>, Vec<_>) = terms.into_iter().map(|term| (term.likely, term.any)).unzip();
        let combine = |each: Vec<String>| {
            if each.is_empty() { String::new() } else { format!("({})", each.join(sign)) }
        };
        Self { likely: combine(likely), any: combine(any) }
    }
}

/// The parts of a joined term that are looked for one by one; none where they would say too little.
pub(super) fn parts(term: &str) -> Vec<&str> {
    let parts: Vec<&str> = term.split('-').collect();
    let enough = parts.len() >= MANY_PARTS || parts.len() > 1 && parts.iter().any(|part| tells(part));
    if enough { parts } else { Vec::new() }
}

/// Tells whether a part of a joined term is long enough to be searched by itself, and no number.
pub(super) fn tells(part: &str) -> bool {
    part.chars().count() >= MIN_PART_CHARS && !crate::domain::text::is_number(part)
}
