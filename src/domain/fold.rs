//! Text as it is compared and searched.
//!
//! **Invariants:** [`fold`] and [`words`] are the functions `vitrina_fold` and `vitrina_words` of the migrations, character by character; a
//! test compares them. Folding what is folded changes nothing.
//!
//! **Not here:** addresses, which are ASCII (`slug`).

use unicode_normalization::UnicodeNormalization;

/// Letters that Unicode does not take apart and that ASCII's lower case leaves alone, and what they become: letters with a stroke lose it, those
/// of other alphabets become small.
const UPPER: &str = "ØøŁłĐđĦħŦŧıςÆÐÞŊŒƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩϏ\
    ϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾ\
    ӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖẞỺỼỾ";
const LOWER: &str = "oollddhhttiσæðþŋœɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵƣƥʀƨʃƭʈʊʋƴƶʒƹƽǥƕƿȝƞȣȥⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳαβγδεζηθικλμνξοπρστυφχψωϗ\
    ϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿ\
    ӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆßỻỽỿ";

/// The longest word that is told from others, in characters; the rest of a longer one is ignored.
const MAX_WORD_CHARS: usize = 60;

/// Without accents, case and surrounding spaces, so that equal folds mean equal text: `Citroën ` and `citroen`.
pub fn fold(text: &str) -> String {
    let folded: String = if text.is_ascii() {
        text.chars().filter(|char| *char != '\0').map(|char| char.to_ascii_lowercase()).collect()
    } else {
        text.nfkd().filter(|char| *char != '\0' && !is_left_out(*char)).map(lower).collect()
    };
    let trimmed = folded.trim_matches([' ', '\t', '\n', '\r']);
    if trimmed.len() == folded.len() { folded } else { trimmed.to_owned() }
}

/// The different words of a text, folded, in alphabetical order.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = fold(text)
        .split(|char| !is_word_char(char))
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(MAX_WORD_CHARS).collect())
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Accents that stand alone, and what nobody sees: soft hyphens, joiners, marks of direction and of byte order.
fn is_left_out(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn lower(char: char) -> char {
    if char.is_ascii() {
        return char.to_ascii_lowercase();
    }
    UPPER.chars().zip(LOWER.chars()).find(|(upper, _)| *upper == char).map_or(char, |(_, lower)| lower)
}

/// Letters and digits of ASCII and of most alphabets; by ranges, so that every PostgreSQL agrees whatever its locale.
fn is_word_char(char: char) -> bool {
    matches!(char, 'a'..='z' | '0'..='9' | '\u{c0}'..='\u{1fff}' | '\u{3040}'..='\u{d7ff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_surrounding_spaces_do_not_count() {
        for (text, folded) in [
            ("Citroën ", "citroen"),
            ("CITROE\u{308}N", "citroen"),
            ("Año\u{a0}", "ano"),
            ("Škoda Øst", "skoda ost"),
            ("Лада", "лада"),
            ("Æon Þór STRAẞE", "æon þor straße"),
            ("ΣΟΦΟΣ", "σοφοσ"),
            ("½", "1⁄2"),
            ("a\0b", "ab"),
            ("\u{feff}Ma\u{ad}z\u{200b}da\u{200e}", "mazda"),
            (" ", ""),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }

    #[test]
    fn words_are_what_stands_between_marks() {
        assert_eq!(words("¡Kia/Río «2020», C3·X — kia!"), ["2020", "c3", "kia", "rio", "x"]);
        assert_eq!(words("—!"), Vec::<String>::new());
        assert_eq!(words(&"x".repeat(100)), ["x".repeat(60)]);
    }

    #[test]
    fn the_table_of_letters_is_whole() {
        assert_eq!(UPPER.chars().count(), LOWER.chars().count());
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}|(?s).{0,20}|[À-ž ]{0,20}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
