//! Who may call what.
//!
//! **Invariants:** secrets are compared in constant time, before anything else is done with the request, its body included. Both sides are
//! hashed first, so not even the length of a secret can be measured. Where two secrets are accepted, both are compared. Without a secret
//! nobody is let in.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{StatusCode, header, request::Parts},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::problem::Problem;
use crate::config::{AuthSettings, values::Tokens};

/// The hash of a secret.
type Hash = [u8; 32];

/// The hashes of the secrets that are accepted.
#[derive(Clone)]
pub struct Credentials {
    webhook: Arc<[Hash]>,
    admin: Arc<[Hash]>,
}

impl Credentials {
    /// From the settings.
    pub fn new(settings: &AuthSettings) -> Self {
        let hash = |secret: &SecretString| Sha256::digest(secret.expose_secret()).into();
        let hashes = |tokens: &Tokens| tokens.accepted().iter().map(hash).collect();
        Self { webhook: hashes(&settings.webhook_secret), admin: hashes(&settings.admin_token) }
    }

    /// Whether this is the operators' token.
    pub(super) fn is_admin(&self, token: &[u8]) -> bool {
        is_secret(token, &self.admin)
    }
}

/// Proof that the caller is an operator.
pub(super) struct Admin;

/// Proof that the caller knows the webhook secret.
pub(super) struct Automation;

impl<S> FromRequestParts<S> for Admin
where
    Credentials: FromRef<S>,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let known = is_bearer(parts, &Credentials::from_ref(state).admin);
        known.then_some(Self).ok_or_else(|| unauthorized("the operators' token (ADMIN_TOKEN)"))
    }
}

impl<S> FromRequestParts<S> for Automation
where
    Credentials: FromRef<S>,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let known = is_bearer(parts, &Credentials::from_ref(state).webhook);
        known.then_some(Self).ok_or_else(|| unauthorized("the webhook secret (WEBHOOK_SECRET)"))
    }
}

fn is_bearer(parts: &Parts, accepted: &[Hash]) -> bool {
    let given = parts.headers.get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    let token = match given.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token.trim_ascii(),
        _ => b"",
    };
    is_secret(token, accepted)
}

fn is_secret(given: &[u8], accepted: &[Hash]) -> bool {
    let given = Sha256::digest(given);
    accepted.iter().fold(Choice::from(0), |found, hash| found | given.ct_eq(hash)).into()
}

fn unauthorized(what: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, format!("Send {what} as `Authorization: Bearer …`."))
}
