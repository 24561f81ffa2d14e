//! Settings that must fit each other.
//!
//! **Invariants:** two settings are compared only if each is right by itself, so a wrong one is reported once.

use std::{fmt::Debug, time::Duration};

use super::{
    SmtpTls,
    channels::ChannelSettings,
    layers::Layers,
    settings::Config,
    values::{MailAddress, MailHost, Password, SecretUrl, SigningKey},
};

/// Airtable's limit of requests a second to a base.
const AIRTABLES_LIMIT: u32 = 5;

/// How long a native webhook lives.
const WEBHOOK_LIFE: Duration = Duration::from_hours(7 * 24);

/// Notes every contradiction in `config`.
pub(super) fn check(config: &Config, layers: &mut Layers) {
    let Config { server, auth, airtable, airtable_webhook, sync, cache, channels, .. } = config;

    let request_timeout = ("server.request_timeout", *server.request_timeout);
    for low in [
        ("server.body_timeout", *server.body_timeout),
        ("sync.reply_within", sync.reply_within),
        ("cache.load_timeout", *cache.load_timeout),
    ] {
        less(low, request_timeout, layers);
    }
    less(
        ("server.max_in_flight", server.max_in_flight),
        ("server.max_connections", server.max_connections),
        layers,
    );
    less(
        ("airtable.connect_timeout", *airtable.connect_timeout),
        ("airtable.request_timeout", *airtable.request_timeout),
        layers,
    );
    for (low, high) in [
        (("airtable.backoff_base", *airtable.backoff_base), ("airtable.backoff_max", airtable.backoff_max)),
        (
            ("sync.queue_backoff_base", *sync.queue_backoff_base),
            ("sync.queue_backoff_max", sync.queue_backoff_max),
        ),
        (("channels.retry_base", *channels.retry_base), ("channels.retry_max", channels.retry_max)),
        (("cache.stale_for", cache.stale_for), ("cache.ttl", cache.ttl)),
    ] {
        at_most(low, high, layers);
    }

    if server.admin_bind.is_some_and(|admin| admin == server.bind_addr && admin.port() != 0) {
        layers.wrong(
            "server.admin_bind",
            format!("{}, as server.bind_addr", server.bind_addr),
            "an address and a port other than server.bind_addr, such as 127.0.0.1:9090",
        );
    }
    if auth.admin_token.shares_one_with(&auth.webhook_secret) {
        layers.wrong(
            "auth.admin_token",
            "the same value as auth.webhook_secret (WEBHOOK_SECRET)",
            "a secret of its own: who may call the webhook must not be an operator by that",
        );
    }
    let rate = airtable.requests_per_second.get();
    if airtable.api_url.is_airtables() && rate > AIRTABLES_LIMIT {
        layers.wrong(
            "airtable.requests_per_second",
            rate.to_string(),
            format!("1 to {AIRTABLES_LIMIT}: after more in a second Airtable refuses the base for 30 s"),
        );
    }
    if airtable_webhook.refresh_before >= WEBHOOK_LIFE {
        layers.wrong(
            "airtable_webhook.refresh_before",
            humantime::format_duration(airtable_webhook.refresh_before).to_string(),
            "less than 7 days, which is how long a webhook lives",
        );
    }
    for code in config.locations.keys().filter(|code| **code != code.to_uppercase()) {
        // What Airtable writes is compared in capital letters.
        let expected = format!("the code in capital letters, {:?}", code.to_uppercase());
        layers.wrong(&format!("locations.{code}"), format!("{code:?}"), expected);
    }
    whole_channels(channels, layers);
}

/// A channel needs all of its settings or none.
fn whole_channels(channels: &ChannelSettings, layers: &mut Layers) {
    let ChannelSettings { email_to, email_from, smtp_host, smtp_user, smtp_password, .. } = channels;
    for parts in [
        &[
            ("channels.webhook_url", channels.webhook_url.is_some(), SecretUrl::EXPECTED),
            ("channels.webhook_secret", channels.webhook_secret.is_some(), SigningKey::EXPECTED),
        ][..],
        &[
            ("channels.email_to", !email_to.is_empty(), MailAddress::EXPECTED),
            ("channels.email_from", email_from.is_some(), MailAddress::EXPECTED),
            ("channels.smtp_host", smtp_host.is_some(), MailHost::EXPECTED),
        ],
        &[
            ("channels.smtp_user", smtp_user.is_some(), Password::EXPECTED),
            ("channels.smtp_password", smtp_password.is_some(), Password::EXPECTED),
        ],
    ] {
        if parts.iter().any(|(_, is_set, _)| *is_set) {
            for (key, _, expected) in parts.iter().filter(|(_, is_set, _)| !is_set) {
                layers.require(key, expected);
            }
        }
    }
    if channels.smtp_tls == SmtpTls::None && smtp_host.as_ref().is_some_and(|host| !host.is_this_machine()) {
        let expected = "starttls or tls: none is for a mail server on this machine";
        layers.wrong("channels.smtp_tls", "none", expected);
    }
}

fn less<T: PartialOrd + Debug + Copy>(low: (&str, T), high: (&str, T), layers: &mut Layers) {
    if low.1 >= high.1 {
        contradiction(&low, "less than", &high, layers);
    }
}

fn at_most<T: PartialOrd + Debug + Copy>(low: (&str, T), high: (&str, T), layers: &mut Layers) {
    if low.1 > high.1 {
        contradiction(&low, "at most", &high, layers);
    }
}

/// Blames the first setting, and says what the other is and where it came from.
fn contradiction<T: Debug>(blamed: &(&str, T), must_be: &str, other: &(&str, T), layers: &mut Layers) {
    let ((key, value), (other, bound)) = (blamed, other);
    if !layers.is_wrong(other) {
        let expected = format!("{must_be} {other}, which is {bound:?}, from {}", layers.origin(other));
        layers.wrong(key, format!("{value:?}"), expected);
    }
}
