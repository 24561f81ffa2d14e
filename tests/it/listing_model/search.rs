//! The model of the search: what words a vehicle has, and what the terms of a question mean.

use std::collections::BTreeSet;

pub fn fold(text: &str) -> String {
    let plain = |char: char| match char {
        'á' | 'à' | 'Á' => 'a',
        'é' | 'ë' | 'É' | 'Ë' => 'e',
        'í' | 'Í' => 'i',
        'ó' | 'Ó' => 'o',
        'ú' | 'ü' | 'Ú' => 'u',
        'ñ' | 'Ñ' => 'n',
        'Š' | 'š' => 's',
        other => other.to_ascii_lowercase(),
    };
    text.trim().chars().map(plain).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    let folded = fold(text);
    folded
        .split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What hyphens join: all of it, and up to four from each of its parts on, where they are not two numbers.
fn together(joined: &str) -> Vec<String> {
    let parts: Vec<&str> = joined.split('-').collect();
    let each = (0..parts.len() - 1)
        .filter(|place| !(is_number(parts[*place]) && is_number(parts[*place + 1])))
        .map(|place| parts[place..].iter().take(4).copied().collect());
    each.chain([parts.concat()]).collect()
}

fn is_number(text: &str) -> bool {
    text.chars().all(|char| char.is_ascii_digit())
}

/// The words that a vehicle is found by: what hyphens join is one more, and a number with a point.
pub fn words_of(text: &str) -> BTreeSet<String> {
    let joined = regex::Regex::new("[[:alnum:]]+(?:-[[:alnum:]]+)+").unwrap();
    let number = regex::Regex::new("[0-9]+(?:[.][0-9]+)+[[:alnum:]]*").unwrap();
    let folded = fold(text);
    words(text)
        .into_iter()
        .chain(joined.find_iter(&folded).flat_map(|found| together(found.as_str())))
        .chain(number.find_iter(&folded).map(|found| found.as_str().to_owned()))
        .collect()
}

/// Neighbours in a name are found together too, two of them and up to four.
pub fn neighbours(name: &str) -> BTreeSet<String> {
    let folded = fold(name);
    let parts: Vec<&str> =
        folded.split(|char: char| !char.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    (0..parts.len().saturating_sub(1))
        .filter(|place| !(is_number(parts[*place]) && is_number(parts[*place + 1])))
        .flat_map(|place| [2, 4].map(|count| parts[place..].iter().take(count).copied().collect()))
        .collect()
}

/// Letters to add, drop, change, or swap with their neighbours, to get from one word to the other.
fn slips(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut table = vec![vec![0_usize; to.len() + 1]; from.len() + 1];
    for i in 0..=from.len() {
        for j in 0..=to.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = table[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
                let best = changed.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                    best.min(table[i - 2][j - 2] + 1)
                } else {
                    best
                }
            };
        }
    }
    table[from.len()][to.len()]
}

/// What the words of a vehicle must have.
#[derive(Debug, Clone)]
enum Wanted {
    Word(String),
    Beginning(String),
    Any(Vec<Wanted>),
    All(Vec<Wanted>),
}

impl Wanted {
    fn is_in(&self, words: &BTreeSet<String>) -> bool {
        match self {
            Self::Word(word) => words.contains(word),
            Self::Beginning(beginning) => words.iter().any(|word| word.starts_with(beginning.as_str())),
            Self::Any(any) => any.iter().any(|wanted| wanted.is_in(words)),
            Self::All(all) => all.iter().all(|wanted| wanted.is_in(words)),
        }
    }
}

/// What a term of a search means: most likely, and at all.
#[derive(Debug, Clone)]
pub struct Term {
    likely: Wanted,
    at_all: Wanted,
}

impl Term {
    pub fn is_in(&self, words: &BTreeSet<String>) -> bool {
        self.at_all.is_in(words)
    }

    pub fn points(&self, heading: &BTreeSet<String>) -> usize {
        if self.likely.is_in(heading) { 2 } else { usize::from(self.is_in(heading)) }
    }
}

fn whole(word: &str) -> Term {
    let wanted = Wanted::Word(word.to_owned());
    Term { likely: wanted.clone(), at_all: wanted }
}

fn begun(word: &str) -> Term {
    Term { likely: Wanted::Word(word.to_owned()), at_all: Wanted::Beginning(word.to_owned()) }
}

fn combined(terms: &[Term], combine: fn(Vec<Wanted>) -> Wanted) -> Term {
    Term {
        likely: combine(terms.iter().map(|term| term.likely.clone()).collect()),
        at_all: combine(terms.iter().map(|term| term.at_all.clone()).collect()),
    }
}

/// What a word may be a misspelling of, among some words.
fn corrected(among: &BTreeSet<&String>, word: &str, longer_too: bool) -> Option<Term> {
    let digits = |word: &str| word.chars().any(|char| char.is_ascii_digit());
    let length = word.chars().count();
    let allowed = allowed_slips(word);
    if allowed == 0 {
        return None;
    }
    let part = |known: &str| {
        let parts = (0..=known.len()).filter_map(|end| known.get(..end));
        if length < 5 || !longer_too {
            usize::MAX
        } else {
            parts.map(|part| slips(word, part)).min().unwrap()
        }
    };
    let known = || among.iter().filter(|known| !digits(known));
    let nearest = known().map(|known| slips(word, known)).min().filter(|nearest| *nearest <= allowed);
    // Longer words count where they are nearer than any whole one.
    let whole = known().map(|known| (slips(word, known), known));
    let longer = known().map(|known| (part(known), known));
    let near: Vec<(usize, &&String)> = whole
        .chain(longer.filter(|(slips, _)| nearest.is_none_or(|nearest| *slips < nearest)))
        .filter(|(slips, _)| *slips <= allowed)
        .collect();
    let fewest = near.iter().map(|(slips, _)| *slips).min()?;
    let any = |most: usize| {
        let words = near.iter().filter(|(slips, _)| *slips <= most);
        Wanted::Any(words.map(|(_, word)| Wanted::Word((**word).clone())).collect())
    };
    Some(Term { likely: any(fewest), at_all: any(usize::MAX) })
}

fn allowed_slips(word: &str) -> usize {
    match word.chars().count() {
        _ if word.chars().any(|char| char.is_ascii_digit()) => 0,
        0..=2 => 0,
        3..=7 => 1,
        _ => 2,
    }
}

/// Text from a search box as terms: words, words joined by hyphens, and numbers with a point.
fn terms(search: &str) -> Vec<String> {
    let number = "[0-9]+(?:[.][0-9]+)+[[:alnum:]]*";
    let term =
        regex::Regex::new(&format!("(?:{number}|[[:alnum:]]+)(?:-(?:{number}|[[:alnum:]]+))*")).unwrap();
    let mut terms: Vec<String> = Vec::new();
    for found in term.find_iter(&fold(search)) {
        if !terms.iter().any(|known| known == found.as_str()) {
            terms.push(found.as_str().to_owned());
        }
    }
    terms
}

/// What a search means.
#[derive(Default)]
pub struct Meaning {
    /// What must all be found.
    pub all: Vec<Term>,
    /// Neighbours that are one word, which counts besides.
    pub pairs: Vec<Term>,
    /// What comes first wherever it stands.
    pub literal: Vec<Term>,
}

/// The words of a vehicle.
pub struct Words<'a> {
    pub heading: &'a BTreeSet<String>,
    pub all: &'a BTreeSet<String>,
    /// Those that a misspelt one may stand for.
    pub spelled: &'a BTreeSet<String>,
}

pub struct Model<'a>(pub Vec<Words<'a>>);

impl Model<'_> {
    fn has(&self, term: &Term) -> bool {
        self.0.iter().any(|car| term.at_all.is_in(car.all))
    }

    fn corrected(&self, word: &str, in_names: bool) -> Option<Term> {
        let spelled = self.0.iter().flat_map(|car| car.spelled);
        let named: BTreeSet<&String> = self.0.iter().flat_map(|car| car.heading).collect();
        corrected(&spelled.filter(|word| !in_names || named.contains(word)).collect(), word, !in_names)
    }

    /// What a term, or a part of one, means as it is written.
    fn written(term: &str, tells: bool) -> Term {
        let parts: Vec<&str> = term.split('-').collect();
        if parts.len() == 1 {
            return if tells { begun(term) } else { whole(term) };
        }
        let mut ways = Vec::new();
        let has_point = term.contains('.');
        if !has_point {
            ways.push(begun(&parts.concat()));
        }
        if says_enough(&parts) {
            let each: Vec<Term> = (0..parts.len())
                .map(|place| {
                    let is_begun = telling(parts[place]) || has_point && place == parts.len() - 1;
                    if is_begun { begun(parts[place]) } else { whole(parts[place]) }
                })
                .collect();
            ways.push(combined(&each, Wanted::All));
        }
        combined(&ways, Wanted::Any)
    }

    /// Whether a word stands in few descriptions and no name.
    fn is_doubtful(&self, written: &Term) -> bool {
        let having: Vec<_> = self.0.iter().filter(|car| written.at_all.is_in(car.all)).collect();
        having.len() < 20 && !having.iter().any(|car| written.at_all.is_in(car.heading))
    }

    /// What terms mean, each, and the pairs of neighbours that are one word.
    fn sequence(&self, terms: &[(&str, bool)]) -> Meaning {
        let pair = |two: &[(&str, bool)]| {
            let together = format!("{}{}", two[0].0, two[1].0).replace('-', "");
            Some(begun(&together))
                .filter(|pair| !together.contains('.') && !is_number(&together) && self.has(pair))
        };
        let pairs: Vec<Option<Term>> = terms.windows(2).map(pair).collect();
        let mut literal = Vec::new();
        let meant = terms.iter().enumerate().map(|(place, (term, tells))| {
            let beside: Vec<Term> = [place.checked_sub(1), Some(place)]
                .into_iter()
                .flatten()
                .filter_map(|place| pairs.get(place).cloned().flatten())
                .collect();
            let written = Self::written(term, *tells);
            let is_word = *tells && !term.contains('-');
            let meant = if is_word && allowed_slips(term) > 0 && self.has(&written) {
                if term.len() >= 5 && self.is_doubtful(&written) {
                    match self.corrected(term, true) {
                        Some(named) => {
                            literal.push(written.clone());
                            combined(&[written, named], Wanted::Any)
                        }
                        None => written,
                    }
                } else {
                    written
                }
            } else if self.has(&written) || !beside.is_empty() {
                written
            } else {
                self.meant(term, *tells).unwrap_or(written)
            };
            combined(&[vec![meant], beside].concat(), Wanted::Any)
        });
        let all = meant.collect();
        Meaning { all, pairs: pairs.iter().flatten().cloned().collect(), literal }
    }

    /// What a term that no vehicle has may mean.
    fn meant(&self, term: &str, tells: bool) -> Option<Term> {
        let parts: Vec<&str> = term.split('-').collect();
        if parts.len() == 1 {
            return self.corrected(term, false).filter(|_| tells);
        }
        let mut meant = Vec::new();
        if !term.contains('.') {
            meant.extend(self.corrected(&parts.concat(), false));
        }
        if says_enough(&parts) {
            let parts: Vec<(&str, bool)> = parts.iter().map(|part| (*part, telling(part))).collect();
            meant.push(combined(&self.sequence(&parts).all, Wanted::All));
        }
        (!meant.is_empty()).then(|| combined(&meant, Wanted::Any))
    }

    /// What a search means.
    pub fn meaning(&self, search: &str) -> Meaning {
        let terms = terms(search);
        if terms.is_empty() && !search.trim().is_empty() {
            // Signs alone: what no vehicle has.
            let nothing = Term { likely: Wanted::Any(Vec::new()), at_all: Wanted::Any(Vec::new()) };
            return Meaning { all: vec![nothing], ..Meaning::default() };
        }
        self.sequence(&terms.iter().map(|term| (term.as_str(), true)).collect::<Vec<_>>())
    }
}

fn telling(part: &str) -> bool {
    part.len() >= 3 && !is_number(part)
}

fn says_enough(parts: &[&str]) -> bool {
    parts.len() >= 3 || parts.iter().any(|part| telling(part) || part.contains('.'))
}
