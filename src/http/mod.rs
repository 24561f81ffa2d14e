//! The HTTP edge.

pub mod serve;
