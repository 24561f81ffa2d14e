//! Who is logged in: a signed cookie, and the tokens that forms carry.
//!
//! **Invariants**
//! - The server keeps no sessions: any instance that knows `ADMIN_TOKEN` can check one, and a new `ADMIN_TOKEN` ends all of them. The
//!   token itself is in neither the cookie nor a form.
//! - A session ends with its time, whatever the browser keeps, and with its logging out on the instance that heard of it: that one remembers
//!   it until its time is over ([`Sessions::end`]). Other instances, and this one after a restart, only know the time.
//! - Signatures are compared in constant time.
//! - A form's token belongs to one session, so what another site or another session makes is refused.
//!
//! **Not here:** how often somebody may try ([`super::throttle`]), the cookie's attributes ([`super::cookie`]).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

type Signature = Hmac<Sha256>;

/// What the key is derived for; a new number ends every session.
const PURPOSE: &[u8] = b"vitrina dashboard session 1";

/// Makes and checks sessions. Cheap to clone.
#[derive(Clone)]
pub(super) struct Sessions {
    signature: Arc<Signature>,
    lasts: TimeDelta,
    /// The sessions that somebody logged out of, until their time is over.
    ended: Arc<Mutex<HashMap<String, DateTime<Utc>>>>,
}

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    id: String,
    /// When it ends.
    pub(super) until: DateTime<Utc>,
}

impl Sessions {
    pub(super) fn new(admin_token: &SecretString, lasts: Duration) -> Self {
        let derived = keyed(admin_token.expose_secret().as_bytes()).chain_update(PURPOSE).finalize();
        let signature = Arc::new(keyed(&derived.into_bytes()));
        let lasts = TimeDelta::from_std(lasts).unwrap_or(TimeDelta::MAX);
        Self { signature, lasts, ended: Arc::default() }
    }

    /// A new session.
    pub(super) fn begin(&self, now: DateTime<Utc>) -> Session {
        // In whole seconds, as it stands in the cookie.
        let until = now.checked_add_signed(self.lasts).unwrap_or(DateTime::<Utc>::MAX_UTC).timestamp();
        let until = DateTime::from_timestamp(until, 0).unwrap_or(now);
        Session { id: uuid::Uuid::new_v4().simple().to_string(), until }
    }

    /// What the cookie holds.
    pub(super) fn cookie(&self, session: &Session) -> String {
        format!("{}.{}.{}", session.until.timestamp(), session.id, self.sign("session", session))
    }

    /// The session of a cookie, unless it is over or not ours.
    pub(super) fn of_cookie(&self, cookie: &str, now: DateTime<Utc>) -> Option<Session> {
        let mut parts = cookie.splitn(3, '.');
        let (until, id, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let session = Session { id: id.to_owned(), until: DateTime::from_timestamp(until.parse().ok()?, 0)? };
        let holds = self.is_signed("session", &session, signature) && now < session.until;
        (holds && !self.is_ended(&session)).then_some(session)
    }

    /// Ends a session before its time. Only who has the operators' token makes sessions, so what is remembered stays small.
    pub(super) fn end(&self, session: &Session, now: DateTime<Utc>) {
        let mut ended = self.ended();
        ended.retain(|_, until| now < *until);
        ended.insert(session.id.clone(), session.until);
    }

    /// Whether somebody logged out of it.
    pub(super) fn is_ended(&self, session: &Session) -> bool {
        self.ended().contains_key(&session.id)
    }

    fn ended(&self) -> MutexGuard<'_, HashMap<String, DateTime<Utc>>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the forms of a session carry.
    pub(super) fn form_token(&self, session: &Session) -> String {
        self.sign("form", session)
    }

    /// Whether a form belongs to the session.
    pub(super) fn is_form_token(&self, session: &Session, given: &str) -> bool {
        self.is_signed("form", session, given)
    }

    fn over(&self, what: &str, session: &Session) -> Signature {
        let text = format!("{what}.{}.{}", session.until.timestamp(), session.id);
        self.signature.as_ref().clone().chain_update(text)
    }

    fn sign(&self, what: &str, session: &Session) -> String {
        URL_SAFE_NO_PAD.encode(self.over(what, session).finalize().into_bytes())
    }

    fn is_signed(&self, what: &str, session: &Session, given: &str) -> bool {
        URL_SAFE_NO_PAD.decode(given).is_ok_and(|given| self.over(what, session).verify_slice(&given).is_ok())
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed(key: &[u8]) -> Signature {
    Signature::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn sessions(token: &str) -> Sessions {
        Sessions::new(&token.into(), HOUR)
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_session_lasts_its_time_on_every_instance_that_has_the_token() {
        let session = sessions("token-of-operators").begin(at(1000));
        let cookie = sessions("token-of-operators").cookie(&session);
        assert_eq!(sessions("token-of-operators").of_cookie(&cookie, at(4599)), Some(session));
        assert_eq!(sessions("token-of-operators").of_cookie(&cookie, at(4600)), None);
        assert_eq!(sessions("another-token-now").of_cookie(&cookie, at(1000)), None);
        assert!(!cookie.contains("operators"));
    }

    #[test]
    fn a_session_that_was_ended_is_over_and_forgotten_with_its_time() {
        let sessions = sessions("token-of-operators");
        let (one, other) = (sessions.begin(at(0)), sessions.begin(at(0)));
        sessions.end(&one, at(10));
        assert_eq!(sessions.of_cookie(&sessions.cookie(&one), at(11)), None);
        assert_eq!(sessions.of_cookie(&sessions.cookie(&other), at(11)), Some(other.clone()));
        sessions.end(&other, at(3600));
        assert_eq!(sessions.ended().keys().collect::<Vec<_>>(), [&other.id]);
    }

    #[test]
    fn nothing_in_a_cookie_can_be_changed() {
        let sessions = sessions("token-of-operators");
        let cookie = sessions.cookie(&sessions.begin(at(1000)));
        for place in 0..cookie.len() {
            let mut changed = cookie.clone().into_bytes();
            changed[place] = if changed[place] == b'7' { b'8' } else { b'7' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(sessions.of_cookie(&changed, at(1000)), None, "{changed}");
        }
        for odd in [
            "",
            ".",
            "..",
            "a.b.c",
            "9999999999999999999.a.",
            &format!("{cookie}."),
            &cookie[..cookie.len() - 1],
        ] {
            assert_eq!(sessions.of_cookie(odd, at(1000)), None, "{odd}");
        }
    }

    #[test]
    fn a_forms_token_belongs_to_one_session_and_is_no_cookie() {
        let sessions = sessions("token-of-operators");
        let (one, other) = (sessions.begin(at(0)), sessions.begin(at(0)));
        let token = sessions.form_token(&one);
        assert!(sessions.is_form_token(&one, &token));
        assert!(!sessions.is_form_token(&other, &token));
        assert!(!sessions.is_form_token(&one, ""));
        let cookie = sessions.cookie(&one);
        assert!(!sessions.is_form_token(&one, cookie.rsplit('.').next().unwrap()));
    }
}
