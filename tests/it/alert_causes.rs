//! From a real cause to a message: somebody breaks something, and somebody else hears of it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use vitrina::{
    clock,
    domain::Trigger,
    signals::Signal,
    simulator::{Fault, Refusal, Target, What},
    sync::Scope,
};

use crate::support::{Receiver, Setting, World, eventually, mazda};

/// A dealership that tells a receiver; alerts are only checked, and messages only sent, when the test says so.
struct Told {
    world: World,
    receiver: Receiver,
}

impl Told {
    async fn start(setting: Setting) -> Self {
        let receiver = Receiver::start().await;
        let setting = setting
            .set("alerts.check_every", "0s")
            .set("sync.nightly", "0 2 29 2 *")
            .set("channels.webhook_url", receiver.url("/"))
            .set("channels.webhook_secret", "whsec_dGhlIGtleSB0aGF0IGJvdGggc2lkZXMga25vdywgMzI=");
        Self { world: setting.start().await, receiver }
    }

    async fn look(&self, now: DateTime<Utc>) {
        let alerts = &self.world.state().alerts;
        alerts.check(now).await.unwrap();
        alerts.deliver(now).await.unwrap();
    }

    /// What the receiver was told: what happened to which alert.
    fn told(&self) -> Vec<String> {
        let messages = self.receiver.received();
        let said =
            |message: Value| format!("{} {}", message["type"], message["data"]["key"]).replace('"', "");
        messages.iter().map(|message| said(message.json())).collect()
    }

    /// The exact words of the only message about an alert.
    fn detail(&self, key: &str) -> String {
        let messages = self.receiver.received();
        let mut about = messages.iter().map(|message| message.json()["data"].clone());
        let data = about.find(|data| data["key"] == key).unwrap_or_else(|| panic!("{:?}", self.told()));
        data["detail"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_field_that_somebody_deletes_in_airtable() {
    let Told { world, receiver } = Told::start(World::set("airtable.schema_every", "30ms")).await;
    world.known(mazda()).await;
    world.airtable.remove_field("Precio");
    let signals = world.state().engine.signals().clone();
    eventually("it is noticed", || async { signals.get(Signal::FieldsMissing).is_some() }).await;
    let told = Told { world, receiver };
    told.look(clock::now()).await;
    assert_eq!(told.told(), ["alert.fired fields_missing"]);
    let detail = told.detail("fields_missing");
    assert!(detail.starts_with("The field \"Precio\" is gone from Airtable, so precio stays"), "{detail}");
}

#[tokio::test]
async fn a_month_whose_requests_are_used_up() {
    let told = Told::start(Setting::default()).await;
    let id = told.world.known(mazda()).await;
    told.world.no_run().await;
    told.world.airtable.fault(Fault::new(What::Answer(Refusal::QuotaExceeded)).next(1));
    assert_eq!(told.world.webhook(&id).await.status, 502);
    let signals = told.world.state().engine.signals();
    eventually("it is noticed", || async { signals.get(Signal::QuotaUsedUp).is_some() }).await;
    let now = clock::now();
    told.look(now).await;
    assert_eq!(told.told(), ["alert.fired quota_used_up"]);
    let detail = told.detail("quota_used_up");
    assert!(
        detail.starts_with("The month's Airtable requests are used up; nothing is sent until"),
        "{detail}"
    );

    told.world.state().engine.resume_airtable().await.unwrap();
    told.look(now + TimeDelta::minutes(5)).await;
    assert_eq!(told.told(), ["alert.fired quota_used_up", "alert.resolved quota_used_up"]);
}

#[tokio::test]
async fn an_airtable_that_answers_late() {
    let told = Told::start(
        World::set("alerts.max_average", "100ms")
            .set("alerts.min_syncs", "1")
            .set("sync.reply_within", "10s"),
    )
    .await;
    let id = told.world.airtable.create(mazda());
    let late = What::Latency(std::time::Duration::from_millis(300));
    told.world.airtable.fault(Fault::new(late).on(Target::Record(id.clone())));
    told.world.webhook(&id).await.ok();
    told.look(clock::now()).await;
    assert_eq!(told.told(), ["alert.fired slow"]);
    assert!(told.detail("slow").ends_with("ms on average, more than 100 ms."), "{}", told.detail("slow"));
}

#[tokio::test]
async fn an_airtable_that_refuses_records_until_it_is_mended() {
    let told = Told::start(World::set("alerts.max_errors", "2").set("airtable.max_attempts", "1")).await;
    told.world.no_run().await;
    let ids = [(); 3].map(|()| told.world.airtable.create(mazda()));
    for id in &ids {
        let refusal = What::Answer(Refusal::ServerError);
        told.world.airtable.fault(Fault::new(refusal).on(Target::Record(id.clone())));
    }
    let now = clock::now();
    told.look(now).await;
    assert_eq!(told.told(), Vec::<String>::new());
    let fail_often = async |id: &str| {
        eventually("it has failed often", || async {
            assert_eq!(told.world.webhook(id).await.status, 202);
            told.world.logs(id).await.len() > 2
        })
        .await;
    };
    fail_often(&ids[0]).await;
    told.look(now + TimeDelta::minutes(1)).await;
    assert_eq!(told.told(), Vec::<String>::new(), "one record that fails is one failure");
    // A catch-up that comes between stores them by the listing, which is not refused.
    eventually("all three have failed last", || async {
        for id in &ids {
            assert_eq!(told.world.webhook(id).await.status, 202);
        }
        told.look(now + TimeDelta::minutes(1)).await;
        !told.told().is_empty()
    })
    .await;
    assert_eq!(told.told(), ["alert.fired errors"]);
    let detail = told.detail("errors");
    assert!(
        detail.contains(
            "3 records failed in the last hour and have not worked since, more than 2. The latest: "
        ),
        "{detail}"
    );
    told.world.airtable.clear_faults();
    for id in &ids {
        told.world.webhook(id).await.ok();
    }

    told.look(now + TimeDelta::minutes(5)).await;
    assert!(told.told().contains(&"alert.resolved errors".to_owned()), "{:?}", told.told());
}

#[tokio::test]
async fn a_record_that_waits_for_an_airtable_that_does_not_answer() {
    let told = Told::start(World::set("sync.reply_within", "50ms")).await;
    let id = told.world.airtable.create(mazda());
    told.world.airtable.fault(Fault::new(What::Hang).on(Target::Record(id.clone())));
    assert_eq!(told.world.webhook(&id).await.status, 202);
    let now = clock::now();
    told.look(now + TimeDelta::minutes(9)).await;
    assert_eq!(told.told(), Vec::<String>::new());
    told.look(now + TimeDelta::minutes(11)).await;
    assert_eq!(told.told(), ["alert.fired queue_old"]);
    let detail = told.detail("queue_old");
    assert!(detail.starts_with("1 record waits, the oldest for "), "{detail}");

    told.world.airtable.clear_faults();
    let empty = || async { told.world.queue().await.is_empty() };
    eventually("it is synced", empty).await;
    told.look(now + TimeDelta::minutes(20)).await;
    assert_eq!(told.told(), ["alert.fired queue_old", "alert.resolved queue_old"]);
}

#[tokio::test]
async fn a_token_that_somebody_revokes() {
    let told = Told::start(Setting::default()).await;
    told.world.airtable.set_token("patRevokedRevoke.0123456789");
    told.world.run(Scope::Full { force: false }, Trigger::Manual).await;
    told.look(clock::now()).await;
    assert_eq!(told.told(), ["alert.fired airtable_refuses"]);
}
