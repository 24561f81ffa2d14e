//! What each channel gets when an alert fires and when it is over, and that it gets it once.

use std::process::Stdio;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::Executor;
use tokio::process::Command;
use vitrina::{
    alerts::{Alert, AlertState, Alerts, Rule},
    clock,
    domain::Trigger,
    sync::Scope,
};

use crate::support::{MailServer, Offers, Receiver, Setting, World, eventually};

const KEY: &str = "0123456789abcdef0123456789ABCDEF";
const WEBHOOK_KEY: [u8; 32] = *b"the key that both sides know, 32";

/// Alerts are only checked, and messages only sent, when the test says so; no night passes unless it is 29 February.
fn by_hand() -> Setting {
    World::set("alerts.check_every", "0s")
        .set("sync.nightly", "0 2 29 2 *")
        .set("alerts.public_url", "https://sync.example.mx/")
}

fn webhook_secret() -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(WEBHOOK_KEY))
}

/// A time in whole seconds, as messages have it.
fn now() -> DateTime<Utc> {
    clock::now().trunc_subsecs(0)
}

fn alerts(world: &World) -> &Alerts {
    &world.state().alerts
}

async fn look(world: &World, now: DateTime<Utc>) {
    alerts(world).check(now).await.unwrap();
    alerts(world).deliver(now).await.unwrap();
}

/// Something is wrong from now on.
async fn break_it(world: &World) {
    let dead = "insert into sync_queue (record_id, trigger, status, last_error)
                values ('recA', 'webhook', 'dead', 'Airtable said <!channel> & \"no\"')";
    world.db.pool.execute(dead).await.unwrap();
}

async fn mend_it(world: &World) {
    world.db.pool.execute("delete from sync_queue").await.unwrap();
}

/// An alert fires at the first time given back, and is over at the second.
async fn fire_and_resolve(world: &World) -> (DateTime<Utc>, DateTime<Utc>) {
    let fired = now();
    let resolved = fired + TimeDelta::minutes(10);
    break_it(world).await;
    look(world, fired).await;
    mend_it(world).await;
    look(world, resolved).await;
    (fired, resolved)
}

async fn the_alert(world: &World) -> Alert {
    let mut alerts = alerts(world).list().await.unwrap();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    alerts.remove(0)
}

/// How far the messages of the only alert are: channel, event, state.
async fn deliveries(world: &World) -> Vec<(String, String, String)> {
    let deliveries = the_alert(world).await.deliveries.into_iter();
    let mut told: Vec<_> = deliveries
        .map(|delivery| (delivery.channel, delivery.event.unwrap_or_default(), delivery.state))
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn slack_shows_what_is_wrong_and_mentions_nobody() {
    let slack = Receiver::start().await;
    let world = by_hand().set("channels.slack_url", slack.url("/services/T0/B0/s3cr3t")).start().await;

    fire_and_resolve(&world).await;

    let [fired, resolved] = &slack.received()[..] else { panic!("{:?}", slack.received()) };
    assert_eq!(
        (fired.path.as_str(), fired.header("content-type")),
        ("/services/T0/B0/s3cr3t", "application/json")
    );
    let (fired, resolved) = (fired.json(), resolved.json());
    assert_eq!(fired["blocks"][0]["text"]["text"], "🟠 [vitrina] Warning: Records were given up");
    assert_eq!(
        fired["blocks"][1]["text"],
        json!({ "type": "mrkdwn", "text": "*What*\n1 record was given up after the last try. The latest error: Airtable said &lt;!channel&gt; &amp; \"no\"." })
    );
    assert!(fired["blocks"][3]["text"]["text"].as_str().unwrap().starts_with("*What to do*\n"), "{fired:#}");
    assert!(fired["blocks"][4].to_string().contains("https://sync.example.mx/dashboard"), "{fired:#}");
    assert!(!fired["text"].as_str().unwrap().contains("<!channel>"), "{fired:#}");
    assert_eq!(resolved["blocks"][0]["text"]["text"], "🟢 [vitrina] Resolved: Records were given up");
    assert!(resolved["blocks"][2]["text"]["text"].as_str().unwrap().ends_with("(10 min)"), "{resolved:#}");
    assert_eq!(
        deliveries(&world).await,
        ["fired", "resolved"].map(|event| ("slack".into(), event.into(), "sent".into()))
    );
}

/// HMAC-SHA256 by its definition in RFC 2104, not by the crate that signs.
fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::digest([&block.map(|byte| byte ^ 0x36)[..], text.as_bytes()].concat());
    Sha256::digest([&block.map(|byte| byte ^ 0x5c)[..], &inner[..]].concat()).to_vec()
}

#[tokio::test]
async fn a_webhook_is_signed_as_standard_webhooks_say() {
    let receiver = Receiver::start().await;
    let world = by_hand()
        .set("channels.webhook_url", receiver.url("/hooks?for=vitrina"))
        .set("channels.webhook_secret", webhook_secret())
        .start()
        .await;

    let times = fire_and_resolve(&world).await;

    let messages = receiver.received();
    assert_eq!(messages.len(), 2);
    for (message, at) in messages.iter().zip([times.0, times.1]) {
        let (id, timestamp) = (message.header("webhook-id"), message.header("webhook-timestamp"));
        assert_eq!(timestamp, at.timestamp().to_string());
        let signed = hmac(&WEBHOOK_KEY, &format!("{id}.{timestamp}.{}", message.body));
        assert_eq!(message.header("webhook-signature"), format!("v1,{}", BASE64_STANDARD.encode(signed)));
        assert_eq!(message.path, "/hooks?for=vitrina");
    }
    assert_ne!(messages[0].header("webhook-id"), messages[1].header("webhook-id"));
    let (fired, resolved) = (messages[0].json(), messages[1].json());
    assert_eq!([&fired["type"], &resolved["type"]], ["alert.fired", "alert.resolved"]);
    assert_eq!([&fired["data"]["key"], &fired["data"]["severity"]], ["dead_records", "warning"]);
    assert_eq!(fired["data"]["link"], "https://sync.example.mx/dashboard");
    assert_eq!(fired["data"]["since"], resolved["data"]["since"]);
}

#[tokio::test]
async fn pagerduty_resolves_what_it_triggered() {
    let pagerduty = Receiver::start().await;
    pagerduty.answer(&[202, 202]);
    let world = by_hand()
        .set("alerts.name", "Monterrey")
        .set("channels.pagerduty_key", KEY)
        .set("channels.pagerduty_url", pagerduty.url("/v2/enqueue"))
        .start()
        .await;

    fire_and_resolve(&world).await;

    let [trigger, resolve] = &pagerduty.received()[..] else { panic!("{:?}", pagerduty.received()) };
    let (trigger, resolve) = (trigger.json(), resolve.json());
    assert_eq!(trigger["event_action"], "trigger");
    assert_eq!(trigger["routing_key"], KEY);
    assert_eq!(trigger["payload"]["severity"], "warning");
    assert_eq!(trigger["payload"]["source"], "Monterrey");
    assert!(
        trigger["payload"]["summary"]
            .as_str()
            .unwrap()
            .starts_with("[Monterrey] Warning: Records were given up.")
    );
    assert_eq!(trigger["links"][0]["href"], "https://sync.example.mx/dashboard");
    assert_eq!(
        resolve,
        json!({ "routing_key": KEY, "event_action": "resolve", "dedup_key": "Monterrey/dead_records" })
    );
    assert_eq!(trigger["dedup_key"], resolve["dedup_key"]);
}

/// Mail through a server on this machine.
fn by_mail(server: &MailServer, tls: &str) -> Setting {
    by_hand()
        .set("channels.email_to", r#"["Ana <ana@example.mx>", "desk@example.mx"]"#)
        .set("channels.email_from", "vitrina <alerts@example.mx>")
        .set("channels.smtp_host", "127.0.0.1")
        .set("channels.smtp_port", server.port.to_string())
        .set("channels.smtp_tls", tls)
        .set("channels.smtp_user", "vitrina")
        .set("channels.smtp_password", "pa55word")
}

fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_default()
}

#[tokio::test]
async fn mail_goes_to_everybody_and_its_two_parts_are_one_thread() {
    let server = MailServer::start(Offers::Login).await;
    let world = by_mail(&server, "none").start().await;
    server.refuse(1);

    let (fired, _) = fire_and_resolve(&world).await;
    look(&world, fired + TimeDelta::hours(1)).await;

    let sessions = server.sessions();
    assert_eq!(sessions.len(), 5, "two mails to each of two, one of which was refused and came again");
    let login = BASE64_STANDARD.encode("\0vitrina\0pa55word");
    assert_eq!(sessions[0].login.as_deref(), Some(format!("PLAIN {login}").as_str()));
    assert_eq!(sessions[0].from, "alerts@example.mx");
    let to: Vec<&str> = sessions.iter().map(|session| session.to[0].as_str()).collect();
    let (ana, desk) = ("ana@example.mx", "desk@example.mx");
    assert_eq!(to, [ana, desk, ana, ana, desk], "one envelope for each");
    let mails = server.mails();
    let [_, first, second, _] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(header(first, "Subject"), "[vitrina] Warning: Records were given up");
    assert_eq!(header(second, "Subject"), "[vitrina] Resolved: Records were given up");
    assert_eq!(header(first, "To"), "Ana <ana@example.mx>, desk@example.mx");
    assert_eq!(header(first, "References"), header(second, "References"));
    assert_ne!(header(first, "Message-ID"), header(second, "Message-ID"));
    assert!(first.contains("What to do: "), "{first}");
    assert_eq!((header(first, "MIME-Version"), header(first, "Auto-Submitted")), ("1.0", "auto-generated"));
}

#[tokio::test]
async fn a_recipient_who_is_refused_keeps_nobody_else_from_the_mail() {
    let server = MailServer::start(Offers::Login).await;
    server.does_not_know("ana@example.mx");
    let world = by_mail(&server, "none").start().await;

    let (fired, _) = fire_and_resolve(&world).await;
    look(&world, fired + TimeDelta::hours(1)).await;

    let took: Vec<String> = server
        .sessions()
        .into_iter()
        .filter(|session| session.mail.is_some())
        .flat_map(|session| session.to)
        .collect();
    assert_eq!(took, ["desk@example.mx"; 2]);
    assert_eq!(server.sessions().len(), 4, "what is refused for good is not tried again");
    let told =
        |to: &str, event: &str, state: &str| (format!("email {to}"), event.to_owned(), state.to_owned());
    assert_eq!(
        deliveries(&world).await,
        [
            told("ana@example.mx", "fired", "given_up"),
            told("ana@example.mx", "resolved", "given_up"),
            told("desk@example.mx", "fired", "sent"),
            told("desk@example.mx", "resolved", "sent"),
        ]
    );
    let refused = the_alert(&world).await.deliveries;
    let why = refused.iter().find_map(|delivery| delivery.last_error.clone()).unwrap();
    assert!(why.contains("550") && why.contains("mend or remove the address in channels.email_to"), "{why}");
}

#[tokio::test]
async fn a_password_never_leaves_unencrypted() {
    for (tls, offers, begins) in
        [("starttls", Offers::Starttls, true), ("tls", Offers::Tls, true), ("starttls", Offers::Login, false)]
    {
        let server = MailServer::start(offers).await;
        let world = by_mail(&server, tls).start().await;
        break_it(&world).await;
        look(&world, now()).await;

        eventually("the sender has hung up", || async { !server.sessions().is_empty() }).await;
        let session = server.sessions().remove(0);
        // A handshake's record begins with 22 and the version 3.
        assert_eq!(session.tls.starts_with(&[22, 3]), begins, "{tls} {offers:?}: {session:?}");
        assert_eq!((session.login, session.mail), (None, None), "{tls} {offers:?}");
        let waiting = |to: &str| (format!("email {to}"), "fired".to_owned(), "waiting".to_owned());
        assert_eq!(deliveries(&world).await, ["ana@example.mx", "desk@example.mx"].map(waiting));
    }
}

#[tokio::test]
async fn a_check_hears_when_the_nightly_begins_and_how_it_ends() {
    let checks = Receiver::start().await;
    let vehicles =
        (0..12).map(|number| crate::fields! { "Auto": format!("Auto {number}"), "OrdenStatus": "Comprado" });
    let world =
        by_hand().set("channels.healthchecks_url", checks.url("/ping/uuid")).vehicles(vehicles).start().await;
    let tell = async || {
        alerts(&world).note_runs(clock::now()).await.unwrap();
        alerts(&world).deliver(clock::now()).await.unwrap();
    };
    tell().await;
    assert!(checks.received().is_empty(), "the first load is no nightly");

    world.no_run().await;
    let run = world.state().engine.begin_run(Scope::Full { force: false }, Trigger::Nightly).await.unwrap();
    tell().await;
    let report = world.state().engine.carry_out(run).await.unwrap();
    assert_eq!(report.error, None);
    tell().await;
    for record in world.airtable.records() {
        world.airtable.delete(&record.id);
    }
    world.run(Scope::Full { force: false }, Trigger::Nightly).await;
    tell().await;
    tell().await;

    let messages = checks.received();
    let paths: Vec<&str> = messages.iter().map(|ping| ping.path.as_str()).collect();
    assert_eq!(paths, ["/ping/uuid/start", "/ping/uuid", "/ping/uuid/start", "/ping/uuid/fail"]);
    assert!(messages[1].body.ends_with("succeeded: 12 records seen, 0 vehicles written."), "{messages:?}");
    assert!(messages[3].body.contains("12 of 12 listed vehicles would leave the listing"), "{messages:?}");

    alerts(&world).check(clock::now()).await.unwrap();
    assert_eq!(the_alert_of(&world, Rule::BrakePulled).await.unwrap().state, AlertState::Firing);
    world.run(Scope::Full { force: true }, Trigger::Manual).await;
    alerts(&world).check(clock::now() + TimeDelta::minutes(5)).await.unwrap();
    assert_eq!(the_alert_of(&world, Rule::BrakePulled).await.unwrap().state, AlertState::Resolved);
}

async fn the_alert_of(world: &World, rule: Rule) -> Option<Alert> {
    alerts(world).list().await.unwrap().into_iter().find(|alert| alert.rule == rule)
}

#[tokio::test]
async fn two_instances_and_a_restart_in_between_tell_it_once() {
    let receiver = Receiver::start().await;
    let mut world = by_hand().set("channels.slack_url", receiver.url("/")).start().await;
    let other = world.another_instance().await;
    let start = now();
    break_it(&world).await;

    let check = |at: DateTime<Utc>| {
        let (one, two) = (alerts(&world).clone(), other.state().alerts.clone());
        Box::pin(async move {
            tokio::try_join!(one.check(at), two.check(at), one.check(at), two.check(at)).unwrap();
        })
    };
    check(start).await;
    check(start + TimeDelta::minutes(1)).await;
    assert!(receiver.received().is_empty(), "nobody has sent anything yet");
    world.restart().await;
    let deliver = |at: DateTime<Utc>| {
        let (one, two) = (alerts(&world).clone(), other.state().alerts.clone());
        Box::pin(async move {
            tokio::try_join!(one.deliver(at), two.deliver(at), one.deliver(at), two.deliver(at)).unwrap();
        })
    };
    deliver(start + TimeDelta::minutes(2)).await;
    assert_eq!(receiver.received().len(), 1);

    mend_it(&world).await;
    let end = start + TimeDelta::minutes(9);
    tokio::try_join!(alerts(&world).check(end), other.state().alerts.check(end)).unwrap();
    deliver(end).await;
    deliver(end + TimeDelta::hours(1)).await;
    assert_eq!(receiver.received().len(), 2);
    other.stop().await;
}

/// Both orders: who has no channels notices first, or looks after the one that has.
#[tokio::test]
async fn an_instance_without_channels_keeps_nobody_from_hearing() {
    for without_first in [true, false] {
        let receiver = Receiver::start().await;
        let world = by_hand().set("channels.slack_url", receiver.url("/")).start().await;
        let without = [("alerts.check_every", "0s".to_owned()), ("sync.nightly", "0 2 29 2 *".to_owned())];
        let without = world.instance_with(&without).await;
        let (with, without_channels) = (alerts(&world), &without.state().alerts);
        let order = if without_first { [without_channels, with] } else { [with, without_channels] };
        let start = now();
        let both = async |at: DateTime<Utc>| {
            for alerts in order {
                alerts.check(at).await.unwrap();
                alerts.deliver(at).await.unwrap();
            }
        };

        break_it(&world).await;
        for minute in 0..3 {
            both(start + TimeDelta::minutes(minute)).await;
        }
        alerts(&world).deliver(start + TimeDelta::minutes(3)).await.unwrap();
        assert_eq!(receiver.received().len(), 1, "{without_first}: it fires");

        mend_it(&world).await;
        both(start + TimeDelta::minutes(9)).await;
        alerts(&world).deliver(start + TimeDelta::minutes(10)).await.unwrap();
        assert_eq!(receiver.received().len(), 2, "{without_first}: it is over");
        without.stop().await;
    }
}

#[tokio::test]
async fn a_channel_that_nobody_has_had_for_a_day_is_forgotten() {
    let receiver = Receiver::start().await;
    let mut world = by_hand().set("channels.slack_url", receiver.url("/")).start().await;
    let without = [("alerts.check_every", "0s".to_owned()), ("sync.nightly", "0 2 29 2 *".to_owned())];
    let without = world.instance_with(&without).await;
    let start = now();
    alerts(&world).check(start).await.unwrap();
    world.stop().await;
    let messages = async || {
        sqlx::query_scalar::<_, i64>("select count(*) from alert_messages")
            .fetch_one(&world.db.pool)
            .await
            .unwrap()
    };
    break_it(&world).await;
    without.state().alerts.check(start + TimeDelta::hours(25)).await.unwrap();
    assert_eq!(messages().await, 0);
    without.stop().await;
}

#[tokio::test]
async fn the_second_bad_night_takes_the_place_of_the_first_and_nothing_is_said_to_be_over() {
    let (slack, pagerduty) = (Receiver::start().await, Receiver::start().await);
    let start = now();
    // Half a day from now, so the first night is long over after a day.
    let hour = (start + TimeDelta::hours(12)).format("%H").to_string();
    let world = by_hand()
        .set("sync.nightly", format!("0 {hour} * * *"))
        .set("sync.time_zone", "UTC")
        .set("channels.slack_url", slack.url("/"))
        .set("channels.pagerduty_key", KEY)
        .set("channels.pagerduty_url", pagerduty.url("/"))
        .start()
        .await;

    for days in 1..=3 {
        look(&world, start + TimeDelta::days(days)).await;
        look(&world, start + TimeDelta::days(days) + TimeDelta::minutes(10)).await;
    }
    let success = "insert into sync_runs (kind, trigger, status, started_at, finished_at)
                   values ('full', 'manual', 'succeeded', now() + interval '75 hours', now() + interval '75 hours')";
    world.db.pool.execute(success).await.unwrap();
    look(&world, start + TimeDelta::hours(76)).await;

    let headlines: Vec<String> = slack
        .received()
        .iter()
        .map(|message| message.json()["blocks"][0]["text"]["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        headlines,
        [
            "🟠 [vitrina] Warning: Last night's full sync is missing",
            "🔴 [vitrina] Critical: No full sync for several nights",
            "🟢 [vitrina] Resolved: No full sync for several nights",
        ]
    );
    let mut events: Vec<String> = pagerduty
        .received()
        .iter()
        .map(|event| {
            let event = event.json();
            format!("{} {}", event["event_action"], event["dedup_key"]).replace('"', "")
        })
        .collect();
    // What is told of different alerts has no order.
    events[1..3].sort();
    assert_eq!(
        events,
        [
            "trigger vitrina/nightly_failed",
            "resolve vitrina/nightly_failed",
            "trigger vitrina/nightly_failing",
            "resolve vitrina/nightly_failing",
        ]
    );
}

#[tokio::test]
async fn a_channel_that_fails_and_then_works_gets_each_message_once_and_in_order() {
    let receiver = Receiver::start().await;
    let world = by_hand()
        .set("channels.webhook_url", receiver.url("/"))
        .set("channels.webhook_secret", webhook_secret())
        .start()
        .await;
    receiver.answer(&[500, 503, 404]);

    let (fired, resolved) = fire_and_resolve(&world).await;
    assert_eq!(receiver.received().len(), 2, "the end waits behind the beginning");
    for hours in 1..5 {
        look(&world, resolved + TimeDelta::hours(hours)).await;
    }

    let messages = receiver.received();
    let told: Vec<Value> = messages.iter().map(|message| message.json()["type"].clone()).collect();
    assert_eq!(told, ["alert.fired", "alert.fired", "alert.fired", "alert.fired", "alert.resolved"]);
    let first = messages[0].header("webhook-id");
    assert!(
        messages[..4].iter().all(|message| message.header("webhook-id") == first),
        "tries of one message"
    );
    assert_eq!(messages[0].header("webhook-timestamp"), fired.timestamp().to_string());
    assert_ne!(messages[3].header("webhook-timestamp"), fired.timestamp().to_string());
}

#[tokio::test]
async fn a_message_whose_sender_died_is_sent_by_another_under_the_same_id() {
    let receiver = Receiver::start().await;
    let world = by_hand().set("channels.slack_url", receiver.url("/")).start().await;
    let start = now();
    break_it(&world).await;
    alerts(&world).check(start).await.unwrap();

    let lease = start + TimeDelta::seconds(30);
    let claimed = world.state().db.claim_message("slack", start, lease).await.unwrap().unwrap();
    alerts(&world).deliver(start).await.unwrap();
    assert!(receiver.received().is_empty(), "somebody else is at it");
    let again = world.state().db.claim_message("slack", lease + TimeDelta::seconds(1), lease).await.unwrap();
    assert_eq!(again.unwrap().message_id, claimed.message_id);
    alerts(&world).deliver(start + TimeDelta::minutes(2)).await.unwrap();
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn what_nobody_takes_for_a_day_is_given_up_and_the_rest_goes_on() {
    let receiver = Receiver::start().await;
    let world = by_hand().set("channels.slack_url", receiver.url("/services/s3cr3t")).start().await;
    let start = now();
    receiver.answer(&[500; 2]);
    break_it(&world).await;
    look(&world, start).await;
    look(&world, start + TimeDelta::hours(23)).await;
    let delivery = the_alert(&world).await.deliveries.remove(0);
    assert_eq!((delivery.state.as_str(), delivery.attempts), ("waiting", 2));
    let error = delivery.last_error.unwrap();
    assert_eq!(error, "it answered 500 Internal Server Error: as told");

    look(&world, start + TimeDelta::hours(25)).await;
    assert_eq!(deliveries(&world).await, [("slack".into(), "fired".into(), "given_up".into())]);
    assert_eq!(receiver.received().len(), 2);

    mend_it(&world).await;
    look(&world, start + TimeDelta::hours(26)).await;
    assert_eq!(receiver.received().len(), 3, "its end is told");
}

#[tokio::test]
async fn a_receiver_that_asks_for_patience_gets_it() {
    let receiver = Receiver::start().await;
    let world = by_hand().set("channels.slack_url", receiver.url("/")).start().await;
    receiver.answer(&[429]);
    let start = now();
    break_it(&world).await;
    look(&world, start).await;
    look(&world, start + TimeDelta::seconds(100)).await;
    assert_eq!(receiver.received().len(), 1, "Retry-After: 120");
    look(&world, start + TimeDelta::seconds(121)).await;
    assert_eq!(receiver.received().len(), 2);
}

/// The loops themselves: nobody calls `check` or `deliver` here.
#[tokio::test]
async fn a_dead_channel_delays_neither_the_others_nor_the_sync() {
    let (dead, alive) = (Receiver::silent().await, Receiver::start().await);
    let mut world = World::set("alerts.check_every", "50ms")
        .set("alerts.resolve_after", "0s")
        .set("channels.send_timeout", "5min")
        .set("channels.slack_url", dead.url("/"))
        .set("channels.webhook_url", alive.url("/"))
        .set("channels.webhook_secret", webhook_secret())
        .set("server.shutdown_grace", "1s")
        .start()
        .await;

    break_it(&world).await;
    eventually("the other channel is told", || async { alive.received().len() == 1 }).await;
    eventually("the dead one was tried", || async { dead.received().len() == 1 }).await;
    world.known(crate::support::mazda()).await;
    mend_it(&world).await;
    eventually("the other channel hears of its end", || async { alive.received().len() == 2 }).await;
    assert_eq!(dead.received().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn the_command_line_sends_a_sample_to_each_channel_and_says_how_it_went() {
    let (good, bad) = (Receiver::start().await, Receiver::start().await);
    bad.answer(&[403]);
    let run = async |settings: &[(&str, String)], json: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
        command.args(["alerts", "test"]).args(json.then_some("--json"));
        let settings = settings.iter().map(|(key, text)| (format!("VITRINA__{key}"), text));
        command.env_clear().envs(settings).stderr(Stdio::piped()).stdout(Stdio::piped());
        let output = command.output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };

    let slack = ("CHANNELS__SLACK_URL", good.url("/s3cr3t"));
    let (code, told, _) = run(std::slice::from_ref(&slack), false).await;
    assert_eq!((code, told.as_str()), (Some(0), "slack: took the sample (2 messages)\n"));
    assert_eq!(good.received().len(), 2);

    let check = ("CHANNELS__HEALTHCHECKS_URL", bad.url("/s3cr3t"));
    let (code, told, log) = run(&[slack, check], true).await;
    assert_eq!(code, Some(1));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        told["channels"],
        json!([
            { "channel": "slack", "sent": 2, "error": null },
            { "channel": "healthchecks", "sent": 0, "error": "it answered 403 Forbidden: as told" },
        ])
    );
    assert!(!log.contains("s3cr3t"), "{log}");

    let mail = MailServer::start(Offers::Login).await;
    mail.does_not_know("desk@example.mx");
    let settings = [
        ("CHANNELS__EMAIL_TO", r#"["ana@example.mx", "desk@example.mx"]"#.to_owned()),
        ("CHANNELS__EMAIL_FROM", "alerts@example.mx".to_owned()),
        ("CHANNELS__SMTP_HOST", "127.0.0.1".to_owned()),
        ("CHANNELS__SMTP_PORT", mail.port.to_string()),
        ("CHANNELS__SMTP_TLS", "none".to_owned()),
    ];
    let (code, told, _) = run(&settings, false).await;
    assert_eq!(code, Some(1));
    assert!(told.starts_with("email ana@example.mx: took the sample (2 messages)\n"), "{told}");
    assert!(
        told.contains("email desk@example.mx: FAILED after 0 messages: the mail server refuses"),
        "{told}"
    );

    let (code, told, log) = run(&[], false).await;
    assert_eq!((code, told.as_str()), (Some(2), ""));
    assert!(log.contains("no channel is configured"), "{log}");
}
