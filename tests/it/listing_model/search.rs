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

fn is_number(text: &str) -> bool {
    text.chars().all(|char| char.is_ascii_digit() || char == '.')
}

/// Words, each with whether a hyphen joins it to the one before. A point between digits is a part of a word, a hyphen between digits divides.
fn words(text: &str) -> Vec<(String, bool)> {
    let word = regex::Regex::new("[[:alnum:]]+(?:[.][[:alnum:]]+)*").unwrap();
    let folded = fold(text);
    let mut words: Vec<(String, bool)> = Vec::new();
    let mut end = 0;
    for found in word.find_iter(&folded) {
        // Where a point stands between anything but digits, it divides.
        let mut pieces: Vec<String> = Vec::new();
        for piece in found.as_str().split('.') {
            let digits = |text: &str, last: bool| {
                let char = if last { text.chars().last() } else { text.chars().next() };
                char.is_some_and(|char| char.is_ascii_digit())
            };
            match pieces.last_mut() {
                Some(before) if digits(before, true) && digits(piece, false) => {
                    before.push('.');
                    before.push_str(piece);
                }
                _ => pieces.push(piece.to_owned()),
            }
        }
        let between = &folded[end..found.start()];
        let ends_in_digit =
            words.last().is_some_and(|(word, _)| word.ends_with(|char: char| char.is_ascii_digit()));
        let starts_with_digit = found.as_str().starts_with(|char: char| char.is_ascii_digit());
        let joined = between == "-" && end > 0 && !(ends_in_digit && starts_with_digit);
        words.extend(pieces.into_iter().enumerate().map(|(place, piece)| (piece, place == 0 && joined)));
        end = found.end();
    }
    words
}

/// Neighbours as one word, two of them and up to four; only joined ones unless `all`.
fn together(words: &[(String, bool)], all: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for start in 0..words.len() {
        let mut count = 1;
        while count < 4 && words.get(start + count).is_some_and(|(_, joined)| all || *joined) {
            count += 1;
        }
        let numbers = words[start..].iter().take(2).all(|(word, _)| is_number(word));
        for length in [2, count] {
            if count > 1 && !numbers {
                found.insert(words[start..start + length].iter().map(|(word, _)| word.as_str()).collect());
            }
        }
    }
    found
}

/// The words that a text is found by.
pub fn words_of(text: &str, is_name: bool) -> BTreeSet<String> {
    let words = words(text);
    together(&words, is_name).into_iter().chain(words.into_iter().map(|(word, _)| word)).collect()
}

/// A name in whole words, such as `corolla le `.
pub fn whole_words(text: &str) -> String {
    let mut whole = String::new();
    for (word, joined) in words(text) {
        if joined {
            whole = format!("{}-", whole.trim_end());
        }
        whole += &(word + " ");
    }
    if whole.is_empty() && !text.trim().is_empty() { fold(text) + " " } else { whole }
}

/// Letters to add, drop, change, or swap with their neighbours, to get from one word to each beginning of the other.
fn slips(from: &str, to: &str) -> Vec<usize> {
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
    table.swap_remove(from.len())
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

fn has_digit(word: &str) -> bool {
    word.chars().any(|char| char.is_ascii_digit())
}

/// Words near a misspelt one among some; with `longer`, those too that begin with something that is nearer than any whole word.
fn near(among: &BTreeSet<&String>, word: &str, longer: bool) -> Option<Term> {
    let allowed = allowed_slips(word);
    let each: Vec<(Vec<usize>, &String)> = among.iter().map(|known| (slips(word, known), *known)).collect();
    let mut near: Vec<(usize, &String)> =
        each.iter().map(|(slips, known)| (*slips.last().unwrap(), *known)).collect();
    let nearest = near.iter().map(|(slips, _)| *slips).min().unwrap_or(usize::MAX);
    if longer && word.len() >= 5 {
        let begins = each.iter().map(|(slips, known)| (*slips.iter().min().unwrap(), *known));
        near.extend(begins.filter(|(slips, _)| *slips < nearest));
    }
    near.retain(|(slips, _)| *slips <= allowed);
    let fewest = near.iter().map(|(slips, _)| *slips).min()?;
    let any = |most: usize| {
        let words = near.iter().filter(|(slips, _)| *slips <= most);
        Wanted::Any(words.map(|(_, word)| Wanted::Word((*word).clone())).collect())
    };
    Some(Term { likely: any(fewest), at_all: any(usize::MAX) })
}

fn allowed_slips(word: &str) -> usize {
    match word.chars().count() {
        _ if has_digit(word) => 0,
        0..=2 => 0,
        3..=7 => 1,
        _ => 2,
    }
}

/// Text from a search box as terms of words that hyphens join, of the first twelve words.
fn terms(search: &str) -> Vec<Vec<String>> {
    let mut terms: Vec<Vec<String>> = Vec::new();
    for (word, joined) in words(search).into_iter().take(12) {
        match terms.last_mut() {
            Some(term) if joined => term.push(word),
            _ => terms.push(vec![word]),
        }
    }
    let mut different = Vec::new();
    for term in terms {
        if !different.contains(&term) {
            different.push(term);
        }
    }
    different
}

/// What a search means.
#[derive(Default)]
pub struct Meaning {
    /// What must all be found.
    pub all: Vec<Term>,
    /// Neighbours as one word, which counts besides.
    pub pairs: Vec<Term>,
}

/// The words that may be meant by misspelt ones: those of headings, and all.
pub struct Model<'a> {
    named: BTreeSet<&'a String>,
    spelled: BTreeSet<&'a String>,
}

impl<'a> Model<'a> {
    /// Of the words of vehicles, each vehicle's heading and all.
    pub fn new(cars: impl Iterator<Item = (&'a BTreeSet<String>, &'a BTreeSet<String>)>) -> Self {
        let is_spelled = |word: &&String| word.len() > 1 && !has_digit(word);
        let (named, spelled): (Vec<_>, Vec<_>) = cars.unzip();
        Self {
            named: named.into_iter().flatten().filter(is_spelled).collect(),
            spelled: spelled.into_iter().flatten().filter(is_spelled).collect(),
        }
    }

    /// A word as it is written, and what it may be a misspelling of.
    fn with_corrections(&self, word: &str, written: Term) -> Term {
        let begins = |words: &BTreeSet<&String>| words.iter().any(|known| known.starts_with(word));
        let (named, spelled) = (&self.named, &self.spelled);
        let corrected = if allowed_slips(word) == 0 || begins(named) {
            None
        } else if begins(spelled) {
            near(named, word, false).filter(|_| word.len() >= 5)
        } else {
            near(spelled, word, true)
        };
        combined(&[Some(written), corrected].into_iter().flatten().collect::<Vec<_>>(), Wanted::Any)
    }

    fn term(&self, parts: &[String]) -> Term {
        let telling = |part: &String| part.len() >= 3 && !is_number(part);
        let together = parts.concat();
        let mut ways = vec![self.with_corrections(&together, begun(&together))];
        if parts.len() >= 3 || parts.len() == 2 && parts.iter().any(telling) {
            let each: Vec<Term> = parts
                .iter()
                .map(
                    |part| if telling(part) { self.with_corrections(part, begun(part)) } else { whole(part) },
                )
                .collect();
            ways.push(combined(&each, Wanted::All));
        }
        combined(&ways, Wanted::Any)
    }

    /// What a search means.
    pub fn meaning(&self, search: &str) -> Meaning {
        let terms = terms(search);
        if terms.is_empty() && !search.trim().is_empty() {
            // Signs alone: what no vehicle has.
            let nothing = Term { likely: Wanted::Any(Vec::new()), at_all: Wanted::Any(Vec::new()) };
            return Meaning { all: vec![nothing], ..Meaning::default() };
        }
        let pairs: Vec<Term> = terms.windows(2).map(|two| begun(&two.concat().concat())).collect();
        let meant = terms.iter().enumerate().map(|(place, term)| {
            let beside = [place.checked_sub(1), Some(place)].into_iter().flatten();
            let beside = beside.filter_map(|place| pairs.get(place).cloned());
            combined(&[self.term(term)].into_iter().chain(beside).collect::<Vec<_>>(), Wanted::Any)
        });
        let all = meant.collect();
        Meaning { all, pairs }
    }
}
