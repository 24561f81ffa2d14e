//! Rust and PostgreSQL agree on what text is equal and what a term finds: questions are folded by one, vehicles by the other.

use std::collections::BTreeSet;

use fastrand::Rng;
use regex::Regex;
use vitrina::domain::{fold, terms};

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

/// What a letter or digit is, as both say.
const PART: &str = r"[a-z0-9\u{c0}-\u{f6}\u{f8}-\u{1fff}\u{2c00}-\u{2dff}\u{3040}-\u{d7ff}\u{10000}-\u{1cfff}\u{1e000}-\u{1efff}\u{20000}-\u{3ffff}]";

/// What hyphens join: all of it, and up to four from each of its parts on, where they are not two numbers.
fn together(joined: &str) -> Vec<String> {
    let parts: Vec<&str> = joined.split('-').collect();
    let is_number = |part: &str| part.chars().all(|char| char.is_ascii_digit());
    let each = (0..parts.len() - 1)
        .filter(|place| !(is_number(parts[*place]) && is_number(parts[*place + 1])))
        .map(|place| parts[place..].iter().take(4).copied().collect());
    each.chain([parts.concat()]).collect()
}

/// Words, what hyphens join as one more, numbers with a point.
struct Words {
    word: Regex,
    joined: Regex,
    number: Regex,
}

impl Words {
    fn new() -> Self {
        Self {
            word: Regex::new(&format!("{PART}+")).unwrap(),
            joined: Regex::new(&format!("{PART}+(?:-{PART}+)+")).unwrap(),
            number: Regex::new(&format!("[0-9]+(?:[.][0-9]+)+{PART}*")).unwrap(),
        }
    }

    fn of(&self, text: &str) -> Vec<String> {
        let folded = fold(text);
        let joined = self.joined.find_iter(&folded).flat_map(|joined| together(joined.as_str()));
        let others = self.word.find_iter(&folded).chain(self.number.find_iter(&folded));
        let words = others.map(|found| found.as_str().to_owned()).chain(joined);
        let words: BTreeSet<String> = words.map(|word| word.chars().take(60).collect()).collect();
        words.into_iter().collect()
    }
}

#[tokio::test]
async fn rust_and_postgresql_fold_alike_and_find_the_same_words() {
    let database = Database::new().await;
    let mut random = Rng::with_seed(1);
    let mut texts: Vec<String> = (0..20_000).map(|_| text(&mut random)).collect();
    // All letters of the tables. Some alphabets were added to Unicode lately: PostgreSQL may not know them.
    let letters = ('\u{a0}'..='\u{52f}').chain('\u{10a0}'..='\u{10ff}').chain('\u{13a0}'..='\u{13ff}');
    let letters =
        letters.chain('\u{1c90}'..='\u{1cbf}').chain('\u{1e00}'..='\u{2dff}').chain('\u{3000}'..='\u{33ff}');
    let letters =
        letters.chain('\u{a640}'..='\u{a7bf}').chain('\u{ab70}'..='\u{abbf}').chain('\u{f900}'..='\u{ffef}');
    let letters = letters
        .chain('\u{10400}'..='\u{104ff}')
        .chain('\u{10c80}'..='\u{10cff}')
        .chain('\u{1d400}'..='\u{1d7ff}');
    let letters = letters.chain('\u{1f100}'..='\u{1f9ff}');
    let new = |letter: &char| matches!(letter, '\u{209d}'..='\u{209f}' | '\u{1d6a6}');
    texts.extend(letters.filter(|letter| !new(letter)).map(|letter| format!("a{letter}b-{letter}1")));
    texts.extend(
        [
            "Citroën",
            "Mazda-CX-5-2018 pick-up 4-x-4 a--b -c- 2-5 x-2-5-y",
            &"a-".repeat(200),
            "2.5 1.6L .5 7. 1.2.3 v2.5 2.x 2.5-turbo cx-5.2 2.5é",
            "F‑150 CX–5 4×4 8÷2 v1.2.3 TDI1.6.2 a1.2.3b.4.5 x１.２.３",
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
    let vehicle = Words::new();
    for (text, (folded, words)) in texts.iter().zip(rows) {
        assert_eq!(fold(text), folded, "{text:?}");
        assert_eq!(vehicle.of(text), words, "{text:?}");
        // What a question takes apart, a vehicle has.
        let parts: Vec<String> =
            terms(text).iter().flat_map(|term| term.split('-')).map(str::to_owned).collect();
        for part in parts {
            let part: String = part.chars().take(60).collect();
            assert!(words.contains(&part), "{part} of {text:?}");
        }
    }
}
