//! What is told, in a form that every channel can put into its own.
//!
//! **Invariants:** a message is complete when it is made: it waits in the outbox as JSON, and whoever sends it, maybe another instance
//! and much later, says the same.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    Rule,
    rules::{lasting, said},
};
use crate::db::alerts::{AlertRow, AlertState, Severity};

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Message {
    /// An alert fired or is over.
    Notice(Notice),
    /// The nightly run began or ended.
    Ping(Ping),
}

/// An alert fired or is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notice {
    pub(super) event: Event,
    pub(super) key: String,
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) detail: String,
    pub(super) remedy: String,
    /// Where to see more.
    pub(super) look: String,
    /// The key of the worse alert that stands for it from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) replaced_by: Option<String>,
    /// The dashboard's address.
    pub(super) link: Option<String>,
    pub(super) since: DateTime<Utc>,
    /// When it was noticed to be so, or to be over.
    pub(super) at: DateTime<Utc>,
}

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    Fired,
    Resolved,
    /// A worse one stands for it. Only for channels that keep alerts open; people read of the worse one.
    Replaced,
}

/// The nightly run began or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ping {
    pub(super) event: PingEvent,
    /// What is to be read about it.
    pub(super) text: String,
}

/// What happened to the nightly run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PingEvent {
    Started,
    Succeeded,
    Failed,
}

/// The dashboard's address, where the service's is known.
pub(super) fn dashboard(public_url: Option<&str>) -> Option<String> {
    public_url.map(|url| format!("{}/dashboard", url.trim_end_matches('/')))
}

impl Notice {
    /// Tells that an alert is as it is now.
    pub(super) fn of(alert: &AlertRow, rule: Rule, public_url: Option<&str>, now: DateTime<Utc>) -> Self {
        Self {
            event: match alert.state {
                AlertState::Firing => Event::Fired,
                AlertState::Resolved => Event::Resolved,
            },
            key: alert.key.clone(),
            severity: alert.severity,
            title: rule.title().to_owned(),
            detail: alert.detail.clone(),
            remedy: rule.remedy().to_owned(),
            look: rule.look().to_owned(),
            replaced_by: None,
            link: dashboard(public_url),
            since: alert.since,
            at: now,
        }
    }

    /// Tells that a worse one stands for the alert.
    pub(super) fn replaced(self, by: Rule) -> Self {
        Self { event: Event::Replaced, replaced_by: Some(by.key().to_owned()), ..self }
    }

    /// One line: which installation, how bad, what.
    pub(super) fn headline(&self, name: &str) -> String {
        let how = match (self.event, self.severity) {
            (Event::Resolved, _) => "Resolved",
            (Event::Replaced, _) => "Replaced by a worse one",
            (Event::Fired, Severity::Critical) => "Critical",
            (Event::Fired, Severity::Warning) => "Warning",
        };
        format!("[{name}] {how}: {}", self.title)
    }

    /// The rest, as labelled paragraphs.
    pub(super) fn paragraphs(&self, zone: Tz) -> Vec<(&'static str, String)> {
        let look = match &self.link {
            Some(link) => format!("{link}, {}", self.look),
            None => format!("/dashboard, {}", self.look),
        };
        match self.event {
            Event::Fired => vec![
                ("What", self.detail.clone()),
                ("Since", said(self.since, zone)),
                ("What to do", self.remedy.clone()),
                ("Where to look", look),
            ],
            Event::Resolved | Event::Replaced => vec![
                ("What it was", self.detail.clone()),
                (
                    "When",
                    format!(
                        "{} to {} ({})",
                        said(self.since, zone),
                        said(self.at, zone),
                        lasting((self.at - self.since).max(TimeDelta::zero()))
                    ),
                ),
                ("Where to look", look),
            ],
        }
    }
}
