//! An Airtable of our own, for the demo and the tests.

pub mod inventory;
