//! The layers of settings: the value of each, where it came from, and the problems met so far.
//!
//! **Invariants:** every value knows its origin. A layer or a value that cannot be read is a problem, never silently left out. A setting has
//! at most one problem.
//!
//! **Not here:** whether a value fits its type (`reader`).

use std::{collections::BTreeMap, fs};

use toml::{Table, Value};

use super::problem::{Problem, SHORT_NAMES};

/// Every setting with its default.
const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The section whose keys are the user's own.
const FREE_SECTION: &str = "locations";

/// The origin of a value that no layer sets.
const BUILT_IN: &str = "the built-in default";

/// How like a known name an unknown one must be to be taken for it; 1 = the same.
const LIKE_ENOUGH: f64 = 0.7;

/// The marks that careless readers of `.env` files leave around a value.
const QUOTATION_MARKS: [char; 2] = ['"', '\''];

/// The defaults and what was given above them.
pub(super) struct Layers {
    /// `config/default.toml`: every key there is.
    defaults: Table,
    /// By key, such as `sync.reply_within`.
    given: BTreeMap<String, Given>,
    problems: Vec<Problem>,
}

struct Given {
    value: Value,
    origin: String,
}

impl Layers {
    /// Collects the file, the environment and `overlay` (key and text, such as `sync.reply_within` and `8s`); later ones win.
    pub(super) fn collect(env: &BTreeMap<String, String>, overlay: &[(String, String)]) -> Self {
        let mut layers = Self { defaults: Table::new(), given: BTreeMap::new(), problems: Vec::new() };
        layers.defaults = layers.parse(DEFAULTS, BUILT_IN);
        if let Some(path) = env.get("VITRINA_CONFIG").filter(|path| !path.is_empty())
            && layers.is_sound("VITRINA_CONFIG", "the variable VITRINA_CONFIG", path)
        {
            layers.add_file(path);
        }
        for (name, text) in env {
            if let Some(key) = name.strip_prefix("VITRINA__") {
                layers.add_variable(name, &dotted(key), text);
            }
        }
        for (name, key) in SHORT_NAMES {
            if let Some(text) = env.get(name).filter(|text| !text.is_empty()) {
                layers.add_variable(name, key, text);
            }
        }
        for (key, text) in overlay {
            let value = layers.typed(key, text);
            layers.add(key, value, "the command itself");
        }
        layers
    }

    /// The defaults with the given values in their places.
    pub(super) fn merged(&self) -> Table {
        let mut merged = self.defaults.clone();
        for (key, given) in &self.given {
            if let Some((section, name)) = key.split_once('.')
                && let Some(Value::Table(section)) = merged.get_mut(section)
            {
                section.insert(name.to_owned(), given.value.clone());
            }
        }
        merged
    }

    /// The value given for `key`.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.given.get(key).map(|given| &given.value)
    }

    /// Returns `key` to its default.
    pub(super) fn drop(&mut self, key: &str) {
        self.given.remove(key);
    }

    /// Where the value of `key` came from.
    pub(super) fn origin(&self, key: &str) -> String {
        self.given.get(key).map_or(BUILT_IN, |given| &given.origin).to_owned()
    }

    /// Notes that the value of `key` is wrong, unless that is known.
    pub(super) fn wrong(&mut self, key: &str, found: impl Into<String>, expected: impl Into<String>) {
        let origin = Some(self.origin(key));
        self.note(Problem { key: key.to_owned(), found: found.into(), origin, expected: expected.into() });
    }

    /// Notes that `key` is required and not set, unless it is.
    pub(super) fn require(&mut self, key: &str, expected: &str) {
        if self.value(key).is_none_or(|value| value.as_str() == Some("")) {
            self.note(Problem {
                key: key.to_owned(),
                found: "not set".to_owned(),
                origin: None,
                expected: expected.to_owned(),
            });
        }
    }

    /// Tells whether a problem of `key` was noted.
    pub(super) fn is_wrong(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key == key)
    }

    /// Every problem.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn note(&mut self, problem: Problem) {
        if !self.is_wrong(&problem.key) {
            self.problems.push(problem);
        }
    }

    fn add_file(&mut self, path: &str) {
        let origin = format!("the file {path}");
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                return self.note(Problem {
                    key: "VITRINA_CONFIG".to_owned(),
                    found: format!("{path:?} cannot be read: {error}"),
                    origin: Some("the variable VITRINA_CONFIG".to_owned()),
                    expected: "the path of a readable file in the form of config/default.toml".to_owned(),
                });
            }
        };
        for (section, value) in self.parse(&text, &origin) {
            match value {
                Value::Table(values) if !values.is_empty() || self.defaults.contains_key(&section) => {
                    for (name, value) in values {
                        self.add(&format!("{section}.{name}"), value, &origin);
                    }
                }
                value => self.add(&section, value, &origin),
            }
        }
    }

    fn add_variable(&mut self, name: &str, key: &str, text: &str) {
        let origin = format!("the variable {name}");
        if self.is_sound(key, &origin, text) {
            let value = self.typed(key, text);
            self.add(key, value, &origin);
        }
    }

    /// Adds a value of a setting that exists, else notes that there is none.
    fn add(&mut self, key: &str, value: Value, origin: &str) {
        let (section, name) = key.split_once('.').unwrap_or((key, ""));
        let known = self.defaults.get(section).and_then(Value::as_table);
        let (found, expected) = match known {
            Some(known) if known.contains_key(name) || section == FREE_SECTION && !name.is_empty() => {
                self.given.insert(key.to_owned(), Given { value, origin: origin.to_owned() });
                return;
            }
            Some(_) if name.is_empty() => (
                format!("{} where a section belongs", kind_of(&value)),
                format!("a section: a line `[{section}]` and its settings below it"),
            ),
            _ => ("no such setting".to_owned(), self.closest(key)),
        };
        self.note(Problem { key: key.to_owned(), found, origin: Some(origin.to_owned()), expected });
    }

    /// The setting that an unknown `key` may stand for, in words.
    fn closest(&self, key: &str) -> String {
        let likeness = |known: &String| strsim::normalized_damerau_levenshtein(key, known);
        let known = self.defaults.iter().flat_map(|(section, values)| {
            let names = values.as_table().into_iter().flat_map(Table::keys);
            names.map(move |name| format!("{section}.{name}"))
        });
        let closest = known.max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
        match closest.filter(|known| likeness(known) > LIKE_ENOUGH) {
            Some(known) => format!("{known}, if that is meant; config/default.toml lists all settings"),
            None => "one of the settings that config/default.toml lists".to_owned(),
        }
    }

    /// Checks the text of a variable and notes what is wrong: quotation marks around it, for one.
    fn is_sound(&mut self, key: &str, origin: &str, text: &str) -> bool {
        let is_quoted = |mark: char| text.len() > 1 && text.starts_with(mark) && text.ends_with(mark);
        let (found, expected) = if QUOTATION_MARKS.into_iter().any(is_quoted) {
            (
                "a value in quotation marks",
                "the value without the marks: what reads your .env file keeps them",
            )
        } else if text.contains(char::REPLACEMENT_CHARACTER) {
            ("not UTF-8", "text in UTF-8")
        } else {
            return true;
        };
        self.note(Problem {
            key: key.to_owned(),
            found: found.to_owned(),
            origin: Some(origin.to_owned()),
            expected: expected.to_owned(),
        });
        false
    }

    /// A variable's text as the type of its key: itself where the default is a text, else read as TOML: `5`, `true`, `["a", "b"]`.
    ///
    /// A secret made of digits thus stays a text.
    fn typed(&self, key: &str, text: &str) -> Value {
        let default = key.split_once('.').and_then(|(section, name)| self.defaults.get(section)?.get(name));
        if default.is_none_or(Value::is_str) {
            return text.into();
        }
        text.parse().unwrap_or_else(|_| text.into())
    }

    /// Reads TOML. A problem names the line but does not show it: a secret may stand there.
    fn parse(&mut self, text: &str, origin: &str) -> Table {
        text.parse().unwrap_or_else(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            self.note(Problem {
                key: format!("line {}", before.matches('\n').count() + 1),
                found: "not TOML".to_owned(),
                origin: Some(origin.to_owned()),
                expected: "`[section]` or `key = value`, texts in quotes, as in config/default.toml"
                    .to_owned(),
            });
            Table::new()
        })
    }
}

/// `SYNC__REPLY_WITHIN` as `sync.reply_within`; the codes of locations keep their case.
fn dotted(variable: &str) -> String {
    match variable.split_once("__") {
        Some((section, name)) if section.eq_ignore_ascii_case(FREE_SECTION) => {
            format!("{FREE_SECTION}.{name}")
        }
        _ => variable.to_ascii_lowercase().replace("__", "."),
    }
}

/// The kind of a value, which itself may be a secret.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) | Value::Float(_) => "a single number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list",
        _ => "a single text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_names_its_key() {
        assert_eq!(dotted("SYNC__REPLY_WITHIN"), "sync.reply_within");
        assert_eq!(dotted("LOCATIONS__SAL"), "locations.SAL");
        assert_eq!(dotted("SYNC"), "sync");
    }
}
