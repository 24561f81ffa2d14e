//! Native webhooks: what is recorded for whom, and for how long.
//!
//! **Invariants:** pure; the time is an argument. Payloads have numbers from 1 that are never given twice, and are deleted 7 days
//! after they came about. A hook ends 7 days after its creation, its last refresh or its last reading; then nothing is recorded
//! for it, and 7 days later it is gone. The secret is told at the creation only.
//!
//! **Sources:** <https://airtable.com/developers/web/api/webhooks-overview>. A hook that is in error keeps looking healthy, and its last
//! payload is the only sign, as public logs show. Not documented, hence chosen: a payload tells of at most [`payload::RECORDS`]
//! records, and a hook is forgotten when its last data is.
//!
//! **Not here:** requests and answers ([`super::api`]), sending pings ([`courier`]).

pub(super) mod courier;
mod payload;
mod ping;
mod spec;

use std::collections::VecDeque;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

pub use self::ping::PingFault;
use self::ping::{Pinging, Result as PingResult};
pub(super) use self::{
    payload::{Action, payloads},
    spec::Specification,
};
use super::{
    ids::Ids,
    store::{Event, Table},
};

/// How long a hook lives, and how long payloads are kept.
const LIFE: TimeDelta = TimeDelta::days(7);
/// Hooks in a base.
const MAX_HOOKS: usize = 10;

/// A webhook as it stands in the base, for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookState {
    /// `ach…`
    pub id: String,
    /// When it ends unless it is refreshed or read.
    pub expires: DateTime<Utc>,
    /// Whether pings are sent.
    pub notifications: bool,
    /// The number of the next payload.
    pub next_payload: u64,
}

#[derive(Debug)]
pub(super) struct Hook {
    pub(super) id: String,
    pub(super) secret: Vec<u8>,
    url: Option<String>,
    specification: Specification,
    expires: DateTime<Utc>,
    pub(super) notifications: bool,
    payloads: VecDeque<Recorded>,
    next: u64,
    broken: bool,
    pub(super) pinging: Pinging,
}

#[derive(Debug)]
struct Recorded {
    number: u64,
    at: DateTime<Utc>,
    body: Value,
}

/// The webhooks of the base.
#[derive(Debug)]
pub(super) struct Webhooks {
    pub(super) hooks: Vec<Hook>,
    ids: Ids,
    transactions: u64,
    pub(super) faults: VecDeque<PingFault>,
}

/// The base has as many hooks as it may.
pub(super) struct TooMany;

impl Webhooks {
    pub(super) fn new(seed: u64) -> Self {
        let ids = Ids::seeded(seed.rotate_left(32) ^ 0xac4);
        Self { hooks: Vec::new(), ids, transactions: 0, faults: VecDeque::new() }
    }

    /// Records what was done for every hook that asked for it.
    pub(super) fn record(&mut self, events: &[Event], tables: &[Table], source: &str, now: DateTime<Utc>) {
        self.forget(now);
        self.transactions += 1;
        let action = Action { source, transaction: self.transactions, now };
        for hook in self.hooks.iter_mut().filter(|hook| hook.is_alive(now) && !hook.broken) {
            let error = hook.specification.broken_by(events).map(|code| action.error(code));
            hook.broken = error.is_some();
            let bodies = match error {
                Some(error) => vec![error],
                None => payloads(&hook.specification, events, tables, &action),
            };
            hook.keep(bodies, now, &mut self.faults);
        }
    }

    /// Puts every hook into the error state, as the loss of its table does.
    pub(super) fn break_all(&mut self, code: &str, now: DateTime<Utc>) {
        self.transactions += 1;
        let action = Action { source: "client", transaction: self.transactions, now };
        for hook in &mut self.hooks {
            hook.broken = true;
            hook.keep(vec![action.error(code)], now, &mut self.faults);
        }
    }

    /// Records this body for every hook, whatever it is.
    pub(super) fn garble_all(&mut self, body: &Value, now: DateTime<Utc>) {
        for hook in &mut self.hooks {
            hook.keep(vec![body.clone()], now, &mut self.faults);
        }
    }

    /// Makes a hook; gives what the creator is told.
    pub(super) fn create(
        &mut self,
        url: Option<String>,
        specification: Specification,
        now: DateTime<Utc>,
    ) -> Result<Value, TooMany> {
        self.forget(now);
        if self.hooks.len() >= MAX_HOOKS {
            return Err(TooMany);
        }
        let secret = self.ids.next("mac").repeat(2).into_bytes();
        let hook = Hook {
            id: self.ids.next("ach"),
            secret,
            url,
            specification,
            expires: now + LIFE,
            notifications: true,
            payloads: VecDeque::new(),
            next: 1,
            broken: false,
            pinging: Pinging::default(),
        };
        let told = json!({
            "id": hook.id,
            "macSecretBase64": STANDARD.encode(&hook.secret),
            "expirationTime": text(hook.expires),
        });
        self.hooks.push(hook);
        Ok(told)
    }

    pub(super) fn list(&mut self, now: DateTime<Utc>) -> Value {
        self.forget(now);
        let hooks: Vec<Value> = self.hooks.iter().map(|hook| hook.described(now)).collect();
        json!({"webhooks": hooks})
    }

    /// The hook of this id, unless it is gone.
    pub(super) fn find(&mut self, id: &str, now: DateTime<Utc>) -> Option<&mut Hook> {
        self.forget(now);
        self.hooks.iter_mut().find(|hook| hook.id == id)
    }

    /// False if there is none.
    pub(super) fn delete(&mut self, id: &str) -> bool {
        let before = self.hooks.len();
        self.hooks.retain(|hook| hook.id != id);
        self.hooks.len() < before
    }

    /// What became of a ping.
    pub(super) fn pinged(&mut self, id: &str, result: PingResult, now: DateTime<Utc>) {
        if let Some(hook) = self.hooks.iter_mut().find(|hook| hook.id == id)
            && !hook.pinging.done(result, now, &mut self.faults)
        {
            hook.notifications = false;
        }
    }

    /// As it stands in the base.
    pub(super) fn states(&self) -> Vec<WebhookState> {
        self.hooks
            .iter()
            .map(|hook| WebhookState {
                id: hook.id.clone(),
                expires: hook.expires,
                notifications: hook.notifications,
                next_payload: hook.next,
            })
            .collect()
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        self.hooks.retain(|hook| now < hook.expires + LIFE);
        for hook in &mut self.hooks {
            while hook.payloads.front().is_some_and(|first| first.at + LIFE <= now) {
                hook.payloads.pop_front();
            }
        }
    }
}

impl Hook {
    pub(super) fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now < self.expires
    }

    /// Gives the new end, or nothing if it is over.
    pub(super) fn extend(&mut self, now: DateTime<Utc>) -> Option<Value> {
        self.is_alive(now).then(|| {
            self.expires = now + LIFE;
            json!({"expirationTime": text(self.expires)})
        })
    }

    /// Up to `limit` payloads from the number `cursor` on. Reading keeps the hook alive.
    pub(super) fn read(&mut self, cursor: u64, limit: usize, now: DateTime<Utc>) -> Value {
        self.extend(now);
        let found: Vec<&Recorded> =
            self.payloads.iter().filter(|payload| payload.number >= cursor).take(limit).collect();
        let next = found.last().map_or(cursor, |last| last.number + 1);
        let more = self.payloads.back().is_some_and(|last| last.number >= next);
        let bodies: Vec<&Value> = found.iter().map(|payload| &payload.body).collect();
        json!({"cursor": next, "mightHaveMore": more, "payloads": bodies})
    }

    fn keep(&mut self, bodies: Vec<Value>, now: DateTime<Utc>, faults: &mut VecDeque<PingFault>) {
        if bodies.is_empty() {
            return;
        }
        for body in bodies {
            self.payloads.push_back(Recorded { number: self.next, at: now, body });
            self.next += 1;
        }
        if self.notifications && self.url.is_some() {
            self.pinging.notice(now, faults);
        }
    }

    fn described(&self, now: DateTime<Utc>) -> Value {
        json!({
            "id": self.id,
            "areNotificationsEnabled": self.notifications,
            "cursorForNextPayload": self.next,
            "isHookEnabled": self.is_alive(now),
            "lastSuccessfulNotificationTime": self.pinging.last_success.map(text),
            "notificationUrl": self.url,
            "expirationTime": text(self.expires),
            "lastNotificationResult": self.pinging.last_result,
            "specification": self.specification.as_sent(),
        })
    }
}

/// A time as Airtable writes it.
fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
