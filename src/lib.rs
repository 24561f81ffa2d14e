//! vitrina keeps a dealership's Airtable inventory and its website in step.
//!
//! - [`airtable`]: the only HTTP to Airtable.

pub mod airtable;
pub mod domain;
