//! The troubles that there are: their names, and what to do about each.
//!
//! **Invariants:** keys are a contract: they stand in the table `alerts`, in messages and in the dedup keys of `PagerDuty`. A new
//! trouble is a new variant, and every `match` here is exhaustive.
//!
//! **Not here:** when a trouble is there (`rules`).

use serde::{Deserialize, Serialize};

use crate::{db::alerts::Severity, signals::Signal};

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Airtable refuses the token, base or table.
    AirtableRefuses,
    /// The month's Airtable requests are used up.
    QuotaUsedUp,
    /// The brake ended a run.
    BrakePulled,
    /// Several nights in a row had no full sync.
    NightlyFailing,
    /// Last night had no full sync.
    NightlyFailed,
    /// A record waits in the queue for too long.
    QueueOld,
    /// Records were given up.
    DeadRecords,
    /// Too many syncs fail.
    SuccessRate,
    /// Syncs take too long.
    Slow,
    /// Many failures in an hour.
    Errors,
    /// A field that the mapping names is gone.
    FieldsMissing,
    /// The notices of other instances are not heard.
    ListenerDown,
    /// The native webhook is dead.
    WebhookDead,
}

impl Rule {
    /// All of them; of two that are found at once, the one that may be the cause of the other stands first.
    pub const ALL: [Self; 13] = [
        Self::AirtableRefuses,
        Self::QuotaUsedUp,
        Self::BrakePulled,
        Self::NightlyFailing,
        Self::NightlyFailed,
        Self::QueueOld,
        Self::DeadRecords,
        Self::SuccessRate,
        Self::Slow,
        Self::Errors,
        Self::FieldsMissing,
        Self::ListenerDown,
        Self::WebhookDead,
    ];

    /// As it stands in `alerts.key`.
    pub fn key(self) -> &'static str {
        match self {
            Self::AirtableRefuses => "airtable_refuses",
            Self::QuotaUsedUp => "quota_used_up",
            Self::BrakePulled => "brake_pulled",
            Self::NightlyFailing => "nightly_failing",
            Self::NightlyFailed => "nightly_failed",
            Self::QueueOld => "queue_old",
            Self::DeadRecords => "dead_records",
            Self::SuccessRate => "success_rate",
            Self::Slow => "slow",
            Self::Errors => "errors",
            Self::FieldsMissing => "fields_missing",
            Self::ListenerDown => "listener_down",
            Self::WebhookDead => "webhook_dead",
        }
    }

    /// The reverse of [`Rule::key`].
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.key() == key)
    }

    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::AirtableRefuses
            | Self::QuotaUsedUp
            | Self::BrakePulled
            | Self::NightlyFailing
            | Self::QueueOld
            | Self::SuccessRate => Severity::Critical,
            Self::NightlyFailed
            | Self::DeadRecords
            | Self::Slow
            | Self::Errors
            | Self::FieldsMissing
            | Self::ListenerDown
            | Self::WebhookDead => Severity::Warning,
        }
    }

    /// The worse trouble that stands for this one when it is there.
    pub(super) fn yields_to(self) -> Option<Self> {
        match self {
            Self::NightlyFailed => Some(Self::NightlyFailing),
            Self::AirtableRefuses
            | Self::QuotaUsedUp
            | Self::BrakePulled
            | Self::NightlyFailing
            | Self::QueueOld
            | Self::DeadRecords
            | Self::SuccessRate
            | Self::Slow
            | Self::Errors
            | Self::FieldsMissing
            | Self::ListenerDown
            | Self::WebhookDead => None,
        }
    }

    /// What is wrong, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::AirtableRefuses => "Airtable refuses vitrina",
            Self::QuotaUsedUp => "The month's Airtable requests are used up",
            Self::BrakePulled => "Too many vehicles would leave the listing",
            Self::NightlyFailing => "No full sync for several nights",
            Self::NightlyFailed => "Last night's full sync is missing",
            Self::QueueOld => "Records wait too long for their sync",
            Self::DeadRecords => "Records were given up",
            Self::SuccessRate => "Too many syncs fail",
            Self::Slow => "Syncs take too long",
            Self::Errors => "Many errors in one hour",
            Self::FieldsMissing => "A mapped field is missing in Airtable",
            Self::ListenerDown => "Changes on other instances are not heard",
            Self::WebhookDead => "Airtable's webhook is dead",
        }
    }

    /// What the operator should do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::AirtableRefuses => {
                "Put a valid token with the scopes data.records:read and schema.bases:read into AIRTABLE_API_KEY, check \
                 AIRTABLE_BASE_ID and AIRTABLE_TABLE_ID, and restart. What was announced meanwhile waits in the queue and is synced then."
            }
            Self::QuotaUsedUp => {
                "Raise the workspace's Airtable plan and POST /sync with {\"resume\":true}, or wait for the first of next month (UTC). \
                 Until then the website shows the last known state."
            }
            Self::BrakePulled => {
                "Look at the table in Airtable: was it emptied, or OrdenStatus changed or renamed? If the vehicles are really sold, run \
                 `vitrina sync --full --force`; nothing left the listing until then."
            }
            Self::NightlyFailing | Self::NightlyFailed => {
                "Mend what the run's error says, then run `vitrina sync --full` or POST /sync; until then only webhooks and catch-ups \
                 keep the website fresh, and vehicles that vanished from Airtable may still be listed."
            }
            Self::QueueOld => {
                "See why the oldest record is not synced: most often Airtable or the token. When that is mended the queue empties itself."
            }
            Self::DeadRecords => {
                "Mend what their errors say, then replay them: `vitrina replay --failed`, or POST /replay with {\"failed\":true}."
            }
            Self::SuccessRate => {
                "Read the errors and warnings of the last syncs, mend their cause, and replay what failed: `vitrina replay --failed`."
            }
            Self::Slow => {
                "See in the logs' timings which part takes long: queue (many edits at once or a low airtable.requests_per_second), airtable \
                 (its own slowness), upsert (the database)."
            }
            Self::Errors => {
                "Read the latest errors and do what each says; then replay: `vitrina replay --failed`."
            }
            Self::FieldsMissing => {
                "Restore or rename the field in Airtable, or name the present one in config/fields.toml; its column keeps its last values \
                 until then. `vitrina doctor` names the closest fields."
            }
            Self::ListenerDown => {
                "Check that DATABASE_URL leads to PostgreSQL itself or to a pooler's session port, and that connections last. Until then an \
                 instance may show what another has changed up to a reconnect late."
            }
            Self::WebhookDead => {
                "Run `vitrina webhook list` and `vitrina webhook create`, and check that the token has the scope webhook:manage. Catch-ups \
                 keep the website fresh meanwhile, minutes late."
            }
        }
    }

    /// Where to see more.
    pub fn look(self) -> &'static str {
        match self {
            Self::AirtableRefuses | Self::QuotaUsedUp | Self::SuccessRate | Self::Errors => {
                "GET /sync-logs?status=error"
            }
            Self::BrakePulled | Self::NightlyFailing | Self::NightlyFailed => "GET /runs",
            Self::QueueOld | Self::DeadRecords => "GET /queue",
            Self::Slow => "GET /sync-logs",
            Self::FieldsMissing => "vitrina doctor",
            Self::ListenerDown => "the process's log",
            Self::WebhookDead => "vitrina webhook list",
        }
    }

    /// The trouble that a signal of a process stands for.
    pub fn of_signal(signal: Signal) -> Self {
        match signal {
            Signal::AirtableRefuses => Self::AirtableRefuses,
            Signal::QuotaUsedUp => Self::QuotaUsedUp,
            Signal::FieldsMissing => Self::FieldsMissing,
            Signal::ListenerDown => Self::ListenerDown,
            Signal::WebhookDead => Self::WebhookDead,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_trouble_has_a_key_of_its_own_by_which_it_is_found() {
        let keys: BTreeSet<&str> = Rule::ALL.into_iter().map(Rule::key).collect();
        assert_eq!(keys.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert_eq!(Rule::of_key(rule.key()), Some(rule));
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.key());
        }
        assert_eq!(Rule::of_key("something_else"), None);
    }

    #[test]
    fn every_remedy_is_made_of_sentences() {
        for rule in Rule::ALL {
            let remedy = rule.remedy();
            assert!(
                remedy.starts_with(char::is_uppercase) && remedy.ends_with(['.', '`']),
                "{rule:?}: {remedy}"
            );
            assert!(!remedy.contains("  "), "{rule:?}: {remedy}");
            assert!(!rule.title().ends_with('.'), "{rule:?}");
        }
    }
}
