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

mod ids;
mod mapping;
mod money;
mod record;
mod vehicle;

pub use self::{
    ids::{InvalidRecordId, RecordId},
    mapping::{Mapping, MappingError},
    money::Money,
    record::{Fields, Record, Warning},
    vehicle::Content,
};
