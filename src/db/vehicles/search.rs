//! From the terms of a search to what the index is asked.
//!
//! **Invariants:** a vehicle matches when it has every term, as it is written or as the beginning of a word, or together with its neighbour as one word
//! (`xc 40`). A term that no listed vehicle has is replaced by what it may be a misspelling of; when there is nothing, nothing matches. One that stands only
//! in a few descriptions may be a misspelling there, so names that are near count too. Nothing matches a search without words.

use std::{collections::HashSet, sync::Arc};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    super::{Db, DbError},
    terms::{Piece, Term, pair},
    vocabulary::{In, Vocabulary},
};
use crate::domain::{MIN_BEGINNING_CHARS, slips};

/// A search as PostgreSQL takes it; texts in the syntax of `tsquery`.
#[derive(Debug, Default, Clone)]
pub struct Search {
    /// What all must match; `None`: there is no search.
    pub all: Option<String>,
    /// What stands in a few descriptions as it was asked for, while names that are near count too: it comes before them.
    pub literal: Option<String>,
    /// What any must match to count for more than nothing.
    pub any: String,
    /// For each term, and each pair of neighbours that is a word: what it most likely means, as whole words.
    pub words: Vec<String>,
    /// For each of them: all that it may mean, as beginnings of words.
    pub beginnings: Vec<String>,
}

/// What pieces mean, each, and those pairs of neighbours that are one word somewhere.
struct Sequence {
    terms: Vec<Term>,
    pairs: Vec<Term>,
    /// What is meant as it is written, though names that are near count too.
    literal: Vec<Term>,
}

impl Db {
    /// A turn to search, so that searches leave connections to all else; `None`: there is nothing to search for.
    pub async fn turn_to_search(&self, terms: Option<&[String]>) -> Option<OwnedSemaphorePermit> {
        terms?;
        Arc::clone(&self.searches).acquire_owned().await.ok()
    }

    /// Finds out what the terms of a search mean at present.
    pub async fn understand(&self, terms: Option<&[String]>) -> Result<Search, DbError> {
        let Some(terms) = terms else { return Ok(Search::default()) };
        let pieces: Vec<Piece<'_>> = terms.iter().map(|term| Piece::of(term)).collect();
        let Sequence { terms, pairs, literal } = self.sequence(&pieces, &Vocabulary::default()).await?;
        let beginnings: Vec<String> = terms.iter().map(|term| term.beginning.clone()).collect();
        // Without terms it is the empty query, which matches nothing.
        let (all, any) = (beginnings.join(" & "), beginnings.join(" | "));
        let (words, beginnings) =
            terms.into_iter().chain(pairs).map(|term| (term.word, term.beginning)).unzip();
        let literal = (!literal.is_empty()).then(|| Term::any(literal).beginning);
        Ok(Search { all: Some(all), literal, any, words, beginnings })
    }

    async fn sequence(&self, pieces: &[Piece<'_>], vocabulary: &Vocabulary) -> Result<Sequence, DbError> {
        let written: Vec<Term> = pieces.iter().map(|piece| piece.written()).collect();
        let pairs: Vec<Option<Term>> = pieces.windows(2).map(|two| pair(two[0], two[1])).collect();
        let asked = pieces.iter().zip(&written).filter(|(piece, _)| may_be_wrong(**piece));
        let asked: Vec<String> = asked
            .map(|(_, term)| term)
            .chain(pairs.iter().flatten())
            .map(|term| term.beginning.clone())
            .collect();
        let found: HashSet<String> = self.found(&asked, In::Text).await?.into_iter().collect();
        let is_found = |term: &&Term| found.contains(&term.beginning);
        let doubtful = pieces.iter().zip(&written).filter(|(piece, term)| {
            piece.is_word() && piece.text.chars().count() >= MIN_BEGINNING_CHARS && is_found(term)
        });
        let doubtful: Vec<String> = doubtful.map(|(_, term)| term.beginning.clone()).collect();
        let doubtful = self.only_in_few_descriptions(&doubtful).await?;
        let pair_at = |place: usize| pairs.get(place).and_then(Option::as_ref).filter(is_found);
        let mut terms = Vec::with_capacity(pieces.len());
        let mut literal = Vec::new();
        for (place, (piece, written)) in pieces.iter().zip(written).enumerate() {
            let with_neighbour: Vec<Term> = [place.checked_sub(1), Some(place)]
                .into_iter()
                .flatten()
                .filter_map(pair_at)
                .cloned()
                .collect();
            let meant = if doubtful.contains(&written.beginning) {
                match self.corrected(vocabulary, piece.text, In::Name).await? {
                    Some(named) => {
                        literal.push(written.clone());
                        Term::any([written, named])
                    }
                    None => written,
                }
            } else if may_be_wrong(*piece) && !is_found(&&written) && with_neighbour.is_empty() {
                self.meant(*piece, vocabulary).await?.unwrap_or(written)
            } else {
                written
            };
            terms.push(Term::any([meant].into_iter().chain(with_neighbour)));
        }
        let pairs = pairs.into_iter().flatten().filter(|term| found.contains(&term.beginning)).collect();
        Ok(Sequence { terms, pairs, literal })
    }

    /// What a piece that no vehicle has may mean; `None`: nothing.
    async fn meant(&self, piece: Piece<'_>, vocabulary: &Vocabulary) -> Result<Option<Term>, DbError> {
        if piece.is_word() {
            return self.corrected(vocabulary, piece.text, In::Text).await;
        }
        let mut meant = Vec::new();
        if let Some(together) = piece.together() {
            meant.extend(self.corrected(vocabulary, &together, In::Text).await?);
        }
        if let Some(parts) = piece.parts() {
            // Parts have no parts, so this goes no deeper.
            let sequence = Box::pin(self.sequence(&parts, vocabulary)).await?;
            meant.push(Term::all(sequence.terms));
        }
        Ok((!meant.is_empty()).then(|| Term::any(meant)))
    }
}

/// Whether it can mean anything else than what is written: it is joined, or long enough for a slip.
fn may_be_wrong(piece: Piece<'_>) -> bool {
    piece.text.contains('-') || piece.tells && slips(piece.text) > 0
}
