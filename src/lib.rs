//! vitrina keeps a dealership's Airtable inventory and its website in step.
//!
//! - [`config`]: every setting and where it came from.
//! - [`domain`]: what the words mean; pure.
//! - [`http`]: the HTTP edge.
//! - [`lifecycle`]: who runs in the background, and how all of it stops.
//! - [`telemetry`]: the log.

pub mod config;
pub mod domain;
pub mod http;
pub mod lifecycle;
pub mod telemetry;
