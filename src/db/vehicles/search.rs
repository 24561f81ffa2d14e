//! From the words of a search to what the index is asked.
//!
//! **Invariants:** a vehicle matches when it has every word, or one that begins with it. A word that no listed vehicle has is replaced by
//! those that it may be a misspelling of; when there are none, nothing matches. Nothing matches a search without words either. `search_words` may hold words that no vehicle has
//! any more, so whatever it offers is looked up in the index.

use super::super::{Db, DbError};
use crate::domain::{completions, corrections, slips};

/// Corrections of one word at most, so that a query stays small.
const MAX_CORRECTIONS: usize = 100;

/// A search as PostgreSQL takes it; texts in the syntax of `tsquery`.
#[derive(Debug, Default, Clone)]
pub struct Search {
    /// What all must match; `None`: there is no search.
    pub all: Option<String>,
    /// For each word: it, or what it may mean, as a whole word.
    pub words: Vec<String>,
    /// For each word: the same as the beginning of a word.
    pub beginnings: Vec<String>,
}

impl Search {
    fn push(&mut self, word: String, beginning: String) {
        let all = self.all.get_or_insert_default();
        if !all.is_empty() {
            all.push_str(" & ");
        }
        all.push_str(&beginning);
        self.words.push(word);
        self.beginnings.push(beginning);
    }
}

impl Db {
    /// Finds out what the words of a search mean at present.
    pub async fn understand(&self, words: Option<&[String]>) -> Result<Search, DbError> {
        let Some(words) = words else { return Ok(Search::default()) };
        // An empty query matches nothing.
        let mut search = Search { all: Some(String::new()), ..Search::default() };
        if words.is_empty() {
            return Ok(search);
        }
        let beginnings: Vec<String> = words.iter().map(|word| beginning(word)).collect();
        let known = self.found(&beginnings).await?;
        for (word, beginning) in words.iter().zip(beginnings) {
            let meant = if known.contains(&beginning) { Vec::new() } else { self.meant(word).await? };
            if meant.is_empty() {
                search.push(whole(word), beginning);
            } else {
                let any = format!("({})", meant.join(" | "));
                search.push(any.clone(), any);
            }
        }
        Ok(search)
    }

    /// What a word that no vehicle has may mean.
    async fn meant(&self, word: &str) -> Result<Vec<String>, DbError> {
        let slips = slips(word);
        if slips == 0 {
            return Ok(Vec::new());
        }
        let shortest = i32::try_from(word.chars().count() - slips).unwrap_or(i32::MAX);
        let offered = sqlx::query_scalar!(
            "select word from search_words where length(word) >= $1 order by word",
            shortest
        )
        .fetch_all(&self.pool)
        .await?;
        // One after the other, on what is there: words that are gone must not hide the second way of erring.
        for near in [corrections(word, &offered), completions(word, &offered)] {
            let near: Vec<String> = near.into_iter().map(whole).collect();
            let mut found = self.found(&near).await?;
            if !found.is_empty() {
                found.sort_unstable();
                found.truncate(MAX_CORRECTIONS);
                return Ok(found);
            }
        }
        Ok(Vec::new())
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

/// A word in the syntax of `tsquery`. Words have neither quotes nor backslashes, see `domain::words`.
fn whole(word: &str) -> String {
    format!("'{word}'")
}

fn beginning(word: &str) -> String {
    format!("'{word}':*")
}
