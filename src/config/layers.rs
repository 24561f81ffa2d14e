//! The layers of settings: what each says, and which of them has the last word on a key.
//!
//! **Invariants:** every value knows its origin. A layer that cannot be read is a problem, never silently left out.
//!
//! **Not here:** whether a value is right, see [`super::loader`].

use std::{collections::BTreeMap, fs};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format as _, Toml},
    value::{Dict, Map, Value},
};

use super::problem::{Problem, SHORT_NAMES};

/// Every setting with its default.
const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The section whose keys are the user's own.
pub(super) const FREE_SECTION: &str = "locations";

/// What the origin of a value is called that no layer sets.
const BUILT_IN: &str = "the built-in default";

/// Settings of one origin.
struct Layer {
    origin: String,
    settings: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.settings.clone()))
    }
}

/// The defaults, and all that was laid on them.
pub(super) struct Layers {
    /// `config/default.toml`; it has every key there is.
    pub(super) defaults: Dict,
    /// What the layers above it say.
    pub(super) given: Dict,
    figment: Figment,
}

impl Layers {
    /// Lays file, environment and `overlay` (key and text, such as `sync.reply_within` and `8s`) on each other.
    pub(super) fn collect(
        env: &BTreeMap<String, String>,
        overlay: &[(String, String)],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let defaults = parse(DEFAULTS, BUILT_IN, problems);
        let mut figment = Figment::new();
        if let Some(path) = env.get("VITRINA_CONFIG").filter(|path| !path.is_empty()) {
            figment = figment.merge(file(path, &defaults, problems));
        }
        let long = env.iter().filter_map(|(name, text)| {
            let key = name.strip_prefix("VITRINA__")?;
            Some((format!("the variable {name}"), dotted(key), text))
        });
        let short = SHORT_NAMES.iter().filter_map(|(name, key)| {
            let text = env.get(*name).filter(|text| !text.is_empty())?;
            Some((format!("the variable {name}"), (*key).to_owned(), text))
        });
        let code = overlay.iter().map(|(key, text)| ("the command itself".to_owned(), key.clone(), text));
        for (origin, key, text) in long.chain(short).chain(code) {
            let (section, name) = key.split_once('.').unwrap_or((&key, ""));
            let value = typed(&defaults, section, name, text);
            let settings = Dict::from([(section.to_owned(), Dict::from([(name.to_owned(), value)]).into())]);
            figment = figment.merge(Layer { origin, settings });
        }
        let given =
            figment.data().ok().and_then(|mut data| data.remove(&Profile::Default)).unwrap_or_default();
        Self { defaults, given, figment }
    }

    /// Where the value of `key` (such as `sync.reply_within`) came from.
    pub(super) fn origin(&self, key: &str) -> String {
        self.figment.find_metadata(key).map_or_else(|| BUILT_IN.to_owned(), |found| found.name.to_string())
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

/// A variable's text as the type of its key: itself where the default is a text, else read as TOML: `5`, `true`, `["a", "b"]`.
///
/// A secret made of digits thus stays the text that it is.
fn typed(defaults: &Dict, section: &str, name: &str, text: &str) -> Value {
    let default = defaults.get(section).and_then(|section| section.find_ref(name));
    match default {
        Some(Value::Num(..) | Value::Bool(..) | Value::Array(..)) => {
            Toml::from_str::<Dict>(&format!("value = {text}"))
                .ok()
                .and_then(|mut read| read.remove("value"))
                .unwrap_or_else(|| Value::from(text))
        }
        _ => Value::from(text),
    }
}

/// The file at `path` as a layer; empty and reported if it cannot be read.
fn file(path: &str, defaults: &Dict, problems: &mut Vec<Problem>) -> Layer {
    let origin = format!("the file {path}");
    let settings = match fs::read_to_string(path) {
        Ok(text) => sections_only(parse(&text, &origin, problems), defaults, &origin, problems),
        Err(error) => {
            problems.push(Problem {
                key: "VITRINA_CONFIG".to_owned(),
                found: format!("{path:?} cannot be read: {error}"),
                origin: Some("the variable VITRINA_CONFIG".to_owned()),
                expected: "the path of a readable file in the form of config/default.toml".to_owned(),
            });
            Dict::new()
        }
    };
    Layer { origin, settings }
}

/// Leaves out what stands where a section belongs, for a later layer that has the section would cover it up.
fn sections_only(mut settings: Dict, defaults: &Dict, origin: &str, problems: &mut Vec<Problem>) -> Dict {
    settings.retain(|section, value| {
        let misplaced = defaults.contains_key(section) && value.as_dict().is_none();
        if misplaced {
            problems.push(Problem {
                key: section.clone(),
                found: format!("{} where a section belongs", kind_of(value)),
                origin: Some(origin.to_owned()),
                expected: format!("a line `[{section}]` and its settings below it"),
            });
        }
        !misplaced
    });
    settings
}

/// What a value is, without showing it: it may be a secret.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Num(..) => "a single number",
        Value::Bool(..) => "true or false",
        Value::Array(..) => "a list",
        _ => "a single text",
    }
}

/// Reads TOML. The report names the line but does not show it: a secret may stand there.
fn parse(text: &str, origin: &str, problems: &mut Vec<Problem>) -> Dict {
    Toml::from_str(text).unwrap_or_else(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        problems.push(Problem {
            key: format!("line {}", before.matches('\n').count() + 1),
            found: "not TOML".to_owned(),
            origin: Some(origin.to_owned()),
            expected: "`[section]` or `key = value`, texts in quotes, as in config/default.toml".to_owned(),
        });
        Dict::new()
    })
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
