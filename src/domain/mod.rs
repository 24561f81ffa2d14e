//! What the words mean.
//!
//! - **record**: an Airtable row. **vehicle**: its normalized row in `inventario_cache`.
//! - **listed**: shown by `GET /vehicles`. **archived**: known, no longer listed. **deleted**: gone from Airtable.
//! - **run**: one full, catch-up or replay sync. **trigger**: why a record is synced.
//!
//! **Invariants:** everything here is plain data and pure functions. No axum, sqlx, reqwest, tokio, environment or clock: what
//! depends on the time takes it as an argument.
//!
//! **Units:** money in pesos ([`Money`]), distances in kilometres, times in UTC.

mod cell;
mod changes;
mod closest;
mod columns;
mod filter;
mod ids;
mod kept;
mod kind;
mod known_field;
pub mod listing;
mod mapping;
mod mapping_file;
mod moment;
mod money;
mod normalize;
mod number;
mod order;
mod outcome;
pub mod parameters;
mod photos;
#[cfg(test)]
mod properties;
mod record;
#[cfg(test)]
pub(crate) mod samples;
mod slug;
pub mod text;
mod value;

pub use self::{
    closest::closest,
    columns::{Audience, Column, ColumnValue, Content, Described, JsonType, UnknownColumn},
    filter::{Filter, Given, MAX_CHARS, MAX_VALUES, MAX_WORDS, WrongParameter, wrong},
    ids::{InvalidRecordId, RecordId},
    kept::Kept,
    kind::Kind,
    known_field::KnownField,
    mapping::Mapping,
    mapping_file::{MappingError, MappingProblem},
    moment::{MOMENT, moment, no_span},
    money::Money,
    normalize::{Normalized, Rules, normalize},
    order::Order,
    outcome::{Action, Change, Changes, Outcome, Trigger},
    record::{Fields, Record, Warning},
    slug::{RESERVED_SLUGS, slugify},
};
