//! The filters of a question in their canonical form: what a URL's parameters mean.
//!
//! **Invariants:** equal questions are equal values. Texts are folded, sorted and deduplicated; a branch expands to all its names; the words of a
//! search keep their order, since neighbours may be one word. What is kept is bounded ([`MAX_VALUES`], [`MAX_CHARS`], [`MAX_WORDS`]), and so is a
//! key of the cache. A wrong value is named, never guessed at.
//!
//! **Units:** money in centavos.
//!
//! **Not here:** which filters there are (`parameters`), pages and orders (`catalog`), SQL (`db`).

use std::collections::BTreeMap;

use super::{
    parameters::{Bound, Criterion, FILTERS, Parameter, Test, Unit},
    text::{MAX_WORD_CHARS, fold, name_key, whole_words, words},
};

/// Values of one parameter at most.
pub const MAX_VALUES: usize = 50;
/// Characters of one value at most; of a search any number.
pub const MAX_CHARS: usize = 200;
/// The words of a search that count.
pub const MAX_WORDS: usize = 12;
/// Digits of an amount before the point: more than any price has, see [`super::Money`].
const MAX_PESO_DIGITS: usize = 12;
/// Digits of a whole number, so that it fits.
const MAX_WHOLE_DIGITS: usize = 9;

/// A parameter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongParameter {
    /// Its name.
    pub param: &'static str,
    /// What was given and what would be right, as a sentence.
    pub detail: String,
}

/// Which vehicles are meant, by the place of each given filter in [`FILTERS`]. OR within a filter, AND across.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter(BTreeMap<usize, Given>);

/// What one filter asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Given {
    /// Any of these folded texts.
    Texts(Vec<String>),
    /// Any of these whole numbers.
    Years(Vec<i32>),
    /// Between these bounds.
    Range(Option<i64>, Option<i64>),
    /// What the filter's flag stands for.
    Flag,
    /// All of these terms: words, or words that hyphens join. None: only signs were given, which match nothing.
    Search(Vec<String>),
}

impl Filter {
    /// Takes one parameter in; `false` when no filter has it. An empty value is none; of a repeated single parameter the last counts.
    pub fn take(
        &mut self,
        name: &str,
        value: &str,
        branches: &BTreeMap<String, String>,
    ) -> Result<bool, WrongParameter> {
        let found = FILTERS.iter().enumerate().find_map(|(place, criterion)| {
            let parameter = criterion.parameters.iter().find(|parameter| parameter.name == name)?;
            Some((place, criterion, parameter))
        });
        let Some((place, criterion, parameter)) = found else { return Ok(false) };
        let value = value.trim();
        if !value.is_empty() {
            self.give(place, criterion, parameter, value, branches)?;
        }
        Ok(true)
    }

    fn give(
        &mut self,
        place: usize,
        criterion: &Criterion,
        parameter: &Parameter,
        value: &str,
        branches: &BTreeMap<String, String>,
    ) -> Result<(), WrongParameter> {
        let param = parameter.name;
        match criterion.test {
            Test::Text | Test::List => self.add_texts(place, param, vec![name_key(short(param, value)?)]),
            Test::Beginning => self.add_texts(place, param, vec![whole_words(short(param, value)?)]),
            Test::Branches => {
                self.add_texts(place, param, names_of(&name_key(short(param, value)?), branches))
            }
            Test::Year => {
                let year = value.parse().ok().filter(|year| (0..=9999).contains(year));
                let year = year.ok_or_else(|| wrong(param, value, "a year such as 2020"))?;
                match self.0.entry(place).or_insert_with(|| Given::Years(Vec::new())) {
                    Given::Years(years) => insert(param, years, year),
                    _ => Ok(()),
                }
            }
            Test::Range(unit) => {
                let number = number(param, value, unit)?;
                if let Given::Range(low, high) = self.0.entry(place).or_insert(Given::Range(None, None)) {
                    *if parameter.bound == Bound::Low { low } else { high } = Some(number);
                }
                Ok(())
            }
            Test::Flag(_) => {
                match value {
                    "true" | "1" => drop(self.0.insert(place, Given::Flag)),
                    "false" | "0" => drop(self.0.remove(&place)),
                    _ => return Err(wrong(param, value, "true or false")),
                }
                Ok(())
            }
            Test::Search => {
                if !fold(value).is_empty() {
                    self.0.insert(place, Given::Search(terms(value)));
                }
                Ok(())
            }
        }
    }

    fn add_texts(
        &mut self,
        place: usize,
        param: &'static str,
        texts: Vec<String>,
    ) -> Result<(), WrongParameter> {
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            if let Given::Texts(known) = self.0.entry(place).or_insert_with(|| Given::Texts(Vec::new())) {
                insert(param, known, text)?;
            }
        }
        Ok(())
    }

    /// The filters that are given.
    pub fn given(&self) -> impl Iterator<Item = (usize, &'static Criterion, &Given)> {
        self.0.iter().filter_map(|(place, given)| Some((*place, FILTERS.get(*place)?, given)))
    }

    /// Whether the filter in this place is given.
    pub fn has(&self, place: usize) -> bool {
        self.0.contains_key(&place)
    }

    /// The terms of the search, if there is one.
    pub fn search(&self) -> Option<&[String]> {
        self.0.values().find_map(|given| match given {
            Given::Search(terms) => Some(terms.as_slice()),
            _ => None,
        })
    }

    /// Forgets bounds of 0, which the old addresses read as "not given".
    pub fn forget_zero_bounds(&mut self) {
        self.0.retain(|_, given| {
            let Given::Range(low, high) = given else { return true };
            (*low, *high) = (low.filter(|low| *low > 0), high.filter(|high| *high > 0));
            low.is_some() || high.is_some()
        });
    }

    /// The bytes it keeps on the heap, about.
    pub fn bytes(&self) -> usize {
        let texts =
            |texts: &[String]| texts.iter().map(|text| size_of::<String>() + text.capacity()).sum::<usize>();
        let each = self.0.values().map(|given| match given {
            Given::Texts(each) | Given::Search(each) => texts(each),
            Given::Years(years) => size_of_val(years.as_slice()),
            Given::Range(..) | Given::Flag => 0,
        });
        each.map(|bytes| bytes + 2 * size_of::<Given>()).sum()
    }
}

/// A sentence on a wrong value.
pub fn wrong(param: &'static str, value: &str, right: &str) -> WrongParameter {
    let shown: String = value.chars().take(40).collect();
    WrongParameter { param, detail: format!("{param} is {shown:?}; it should be {right}.") }
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

/// The branch's code and display name, whichever was given; an unknown branch is itself.
fn names_of(name: &str, branches: &BTreeMap<String, String>) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    for (code, shown) in branches {
        let (code, shown) = (name_key(code), name_key(shown));
        if name == code || name == shown {
            names.extend([code, shown]);
        }
    }
    names
}

fn number(param: &'static str, value: &str, unit: Unit) -> Result<i64, WrongParameter> {
    let (number, right) = match unit {
        Unit::Pesos => (centavos(value), "an amount in pesos such as 250000 or 250000.50, not negative"),
        Unit::Whole => {
            let whole = is_digits(value) && value.len() <= MAX_WHOLE_DIGITS;
            (whole.then(|| value.parse().ok()).flatten(), "a whole number such as 2020, not negative")
        }
    };
    number.ok_or_else(|| wrong(param, value, right))
}

/// Digits, and perhaps a point with one or two digits behind it.
fn centavos(text: &str) -> Option<i64> {
    let (pesos, rest) = text.split_once('.').unwrap_or((text, "0"));
    if !is_digits(pesos) || !is_digits(rest) || pesos.len() > MAX_PESO_DIGITS || rest.len() > 2 {
        return None;
    }
    let centavos = rest.parse().ok().map(|number: i64| if rest.len() == 1 { number * 10 } else { number })?;
    pesos.parse::<i64>().ok().map(|pesos| pesos * 100 + centavos)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The different terms among the first [`MAX_WORDS`] words: `cx-5` is one of two words.
fn terms(text: &str) -> Vec<String> {
    // Far more characters than that many words can have: a longer text costs no more.
    let longest = (MAX_WORD_CHARS + MAX_CHARS) * MAX_WORDS;
    let start: String = text.chars().take(longest).collect();
    let mut terms: Vec<String> = Vec::new();
    for word in words(&start).into_iter().take(MAX_WORDS) {
        match terms.last_mut().filter(|_| word.joined) {
            Some(term) => term.extend(["-", &word.text]),
            None => terms.push(word.text),
        }
    }
    let mut known = std::collections::HashSet::new();
    terms.retain(|term| known.insert(term.clone()));
    terms
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

    fn search(text: &str) -> Vec<String> {
        parse(&[("search", text)]).unwrap().search().unwrap().to_vec()
    }

    #[test]
    fn equal_questions_are_equal_however_they_are_written() {
        for (one, other) in [
            (
                vec![("marca", "Citroën"), ("marca", "kia")],
                vec![("marca", "KIA "), ("marca", "citroen"), ("marca", "Kia")],
            ),
            (vec![("modelo", "Corolla  LE")], vec![("modelo", "corolla, le")]),
            (vec![("ubicacion", "mty")], vec![("ubicacion", "Monterrey")]),
            (vec![("search", "Mazda  3!")], vec![("search", "mazda 3 MAZDA")]),
            (vec![("minPrice", "250000.50")], vec![("minPrice", "1"), ("minPrice", "0250000.5")]),
            (vec![("maxYear", "2020"), ("minYear", "1")], vec![("minYear", "01"), ("maxYear", "2020")]),
            (
                vec![("hideSeparado", "0"), ("conOferta", "1"), ("conOferta", "false")],
                vec![("marca", " "), ("search", " "), ("minPrice", ""), ("autoano", "")],
            ),
            (vec![("search", "🚗")], vec![("search", "¡—!")]),
        ] {
            assert_eq!(parse(&one), parse(&other), "{one:?}");
        }
    }

    #[test]
    fn a_search_without_a_word_is_not_the_same_as_none() {
        assert_eq!(search("🚗"), [""; 0]);
        for nothing in [" ", "\u{200b}"] {
            assert_eq!(parse(&[("search", nothing)]).unwrap().search(), None);
        }
    }

    #[test]
    fn the_first_twelve_words_of_a_search_count() {
        assert_eq!(search("Mazda CX-5 2.5 i-Grand-Touring"), ["mazda", "cx-5", "2.5", "i-grand-touring"]);
        assert_eq!(search("a b c d e f g h i j k l m n").len(), 12);
        assert_eq!(search("a b c d e f g h i j k l-m-n").last().unwrap(), "l");
        assert_eq!(search(&"x".repeat(5000)), ["x".repeat(MAX_WORD_CHARS)]);
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
            ("maxMonthly", "."),
            ("minYear", "dosmil"),
            ("maxYear", "2020.5"),
            ("minMileage", "-1"),
            ("maxMileage", "9999999999"),
            ("autoano", "dosmil"),
            ("autoano", "20200"),
            ("hideSeparado", "si"),
            ("conOferta", "2"),
            ("marca", long.as_str()),
            ("modelo", long.as_str()),
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

    #[test]
    fn bounds_of_zero_can_be_forgotten() {
        let mut filter =
            parse(&[("minPrice", "0"), ("maxPrice", "5"), ("minYear", "0"), ("maxMonthly", "0.00")]).unwrap();
        filter.forget_zero_bounds();
        assert_eq!(filter, parse(&[("maxPrice", "5")]).unwrap());
    }

    #[test]
    fn every_parameter_has_a_name_of_its_own() {
        let mut names: Vec<&str> =
            FILTERS.iter().flat_map(|criterion| criterion.parameters).map(|own| own.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    proptest! {
        #[test]
        fn any_value_is_taken_or_refused_by_its_name(
            name in "marca|modelo|autoano|garantia|ubicacion|minPrice|maxEnganche|minYear|maxMonthly|conOferta|search|x",
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
