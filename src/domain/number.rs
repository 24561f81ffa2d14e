//! Numbers that people wrote: `$329,900.00`, `45,000 km`, `4 cil.`
//!
//! **Invariants:** a text is read only when it can mean one number. A wrong price on the website is worse than a missing one, so
//! what is ambiguous is refused: `329.900` (point or comma meant?), `329,90`, `12 o 24`, `45 mil`. Commas, apostrophes and
//! spaces group thousands, a point begins the decimals; with both marks, the later one does (`329.900,00`). A unit must be
//! one of those the column knows: `20,000 USD` is no amount in pesos.
//!
//! **Units:** the caller names those it allows; they are checked, never converted.

use deunicode::deunicode;

/// The longest text that may be a number, in characters.
const MAX_CHARS: usize = 64;

/// Reads the one number in a text.
///
/// `units`: the words that may stand around it, in lower case without accents and points at the end. `$` is such a word.
pub(super) fn parse(text: &str, units: &[&str]) -> Result<f64, String> {
    if text.chars().nth(MAX_CHARS).is_some() {
        return Err("too long for a number".to_owned());
    }
    let text = deunicode(text).to_ascii_lowercase();
    let is_digit = |mark: char| mark.is_ascii_digit();
    let (Some(from), Some(to)) = (text.find(is_digit), text.rfind(is_digit)) else {
        return Err("there is no number in it".to_owned());
    };
    let (before, rest) = text.split_at(from);
    let (digits, after) = rest.split_at(to + 1 - from);

    let (sign, before) = match before.split_once(['-', '+']) {
        Some((left, right)) => (if before.contains('-') { -1.0 } else { 1.0 }, format!("{left} {right}")),
        None => (1.0, before.to_owned()),
    };
    let around = format!("{before} {after}").replace('$', " $ ").replace('/', " ");
    match around.split_whitespace().find(|word| !units.contains(&word.trim_end_matches('.'))) {
        Some(word) => Err(format!("{word:?} is not expected beside the number")),
        None => Ok(sign * ungrouped(digits)?),
    }
}

/// Reads digits with their marks for thousands and decimals; the first and the last character are digits.
fn ungrouped(digits: &str) -> Result<f64, String> {
    let unclear = || "unclear which number is meant; write it like 329900 or 329,900.00".to_owned();
    let (whole, decimals, thousands) = match (digits.rfind('.'), digits.rfind(',')) {
        (Some(point), Some(comma)) => {
            let last = point.max(comma);
            let thousands = if last == point { ',' } else { '.' };
            (&digits[..last], &digits[last + 1..], thousands)
        }
        (Some(point), None) if digits.find('.') == Some(point) => {
            let (whole, decimals) = (&digits[..point], &digits[point + 1..]);
            if decimals.len() == 3 && whole.len() <= 3 && whole != "0" {
                return Err(unclear());
            }
            (whole, decimals, ',')
        }
        (Some(_), None) => (digits, "", '.'),
        (None, _) => (digits, "", ','),
    };
    let groups: Vec<&str> = whole.split([thousands, '\'', ' ']).collect();
    let grouped = match groups.as_slice() {
        [_] => true,
        [first, others @ ..] => (1..=3).contains(&first.len()) && others.iter().all(|group| group.len() == 3),
        [] => false,
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !grouped || !groups.iter().all(|group| all_digits(group)) || !all_digits(decimals) {
        return Err(unclear());
    }
    format!("{}.{decimals}", groups.concat()).parse().map_err(|_| unclear())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: &[&str] = &["$", "mxn", "km", "cil", "ano"];

    #[test]
    fn one_number_is_read_however_it_is_written() {
        for (text, number) in [
            ("0", 0.0),
            ("329900", 329_900.0),
            ("$329,900.00", 329_900.0),
            (" $ 329,900.5 MXN ", 329_900.5),
            ("329900 MXN", 329_900.0),
            ("329.900,00", 329_900.0),
            ("1.234.567", 1_234_567.0),
            ("1'234,567.8", 1_234_567.8),
            ("329\u{a0}900", 329_900.0),
            ("12345.678", 12_345.678),
            ("0.125", 0.125),
            ("45,000 km", 45_000.0),
            ("45,000 KM.", 45_000.0),
            ("4 cil.", 4.0),
            ("Año 2024", 2024.0),
            ("-5", -5.0),
            ("$ -1,000", -1000.0),
            ("−7", -7.0),
            ("１２", 12.0),
        ] {
            assert_eq!(parse(text, UNITS), Ok(number), "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_numbers_or_none_is_refused() {
        for text in [
            "",
            "a consultar",
            "12 o 24",
            "12 24",
            "12-24",
            "329.900",
            "329,90",
            "3,29,900",
            "1,234.567,8",
            "45 mil",
            "45k km",
            "20,000 USD",
            "20%",
            "1e5",
            ".5",
            "NaN",
            "inf",
            "5-",
            "½",
            "45½",
            "1..5",
            "🚗",
        ] {
            assert!(parse(text, UNITS).is_err(), "{text}");
        }
        assert!(parse(&"1".repeat(100_000), UNITS).is_err());
        assert!(parse("$5", &["km"]).is_err());
    }
}
