//! Reading the settings one by one, and the list of what is wrong with them.
//!
//! Each given value is tried alone, on top of its section's accepted values: what does not fit is reported and left out, so one
//! wrong value hides no other. serde's own messages are not used: they quote values, and a value may be a secret.

use figment::value::{Dict, Tag, Value};
use serde::de::DeserializeOwned;

use super::{
    duration,
    layers::{FREE_SECTION, Layers},
    problem::{Problem, SECRETS, form, shown},
};

/// How like a known name an unknown one must be to be taken for it; 1 = the same.
const LIKE_ENOUGH: f64 = 0.7;

/// What has been found wrong so far.
pub(super) struct Report {
    layers: Layers,
    problems: Vec<Problem>,
}

impl Report {
    /// Nothing but the `problems` met while the layers were gathered.
    pub(super) fn new(layers: Layers, problems: Vec<Problem>) -> Self {
        Self { layers, problems }
    }

    /// All that was found wrong.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Notes that the value of `key` is wrong, unless that is already known.
    pub(super) fn wrong(&mut self, key: &str, found: impl Into<String>, expected: impl Into<String>) {
        if !self.knows(key) {
            self.problems.push(Problem {
                key: key.to_owned(),
                found: found.into(),
                origin: Some(self.origin(key)),
                expected: expected.into(),
            });
        }
    }

    /// Where the value of `key` came from.
    pub(super) fn origin(&self, key: &str) -> String {
        self.layers.origin(key)
    }

    /// Whether `key` has been found wrong.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key == key)
    }

    /// Notes what is required and not set.
    pub(super) fn missing(&mut self, required: &[&str]) {
        for key in required {
            let set = key.split_once('.').is_some_and(|(section, name)| {
                let given = self.layers.given.get(section).and_then(|section| section.find_ref(name));
                given.is_some_and(|value| value.as_str() != Some(""))
            });
            if !set && !self.knows(key) {
                self.problems.push(Problem {
                    key: (*key).to_owned(),
                    found: "not set".to_owned(),
                    origin: None,
                    expected: form(key).to_owned(),
                });
            }
        }
    }

    /// Notes every setting of sections that do not exist.
    pub(super) fn unknown_sections(&mut self) {
        let mut given = self.layers.given.clone();
        given.retain(|section, _| !self.layers.defaults.contains_key(section));
        for (section, value) in given {
            match value {
                Value::Dict(_, keys) if !keys.is_empty() => {
                    for key in keys.keys() {
                        self.unknown(&format!("{section}.{key}"));
                    }
                }
                _ => self.unknown(&section),
            }
        }
    }

    /// Notes that `key` does not exist, with the known key that it may stand for.
    fn unknown(&mut self, key: &str) {
        let key = key.trim_end_matches('.');
        let likeness = |known: &String| strsim::normalized_damerau_levenshtein(key, known);
        let known = self.layers.defaults.iter().flat_map(|(section, values)| {
            let keys = values.as_dict().into_iter().flat_map(Dict::keys);
            keys.map(move |name| format!("{section}.{name}"))
        });
        let closest = known.max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
        let expected = match closest.filter(|known| likeness(known) > LIKE_ENOUGH) {
            Some(known) => {
                format!("{known}, if that is what is meant; config/default.toml lists all settings")
            }
            None => "one of the settings that config/default.toml lists".to_owned(),
        };
        self.wrong(key, "no such setting", expected);
    }

    /// The section `name`, without the values that do not fit.
    ///
    /// `None` only if the built-in defaults are wrong themselves.
    pub(super) fn section<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let mut accepted =
            self.layers.defaults.get(name).and_then(Value::as_dict).cloned().unwrap_or_default();
        match self.layers.given.get(name).cloned() {
            Some(Value::Dict(_, given)) => {
                for (key, value) in given {
                    self.accept::<T>(name, &mut accepted, &key, &value);
                }
            }
            Some(_) => {
                let example = format!("a section: a line `[{name}]` and its settings below it");
                self.wrong(name, "a single value", example);
            }
            None => {}
        }
        let read = Value::Dict(Tag::Default, accepted).deserialize();
        read.map_err(|error| self.wrong(name, error.to_string(), "what the program expects")).ok()
    }

    /// Puts one value into its section, or notes why not.
    fn accept<T: DeserializeOwned>(&mut self, section: &str, accepted: &mut Dict, key: &str, value: &Value) {
        let path = format!("{section}.{key}");
        if !accepted.contains_key(key) && section != FREE_SECTION {
            return self.unknown(&path);
        }
        if value.as_str().is_some_and(|text| text.contains(char::REPLACEMENT_CHARACTER)) {
            return self.wrong(&path, "not UTF-8", "text in UTF-8");
        }
        let mut tried = accepted.clone();
        let default = tried.insert(key.to_owned(), value.clone());
        if Value::Dict(Tag::Default, tried.clone()).deserialize::<T>().is_ok() {
            *accepted = tried;
        } else {
            self.wrong(&path, shown(&path, value), kind(&path, default.as_ref()));
        }
    }
}

/// What a value of the kind of `default` looks like.
fn kind(key: &str, default: Option<&Value>) -> String {
    match default {
        _ if SECRETS.contains(&key) => "a text, in quotes in a file".to_owned(),
        _ if !form(key).is_empty() => form(key).to_owned(),
        Some(Value::Num(_, number)) => {
            format!("a whole number, such as {}", number.to_i128().unwrap_or_default())
        }
        Some(Value::Bool(..)) => "true or false".to_owned(),
        Some(Value::Array(..)) => "a list of texts, such as [\"a\", \"b\"]".to_owned(),
        Some(Value::String(_, text)) if duration::parse(text).is_some() => {
            format!("a duration with its unit, such as {text}, and at most a year")
        }
        _ => "a text, in quotes in a file".to_owned(),
    }
}
