//! Every setting and where it came from.
//!
//! Four layers, later ones win: `config/default.toml` (embedded), the file named by `VITRINA_CONFIG`, variables of the form
//! `VITRINA__SECTION__KEY`, and the short names of deployments such as `DATABASE_URL`. A [`Loader`] may add a fifth, set in code.
//!
//! Layers are collected (`layers`), read into [`Config`] by serde (`reader`), each value checked by its type (`values`), and then those that
//! must fit each other (`contradictions`).
//!
//! **Invariants:** a [`Config`] is complete and checked. All problems are reported at once, as [`ConfigErrors`]; no secret appears there or
//! in any `Debug`. [`Loader::from_environment`] is the program's only reader of the environment.
//!
//! **Not here:** whether PostgreSQL and Airtable accept what is configured; `doctor` asks them.

mod alerts;
mod channels;
mod contradictions;
mod layers;
mod loader;
mod problem;
mod reader;
mod settings;
#[cfg(test)]
mod tests;
pub mod values;

pub use self::{
    alerts::AlertSettings,
    channels::{ChannelSettings, SmtpTls},
    loader::{Loader, Needs},
    problem::{ConfigErrors, Problem},
    settings::{
        AirtableSettings, AirtableWebhookSettings, AuthSettings, CacheSettings, CompatSettings, Config,
        DatabaseSettings, LEAST_CONNECTIONS, ListingSettings, LogFormat, LogSettings, ServerSettings,
        ShopSettings, SyncSettings,
    },
};

impl Config {
    /// What `serve` needs, from the variables `env` and the file that they may name.
    pub fn load(env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigErrors> {
        Loader::new(env).load(Needs::Serve)
    }

    /// What `serve` needs, from the process's environment.
    pub fn from_environment() -> Result<Self, ConfigErrors> {
        Loader::from_environment().load(Needs::Serve)
    }
}
