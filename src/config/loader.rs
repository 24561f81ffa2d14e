//! From layers to a checked [`Config`].
//!
//! **Not here:** where values come from ([`super::layers`]), how they are read one by one ([`super::report`]), what they must be
//! ([`super::checks`]).

use std::{collections::BTreeMap, fs, path::Path};

use super::{
    checks,
    layers::{FREE_SECTION, Layers},
    problem::{ConfigErrors, form, shown_text},
    report::Report,
    settings::Config,
};
use crate::domain::Mapping;

/// What a command cannot do without. What it does not need may be missing, but not wrong.
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
    /// Settings without a default.
    fn required(self) -> &'static [&'static str] {
        const ALL: [&str; 5] = [
            "airtable.api_key",
            "airtable.base_id",
            "airtable.table_id",
            "auth.webhook_secret",
            "auth.admin_token",
        ];
        match self {
            Self::Serve => &ALL,
            Self::Airtable => ALL.split_at(3).0,
            Self::Database => &[],
        }
    }
}

/// Gathers layers and makes a [`Config`] of them.
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
        let mut problems = Vec::new();
        let layers = Layers::collect(&self.env, &self.overlay, &mut problems);
        let mut report = Report::new(layers, problems);
        report.unknown_sections();
        let sections = (
            report.section("server"),
            report.section("auth"),
            report.section("database"),
            report.section("airtable"),
            report.section("airtable_webhook"),
            report.section("listing"),
            report.section("sync"),
            report.section("cache"),
            report.section("alerts"),
            report.section("channels"),
            report.section("compat"),
            report.section("shop"),
            report.section("log"),
            report.section::<BTreeMap<String, String>>(FREE_SECTION),
        );
        let (
            Some(server),
            Some(auth),
            Some(database),
            Some(airtable),
            Some(airtable_webhook),
            Some(listing),
            Some(sync),
            Some(cache),
            Some(alerts),
            Some(channels),
            Some(compat),
            Some(shop),
            Some(log),
            Some(mut locations),
        ) = sections
        else {
            return Err(ConfigErrors(report.into_problems()));
        };
        locations.retain(|_, name| !name.is_empty());
        let mut config = Config {
            server,
            auth,
            database,
            airtable,
            airtable_webhook,
            listing,
            sync,
            cache,
            alerts,
            channels,
            compat,
            shop,
            log,
            locations,
            mapping: Mapping::builtin().clone(),
        };
        if let Some(path) = config.listing.fields_file.as_deref()
            && let Some(mapping) = read_mapping(path, &mut report)
        {
            config.mapping = mapping;
        }
        report.missing(needs.required());
        checks::check(&config, &mut report);
        let problems = report.into_problems();
        if problems.is_empty() { Ok(config) } else { Err(ConfigErrors(problems)) }
    }
}

/// The mapping in the file at `path`, unless something is wrong with it.
fn read_mapping(path: &Path, report: &mut Report) -> Option<Mapping> {
    const KEY: &str = "listing.fields_file";
    let shown = shown_text(&path.to_string_lossy());
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            report.wrong(KEY, format!("{shown} cannot be read: {error}"), form(KEY));
            return None;
        }
    };
    match Mapping::parse(&text) {
        Ok(mapping) => Some(mapping),
        Err(errors) => {
            let listed: Vec<_> = errors.iter().map(ToString::to_string).collect();
            let found = format!("{shown} is wrong: {}", listed.join("; "));
            report.wrong(
                KEY,
                found,
                "a field mapping without these mistakes, in the form of config/fields.toml",
            );
            None
        }
    }
}
