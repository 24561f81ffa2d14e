//! vitrina keeps a used-car dealership's Airtable inventory and its website in step.
//!
//! # The map
//!
//! A change's way: [`http`] (webhook) → [`sync`] (line, batch) → [`airtable`] (fetch) → [`domain`] (normalize) → [`db`] (store)
//! → [`catalog`] (new generation). A page's way: [`http`] → [`catalog`] → [`db`].
//!
//! A module may use only what stands further down in this list:
//!
//! | module | what it is |
//! |---|---|
//! | [`cli`] | the command line, the demo |
//! | [`app`] | the composition root |
//! | [`http`] | routes and handlers |
//! | [`alerts`] | what is wrong, and who is told |
//! | [`monitor`] | how it is doing: figures, logs, runs, the queue |
//! | [`sync`] | the write side: from acceptance to commit |
//! | [`catalog`] | the read side: finished responses, never stale |
//! | [`airtable`], [`db`] | the only HTTP to Airtable; the only SQL |
//! | [`config`] | every setting and where it came from |
//! | [`domain`] | what the words mean; pure |
//!
//! Beside them stand [`lifecycle`] (stopping), [`telemetry`] (the log), [`clock`] (the time), [`signals`] (what is wrong at the
//! moment), [`private_pg`] (a PostgreSQL of our own) and [`simulator`] (an Airtable of our own), which use none of the
//! others but `config` and `clock`.

pub mod airtable;
pub mod alerts;
pub mod app;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod domain;
pub mod http;
pub mod lifecycle;
pub mod monitor;
pub mod private_pg;
pub mod signals;
pub mod simulator;
pub mod sync;
pub mod telemetry;
