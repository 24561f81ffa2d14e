//! What can go wrong with Airtable, and what follows from it.
//!
//! **Invariants:** [`Kind::rule`] is the only place that decides between retrying, pausing and giving up; its `match` is
//! exhaustive, so a new kind cannot be forgotten.
//!
//! **Sources:** <https://airtable.com/developers/web/api/errors>. Not documented but seen: both shapes of 429, 414 in HTML, 404
//! with `MODEL_ID_NOT_FOUND`, 422 with `INVALID_OFFSET_VALUE`.

use serde::{Deserialize, Serialize};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 429: too many requests in a second.
    RateLimited,
    /// 429: the month's requests are used up, or were when we last asked.
    QuotaUsedUp,
    /// 5xx: Airtable, or a gateway before it, is failing.
    Unavailable,
    /// No whole answer within `airtable.request_timeout`.
    TimedOut,
    /// No connection, or it was lost before the answer began.
    Unreachable,
    /// An answer that breaks off or is not what Airtable sends.
    BrokenResponse,
    /// An answer of more than `airtable.max_response_bytes`.
    TooLarge,
    /// 401: Airtable does not know the token.
    Unauthorized,
    /// 403: the token may not do this, or there is no such base or table.
    Forbidden,
    /// 404, or a table that the base does not have.
    NotFound,
    /// 422: the listing's offset is no longer good.
    IteratorLost,
    /// Any other 4xx: the request is wrong.
    InvalidRequest,
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The request is sent again after a while.
    Retry,
    /// Nothing is sent to the base for a while, then the request is sent again.
    PauseBase,
    /// The caller throws away what it has listed and begins with the first page.
    RestartListing,
    /// Nothing is sent until the month ends or an operator resumes.
    StopUntilResumed,
    /// Sending it again would not help.
    GiveUp {
        /// Whether a setting or a permission must be mended first.
        configuration: bool,
    },
}

impl Kind {
    /// What an answer with this status and Airtable's name for the error amounts to; never asked about a 200.
    pub(super) fn of_answer(status: u16, error_type: Option<&str>) -> Self {
        match (status, error_type) {
            (429, Some("PUBLIC_API_BILLING_LIMIT_EXCEEDED")) => Self::QuotaUsedUp,
            (429, _) => Self::RateLimited,
            (422, Some("LIST_RECORDS_ITERATOR_NOT_AVAILABLE" | "INVALID_OFFSET_VALUE")) => Self::IteratorLost,
            (401, _) => Self::Unauthorized,
            (403, _) => Self::Forbidden,
            (404, _) => Self::NotFound,
            (400..=499, _) => Self::InvalidRequest,
            (500..=599, _) => Self::Unavailable,
            _ => Self::BrokenResponse,
        }
    }

    /// What follows from it.
    pub fn policy(self) -> Policy {
        self.rule().0
    }

    /// What the operator should do, as a sentence.
    pub fn remedy(self) -> &'static str {
        self.rule().1
    }

    /// Whether Airtable refuses us until somebody mends a setting, a permission or the plan.
    pub fn is_configuration(self) -> bool {
        matches!(self.policy(), Policy::GiveUp { configuration: true } | Policy::StopUntilResumed)
    }

    fn rule(self) -> (Policy, &'static str) {
        match self {
            Self::RateLimited => (
                Policy::PauseBase,
                "Nothing, if it is rare: vitrina waits; else find what else reads this base, or lower \
                 airtable.requests_per_second.",
            ),
            Self::QuotaUsedUp => (
                Policy::StopUntilResumed,
                "Raise the workspace's Airtable plan and resume, or wait for the first of next month (UTC).",
            ),
            Self::Unavailable => (
                Policy::Retry,
                "Nothing at first: vitrina tries again; see https://status.airtable.com if it lasts.",
            ),
            Self::TimedOut => (
                Policy::Retry,
                "Nothing at first: vitrina tries again; if it lasts, check the network, lower airtable.page_size or raise \
                 airtable.request_timeout.",
            ),
            Self::Unreachable => (
                Policy::Retry,
                "Check this machine's network, DNS and proxy, and AIRTABLE_API_URL; vitrina tries again by itself.",
            ),
            Self::BrokenResponse => (
                Policy::Retry,
                "Check that AIRTABLE_API_URL is Airtable's address and that no proxy answers in its place; vitrina tries \
                 again by itself.",
            ),
            Self::TooLarge => (
                Policy::GiveUp { configuration: false },
                "Lower airtable.page_size or raise airtable.max_response_bytes.",
            ),
            Self::Unauthorized => (
                Policy::GiveUp { configuration: true },
                "Put a valid personal access token into AIRTABLE_API_KEY: this one is wrong or was revoked.",
            ),
            Self::Forbidden => (
                Policy::GiveUp { configuration: true },
                "Check AIRTABLE_BASE_ID and AIRTABLE_TABLE_ID, and give the token access to the base and the scopes \
                 data.records:read and schema.bases:read.",
            ),
            Self::NotFound => (
                Policy::GiveUp { configuration: true },
                "Check AIRTABLE_BASE_ID, AIRTABLE_TABLE_ID and AIRTABLE_API_URL: there is no such base or table.",
            ),
            Self::IteratorLost => {
                (Policy::RestartListing, "Nothing: the listing begins again with its first page.")
            }
            Self::InvalidRequest => (
                Policy::GiveUp { configuration: false },
                "Read Airtable's message: a field named in the settings was most likely renamed or deleted.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Kind; 12] = [
        Kind::RateLimited,
        Kind::QuotaUsedUp,
        Kind::Unavailable,
        Kind::TimedOut,
        Kind::Unreachable,
        Kind::BrokenResponse,
        Kind::TooLarge,
        Kind::Unauthorized,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::IteratorLost,
        Kind::InvalidRequest,
    ];

    #[test]
    fn only_what_time_may_heal_is_sent_again() {
        let again = |kind: &Kind| matches!(kind.policy(), Policy::Retry | Policy::PauseBase);
        let healed: Vec<Kind> = ALL.into_iter().filter(again).collect();
        assert_eq!(
            healed,
            [Kind::RateLimited, Kind::Unavailable, Kind::TimedOut, Kind::Unreachable, Kind::BrokenResponse]
        );
    }

    #[test]
    fn airtable_refuses_us_when_token_base_table_or_plan_are_to_blame() {
        let refusals: Vec<Kind> = ALL.into_iter().filter(|kind| kind.is_configuration()).collect();
        assert_eq!(refusals, [Kind::QuotaUsedUp, Kind::Unauthorized, Kind::Forbidden, Kind::NotFound]);
    }

    #[test]
    fn every_remedy_is_a_sentence() {
        for kind in ALL {
            let remedy = kind.remedy();
            assert!(remedy.starts_with(char::is_uppercase) && remedy.ends_with('.'), "{kind:?}: {remedy}");
            assert!(!remedy.contains("  "), "{kind:?}: {remedy}");
        }
    }
}
