//! vitrina keeps a dealership's Airtable inventory and its website in step.

pub mod domain;
pub mod simulator;
