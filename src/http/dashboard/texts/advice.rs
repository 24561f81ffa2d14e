//! Why something failed and what the operator should do, as far as a language may tell it.

/// A cause and its remedy.
#[derive(Debug, Clone, Copy)]
pub(in crate::http::dashboard) struct Advice {
    /// What happened.
    pub(in crate::http::dashboard) cause: &'static str,
    /// What to do.
    pub(in crate::http::dashboard) remedy: &'static str,
}
