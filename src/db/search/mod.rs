//! Search: turns the words of a question into a query of the index.
//!
//! A vehicle matches when it has every term: a word by its beginning, or written together with its neighbour (`xc 40`, `cx-5`). A word that no vehicle has
//! stands for known words that are near; one that no heading has, for near words of headings too, so a slip in a description does not hide a name.
//!
//! **Invariants:** terms come from `domain::text`, which also made the words of the index. Corrections come from `search_words` alone, looked through off
//! the async threads by one search at a time. A search without words matches nothing.
//!
//! **Not here:** conditions and order of the listing (`vehicles`), writing the words (`listing`).

mod spelling;
mod terms;

use std::collections::{HashMap, HashSet};

use tokio::{sync::Semaphore, task::spawn_blocking};

use self::{
    spelling::{Known, Near},
    terms::{Term, parts, tells},
};
use super::{Db, DbError};

static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// A search as PostgreSQL takes it, in the syntax of `tsquery`.
#[derive(Debug, Default, Clone)]
pub struct Search {
    /// The query that every result must match.
    pub(super) all: String,
    /// The queries that give points where a heading matches: for each term and each pair of neighbours, its likeliest
    /// meaning, and all its meanings.
    pub(super) points: Vec<(String, String)>,
}

/// The corrections of words.
type Corrections = HashMap<String, Term>;

impl Db {
    /// Finds out what the terms of a search mean at present.
    pub async fn understand(&self, terms: Option<&[String]>) -> Result<Search, DbError> {
        let Some(terms) = terms else { return Ok(Search::default()) };
        let corrections = self.corrections(terms).await?;
        let pairs = terms.windows(2).map(|pair| pair.concat().replace('-', ""));
        let pairs: Vec<Term> = pairs.map(|pair| Term::beginning(&cut(&pair))).collect();
        let beside = |place: usize| {
            [place.checked_sub(1), Some(place)].into_iter().flatten().filter_map(|place| pairs.get(place))
        };
        let each = terms.iter().enumerate().map(|(place, term)| {
            Term::any([meaning(term, &corrections)].into_iter().chain(beside(place).cloned()))
        });
        let each: Vec<Term> = each.collect();
        let all = Term::all(each.iter().cloned()).any;
        let points = each.into_iter().chain(pairs).map(|term| (term.likely, term.any)).collect();
        Ok(Search { all, points })
    }

    /// The corrections of each word.
    async fn corrections(&self, terms: &[String]) -> Result<Corrections, DbError> {
        let parts = terms.iter().flat_map(|term| parts(term)).filter(|part| tells(part)).map(str::to_owned);
        let words: HashSet<String> = terms.iter().map(|term| together(term)).chain(parts).collect();
        let words: Vec<String> = words.into_iter().filter(|word| spelling::slips(word) > 0).collect();
        // A word that begins one of the vocabulary is spelt right.
        let unknown = sqlx::query!(
            r#"select word as "word!", exists (
                   select from search_words k where k.word >= given.word and k.word < given.word || U&'\+10FFFF'
               ) as "known!"
               from unnest($1::text[]) given(word)
               where not exists (
                   select from search_words k where k.word >= given.word and k.word < given.word || U&'\+10FFFF' and k.in_heading
               )"#,
            &words
        )
        .fetch_all(&self.pool)
        .await?;
        let long_enough = |word: &str| word.chars().count() >= spelling::MIN_BEGINNING_CHARS;
        let unknown: Vec<(String, bool)> = unknown
            .into_iter()
            .map(|row| (row.word, row.known))
            .filter(|(word, known)| !known || long_enough(word))
            .collect();
        if unknown.is_empty() {
            return Ok(Corrections::new());
        }
        let known =
            sqlx::query_as!(Known, "select word, in_heading from search_words").fetch_all(&self.pool).await?;
        let _turn = ONE_AT_A_TIME.acquire().await;
        let near = spawn_blocking(move || {
            let near = unknown.into_iter().map(|(word, known_word)| {
                let near = if known_word {
                    spelling::in_headings(&word, &known)
                } else {
                    spelling::corrections(&word, &known)
                };
                (word, near)
            });
            near.collect::<Vec<_>>()
        });
        let near = near.await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
        Ok(near.into_iter().filter_map(|(word, near)| Some((word, corrected(&near)?))).collect())
    }

    /// Forgets the words that no listed vehicle has any more, and returns how many they were. Writers of vehicles wait meanwhile, so that none
    /// finds a word known that is being deleted.
    pub async fn tidy_words(&self) -> Result<u64, DbError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!("lock table search_words in share row exclusive mode").execute(&mut *tx).await?;
        let forgotten = sqlx::query!(
            "delete from search_words k
             where not exists (select from listing_texts where words @@ ('''' || k.word || '''')::tsquery)"
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(forgotten.rows_affected())
    }
}

/// The meanings of a term: as it is written, together or in its parts, and each of these corrected.
fn meaning(term: &str, corrections: &Corrections) -> Term {
    let with_corrections = |word: &str, written: Term| {
        Term::any([Some(written), corrections.get(word).cloned()].into_iter().flatten())
    };
    let whole = together(term);
    let apart = parts(term);
    let apart = (!apart.is_empty()).then(|| {
        let each = apart.iter().map(|part| {
            let written = if tells(part) { Term::beginning(part) } else { Term::whole(part) };
            with_corrections(part, written)
        });
        Term::all(each)
    });
    let whole = with_corrections(&whole, Term::beginning(&whole));
    Term::any([Some(whole), apart].into_iter().flatten())
}

/// A joined term as one word.
fn together(term: &str) -> String {
    cut(&term.replace('-', ""))
}

/// A word, as long as the index has it.
fn cut(word: &str) -> String {
    word.chars().take(crate::domain::text::MAX_WORD_CHARS).collect()
}

/// Near words as one term, the nearest as the likeliest; `None`: there are none.
fn corrected(near: &[Near]) -> Option<Term> {
    let nearest = near.first()?.slips;
    let any = |near: &[Near]| Term::any(near.iter().map(|near| Term::whole(&near.word))).any;
    let likely = any(near.get(..near.partition_point(|near| near.slips == nearest))?);
    Some(Term { likely, any: any(near) })
}
