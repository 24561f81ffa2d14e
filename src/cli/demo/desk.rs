//! Somebody at the dealership's desk who keeps editing vehicles in Airtable, and Airtable's automation that tells vitrina.

use std::{net::SocketAddr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    cli::say,
    simulator::{
        Simulator,
        inventory::{Edit, next_edit},
    },
};

/// The desk and its automation.
pub(super) struct Desk {
    simulator: Simulator,
    http: reqwest::Client,
    url: String,
    secret: SecretString,
    rng: fastrand::Rng,
}

impl Desk {
    pub(super) fn new(
        simulator: Simulator,
        vitrina: SocketAddr,
        secret: SecretString,
        seed: u64,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self {
            simulator,
            http: reqwest::Client::builder().timeout(Duration::from_secs(12)).build()?,
            url: format!("http://{vitrina}/airtable-sync"),
            secret,
            rng: fastrand::Rng::with_seed(seed),
        })
    }

    /// Edits a vehicle once in `every`, for ever.
    pub(super) async fn work(mut self, every: Duration) {
        let mut pace = interval(every);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pace.tick().await;
        loop {
            pace.tick().await;
            let (record_id, story) = self.edit();
            match self.tell(&record_id).await {
                Ok(answer) => {
                    let told = match answer["action"].as_str() {
                        Some("queued") | None => "not on the website yet".to_owned(),
                        Some(_) => format!("on the website after {} ms", answer["duration_ms"]),
                    };
                    // The demo goes on when nobody reads what it prints.
                    let _ = say(&format!("  {story}: {told}"));
                }
                Err(error) => {
                    tracing::warn!(record.id = record_id, error = %error, "At the desk: {story}. vitrina did not answer");
                }
            }
        }
    }

    fn edit(&mut self) -> (String, String) {
        let current: Vec<_> =
            self.simulator.records().into_iter().map(|record| (record.id, record.fields)).collect();
        match next_edit(&mut self.rng, &current) {
            Edit::Change { record, fields, story } => {
                let id = current[record].0.clone();
                self.simulator.edit(&id, fields);
                (id, story)
            }
            Edit::Create { fields, story } => (self.simulator.create(fields), story),
            Edit::Delete { record, story } => {
                let id = current[record].0.clone();
                self.simulator.delete(&id);
                (id, story)
            }
        }
    }

    async fn tell(&self, record_id: &str) -> Result<Value, reqwest::Error> {
        let notice = json!({ "recordId": record_id, "source": "airtable_automation", "attempt": 1 });
        self.http
            .post(&self.url)
            .bearer_auth(self.secret.expose_secret())
            .json(&notice)
            .send()
            .await?
            .json()
            .await
    }
}
