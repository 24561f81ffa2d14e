//! The words that listed vehicles have, and what a misspelt one may mean among them.
//!
//! **Invariants:** `search_words` may hold words that no vehicle has any more, until it is tidied, so whatever it offers is looked up in the index. It is
//! read once for a search, and looked through by one search at a time, off the async threads.

use std::sync::Arc;

use tokio::{
    sync::{OnceCell, Semaphore},
    task::spawn_blocking,
};

use super::{
    super::{Db, DbError},
    terms::{Term, whole},
};
use crate::domain::{Near, completions, corrections, slips};

/// Corrections of one word at most, so that a query stays small.
const MAX_CORRECTIONS: usize = 100;
/// A word that so many vehicles have is no slip of whoever wrote them.
const COMMON: i64 = 20;

static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// The words, read when first needed.
#[derive(Default)]
pub(super) struct Vocabulary(OnceCell<Arc<Vec<String>>>);

/// Where what is meant must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    /// In the name of a vehicle or its description.
    Text,
    /// In the name.
    Name,
}

impl Db {
    /// What a word is a misspelling of: whole words, and longer ones where they are nearer. The nearest are the likeliest. `None`: of nothing.
    pub(super) async fn corrected(
        &self,
        vocabulary: &Vocabulary,
        word: &str,
        within: In,
    ) -> Result<Option<Term>, DbError> {
        if slips(word) == 0 {
            return Ok(None);
        }
        let known = vocabulary.0.get_or_try_init(|| self.all_words()).await?;
        // One after the other, on what is there: words that are gone must not hide the second way of erring.
        let mut near = self.present(look(known, word, corrections).await, within).await?;
        let nearest = near.first().map_or(usize::MAX, |near| near.slips);
        // A word that somebody wrote is no misspelt beginning.
        if nearest > 1 && within == In::Text {
            let longer = look(known, word, completions).await;
            let longer = longer.into_iter().filter(|longer| longer.slips < nearest);
            let mut longer = self.present(longer.collect(), within).await?;
            longer.append(&mut near);
            near = longer;
        }
        near.truncate(MAX_CORRECTIONS);
        let Some(nearest) = near.first().map(|near| near.slips) else { return Ok(None) };
        let any = |near: &[Near]| Term::any(near.iter().map(|near| Term::whole(&near.word)));
        let likeliest = near.partition_point(|near| near.slips == nearest);
        Ok(Some(Term { word: any(&near[..likeliest]).word, beginning: any(&near).word }))
    }

    async fn all_words(&self) -> Result<Arc<Vec<String>>, DbError> {
        let words = sqlx::query_scalar!("select word from search_words").fetch_all(&self.pool).await?;
        Ok(Arc::new(words))
    }

    /// Those that some listed vehicle has there, in their order.
    async fn present(&self, mut near: Vec<Near>, within: In) -> Result<Vec<Near>, DbError> {
        if near.is_empty() {
            return Ok(near);
        }
        let queries: Vec<String> = near.iter().map(|near| whole(&near.word)).collect();
        let found = self.found(&queries, within).await?;
        near.retain(|near| found.contains(&whole(&near.word)));
        Ok(near)
    }

    /// Those of the queries that some listed vehicle matches there.
    pub(super) async fn found(&self, queries: &[String], within: In) -> Result<Vec<String>, DbError> {
        let found = sqlx::query_scalar!(
            r#"select query as "query!" from unnest($1::text[]) query
               where exists (
                   select from listing_texts where words @@ query::tsquery and ($2 or heading @@ query::tsquery)
               )"#,
            queries,
            within == In::Text
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(found)
    }

    /// Those of the queries that few listed vehicles match, and none by its name: somebody who wrote a description may have erred.
    pub(super) async fn only_in_few_descriptions(&self, queries: &[String]) -> Result<Vec<String>, DbError> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let found = sqlx::query_scalar!(
            r#"select query as "query!" from unnest($1::text[]) query
               cross join lateral (
                   select count(*) as count, bool_or(heading @@ query::tsquery) as named
                   from (select heading from listing_texts where words @@ query::tsquery limit $2) few
               ) of_them
               where count < $2 and not named"#,
            queries,
            COMMON
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(found)
    }

    /// Forgets the words that no listed vehicle has any more, and returns how many they were.
    pub async fn tidy_words(&self) -> Result<u64, DbError> {
        let forgotten = sqlx::query!(
            "delete from search_words known
             where not exists (select from listing_texts where words @@ ('''' || known.word || '''')::tsquery)"
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        // One that a vehicle got while the others were looked at: whoever wrote it found it known.
        sqlx::query!(
            "insert into search_words
             select distinct found.word
             from (
                 select title, marca, modelo, descripcion from inventario_cache
                 where listed and last_synced_at > now() - interval '10 minutes' order by last_synced_at desc limit 1000
             ) c
             cross join lateral unnest(vitrina_words(concat_ws(' ', c.title, c.marca, c.modelo, c.descripcion))) as found(word)
             where length(found.word) > 1 and found.word !~ '[0-9]'
             order by found.word
             on conflict do nothing"
        )
        .execute(&self.pool)
        .await?;
        Ok(forgotten)
    }
}

/// Looks through the words; a panic in it is passed on.
async fn look(known: &Arc<Vec<String>>, word: &str, way: fn(&str, &[String]) -> Vec<Near>) -> Vec<Near> {
    let _turn = ONE_AT_A_TIME.acquire().await;
    let (known, word) = (Arc::clone(known), word.to_owned());
    match spawn_blocking(move || way(&word, &known)).await {
        Ok(near) => near,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
