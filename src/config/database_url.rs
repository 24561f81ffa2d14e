//! What can be wrong with `DATABASE_URL` before anybody connects.
//!
//! **Invariants:** what is said never quotes user, password or an address that holds them. The driver has the last word, so what passes
//! here is what it takes.
//!
//! **Not here:** whether a server answers there; `doctor` asks it.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use tracing::subscriber::{NoSubscriber, with_default};
use url::Url;

use super::problem::{form, shown_text};

/// Parameters whose values are shown.
const HARMLESS: [&str; 5] = ["sslmode", "ssl-mode", "port", "hostaddr", "statement-cache-capacity"];

/// What is wrong, and what would be right.
pub(super) fn problem(text: &str) -> Option<(String, String)> {
    let right = || form("database.url").to_owned();
    let Ok(url) = Url::parse(text) else { return Some(("not an address".to_owned(), right())) };
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Some(("not a postgres:// address".to_owned(), right()));
    }
    if taken(text) {
        return None;
    }
    let culprit = url.query_pairs().find(|(key, value)| {
        let mut alone = Url::parse("postgres://localhost/").ok();
        if let Some(alone) = &mut alone {
            alone.query_pairs_mut().append_pair(key, value);
        }
        alone.is_some_and(|alone| !taken(alone.as_str()))
    });
    Some(match culprit {
        Some((key, value)) if HARMLESS.contains(&&*key) => {
            (format!("its parameter {key} is {}", shown_text(&value)), expected(&key).to_owned())
        }
        Some((key, _)) => (format!("its parameter {} cannot be used", shown_text(&key)), right()),
        None => ("user, password or database name are not UTF-8 once decoded".to_owned(), right()),
    })
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

/// Whether the driver takes it. It logs what it does not know with its value, which may be a secret.
fn taken(text: &str) -> bool {
    with_default(NoSubscriber::default(), || PgConnectOptions::from_str(text)).is_ok()
}
