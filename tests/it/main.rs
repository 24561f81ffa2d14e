//! The promises of vitrina, tested from outside.
//!
//! One binary: real PostgreSQL, a faithful Airtable simulator, real HTTP. `support` explains how a test is written; `webhook` is a
//! good first one to read.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests say what they promise by their names"
)]

mod architecture;
mod cache;
mod concurrency;
mod instances;
mod migrations;
mod ops;
mod outages;
mod slugs;
mod storage;
mod support;
mod vehicles;
mod webhook;
