//! From layers to a checked [`Config`].
//!
//! **Not here:** where values come from (`layers`), how they are read (`reader`), what they must be (`values`, `contradictions`).

use std::{collections::BTreeMap, fs, path::Path};

use super::{
    contradictions,
    layers::Layers,
    problem::{ConfigErrors, shown_text},
    reader,
    settings::Config,
    values::{ApiKey, BaseId, TableId, Tokens},
};
use crate::domain::Mapping;

/// The settings a command needs; others may be missing, but not wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The service: Airtable and both secrets.
    Serve,
    /// A sync from the command line: Airtable.
    Airtable,
    /// `migrate` and the like: nothing but a database, which has a default.
    Database,
}

impl Needs {
    /// The settings without a default, and what each should be.
    fn required(self) -> &'static [(&'static str, &'static str)] {
        const ALL: [(&str, &str); 5] = [
            ("airtable.api_key", ApiKey::EXPECTED),
            ("airtable.base_id", BaseId::EXPECTED),
            ("airtable.table_id", TableId::EXPECTED),
            ("auth.webhook_secret", Tokens::EXPECTED),
            ("auth.admin_token", Tokens::EXPECTED),
        ];
        match self {
            Self::Serve => &ALL,
            Self::Airtable => ALL.split_at(3).0,
            Self::Database => &[],
        }
    }
}

/// Collects layers and makes a [`Config`] of them.
#[derive(Clone)]
pub struct Loader {
    env: BTreeMap<String, String>,
    overlay: Vec<(String, String)>,
}

impl Loader {
    /// Settings from the variables `env` and the file that `VITRINA_CONFIG` among them may name.
    pub fn new(env: impl Iterator<Item = (String, String)>) -> Self {
        Self { env: env.collect(), overlay: Vec::new() }
    }

    /// Settings from the process's environment.
    ///
    /// A value that is not UTF-8 is kept with `�` in it, so that the checks refuse it instead of missing it.
    pub fn from_environment() -> Self {
        Self::new(
            std::env::vars_os()
                .map(|(name, text)| (name.to_string_lossy().into(), text.to_string_lossy().into())),
        )
    }

    /// Sets `key` (such as `sync.reply_within`) above all layers, written as in a variable.
    #[must_use]
    pub fn set(mut self, key: &str, text: impl Into<String>) -> Self {
        self.overlay.push((key.to_owned(), text.into()));
        self
    }

    /// The checked configuration, or everything that is wrong with it.
    pub fn load(self, needs: Needs) -> Result<Config, ConfigErrors> {
        let mut layers = Layers::collect(&self.env, &self.overlay);
        let config = reader::read(&mut layers).map(|mut config| {
            config.locations.retain(|_, name| !name.is_empty());
            if let Some(mapping) = read_mapping(config.listing.fields_file.as_deref(), &mut layers) {
                config.mapping = mapping;
            }
            for (key, expected) in needs.required() {
                layers.require(key, expected);
            }
            contradictions::check(&config, &mut layers);
            config
        });
        let problems = layers.into_problems();
        config.filter(|_| problems.is_empty()).ok_or(ConfigErrors(problems))
    }
}

/// The mapping in the file at `path`; `None` without one, or when something is wrong with it.
fn read_mapping(path: Option<&Path>, layers: &mut Layers) -> Option<Mapping> {
    const KEY: &str = "listing.fields_file";
    let path = path?;
    let shown = shown_text(&path.to_string_lossy());
    let text = fs::read_to_string(path).map_err(|error| {
        let expected = "the path of a readable file in the form of config/fields.toml";
        layers.wrong(KEY, format!("{shown} cannot be read: {error}"), expected);
    });
    let mapping = Mapping::parse(&text.ok()?).map_err(|errors| {
        let listed: Vec<_> = errors.iter().map(ToString::to_string).collect();
        let expected = "a field mapping without these mistakes, in the form of config/fields.toml";
        layers.wrong(KEY, format!("{shown} is wrong: {}", listed.join("; ")), expected);
    });
    mapping.ok()
}
