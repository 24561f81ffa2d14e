//! `alerts`, `alert_reports` and `alert_channels`: what is wrong, which instances say so, and which channels they have.
//!
//! **Invariants:** an alert changes its state only inside an [`AlertCheck`], of which there is one at a time on all instances, and the
//! messages that tell of the change are written in the same transaction: no change is told twice, and none is lost by a crash.
//!
//! **Not here:** what counts as wrong (`alerts::rules`), telling it ([`outbox`]).

pub mod outbox;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Postgres, Transaction};

use super::{Db, DbError};

/// The first half of the advisory lock's key, "vale" in ASCII; the second is the schema.
const CLASS: i32 = 0x7661_6c65;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody should look at it in working hours.
    Warning,
    /// Somebody should look at it now.
    Critical,
}

impl Severity {
    /// As it stands in `alerts.severity`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Whether it is still so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// It is.
    Firing,
    /// It was.
    Resolved,
}

impl AlertState {
    /// As it stands in `alerts.state`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// A row of `alerts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// Which trouble.
    pub key: String,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it is still so.
    pub state: AlertState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it was first noticed; messages name this time.
    pub fired_at: DateTime<Utc>,
    /// When it was last found to be so.
    pub seen_at: DateTime<Utc>,
    /// When it was over.
    pub resolved_at: Option<DateTime<Utc>>,
    /// What exactly, with figures.
    pub detail: String,
}

/// A channel that some instance has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownChannel {
    /// Its name.
    pub channel: String,
    /// Set when it keeps alerts open until it is told that they are over.
    pub tracks: bool,
}

/// A report of an instance that something is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which of its signals is raised.
    pub signal: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When the instance first said so.
    pub first_heard_at: DateTime<Utc>,
    /// What exactly.
    pub detail: String,
}

/// The right to change alerts, and the transaction in which that is done. Dropped without [`AlertCheck::commit`], it changes nothing.
pub struct AlertCheck {
    tx: Transaction<'static, Postgres>,
}

impl Db {
    /// Waits until no other instance checks, and begins to.
    pub async fn begin_alert_check(&self) -> Result<AlertCheck, DbError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!("select pg_advisory_xact_lock($1, hashtext(current_schema()::text))", CLASS)
            .execute(&mut *tx)
            .await?;
        Ok(AlertCheck { tx })
    }

    /// Every alert that ever was: those that fire first, worse ones before others, then the latest.
    pub async fn alerts(&self) -> Result<Vec<AlertRow>, DbError> {
        let rows = sqlx::query_as!(
            StoredAlert,
            r#"select key, severity, state, since, coalesce(fired_at, since) as "fired_at!", seen_at, resolved_at, detail from alerts
             order by state = 'resolved', severity = 'warning', coalesce(resolved_at, since) desc, key"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(AlertRow::from).collect())
    }

    /// Takes back all that this instance has reported, because it ends.
    pub async fn withdraw_reports(&self) -> Result<(), DbError> {
        sqlx::query!(
            "delete from alert_reports where instance = ($1::text)::uuid",
            self.instance.to_string()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl AlertCheck {
    /// Replaces what this instance says is wrong with it: signal, since when, what exactly.
    pub async fn report(
        &mut self,
        db: &Db,
        raised: &[(&str, DateTime<Utc>, String)],
        now: DateTime<Utc>,
    ) -> Result<(), DbError> {
        let signals: Vec<String> = raised.iter().map(|(signal, ..)| (*signal).to_owned()).collect();
        let since: Vec<DateTime<Utc>> = raised.iter().map(|(_, since, _)| *since).collect();
        let details: Vec<String> = raised.iter().map(|(.., detail)| detail.clone()).collect();
        sqlx::query!(
            "delete from alert_reports where instance = ($1::text)::uuid and signal <> all($2)",
            db.instance.to_string(),
            &signals
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!(
            "insert into alert_reports (instance, signal, since, detail, first_heard_at, heard_at)
             select ($1::text)::uuid, signal, since, detail, $5, $5
             from unnest($2::text[], $3::timestamptz[], $4::text[]) as r(signal, since, detail)
             on conflict (signal, instance) do update set
                 since = excluded.since, detail = excluded.detail, heard_at = excluded.heard_at",
            db.instance.to_string(),
            &signals,
            &since,
            &details,
            now
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// The reports of all instances that have been heard since `silent`; those of others are forgotten.
    pub async fn reports(&mut self, silent: DateTime<Utc>) -> Result<Vec<Report>, DbError> {
        sqlx::query!("delete from alert_reports where heard_at < $1", silent).execute(&mut *self.tx).await?;
        let reports = sqlx::query_as!(
            Report,
            "select signal, since, first_heard_at, detail from alert_reports order by signal, since, instance"
        )
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(reports)
    }

    /// Every alert as it was found at the last check.
    pub async fn alerts(&mut self) -> Result<Vec<AlertRow>, DbError> {
        let rows = sqlx::query_as!(
            StoredAlert,
            r#"select key, severity, state, since, coalesce(fired_at, since) as "fired_at!", seen_at, resolved_at, detail from alerts"#
        )
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(rows.into_iter().map(AlertRow::from).collect())
    }

    /// Writes an alert down as it is now.
    pub async fn save(&mut self, alert: &AlertRow) -> Result<(), DbError> {
        sqlx::query!(
            "insert into alerts (key, severity, state, since, fired_at, seen_at, resolved_at, detail)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (key) do update set severity = excluded.severity, state = excluded.state, since = excluded.since,
                 fired_at = excluded.fired_at, seen_at = excluded.seen_at, resolved_at = excluded.resolved_at, detail = excluded.detail",
            alert.key,
            alert.severity.as_str(),
            alert.state.as_str(),
            alert.since,
            alert.fired_at,
            alert.seen_at,
            alert.resolved_at,
            alert.detail
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Forgets an alert, because another stands for it.
    pub async fn forget(&mut self, key: &str) -> Result<(), DbError> {
        sqlx::query!("delete from alerts where key = $1", key).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Says which channels this instance has, and hears of all that any instance had since `silent`; the others are forgotten.
    pub async fn channels(
        &mut self,
        own: &[KnownChannel],
        silent: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<KnownChannel>, DbError> {
        let names: Vec<String> = own.iter().map(|own| own.channel.clone()).collect();
        let tracks: Vec<bool> = own.iter().map(|own| own.tracks).collect();
        sqlx::query!(
            "insert into alert_channels (channel, tracks, heard_at)
             select channel, tracks, $3 from unnest($1::text[], $2::bool[]) as own(channel, tracks)
             on conflict (channel) do update set tracks = excluded.tracks, heard_at = excluded.heard_at",
            &names,
            &tracks,
            now
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!("delete from alert_channels where heard_at < $1", silent).execute(&mut *self.tx).await?;
        let channels =
            sqlx::query_as!(KnownChannel, "select channel, tracks from alert_channels order by channel")
                .fetch_all(&mut *self.tx)
                .await?;
        Ok(channels)
    }

    /// The connection of its transaction.
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Makes all of it so.
    pub async fn commit(self) -> Result<(), DbError> {
        self.tx.commit().await?;
        Ok(())
    }
}

/// A row as PostgreSQL has it; its checks leave no other words than these.
struct StoredAlert {
    key: String,
    severity: String,
    state: String,
    since: DateTime<Utc>,
    fired_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    detail: String,
}

impl From<StoredAlert> for AlertRow {
    fn from(row: StoredAlert) -> Self {
        Self {
            severity: if row.severity == "critical" { Severity::Critical } else { Severity::Warning },
            state: if row.state == "firing" { AlertState::Firing } else { AlertState::Resolved },
            key: row.key,
            since: row.since,
            fired_at: row.fired_at,
            seen_at: row.seen_at,
            resolved_at: row.resolved_at,
            detail: row.detail,
        }
    }
}
