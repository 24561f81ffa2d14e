//! Rust and PostgreSQL agree on what text is equal and what a word is: questions are folded by one, vehicles by the other. A vehicle has one word
//! more than a question for what hyphens join.

use std::collections::BTreeSet;

use fastrand::Rng;
use regex::Regex;
use vitrina::domain::{fold, words};

use crate::support::Database;

/// Where letters with accents, compatibility forms and marks are, and anything else once in a while.
fn text(random: &mut Rng) -> String {
    let char = |random: &mut Rng| match random.u8(0..8) {
        0 => random.char('\u{a0}'..='\u{24f}'),
        1 => random.char('\u{300}'..='\u{52f}'),
        2 => random.char('\u{1e00}'..='\u{206f}'),
        3 => random.char('\u{20a0}'..='\u{33ff}'),
        // Not the letters that Unicode gained lately: one of the two may not know them.
        4 => random.char('\u{1}'..='\u{52f}'),
        _ => random.char(' '..='~'),
    };
    (0..random.usize(0..30)).map(|_| char(random)).collect()
}

fn words_of_a_vehicle(text: &str) -> Vec<String> {
    let part = r"[a-z0-9\u{c0}-\u{1fff}\u{3040}-\u{d7ff}]+";
    let joined = Regex::new(&format!("{part}(?:-{part})+")).unwrap();
    let folded = fold(text);
    let joined =
        joined.find_iter(&folded).map(|found| found.as_str().replace('-', "").chars().take(60).collect());
    words(text).into_iter().chain(joined).collect::<BTreeSet<String>>().into_iter().collect()
}

#[tokio::test]
async fn rust_and_postgresql_fold_alike_and_find_the_same_words() {
    let database = Database::new().await;
    let mut random = Rng::with_seed(1);
    let mut texts: Vec<String> = (0..20_000).map(|_| text(&mut random)).collect();
    texts.extend(
        [
            "Citroën",
            "Mazda CX-5 pick-up 4-x-4 a--b -c-",
            "STRAẞE Æon þ Ħ Ł",
            "¡Año «nuevo»!",
            "ØŁĐı ΣΟΦΟΣ Лада Ёлка",
            "½ K ﬁ Ⅷ",
            "  x\t",
            "x".repeat(200).as_str(),
        ]
        .map(str::to_owned),
    );
    let rows: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select vitrina_fold(text), array(select word from unnest(vitrina_words(text)) word group by word order by word collate \"C\")
         from unnest($1::text[]) with ordinality as given(text, n) order by n",
    )
    .bind(&texts)
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert_eq!(rows.len(), texts.len());
    for (text, row) in texts.iter().zip(rows) {
        assert_eq!((fold(text), words_of_a_vehicle(text)), row, "{text:?}");
    }
}
