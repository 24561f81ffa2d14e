//! What is put into the outbox: a message for each channel that is to hear of something.
//!
//! **Invariants:** what concerns an alert is told to the channels of all instances, whoever of them notices it; a channel that is there only
//! later is told of what still fires. A nightly run's beginning and end are each told once, whoever of the instances ran it and whoever
//! notices.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Alerts, Rule,
    changes::{Change, Turn},
    channels::Channel,
    message::{Message, Notice, Ping, PingEvent},
};
use crate::db::{
    DbError,
    alerts::{
        AlertCheck, KnownChannel,
        outbox::{NewMessage, NightlyRun},
    },
};

/// How long after it began or ended a nightly run is told of: later it would be taken for the present one.
const PINGED: TimeDelta = TimeDelta::hours(1);

impl Alerts {
    /// Has the beginning and the end of nightly runs told to who waits for them; the check does so, too.
    pub async fn note_runs(&self, now: DateTime<Utc>) -> Result<(), DbError> {
        if self.0.channels.iter().all(Channel::hears_alerts) {
            return Ok(());
        }
        let mut check = self.0.db.begin_alert_check().await?;
        self.enqueue_pings(&mut check, now).await?;
        check.commit().await?;
        self.0.news.send_replace(());
        Ok(())
    }

    /// The channels of this instance that are told of alerts.
    pub(super) fn own_channels(&self) -> Vec<KnownChannel> {
        let own = self.0.channels.iter().filter(|channel| channel.hears_alerts());
        own.map(|channel| KnownChannel { channel: channel.name().to_owned(), tracks: channel.tracks() })
            .collect()
    }

    /// What each of `channels` is to be told of what has become of an alert. What fires is on one occasion, however long: who was told is not
    /// told again.
    pub(super) fn notices(
        &self,
        change: &Change,
        channels: &[KnownChannel],
        now: DateTime<Utc>,
    ) -> Vec<NewMessage> {
        let alert = &change.alert;
        let Some(rule) = Rule::of_key(&alert.key) else { return Vec::new() };
        let notice = Notice::of(alert, rule, self.0.judge.settings.public_url.as_deref(), now);
        let (message, occasion, tracks) = match change.turn {
            Turn::Fires | Turn::Lasts => {
                let occasion = format!("{} fired {}", alert.key, alert.fired_at.timestamp_micros());
                (notice, Some(occasion), false)
            }
            Turn::Ends => (notice, None, false),
            Turn::YieldsTo(worse) => (notice.replaced(worse), None, true),
        };
        let message = Message::Notice(message);
        let told = channels.iter().filter(|channel| channel.tracks || !tracks);
        told.map(|told| new_message(&told.channel, &alert.key, occasion.clone(), &message)).collect()
    }

    /// Puts what has not been told of nightly runs into the outbox.
    pub(super) async fn enqueue_pings(
        &self,
        check: &mut AlertCheck,
        now: DateTime<Utc>,
    ) -> Result<(), DbError> {
        for channel in self.0.channels.iter().filter(|channel| !channel.hears_alerts()) {
            for run in check.nightly_runs(now - PINGED).await? {
                let pings = pings(&run);
                let messages: Vec<NewMessage> = pings
                    .into_iter()
                    .map(|(occasion, ping)| {
                        new_message(channel.name(), "nightly", Some(occasion), &Message::Ping(ping))
                    })
                    .collect();
                check.enqueue(&messages, now).await?;
            }
        }
        Ok(())
    }
}

/// What is to be told of a nightly run, each once.
fn pings(run: &NightlyRun) -> Vec<(String, Ping)> {
    let number = run.id;
    let began = Ping { event: PingEvent::Started, text: format!("Full sync #{number} has begun.") };
    let mut pings = vec![(format!("run {number} began"), began)];
    let end = match (run.status.as_str(), &run.error) {
        ("succeeded", _) => {
            let (seen, written) = (run.seen, run.written);
            let text =
                format!("Full sync #{number} succeeded: {seen} records seen, {written} vehicles written.");
            Some(Ping { event: PingEvent::Succeeded, text })
        }
        ("failed", error) => {
            let error = error.as_deref().unwrap_or("no reason given");
            Some(Ping { event: PingEvent::Failed, text: format!("Full sync #{number} failed: {error}") })
        }
        _ => None,
    };
    pings.extend(end.map(|ping| (format!("run {number} ended"), ping)));
    pings
}

fn new_message(channel: &str, subject: &str, occasion: Option<String>, message: &Message) -> NewMessage {
    NewMessage {
        channel: channel.to_owned(),
        subject: subject.to_owned(),
        occasion,
        // A message is made of texts, times and numbers.
        content: serde_json::to_value(message).unwrap_or_default(),
    }
}
