//! When a record was edited in Airtable: what the time to consistency is measured from.
//!
//! In this order: what the sender of the webhook says, Airtable's own time of the last modification (a field of the type *Last modified
//! time*, if the table has one), and the time at which the delivery was accepted. Of what a run finds only the second can be known.

use chrono::{DateTime, TimeDelta, Utc};

/// Older edits are not what somebody waits for: the time is wrong, or something other than the edit changed the row.
const LONGEST: TimeDelta = TimeDelta::days(1);

/// The time of an edit, unless it cannot be true: one in the future, or more than a day ago.
pub fn believable(edited: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (edited <= now && now - edited <= LONGEST).then_some(edited)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_believed_for_a_day_and_never_from_the_future() {
        let now: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().unwrap();
        for (edited, believed) in [
            ("2026-11-24T12:00:00Z", true),
            ("2026-11-24T11:59:59.5Z", true),
            ("2026-11-23T12:00:00Z", true),
            ("2026-11-23T11:59:59Z", false),
            ("2026-11-24T12:00:00.001Z", false),
            ("1970-01-01T00:00:00Z", false),
            ("+262000-01-01T00:00:00Z", false),
        ] {
            assert_eq!(believable(edited.parse().unwrap(), now).is_some(), believed, "{edited}");
        }
    }
}
