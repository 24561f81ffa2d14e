//! Decides from the webhooks of the base which one to make, extend or delete; pure.
//!
//! **Invariants:** afterwards there is exactly one webhook for our address and table, and its secret is known here. A webhook for another
//! address or table is never touched, unless it was kept here before the settings changed.

use chrono::{DateTime, TimeDelta, Utc};

use super::read::End;
use crate::{airtable::Webhook, db::webhooks::KeptWebhook};

/// After how many retries of a ping it is no accident any more: more than a minute has passed by then.
const RETRIES: i64 = 3;

/// The webhook that the settings ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Where pings go.
    pub(super) url: &'a str,
    /// `tbl…`
    pub(super) table: &'a str,
}

/// Why a webhook is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// There was none.
    First,
    /// The settings have changed.
    Moved,
    /// It is gone from Airtable.
    Lost,
    /// It has ended.
    Ended,
    /// It is in error for good.
    Dead(String),
}

/// The steps to be taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) make: Option<Why>,
    pub(super) delete: Vec<String>,
    pub(super) enable: bool,
    pub(super) refresh: bool,
    /// When it ends, by Airtable's word.
    pub(super) ends: Option<DateTime<Utc>>,
    /// Why Airtable's pings do not arrive.
    pub(super) unheard: Option<String>,
}

/// `end`: why reading its payloads stopped, if it did.
pub(super) fn plan(
    wanted: &Wanted<'_>,
    kept: Option<&KeptWebhook>,
    listed: &[Webhook],
    end: Option<&End>,
    now: DateTime<Utc>,
    refresh_before: TimeDelta,
) -> Plan {
    let known = kept.and_then(|kept| listed.iter().find(|hook| hook.id == kept.id));
    let make = match (kept, known, end) {
        (None, ..) => Some(Why::First),
        (Some(kept), ..) if kept.notification_url != wanted.url || kept.table_id != wanted.table => {
            Some(Why::Moved)
        }
        (_, None, _) => Some(Why::Lost),
        (_, Some(hook), _) if !hook.enabled || hook.expiration_time.is_some_and(|ends| ends <= now) => {
            Some(Why::Ended)
        }
        (.., Some(End::Dead(code))) => Some(Why::Dead(code.clone())),
        _ => None,
    };
    let staying = known.filter(|_| make.is_none());
    let concerns_us = |hook: &&Webhook| {
        hook.is_for(wanted.url, wanted.table) || kept.is_some_and(|kept| kept.id == hook.id)
    };
    Plan {
        delete: listed
            .iter()
            .filter(concerns_us)
            .filter(|hook| staying.is_none_or(|staying| staying.id != hook.id))
            .map(|hook| hook.id.clone())
            .collect(),
        enable: staying.is_some_and(|hook| !hook.notifications_enabled),
        refresh: staying
            .is_some_and(|hook| hook.expiration_time.is_some_and(|ends| ends - refresh_before <= now)),
        ends: staying.and_then(|hook| hook.expiration_time),
        unheard: staying.and_then(unheard),
        make,
    }
}

fn unheard(hook: &Webhook) -> Option<String> {
    let last = hook.last_notification_result.as_ref().filter(|result| !result.success)?;
    (!hook.notifications_enabled || !last.will_be_retried || last.retry_number >= RETRIES)
        .then(|| last.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const WANTED: Wanted<'_> = Wanted { url: "https://example.test/n", table: "tblAutos000000001" };

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap() + TimeDelta::days(days)
    }

    fn kept(id: &str) -> KeptWebhook {
        KeptWebhook {
            id: id.to_owned(),
            table_id: WANTED.table.to_owned(),
            notification_url: WANTED.url.to_owned(),
            cursor: 1,
            expires_at: at(7),
            read_at: at(0),
            missed_until: None,
        }
    }

    fn listed(id: &str, more: Value) -> Webhook {
        let mut hook = json!({
            "id": id, "notificationUrl": WANTED.url, "expirationTime": at(7), "isHookEnabled": true,
            "areNotificationsEnabled": true,
            "specification": {"options": {"filters": {"recordChangeScope": WANTED.table}}},
        });
        if let (Value::Object(hook), Value::Object(more)) = (&mut hook, more) {
            hook.extend(more);
        }
        serde_json::from_value(hook).unwrap()
    }

    fn planned(kept: Option<&KeptWebhook>, listed: &[Webhook], end: Option<&End>, day: i64) -> Plan {
        plan(&WANTED, kept, listed, end, at(day), TimeDelta::days(1))
    }

    #[test]
    fn a_webhook_that_is_well_is_left_alone() {
        let plan = planned(Some(&kept("ach1")), &[listed("ach1", json!({}))], None, 0);
        assert_eq!(plan, Plan { ends: Some(at(7)), ..Plan::default() });
    }

    #[test]
    fn of_ours_only_the_one_whose_secret_is_known_stays() {
        let hooks = [
            listed("ach1", json!({})),
            listed("ach2", json!({})),
            listed("ach3", json!({"notificationUrl": "https://somebody.test"})),
        ];
        let plan = planned(Some(&kept("ach2")), &hooks, None, 0);
        assert_eq!((plan.make, plan.delete), (None, vec!["ach1".to_owned()]));
        let plan = planned(None, &hooks, None, 0);
        assert_eq!((plan.make, plan.delete), (Some(Why::First), vec!["ach1".to_owned(), "ach2".to_owned()]));
    }

    #[test]
    fn it_is_made_anew_when_it_is_lost_over_dead_or_moved() {
        let ours = |more| [listed("ach1", more)];
        assert_eq!(planned(Some(&kept("ach1")), &[], None, 0).make, Some(Why::Lost));
        for (hooks, day) in [(ours(json!({"isHookEnabled": false})), 0), (ours(json!({})), 7)] {
            let plan = planned(Some(&kept("ach1")), &hooks, None, day);
            assert_eq!((plan.make, plan.delete), (Some(Why::Ended), vec!["ach1".to_owned()]));
        }
        let dead = End::Dead("INVALID_HOOK".to_owned());
        let plan = planned(Some(&kept("ach1")), &ours(json!({})), Some(&dead), 0);
        assert_eq!(plan.make, Some(Why::Dead("INVALID_HOOK".to_owned())));
        let moved = KeptWebhook { notification_url: "https://old.test".to_owned(), ..kept("ach1") };
        let plan = planned(Some(&moved), &ours(json!({"notificationUrl": "https://old.test"})), None, 0);
        assert_eq!((plan.make, plan.delete), (Some(Why::Moved), vec!["ach1".to_owned()]));
    }

    #[test]
    fn it_is_extended_a_day_before_its_end() {
        let refresh = |day| planned(Some(&kept("ach1")), &[listed("ach1", json!({}))], None, day).refresh;
        assert_eq!([5, 6].map(refresh), [false, true]);
    }

    #[test]
    fn pings_that_stay_unheard_are_told_and_switched_on_again() {
        let unheard = |enabled: bool, retry: i64, again: bool| {
            let result = json!({"success": false, "retryNumber": retry, "willBeRetried": again, "error": {"message": "refused"}});
            let hook =
                listed("ach1", json!({"areNotificationsEnabled": enabled, "lastNotificationResult": result}));
            let plan = planned(Some(&kept("ach1")), &[hook], None, 0);
            (plan.enable, plan.unheard)
        };
        assert_eq!(unheard(true, 1, true), (false, None), "a restart of ours");
        assert_eq!(unheard(true, 3, true), (false, Some("not taken, in retry 3: refused".to_owned())));
        assert_eq!(unheard(false, 13, false), (true, Some("not taken, in retry 13: refused".to_owned())));
    }
}
