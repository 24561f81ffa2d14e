//! Types of settings: each can only hold a right value, and says what one looks like when it is given another.
//!
//! **Invariants:** a type of this folder is only made by its check ([`std::str::FromStr`], `TryFrom` or serde), whose error is a [`Wrong`].
//! Secret types never show what they hold or were given: not in `Debug`, not in a [`Wrong`].
//!
//! **Not here:** settings that must fit each other (`contradictions`), and whether one may be missing (`loader`).

mod address;
mod airtable;
pub(super) mod columns;
mod database_url;
pub(super) mod duration;
mod mail;
mod number;
mod secret;
pub(super) mod text;
mod tokens;
mod wrong;

pub use self::{
    address::{CorsOrigins, HttpUrl, NotificationUrl, Origin},
    airtable::{ApiKey, ApiUrl, BaseId, TableId},
    database_url::DatabaseUrl,
    duration::PositiveDuration,
    mail::{MailAddress, MailHost},
    number::{Share, Whole},
    secret::{PagerDutyKey, Password, SecretUrl, SigningKey},
    text::{CacheControl, FolderPath, LogFilter, Schema, Words},
    tokens::Tokens,
    wrong::Wrong,
};
