//! Every setting and where it came from.
//!
//! Four layers, later ones win: `config/default.toml` (embedded), the file named by `VITRINA_CONFIG`, variables of the form
//! `VITRINA__SECTION__KEY`, and the short names of deployments such as `DATABASE_URL`. A [`Loader`] may lay a fifth on top,
//! made in code.
//!
//! **Invariants:** a [`Config`] is complete and checked: what it holds can be used without another look. All that is wrong is
//! reported at once, as [`ConfigErrors`]; no secret appears there or in any `Debug`. [`Loader::from_environment`] is the
//! program's only reader of the environment.
//!
//! **Not here:** whether PostgreSQL and Airtable accept what is configured; `doctor` asks them.

mod alerts;
mod channels;
mod checks;
mod database_url;
mod duration;
mod layers;
mod loader;
mod optional;
mod problem;
mod report;
mod settings;
#[cfg(test)]
mod tests;

pub use self::{
    alerts::AlertSettings,
    channels::{ChannelSettings, SmtpTls},
    checks::LEAST_CONNECTIONS,
    loader::{Loader, Needs},
    problem::{ConfigErrors, Problem},
    settings::{
        AirtableSettings, AirtableWebhookSettings, AuthSettings, CacheSettings, CompatSettings, Config,
        DatabaseSettings, ListingSettings, LogFormat, LogSettings, ServerSettings, ShopSettings,
        SyncSettings,
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
