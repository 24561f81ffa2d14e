//! English.

use super::Advice;
use crate::{airtable::Kind, alerts::Rule, http::dashboard::wrong::Wrong};

pub(in crate::http::dashboard::texts) fn airtable(kind: Kind) -> Advice {
    let remedy = match kind {
        Kind::QuotaUsedUp => {
            "Raise the workspace's Airtable plan and press “Call Airtable again”, or wait for the first of next month (UTC)."
        }
        other => other.remedy(),
    };
    Advice { cause: cause(kind), remedy }
}

fn cause(kind: Kind) -> &'static str {
    match kind {
        Kind::RateLimited => "Airtable asked us to slow down",
        Kind::QuotaUsedUp => "The month's requests are used up",
        Kind::Unavailable => "Airtable is failing",
        Kind::TimedOut => "Airtable did not answer in time",
        Kind::Unreachable => "Airtable cannot be reached",
        Kind::BrokenResponse => "Airtable's answer cannot be read",
        Kind::TooLarge => "Airtable's answer is too large",
        Kind::Unauthorized => "Airtable refuses the token",
        Kind::Forbidden => "The token does not reach the base",
        Kind::NotFound => "Airtable does not know the base or the table",
        Kind::IteratorLost => "Airtable forgot the listing half-way",
        Kind::InvalidRequest => "Airtable did not understand the question",
    }
}

/// As `Rule::remedy` says it, with the page's buttons in the place of commands.
pub(in crate::http::dashboard::texts) fn alert(rule: Rule) -> Advice {
    let remedy = match rule {
        Rule::QuotaUsedUp => {
            "Raise the workspace's Airtable plan and press “Call Airtable again”, or wait for the first of next month (UTC). Until then the \
             website shows the last known state."
        }
        Rule::BrakePulled => {
            "Look at the table in Airtable: was it emptied, or OrdenStatus changed or renamed? If the vehicles are really sold, press “Sync \
             everything” and tick that it goes without the brake; nothing leaves the listing until then."
        }
        Rule::NightlyFailing | Rule::NightlyFailed => {
            "Mend what the run's error says, then press “Sync everything”. Until then only webhooks and catch-ups keep the website fresh, and \
             vehicles that vanished from Airtable may still be listed."
        }
        Rule::DeadRecords => "Mend what their errors say, then press “Replay all that failed”.",
        Rule::SuccessRate => {
            "Read the recent errors and warnings, mend their cause, and press “Replay all that failed”."
        }
        Rule::Errors => "Read the latest errors, do what each says, then press “Replay all that failed”.",
        Rule::FieldsMissing => {
            "Restore or rename the field in Airtable, or name the present one in config/fields.toml; its column keeps its last values until \
             then. The command “vitrina doctor” names the closest fields."
        }
        Rule::WebhookDead => {
            "Run the commands “vitrina webhook list” and “vitrina webhook create”, and check that the token has the scope webhook:manage. \
             Catch-ups keep the website fresh meanwhile, minutes late."
        }
        Rule::AirtableRefuses | Rule::QueueOld | Rule::Slow | Rule::ListenerDown => rule.remedy(),
    };
    Advice { cause: rule.title(), remedy }
}

pub(in crate::http::dashboard::texts) fn trouble(wrong: Wrong) -> Advice {
    let (cause, remedy) = match wrong {
        Wrong::Page => ("There is nothing here", "The address is of no page of the dashboard."),
        Wrong::Run => ("There is no run with that number", "Look for it among the runs of the dashboard."),
        Wrong::Action => ("The dashboard has no such action", "Choose one of those on the dashboard."),
        Wrong::Record => (
            "That is no record of Airtable",
            "A record's id is like recA1b2C3d4E5f6G7. Choose the vehicle on the dashboard.",
        ),
        Wrong::Form => (
            "The form is no longer good",
            "It is of an earlier session or came from another site, and nothing was done. Go back to the dashboard and try again.",
        ),
        Wrong::Method => ("That address is no page", "It takes a form of the dashboard. Nothing was done."),
        Wrong::Away => (
            "The database is out of reach",
            "The website goes on with the last known responses. Check PostgreSQL and DATABASE_URL, and try again.",
        ),
        Wrong::Broken => {
            ("Something went wrong here", "The service's log says what, under this request's id. Try again.")
        }
        Wrong::Request => ("The request makes no sense", "Go back to the dashboard and try again."),
    };
    Advice { cause, remedy }
}
