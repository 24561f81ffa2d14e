//! What a visitor asks for: the parameters of `GET /vehicles` in one canonical form.
//!
//! **Invariants:** equal questions are equal values: values are folded, sorted (terms of a search are not: neighbours may be one word) and different; branches stand for all names they have. What
//! is kept is bounded ([`MAX_VALUES`], [`MAX_CHARS`], [`MAX_WORDS`]), so a key of the cache is too. A wrong value is named, never guessed at.
//!
//! **Units:** prices in centavos.
//!
//! **Not here:** pages (`catalog`), SQL (`db`).

use std::collections::BTreeMap;

use super::{fold, terms};

/// Values of one parameter at most.
pub const MAX_VALUES: usize = 50;
/// Characters of one value at most.
pub const MAX_CHARS: usize = 200;
/// Words of a search at most.
pub const MAX_WORDS: usize = 12;
/// More than any price, in pesos: 10^12, see [`super::Money`].
const MAX_PESO_DIGITS: usize = 12;

/// A parameter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongParameter {
    /// Its name.
    pub param: &'static str,
    /// What was given and what would be right, as a sentence.
    pub detail: String,
}

/// Which vehicles are meant; what is empty does not restrict. OR within a list, AND across.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    /// Brands.
    pub marca: Vec<String>,
    /// Model years.
    pub autoano: Vec<i32>,
    /// Gearboxes.
    pub transmision: Vec<String>,
    /// Fuels.
    pub combustible: Vec<String>,
    /// Warranties.
    pub garantia: Vec<String>,
    /// Body types, any of a vehicle's.
    pub carroceria: Vec<String>,
    /// Branches, each by its code and its display name.
    pub ubicacion: Vec<String>,
    /// Promotions.
    pub promociones: Vec<String>,
    /// The lowest price.
    pub min_price: Option<i64>,
    /// The highest price.
    pub max_price: Option<i64>,
    /// The lowest `enganchemin`.
    pub min_enganche: Option<i64>,
    /// The highest `enganchemin`.
    pub max_enganche: Option<i64>,
    /// Without reserved ones.
    pub hide_separado: bool,
    /// Terms that all must be found, in the order in which they were written, see [`terms`]. Without any it is a search for something that no vehicle has: signs, or a picture.
    pub search: Option<Vec<String>>,
}

impl Filter {
    /// Takes one parameter in; `false` when it is none of a filter's. An empty value is no value.
    pub fn take(
        &mut self,
        name: &str,
        value: &str,
        branches: &BTreeMap<String, String>,
    ) -> Result<bool, WrongParameter> {
        let value = value.trim();
        match name {
            "marca" => add("marca", &mut self.marca, value)?,
            "transmision" => add("transmision", &mut self.transmision, value)?,
            "combustible" => add("combustible", &mut self.combustible, value)?,
            "garantia" => add("garantia", &mut self.garantia, value)?,
            "carroceria" => add("carroceria", &mut self.carroceria, value)?,
            "promociones" => add("promociones", &mut self.promociones, value)?,
            "ubicacion" => {
                let mut given = Vec::new();
                add("ubicacion", &mut given, value)?;
                for name in given.iter().flat_map(|name| names_of(name, branches)) {
                    insert("ubicacion", &mut self.ubicacion, name)?;
                }
            }
            "autoano" if !value.is_empty() => {
                let year = value.parse().ok().filter(|year| (0..=9999).contains(year));
                let year = year.ok_or_else(|| wrong("autoano", value, "a year such as 2020"))?;
                insert("autoano", &mut self.autoano, year)?;
            }
            "minPrice" => price("minPrice", &mut self.min_price, value)?,
            "maxPrice" => price("maxPrice", &mut self.max_price, value)?,
            "enganchemin" => price("enganchemin", &mut self.min_enganche, value)?,
            "maxEnganche" => price("maxEnganche", &mut self.max_enganche, value)?,
            "hideSeparado" if !value.is_empty() => {
                self.hide_separado = match value {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return Err(wrong("hideSeparado", value, "true or false")),
                }
            }
            "search" if !fold(value).is_empty() => self.search = Some(search(value)?),
            "autoano" | "hideSeparado" | "search" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The bytes it keeps on the heap, about.
    pub fn bytes(&self) -> usize {
        let texts = [
            &self.marca,
            &self.transmision,
            &self.combustible,
            &self.garantia,
            &self.carroceria,
            &self.ubicacion,
            &self.promociones,
        ];
        let text = |text: &String| size_of::<String>() + text.capacity();
        texts.into_iter().chain(&self.search).flatten().map(text).sum::<usize>()
            + self.autoano.len() * size_of::<i32>()
    }
}

/// A sentence on a wrong value.
pub fn wrong(param: &'static str, value: &str, right: &str) -> WrongParameter {
    let shown: String = value.chars().take(40).collect();
    WrongParameter { param, detail: format!("{param} is {shown:?}; it should be {right}.") }
}

fn add(param: &'static str, to: &mut Vec<String>, value: &str) -> Result<(), WrongParameter> {
    let value = fold(short(param, value)?);
    if value.is_empty() { Ok(()) } else { insert(param, to, value) }
}

fn short<'a>(param: &'static str, value: &'a str) -> Result<&'a str, WrongParameter> {
    if value.chars().nth(MAX_CHARS).is_some() {
        return Err(wrong(param, value, &format!("at most {MAX_CHARS} characters long")));
    }
    Ok(value)
}

/// Keeps the list sorted and its values different.
fn insert<T: Ord>(param: &'static str, to: &mut Vec<T>, value: T) -> Result<(), WrongParameter> {
    if let Err(place) = to.binary_search(&value) {
        if to.len() == MAX_VALUES {
            let detail = format!("{param} is given too often; at most {MAX_VALUES} different values count.");
            return Err(WrongParameter { param, detail });
        }
        to.insert(place, value);
    }
    Ok(())
}

/// The branch's code and display name, however it was named; an unknown branch is what it is.
fn names_of(name: &str, branches: &BTreeMap<String, String>) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    for (code, shown) in branches {
        let (code, shown) = (fold(code), fold(shown));
        if name == code || name == shown {
            names.extend([code, shown]);
        }
    }
    names
}

fn price(param: &'static str, to: &mut Option<i64>, value: &str) -> Result<(), WrongParameter> {
    if !value.is_empty() {
        let right = "an amount in pesos such as 250000 or 250000.50, not negative";
        *to = Some(centavos(value).ok_or_else(|| wrong(param, value, right))?);
    }
    Ok(())
}

/// Digits, and perhaps a point with one or two digits behind it.
fn centavos(text: &str) -> Option<i64> {
    let (pesos, rest) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(pesos) || !digits(rest) || pesos.len() > MAX_PESO_DIGITS || rest.len() > 2 {
        return None;
    }
    let rest: i64 =
        rest.parse().map(|number: i64| if rest.len() == 1 { number * 10 } else { number }).ok()?;
    pesos.parse::<i64>().ok().map(|pesos| pesos * 100 + rest)
}

fn search(value: &str) -> Result<Vec<String>, WrongParameter> {
    let terms = terms(short("search", value)?);
    let words = terms.iter().flat_map(|term| term.split('-')).count();
    if words > MAX_WORDS {
        return Err(wrong("search", value, &format!("at most {MAX_WORDS} words")));
    }
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn branches() -> BTreeMap<String, String> {
        [("MTY", "Monterrey"), ("GPE", "Guadalupe")].map(|(code, name)| (code.into(), name.into())).into()
    }

    fn parse(parameters: &[(&str, &str)]) -> Result<Filter, WrongParameter> {
        let mut filter = Filter::default();
        for (name, value) in parameters {
            filter.take(name, value, &branches())?;
        }
        Ok(filter)
    }

    #[test]
    fn equal_questions_are_equal_however_they_are_written() {
        for (one, other) in [
            (
                vec![("marca", "Citroën"), ("marca", "kia")],
                vec![("marca", "KIA "), ("marca", "citroen"), ("marca", "Kia")],
            ),
            (vec![("ubicacion", "mty")], vec![("ubicacion", "Monterrey")]),
            (vec![("search", "Mazda  3!")], vec![("search", "mazda 3 MAZDA")]),
            (vec![("minPrice", "250000.50")], vec![("minPrice", "0250000.5")]),
            (
                vec![("hideSeparado", "0")],
                vec![("marca", " "), ("search", " "), ("minPrice", ""), ("autoano", "")],
            ),
            (vec![("search", "🚗")], vec![("search", "¡—!")]),
        ] {
            assert_eq!(parse(&one), parse(&other), "{one:?}");
        }
    }

    #[test]
    fn a_search_without_a_word_is_not_the_same_as_none() {
        assert_eq!(parse(&[("search", "🚗")]).unwrap().search, Some(Vec::new()));
        assert_eq!(parse(&[("search", " ")]).unwrap().search, None);
        assert_eq!(parse(&[("search", "\u{200b}")]).unwrap().search, None, "nobody sees it");
    }

    #[test]
    fn a_wrong_value_is_named() {
        let long = "x".repeat(MAX_CHARS + 1);
        for (name, value) in [
            ("minPrice", "abc"),
            ("maxPrice", "-1"),
            ("maxPrice", "1e5"),
            ("enganchemin", "1.234"),
            ("maxEnganche", "9999999999999"),
            ("minPrice", "."),
            ("autoano", "dosmil"),
            ("autoano", "20200"),
            ("hideSeparado", "si"),
            ("marca", long.as_str()),
            ("search", long.as_str()),
            ("search", "a b c d e f g h i j k l m"),
            ("search", "a-b-c-d-e-f-g-h-i-j-k-l-m"),
        ] {
            assert_eq!(parse(&[(name, value)]).unwrap_err().param, name, "{value}");
        }
    }

    #[test]
    fn values_are_bounded_in_number() {
        let many: Vec<String> = (0..=MAX_VALUES).map(|number| format!("marca {number}")).collect();
        let given: Vec<(&str, &str)> = many.iter().map(|value| ("marca", value.as_str())).collect();
        assert_eq!(parse(&given).unwrap_err().param, "marca");
        assert!(parse(&given[1..]).is_ok());
        assert!(parse(&[given[0]; 200]).is_ok(), "the same value again");
    }

    proptest! {
        #[test]
        fn any_value_is_taken_or_refused_by_its_name(
            name in "marca|autoano|transmision|garantia|ubicacion|minPrice|maxEnganche|hideSeparado|search|x",
            value in "(?s).{0,250}|[0-9.]{0,15}",
        ) {
            match parse(&[(&name, &value)]) {
                Ok(filter) => prop_assert_eq!(parse(&[(&name, &value), (&name, &value)]).unwrap(), filter),
                Err(wrong) => prop_assert_eq!(wrong.param, name),
            }
        }

        #[test]
        fn the_order_of_values_does_not_matter(mut values in proptest::collection::vec("[a-cÀ-ö ]{0,3}", 0..8)) {
            let filter = |values: &[String]| {
                parse(&values.iter().map(|value| ("marca", value.as_str())).collect::<Vec<_>>()).unwrap()
            };
            let before = filter(&values);
            values.reverse();
            prop_assert_eq!(filter(&values), before);
        }
    }
}
