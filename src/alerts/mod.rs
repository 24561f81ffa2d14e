//! Who is told when something is wrong, and when it is over.
//!
//! Once a minute every instance looks ([`Alerts::check`]): it says what is wrong with itself (`signals`), reads the figures of the tables
//! and the other instances' reports ([`crate::db::alerts`]), judges them ([`rules`]), and writes down what has changed since the last look
//! (`changes`), together with a message for each channel. Channels are fed from that outbox.
//!
//! **Invariants**
//! - A change is told once to each channel, whatever the number of instances: checks take turns, and messages are written in the
//!   transaction that changed the alert.
//! - Messages are written for the channels of all instances; each sends those of its own.
//! - An alert that instances report is over when none of them reports it any more; an instance that died is forgotten after
//!   [`SILENT_CHECKS`] checks. Fields that are gone are remembered in the database, so each instance reports them, whichever noticed.
//! - Time is an argument.
//!
//! **Not here:** the figures that people look at (`monitor`), what the process knows to be wrong (`signals`). While PostgreSQL is down
//! nothing is judged or told; `/readyz` says that.

mod changes;
mod channels;
mod deliver;
mod message;
mod rule;
mod rules;
mod sample;
mod tell;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use tokio::sync::watch as news;

use self::{
    changes::{Change, Turn, changes},
    channels::Channel,
    rules::{Judge, delta},
};
pub use self::{channels::ChannelError, rule::Rule, sample::Sample};
pub use crate::db::alerts::{AlertState, Severity, outbox::Delivery};
use crate::{
    config::{ChannelSettings, Config},
    db::{Db, DbError},
    sync::{Engine, Nightly},
};

/// An instance that has missed this many checks counts as dead.
const SILENT_CHECKS: u32 = 3;

/// How long messages that were sent or given up are kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Finds out what is wrong and has it told. Cheap to clone.
#[derive(Clone)]
pub struct Alerts(Arc<Inner>);

struct Inner {
    db: Db,
    engine: Engine,
    judge: Judge,
    channels: Vec<Channel>,
    sending: ChannelSettings,
    /// That there is something in the outbox.
    news: news::Sender<()>,
}

/// An alert, as the dashboard shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// What kind of trouble it is; its words in other languages hang on this.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it is still so.
    pub state: AlertState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it was over; `None` while it fires.
    pub resolved_at: Option<DateTime<Utc>>,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What exactly, as sentences with figures; of one that is over, the last that was known.
    pub detail: String,
    /// What the operator should do.
    pub remedy: &'static str,
    /// Where to see more.
    pub look: &'static str,
    /// Who has been told of its firing, and of its end when it is over.
    pub deliveries: Vec<Delivery>,
}

impl Alerts {
    /// Alerts of what `engine` does and of what the tables show.
    pub fn new(db: Db, engine: Engine, config: &Config) -> Result<Self, ChannelError> {
        let judge = Judge {
            settings: config.alerts.clone(),
            nightly: Nightly::new(config.sync.nightly.clone(), config.sync.time_zone),
            zone: config.sync.time_zone,
        };
        let (channels, sending) = (Channel::all(config)?, config.channels.clone());
        Ok(Self(Arc::new(Inner { db, engine, judge, channels, sending, news: news::Sender::default() })))
    }

    /// Every alert that ever fired, in its present or last state: those that fire first, critical ones before warnings, the latest
    /// first. Two queries on small tables.
    pub async fn list(&self) -> Result<Vec<Alert>, DbError> {
        let rows = self.0.db.alerts().await?;
        let keys: Vec<String> = rows.iter().map(|row| row.key.clone()).collect();
        let deliveries = self.0.db.deliveries(&keys).await?;
        // A rule that this version does not know is one of a newer version that was here before.
        let alerts = rows.into_iter().filter_map(|row| {
            let rule = Rule::of_key(&row.key)?;
            let told = |delivery: &&Delivery| {
                let end = delivery.event.as_deref() == Some("resolved");
                delivery.subject == row.key && (row.state == AlertState::Resolved || !end)
            };
            Some(Alert {
                rule,
                severity: row.severity,
                state: row.state,
                since: row.since,
                resolved_at: row.resolved_at,
                title: rule.title(),
                detail: row.detail.clone(),
                remedy: rule.remedy(),
                look: rule.look(),
                deliveries: deliveries.iter().filter(told).cloned().collect(),
            })
        });
        Ok(alerts.collect())
    }

    /// Looks what is wrong at `now`, writes down what has changed, and has it told.
    pub async fn check(&self, now: DateTime<Utc>) -> Result<(), DbError> {
        let Inner { db, judge, .. } = &*self.0;
        let settings = &judge.settings;
        let raised = self.raised(now).await?;
        let mut check = db.begin_alert_check().await?;
        check.report(db, &raised, now).await?;
        let unheard = now - delta(*self.0.sending.give_up_after);
        let channels = check.channels(&self.own_channels(), unheard, now).await?;
        let reports = check.reports(now - delta(settings.check_every * SILENT_CHECKS)).await?;
        let figures = check.figures(*settings.rate_window, now).await?;
        let troubles = judge.troubles(&figures, &reports, now);
        let known = check.alerts().await?;
        let changes = changes(&known, &troubles, delta(settings.resolve_after), now);
        for change in &changes {
            match change.turn {
                Turn::Fires | Turn::Lasts | Turn::Ends => check.save(&change.alert).await?,
                Turn::YieldsTo(_) => check.forget(&change.alert.key).await?,
            }
            check.enqueue(&self.notices(change, &channels, now), now).await?;
        }
        self.enqueue_pings(&mut check, now).await?;
        let given_up = check.expire(unheard, now - KEPT, now).await?;
        check.commit().await?;
        self.0.news.send_replace(());
        for message in given_up {
            let error = message.last_error.as_deref().unwrap_or("no instance has had this channel");
            tracing::error!(
                alert.channel = message.channel,
                alert.subject = message.subject,
                alert.attempts = message.attempts,
                "a message is given up: {error}"
            );
        }
        changes.iter().for_each(log);
        Ok(())
    }

    /// What this instance says is wrong: the signals of its process, and the fields that the database remembers as gone.
    async fn raised(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<(&'static str, DateTime<Utc>, String)>, DbError> {
        let engine = &self.0.engine;
        let signals = engine.signals().all().into_iter();
        let mut raised: Vec<_> = signals
            .map(|(signal, raised)| (Rule::of_signal(signal).key(), raised.since, raised.detail))
            .collect();
        let fields = Rule::FieldsMissing.key();
        if raised.iter().all(|(key, ..)| *key != fields)
            && let Some((since, detail)) = engine.remembered_field_troubles().await?
        {
            raised.push((fields, since.unwrap_or(now), detail));
        }
        Ok(raised)
    }
}

fn log(change: &Change) {
    let (key, detail) = (&change.alert.key, &change.alert.detail);
    match (change.turn, change.alert.severity) {
        (Turn::Lasts, _) => {}
        (Turn::Ends, _) => tracing::info!(alert.key = key, "alert {key} is over: {detail}"),
        (Turn::YieldsTo(worse), _) => {
            tracing::info!(alert.key = key, "alert {} stands for {key} from now on", worse.key());
        }
        (Turn::Fires, Severity::Critical) => tracing::error!(alert.key = key, "alert {key} fires: {detail}"),
        (Turn::Fires, Severity::Warning) => tracing::warn!(alert.key = key, "alert {key} fires: {detail}"),
    }
}
