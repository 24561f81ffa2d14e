//! `DATABASE_URL`, checked before anybody connects.
//!
//! **Invariants:** errors never quote the user, the password or the address itself. The driver decides: an address passes exactly when it
//! parses it.
//!
//! **Not here:** whether a server answers there; `doctor` asks it.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use tracing::subscriber::{NoSubscriber, with_default};
use url::Url;

use super::{Wrong, secret::secret};
use crate::config::problem::shown_text;

secret!(
    /// The address of a PostgreSQL database.
    DatabaseUrl,
    expected: "an address of the form postgres://user:password@host:5432/database, signs such as @ / # ? % in the password \
               written as %40 %2F %23 %3F %25",
    check: check
);

/// Parameters whose values are shown.
const HARMLESS: [&str; 5] = ["sslmode", "ssl-mode", "port", "hostaddr", "statement-cache-capacity"];

fn check(text: &str, form: &str) -> Result<(), Wrong> {
    let wrong = |found: &str| Err(Wrong::found(found, form));
    let Ok(url) = Url::parse(text) else { return wrong("not an address") };
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return wrong("not a postgres:// address");
    }
    if driver_parses(text) {
        return Ok(());
    }
    let culprit = url.query_pairs().find(|(key, value)| {
        let mut alone = Url::parse("postgres://localhost/").ok();
        if let Some(alone) = &mut alone {
            alone.query_pairs_mut().append_pair(key, value);
        }
        alone.is_some_and(|alone| !driver_parses(alone.as_str()))
    });
    match culprit {
        Some((key, value)) if HARMLESS.contains(&&*key) => {
            Err(Wrong::found(format!("its parameter {key} is {}", shown_text(&value)), expected(&key)))
        }
        Some((key, _)) => wrong(&format!("its parameter {} cannot be used", shown_text(&key))),
        None => wrong("user, password or database name are not UTF-8 once decoded"),
    }
}

fn expected(key: &str) -> &'static str {
    match key {
        "sslmode" | "ssl-mode" => {
            "sslmode=disable, allow, prefer (as without it), require, verify-ca or verify-full"
        }
        "port" => "a port from 1 to 65535; PostgreSQL's own is 5432",
        "hostaddr" => "an IP address",
        _ => "a number",
    }
}

/// Whether the driver parses it. Its log is turned off, as it shows unknown parameters with their values.
fn driver_parses(text: &str) -> bool {
    with_default(NoSubscriber::default(), || PgConnectOptions::from_str(text)).is_ok()
}
