//! What is wrong, what was, and who has been told.
//!
//! What this process knows to be wrong is shown at once, before the next check makes an alert of it.

use askama::Template;

use super::{T, Tone};
use crate::{
    alerts::{Alert, AlertState, Rule, Severity},
    http::dashboard::{format::Clock, snapshot::Snapshot, texts::Advice},
};

/// Alerts that are over and still shown.
const RESOLVED: usize = 4;

#[derive(Template)]
#[template(path = "dashboard/parts/alerts.html", config = "src/http/askama.toml")]
pub(super) struct Alerts {
    t: T,
    firing: Vec<Firing>,
    resolved: Vec<(&'static str, String)>,
}

/// A trouble as it is shown.
struct Firing {
    rule: Rule,
    advice: Advice,
    urgent: bool,
    since: String,
    detail: String,
    told: Vec<String>,
    /// Whether the stop of a used-up quota can be lifted.
    may_resume: bool,
}

impl Alerts {
    pub(super) fn new(now: &Snapshot, clock: Clock) -> Self {
        let t: T = clock.t;
        let resolved = now.alerts.iter().filter_map(|alert| {
            let end = alert.resolved_at.filter(|_| alert.state == AlertState::Resolved)?;
            Some(((t.alert)(alert.rule).cause, (t.until)(&clock.time(alert.since), &clock.time(end))))
        });
        let resolved = resolved.take(RESOLVED).collect();
        Self { t, firing: firing(now, clock), resolved }
    }
}

/// What is wrong now, and whether it is urgent.
pub(super) fn wrong(now: &Snapshot, clock: Clock) -> Vec<(Rule, bool)> {
    firing(now, clock).into_iter().map(|trouble| (trouble.rule, trouble.urgent)).collect()
}

fn firing(now: &Snapshot, clock: Clock) -> Vec<Firing> {
    let t: T = clock.t;
    let fires = |alert: &&Alert| alert.state == AlertState::Firing;
    let known: Vec<&Alert> = now.alerts.iter().filter(fires).collect();
    let alerts = known.iter().map(|alert| Firing {
        rule: alert.rule,
        advice: (t.alert)(alert.rule),
        urgent: alert.severity == Severity::Critical,
        since: (t.since)(&clock.time(alert.since)),
        detail: alert.detail.clone(),
        told: told(alert, t),
        may_resume: alert.rule == Rule::QuotaUsedUp,
    });
    let signals = now.signals.iter().map(|(signal, raised)| (Rule::of_signal(*signal), raised));
    let unheard = signals.filter(|(rule, _)| known.iter().all(|alert| alert.rule != *rule));
    let signals = unheard.map(|(rule, raised)| Firing {
        rule,
        advice: (t.alert)(rule),
        urgent: rule.severity() == Severity::Critical,
        since: (t.since)(&clock.time(raised.since)),
        detail: raised.detail.clone(),
        told: Vec::new(),
        may_resume: rule == Rule::QuotaUsedUp,
    });
    let mut all: Vec<Firing> = alerts.chain(signals).collect();
    all.sort_by_key(|trouble| !trouble.urgent);
    all
}

/// Through which channels it was told, and through which it could not be.
fn told(alert: &Alert, t: T) -> Vec<String> {
    let say = |state: &str, words: fn(&str) -> String| {
        let channels: Vec<String> = alert
            .deliveries
            .iter()
            .filter(|delivery| delivery.state == state)
            .map(|delivery| channel(&delivery.channel, t))
            .collect();
        (!channels.is_empty()).then(|| words(&channels.join(", ")))
    };
    [say("sent", t.told), say("waiting", t.to_be_told), say("given_up", t.not_told)]
        .into_iter()
        .flatten()
        .collect()
}

/// The name of a channel for people; each recipient of mail is one, named `email` and the address.
fn channel(name: &str, t: T) -> String {
    match name.split_once(' ') {
        Some(("email", address)) => format!("{} {address}", t.email),
        _ => match name {
            "slack" => "Slack",
            "pagerduty" => "PagerDuty",
            other => other,
        }
        .to_owned(),
    }
}

impl Firing {
    fn tone(&self) -> Tone {
        if self.urgent { Tone::Bad } else { Tone::Warn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::dashboard::texts::{EN, ES};

    #[test]
    fn channels_have_the_names_that_people_know() {
        let called =
            |t| ["slack", "pagerduty", "email ana@example.mx", "webhook"].map(|name| channel(name, t));
        assert_eq!(called(&ES), ["Slack", "PagerDuty", "correo ana@example.mx", "webhook"]);
        assert_eq!(called(&EN), ["Slack", "PagerDuty", "email ana@example.mx", "webhook"]);
    }
}
