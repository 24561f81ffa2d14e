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

/// What hyphens join, from each of its parts on; two numbers begin none but the first.
fn together(joined: &str) -> Vec<String> {
    let parts: Vec<&str> = joined.split('-').collect();
    let is_number = |part: &&str| part.chars().all(|char| char.is_ascii_digit());
    (0..parts.len() - 1)
        .filter(|place| *place == 0 || !parts[*place..*place + 2].iter().all(is_number))
        .map(|place| parts[place..].concat())
        .collect()
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

/// Short neighbours in a name are found together too.
pub fn neighbours(name: &str) -> BTreeSet<String> {
    let folded = fold(name);
    let parts: Vec<&str> = folded.split(' ').collect();
    let is_number = |part: &str| part.chars().all(|char| char.is_ascii_digit());
    let short = |part: &str| {
        part.chars().all(|char| char.is_ascii_alphanumeric())
            && match part.len() {
                1 | 2 => true,
                3 => is_number(part),
                _ => false,
            }
    };
    parts
        .windows(2)
        .filter(|pair| short(pair[0]) && short(pair[1]) && !(is_number(pair[0]) && is_number(pair[1])))
        .map(<[&str]>::concat)
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

/// What a word that no vehicle has may be a misspelling of.
fn corrected(vocabulary: &BTreeSet<String>, word: &str) -> Option<Term> {
    let digits = |word: &str| word.chars().any(|char| char.is_ascii_digit());
    let length = word.chars().count();
    let allowed = match length {
        _ if digits(word) => return None,
        0..=2 => return None,
        3..=7 => 1,
        _ => 2,
    };
    let part = |known: &str| {
        let parts = (0..=known.len()).filter_map(|end| known.get(..end));
        if length < 5 { usize::MAX } else { parts.map(|part| slips(word, part)).min().unwrap() }
    };
    let known = || vocabulary.iter().filter(|known| !digits(known));
    let nearest = known().map(|known| slips(word, known)).min().filter(|nearest| *nearest <= allowed);
    // Longer words count where they are nearer than any whole one.
    let whole = known().map(|known| (slips(word, known), known));
    let longer = known().map(|known| (part(known), known));
    let near: Vec<(usize, &String)> = whole
        .chain(longer.filter(|(slips, _)| nearest.is_none_or(|nearest| *slips < nearest)))
        .filter(|(slips, _)| *slips <= allowed)
        .collect();
    let fewest = near.iter().map(|(slips, _)| *slips).min()?;
    let any = |most: usize| {
        let words = near.iter().filter(|(slips, _)| *slips <= most);
        Wanted::Any(words.map(|(_, word)| Wanted::Word((*word).clone())).collect())
    };
    Some(Term { likely: any(fewest), at_all: any(usize::MAX) })
}

/// Text from a search box as terms: words, words joined by hyphens, and numbers with a point.
fn terms(search: &str) -> BTreeSet<String> {
    let number = "[0-9]+(?:[.][0-9]+)+[[:alnum:]]*";
    let term =
        regex::Regex::new(&format!("(?:{number}|[[:alnum:]]+)(?:-(?:{number}|[[:alnum:]]+))*")).unwrap();
    term.find_iter(&fold(search)).map(|found| found.as_str().to_owned()).collect()
}

/// What each term of a search means.
pub fn meaning(cars: &[&BTreeSet<String>], search: &str) -> Vec<Term> {
    let vocabulary: BTreeSet<String> = cars.iter().copied().flatten().cloned().collect();
    let is_there = |term: &Term| cars.iter().any(|words| term.at_all.is_in(words));
    let word = |word: &str| {
        let written = begun(word);
        if is_there(&written) { written } else { corrected(&vocabulary, word).unwrap_or(written) }
    };
    let meant = |term: &String| {
        let parts: Vec<&str> = term.split('-').collect();
        if parts.len() == 1 {
            return word(term);
        }
        let tells = |part: &str| part.len() >= 3 && part.chars().any(|char| !char.is_ascii_digit());
        let together = parts.concat();
        let has_point = together.contains('.');
        let apart = has_point || parts.iter().any(|part| tells(part));
        let mut written = Vec::new();
        if !has_point {
            written.push(begun(&together));
        }
        if apart {
            let each: Vec<Term> =
                parts.iter().map(|part| if tells(part) { begun(part) } else { whole(part) }).collect();
            written.push(combined(&each, Wanted::All));
        }
        let written = combined(&written, Wanted::Any);
        if is_there(&written) {
            return written;
        }
        let mut meant: Vec<Term> = Vec::new();
        if !has_point {
            meant.extend(corrected(&vocabulary, &together));
        }
        if apart {
            let each: Vec<Term> =
                parts.iter().map(|part| if tells(part) { word(part) } else { whole(part) }).collect();
            meant.push(combined(&each, Wanted::All));
        }
        if meant.is_empty() { written } else { combined(&meant, Wanted::Any) }
    };
    let terms = terms(search);
    if terms.is_empty() && !search.trim().is_empty() {
        // Signs alone: what no vehicle has.
        return vec![Term { likely: Wanted::Any(Vec::new()), at_all: Wanted::Any(Vec::new()) }];
    }
    terms.iter().map(meant).collect()
}
