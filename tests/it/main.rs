//! The promises of vitrina, tested from outside.
//!
//! One binary: real PostgreSQL, a faithful Airtable simulator, real HTTP. `support` explains how a test is written; `webhook` is a
//! good first one to read.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by its name what is promised, and fails by panicking"
)]

mod alert_causes;
mod alert_channels;
mod alerts;
mod architecture;
mod automation;
mod browsers;
mod cache;
mod chaos;
mod columns;
mod compat;
mod concurrency;
mod connections;
mod consistency;
mod dashboard;
mod dashboard_pages;
mod deciding;
mod doctor;
mod drift;
mod http_caching;
mod instances;
mod listing_model;
mod logs;
mod metrics;
mod migrations;
mod monitoring;
mod native;
mod native_life;
mod openapi;
mod operators;
mod ops;
mod outages;
mod plans;
mod readiness;
mod restarts;
mod runs;
mod settling;
mod shop;
mod silence;
mod slugs;
mod storage;
mod strangers;
mod supabase;
mod support;
mod vehicles;
mod webhook;
