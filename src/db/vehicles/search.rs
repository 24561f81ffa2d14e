//! From the terms of a search to what the index is asked.
//!
//! **Invariants:** a vehicle matches when it has every word, or one that begins with it. What hyphens join (`cr-v`) is found written together,
//! and apart if one of its parts says something by itself ([`MIN_PART_CHARS`]). A term that no listed vehicle has is replaced by what it may be a
//! misspelling of; when there is nothing, nothing matches. Nothing matches a search without words either. `search_words` may hold words that
//! no vehicle has any more, so whatever it offers is looked up in the index.

use super::super::{Db, DbError};
use crate::domain::{Near, completions, corrections, slips};

/// Corrections of one word at most, so that a query stays small.
const MAX_CORRECTIONS: usize = 100;
/// The longest word that is told from others, in characters; the rest of a longer one is ignored. `vitrina_words` cuts there too.
const MAX_WORD_CHARS: usize = 60;
/// From here on a part of a joined term is a word that may be looked for by itself, unless it is a number: `trail` of X-Trail, neither `cr` nor 150.
const MIN_PART_CHARS: usize = 3;

/// A search as PostgreSQL takes it; texts in the syntax of `tsquery`.
#[derive(Debug, Default, Clone)]
pub struct Search {
    /// What all must match; `None`: there is no search.
    pub all: Option<String>,
    /// For each term: it, or what it most likely means, as whole words.
    pub words: Vec<String>,
    /// For each term: all that it may mean, as beginnings of words.
    pub beginnings: Vec<String>,
}

impl Search {
    fn push(&mut self, term: Term) {
        let all = self.all.get_or_insert_default();
        if !all.is_empty() {
            all.push_str(" & ");
        }
        all.push_str(&term.beginning);
        self.words.push(term.word);
        self.beginnings.push(term.beginning);
    }
}

/// What a term asks the index, either way.
struct Term {
    word: String,
    beginning: String,
}

impl Term {
    /// A word, found by its beginning.
    fn word(word: &str) -> Self {
        Self { word: whole(word), beginning: format!("{}:*", whole(word)) }
    }

    /// A word, found only whole.
    fn whole(word: &str) -> Self {
        Self { word: whole(word), beginning: whole(word) }
    }

    /// What a term means as it is written.
    fn written(term: &str) -> Self {
        let Some(joined) = Joined::read(term) else { return Self::word(term) };
        let together = joined.together.as_deref().map(Self::word);
        let apart = joined.apart.map(|parts| Self::all(parts.iter().map(Part::written)));
        Self::any(together.into_iter().chain(apart))
    }

    fn any(terms: impl IntoIterator<Item = Self>) -> Self {
        Self::combined(terms, " | ")
    }

    fn all(terms: impl IntoIterator<Item = Self>) -> Self {
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

/// What hyphens join.
struct Joined<'a> {
    /// As one word; `None` for what is never written so: 2.5-turbo.
    together: Option<String>,
    /// As words of their own, if one of them says something by itself, or there is no other way.
    apart: Option<Vec<Part<'a>>>,
}

/// A part of what hyphens join.
struct Part<'a> {
    text: &'a str,
    /// Whether it says something by itself.
    tells: bool,
}

impl<'a> Joined<'a> {
    /// `None` for a single word.
    fn read(term: &'a str) -> Option<Self> {
        if !term.contains('-') {
            return None;
        }
        let tells = |text: &str| {
            text.chars().count() >= MIN_PART_CHARS && !text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let parts: Vec<Part<'a>> = term.split('-').map(|text| Part { text, tells: tells(text) }).collect();
        let together = (!term.contains('.')).then(|| term.replace('-', ""));
        let may_be_apart = together.is_none() || parts.iter().any(|part| part.tells);
        Some(Self { together, apart: may_be_apart.then_some(parts) })
    }
}

impl Part<'_> {
    fn written(&self) -> Term {
        if self.tells { Term::word(self.text) } else { Term::whole(self.text) }
    }
}

impl Db {
    /// Finds out what the terms of a search mean at present.
    pub async fn understand(&self, terms: Option<&[String]>) -> Result<Search, DbError> {
        let Some(terms) = terms else { return Ok(Search::default()) };
        // An empty query matches nothing.
        let mut search = Search { all: Some(String::new()), ..Search::default() };
        if terms.is_empty() {
            return Ok(search);
        }
        let written: Vec<Term> = terms.iter().map(|term| Term::written(term)).collect();
        let asked: Vec<String> = written.iter().map(|term| term.beginning.clone()).collect();
        let known = self.found(&asked).await?;
        for (term, written) in terms.iter().zip(written) {
            let meant = if known.contains(&written.beginning) { None } else { self.meant(term).await? };
            search.push(meant.unwrap_or(written));
        }
        Ok(search)
    }

    /// What a term that no vehicle has may mean; `None`: nothing.
    async fn meant(&self, term: &str) -> Result<Option<Term>, DbError> {
        let Some(joined) = Joined::read(term) else { return self.corrected(term).await };
        let mut meant = Vec::new();
        if let Some(together) = &joined.together {
            meant.extend(self.corrected(together).await?);
        }
        if let Some(parts) = joined.apart {
            let mut apart = Vec::with_capacity(parts.len());
            for part in &parts {
                let written = part.written();
                let is_known =
                    !part.tells || !self.found(std::slice::from_ref(&written.beginning)).await?.is_empty();
                let corrected = if is_known { None } else { self.corrected(part.text).await? };
                apart.push(corrected.unwrap_or(written));
            }
            meant.push(Term::all(apart));
        }
        Ok((!meant.is_empty()).then(|| Term::any(meant)))
    }

    /// What a word that no vehicle has is a misspelling of: whole words, and longer ones where they are nearer. The nearest are the likeliest.
    async fn corrected(&self, word: &str) -> Result<Option<Term>, DbError> {
        let slips = slips(word);
        if slips == 0 {
            return Ok(None);
        }
        let shortest = i32::try_from(word.chars().count() - slips).unwrap_or(i32::MAX);
        let offered = sqlx::query_scalar!(
            "select word from search_words where length(word) >= $1 order by word",
            shortest
        )
        .fetch_all(&self.pool)
        .await?;
        // One after the other, on what is there: words that are gone must not hide the second way of erring.
        let mut near = self.present(corrections(word, &offered)).await?;
        let nearest = near.first().map_or(usize::MAX, |near| near.slips);
        if nearest > 1 {
            let longer = completions(word, &offered).into_iter().filter(|longer| longer.slips < nearest);
            let mut longer = self.present(longer.collect()).await?;
            longer.append(&mut near);
            near = longer;
        }
        near.truncate(MAX_CORRECTIONS);
        let Some(nearest) = near.first().map(|near| near.slips) else { return Ok(None) };
        let any = |near: &[Near<'_>]| Term::any(near.iter().map(|near| Term::whole(near.word)));
        let likeliest = near.partition_point(|near| near.slips == nearest);
        Ok(Some(Term { word: any(&near[..likeliest]).word, beginning: any(&near).word }))
    }

    /// Those that some listed vehicle has, in their order.
    async fn present<'a>(&self, mut near: Vec<Near<'a>>) -> Result<Vec<Near<'a>>, DbError> {
        let found = self.found(&near.iter().map(|near| whole(near.word)).collect::<Vec<_>>()).await?;
        near.retain(|near| found.contains(&whole(near.word)));
        Ok(near)
    }

    /// Those of the queries that some listed vehicle matches.
    async fn found(&self, queries: &[String]) -> Result<Vec<String>, DbError> {
        let found = sqlx::query_scalar!(
            r#"select query as "query!" from unnest($1::text[]) query
               where exists (select from listing_texts where words @@ query::tsquery)"#,
            queries
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(found)
    }
}

/// A word in the syntax of `tsquery`. Terms have neither quotes nor backslashes, see `domain::terms`.
fn whole(word: &str) -> String {
    let word: String = word.chars().take(MAX_WORD_CHARS).collect();
    format!("'{word}'")
}
