//! What a configuration promises, from outside: layers, the one message with every mistake, and silence about secrets.

use std::{fs, time::Duration};

use secrecy::ExposeSecret as _;
use tempfile::NamedTempFile;

use super::*;

const WEBHOOK: &str = "webhook-0123456789abcdef";
const ADMIN: &str = "admin-0123456789abcdef";

/// The variables of a small right deployment.
const RIGHT: [(&str, &str); 5] = [
    ("AIRTABLE_API_KEY", "patA1b2C3.0123456789"),
    ("AIRTABLE_BASE_ID", "appA1b2C3d4E5f6G7"),
    ("AIRTABLE_TABLE_ID", "Inventario 2026"),
    ("WEBHOOK_SECRET", WEBHOOK),
    ("ADMIN_TOKEN", ADMIN),
];

fn loader(env: &[(&str, &str)]) -> Loader {
    Loader::new(env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
}

/// The right deployment with `more` variables, which win.
fn right_and(more: &[(&str, &str)]) -> Loader {
    loader(&[&RIGHT, more].concat())
}

fn loaded(more: &[(&str, &str)]) -> Config {
    right_and(more).load(Needs::Serve).unwrap_or_else(|errors| panic!("{errors}"))
}

fn refused(more: &[(&str, &str)]) -> ConfigErrors {
    right_and(more).load(Needs::Serve).expect_err("should be refused")
}

fn file(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

fn keys(errors: &ConfigErrors) -> Vec<&str> {
    errors.problems().iter().map(|problem| problem.key.as_str()).collect()
}

/// Every field without a default in the file, and every line that no field reads, would fail here.
#[test]
fn every_setting_has_its_default_in_the_file_and_the_other_way_round() {
    let config = loader(&[]).load(Needs::Database).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.server.bind_addr.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.max_body_bytes.get(), 64 * 1024);
    assert_eq!(config.sync.reply_within, Duration::from_secs(8));
    assert!(
        config.database.url.is_none() && config.listing.fields_file.is_none() && config.log.format.is_none()
    );
    let locations: Vec<_> = config.locations.iter().map(|(code, name)| format!("{code}={name}")).collect();
    assert_eq!(locations, ["COAH=Saltillo", "GPE=Guadalupe", "MTY=Monterrey", "TMPS=Reynosa"]);
}

#[test]
fn later_layers_win() {
    let file = file(
        "[sync]\nmax_batch = 2\nreply_within = '2s'\n[server]\nbind_addr = '0.0.0.0:2'\n[cache]\nttl = '2d'",
    );
    let path = file.path().to_str().unwrap();
    let loader = right_and(&[
        ("VITRINA_CONFIG", path),
        ("VITRINA__SYNC__REPLY_WITHIN", "3s"),
        ("VITRINA__SERVER__BIND_ADDR", "0.0.0.0:3"),
        ("VITRINA__CACHE__MAX_BYTES", "3"),
        ("VITRINA__SERVER__CORS_ORIGINS", r#"["https://a.mx", "http://b.mx:81"]"#),
        ("VITRINA__LOCATIONS__SLW", "San Luis"),
        ("VITRINA__LOCATIONS__MTY", ""),
        ("BIND_ADDR", "0.0.0.0:4"),
        ("LOG_FORMAT", "json"),
    ]);
    let config = loader.set("cache.max_bytes", "5").load(Needs::Serve).unwrap();
    assert_eq!(config.sync.max_batch.get(), 2);
    assert_eq!(config.sync.reply_within, Duration::from_secs(3));
    assert_eq!(config.server.bind_addr.to_string(), "0.0.0.0:4");
    assert_eq!(config.cache.max_bytes, 5);
    assert_eq!(config.server.cors_origins.0, ["https://a.mx", "http://b.mx:81"]);
    assert_eq!(config.log.format, Some(LogFormat::Json));
    assert_eq!(config.locations.get("SLW").map(String::as_str), Some("San Luis"));
    assert!(!config.locations.contains_key("MTY"));
}

#[test]
fn an_empty_short_name_is_unset_and_an_empty_long_one_unsets() {
    let file = file("[database]\nurl = 'postgres://localhost/cars'");
    let path = file.path().to_str().unwrap();
    let config = loaded(&[("VITRINA_CONFIG", path), ("DATABASE_URL", "")]);
    assert_eq!(config.database.url.unwrap().expose_secret(), "postgres://localhost/cars");
    let config = loaded(&[("VITRINA_CONFIG", path), ("VITRINA__DATABASE__URL", "")]);
    assert!(config.database.url.is_none());
}

#[test]
fn a_secret_of_digits_stays_a_text() {
    let config = loaded(&[("WEBHOOK_SECRET", "00123456789012345678"), ("AIRTABLE_TABLE_ID", "2026")]);
    assert_eq!(config.auth.webhook_secret.newest().expose_secret(), "00123456789012345678");
    assert_eq!(&*config.airtable.table_id, "2026");
}

#[test]
fn all_mistakes_are_told_at_once_with_their_origin_and_a_right_value() {
    let file = file(
        "[server]\nbind_adr = 'x'\nmax_in_flight = 'many'\n[chache]\nttl = '1h'\ncolour = 'red'\n[sync]\nreply_within = '20s'\n",
    );
    let path = file.path().to_str().unwrap();
    let errors = loader(&[
        ("VITRINA_CONFIG", path),
        ("AIRTABLE_API_KEY", "patA1b2C3.0123456789"),
        ("AIRTABLE_BASE_ID", "tblA1b2C3d4E5f6G7"),
        ("ADMIN_TOKEN", "short"),
        ("BIND_ADDR", "localhost"),
        ("VITRINA__CACHE__TTL", "soon"),
        ("VITRINA__AIRTABLE__PAGE_SIZE", "500"),
        ("VITRINA__AIRTABLE__REQUESTS_PER_SECOND", "-5"),
    ])
    .load(Needs::Serve)
    .unwrap_err();
    insta::assert_snapshot!(errors.to_string().replace(path, "vitrina.toml"));
}

#[test]
fn each_wrong_value_is_blamed_on_its_setting_alone() {
    for (variable, text, key) in [
        ("AIRTABLE_BASE_ID", "app", "airtable.base_id"),
        ("AIRTABLE_BASE_ID", "appA1b2/C3", "airtable.base_id"),
        ("AIRTABLE_TABLE_ID", " Inventario", "airtable.table_id"),
        ("AIRTABLE_API_URL", "api.airtable.com", "airtable.api_url"),
        ("AIRTABLE_API_URL", "ftp://api.airtable.com", "airtable.api_url"),
        ("AIRTABLE_API_URL", "https://api.airtable.com?x=1", "airtable.api_url"),
        ("AIRTABLE_API_URL", "https://api.airtable.com/v0/", "airtable.api_url"),
        ("VITRINA__AIRTABLE__REQUESTS_PER_SECOND", "6", "airtable.requests_per_second"),
        ("AIRTABLE_API_KEY", "pat with spaces", "airtable.api_key"),
        ("DATABASE_URL", "mysql://localhost/cars", "database.url"),
        ("DATABASE_URL", "postgres://user:pass#word@localhost/cars", "database.url"),
        (
            "VITRINA__AIRTABLE_WEBHOOK__NOTIFICATION_URL",
            "sync.example.mx/n",
            "airtable_webhook.notification_url",
        ),
        (
            "VITRINA__AIRTABLE_WEBHOOK__NOTIFICATION_URL",
            "http://sync.example.mx/n",
            "airtable_webhook.notification_url",
        ),
        ("VITRINA__AIRTABLE_WEBHOOK__POLL_EVERY", "0s", "airtable_webhook.poll_every"),
        ("VITRINA__AIRTABLE_WEBHOOK__REFRESH_BEFORE", "7days", "airtable_webhook.refresh_before"),
        ("DATABASE_URL", "host=localhost", "database.url"),
        ("DATABASE_URL", "postgres://user:p\u{fffd}@localhost/cars", "database.url"),
        ("DATABASE_URL", "postgres://localhost/cars?sslmode=on", "database.url"),
        ("DATABASE_URL", "postgres://localhost/cars?port=70000", "database.url"),
        ("DATABASE_URL", "postgres://localhost:port/cars", "database.url"),
        ("DATABASE_URL", "postgres://localhost/cars?hostaddr=db", "database.url"),
        ("DATABASE_URL", "postgres://us%FFer@localhost/cars", "database.url"),
        ("WEBHOOK_SECRET", "fifteen-letters", "auth.webhook_secret"),
        ("WEBHOOK_SECRET", "sixteen letters?", "auth.webhook_secret"),
        ("WEBHOOK_SECRET", "aaaaaaaaaaaaaaaa", "auth.webhook_secret"),
        ("WEBHOOK_SECRET", ADMIN, "auth.admin_token"),
        ("WEBHOOK_SECRET", "webhook-0123456789abcdef admin-0123456789abcdef", "auth.admin_token"),
        ("ADMIN_TOKEN", "0123456789abcde\u{fffd}", "auth.admin_token"),
        ("BIND_ADDR", "127.0.0.1", "server.bind_addr"),
        ("LOG_FORMAT", "xml", "log.format"),
        ("RUST_LOG", "vitrina=loud", "log.filter"),
        ("VITRINA__DATABASE__SCHEMA", "Public", "database.schema"),
        ("VITRINA__DATABASE__SCHEMA", "a; drop", "database.schema"),
        ("VITRINA__DATABASE__SCHEMA", "pg_cars", "database.schema"),
        ("VITRINA__DATABASE__SCHEMA", "1st", "database.schema"),
        ("VITRINA__DATABASE__SCHEMA", "", "database.schema"),
        ("VITRINA__DATABASE__MAX_CONNECTIONS", "0", "database.max_connections"),
        ("VITRINA__DATABASE__MAX_CONNECTIONS", "2", "database.max_connections"),
        ("VITRINA__LISTING__PRIVATE", r#"["rezago", "data"]"#, "listing.private"),
        ("VITRINA__LISTING__PRIVATE", r#"["slug"]"#, "listing.private"),
        ("VITRINA__DATABASE__MAX_CONNECTIONS", "5000000000", "database.max_connections"),
        ("VITRINA__DATABASE__MAX_CONNECTIONS", "ten", "database.max_connections"),
        ("VITRINA__DATABASE__ACQUIRE_TIMEOUT", "0s", "database.acquire_timeout"),
        ("VITRINA__DATABASE__ACQUIRE_TIMEOUT", "3", "database.acquire_timeout"),
        ("VITRINA__DATABASE__PRIVATE_DATA_DIR", "", "database.private_data_dir"),
        ("VITRINA__AIRTABLE__PAGE_SIZE", "0", "airtable.page_size"),
        ("VITRINA__AIRTABLE__PAGE_SIZE", "101", "airtable.page_size"),
        ("VITRINA__AIRTABLE__MAX_ATTEMPTS", "0", "airtable.max_attempts"),
        ("VITRINA__AIRTABLE__CONNECT_TIMEOUT", "1min", "airtable.connect_timeout"),
        ("VITRINA__AIRTABLE__BACKOFF_BASE", "1min", "airtable.backoff_base"),
        ("VITRINA__SERVER__MAX_IN_FLIGHT", "8000", "server.max_in_flight"),
        ("VITRINA__SERVER__BODY_TIMEOUT", "15s", "server.body_timeout"),
        ("VITRINA__SERVER__REQUEST_TIMEOUT", "8s", "sync.reply_within"),
        ("VITRINA__SERVER__REQUEST_TIMEOUT", "2years", "server.request_timeout"),
        ("VITRINA__SERVER__CORS_ORIGINS", r#"["https://a.mx/"]"#, "server.cors_origins"),
        ("VITRINA__SERVER__CORS_ORIGINS", r#"["*", "https://a.mx"]"#, "server.cors_origins"),
        ("VITRINA__SERVER__CORS_ORIGINS", r#"["a.mx", "b.mx"]"#, "server.cors_origins"),
        ("VITRINA__SERVER__CORS_ORIGINS", "https://a.mx", "server.cors_origins"),
        ("VITRINA__SHOP__PHOTO_ORIGINS", r#"["https://a.mx/photos"]"#, "shop.photo_origins"),
        ("VITRINA__SERVER__WRITE_TIMEOUT", "0s", "server.write_timeout"),
        ("VITRINA__LOCATIONS__apo", "Apodaca", "locations.apo"),
        ("VITRINA__LOCATIONS__mér", "Mérida", "locations.mér"),
        ("VITRINA__CACHE__STALE_FOR", "3d", "cache.stale_for"),
        ("VITRINA__CACHE__LIST_CONTROL", "public\r\nx: y", "cache.list_control"),
        ("VITRINA__CACHE__DETAIL_CONTROL", "", "cache.detail_control"),
        ("VITRINA__CACHE__FACETS_CONTROL", "", "cache.facets_control"),
        ("VITRINA__COMPAT__SUPABASE_PATHS", "si", "compat.supabase_paths"),
        ("VITRINA__LISTING__STATUS", " ", "listing.status"),
        ("VITRINA__LISTING__FIELDS_FILE", "/no/such/fields.toml", "listing.fields_file"),
        ("VITRINA__ALERTS__MIN_SUCCESS_RATE", "90", "alerts.min_success_rate"),
        ("VITRINA__ALERTS__CRITICAL_NIGHTS", "0", "alerts.critical_nights"),
        ("VITRINA__ALERTS__PUBLIC_URL", "sync.example.mx", "alerts.public_url"),
        ("VITRINA__CHANNELS__SLACK_URL", "hooks.slack.com/services/T/B/x", "channels.slack_url"),
        ("VITRINA__CHANNELS__WEBHOOK_URL", "https://a.mx/", "channels.webhook_secret"),
        ("VITRINA__CHANNELS__PAGERDUTY_KEY", "too-short", "channels.pagerduty_key"),
        ("VITRINA__CHANNELS__HEALTHCHECKS_URL", "ftp://hc-ping.com/x", "channels.healthchecks_url"),
        ("VITRINA__CHANNELS__SMTP_TLS", "ssl", "channels.smtp_tls"),
        ("VITRINA__CHANNELS__SMTP_PASSWORD", "x", "channels.smtp_user"),
        ("VITRINA__CHANNELS__RETRY_BASE", "1h", "channels.retry_base"),
        ("VITRINA__SYNC__MAX_BATCH", "0", "sync.max_batch"),
        ("VITRINA__SYNC__MAX_BATCH", "1.5", "sync.max_batch"),
        ("VITRINA_CONFIG", "/no/such/vitrina.toml", "VITRINA_CONFIG"),
        ("VITRINA__SYNC", "x", "sync"),
        ("VITRINA__SYNC__MAX__BATCH", "1", "sync.max.batch"),
    ] {
        assert_eq!(keys(&refused(&[(variable, text)])), [key], "{variable}={text}");
    }
}

/// Careless readers of `.env` files leave them; a value in them would be accepted and never work.
#[test]
fn quotation_marks_around_a_variable_are_named() {
    let short = problem::SHORT_NAMES.map(|(name, key)| (name, key, "value"));
    let others = [
        ("VITRINA__SYNC__REPLY_WITHIN", "sync.reply_within", "8s"),
        ("VITRINA__SYNC__MAX_BATCH", "sync.max_batch", "5"),
        ("VITRINA__LISTING__VISIBLE_FIELD", "listing.visible_field", "Visible"),
        ("VITRINA__LOCATIONS__SLW", "locations.SLW", "San Luis"),
        ("VITRINA_CONFIG", "VITRINA_CONFIG", "/etc/vitrina.toml"),
    ];
    for (variable, key, text) in short.into_iter().chain(others) {
        for quoted in [format!("\"{text}\""), format!("'{text}'"), "''".to_owned()] {
            let errors = refused(&[(variable, &quoted)]);
            assert_eq!(keys(&errors), [key], "{variable}={quoted}");
            assert_eq!(errors.problems()[0].found, "a value in quotation marks");
            assert!(errors.to_string().contains(variable), "{errors}");
        }
    }
}

#[test]
fn half_a_channel_is_a_mistake() {
    let mail = [
        ("VITRINA__CHANNELS__EMAIL_TO", r#"["Ana <ana@example.mx>"]"#),
        ("VITRINA__CHANNELS__EMAIL_FROM", "alerts@example.mx"),
        ("VITRINA__CHANNELS__SMTP_HOST", "smtp.example.mx"),
    ];
    loaded(&mail);
    for left_out in 0..mail.len() {
        let half: Vec<_> = mail.iter().enumerate().filter(|(place, _)| *place != left_out).collect();
        let half: Vec<_> = half.into_iter().map(|(_, setting)| *setting).collect();
        let missing = ["channels.email_to", "channels.email_from", "channels.smtp_host"][left_out];
        assert_eq!(keys(&refused(&half)), [missing]);
    }
    let unencrypted = [&mail[..], &[("VITRINA__CHANNELS__SMTP_TLS", "none")]].concat();
    assert_eq!(keys(&refused(&unencrypted)), ["channels.smtp_tls"]);
    loaded(&[&unencrypted[..], &[("VITRINA__CHANNELS__SMTP_HOST", "127.0.0.1")]].concat());
    let nobody = [&mail[..], &[("VITRINA__CHANNELS__EMAIL_TO", r#"["ana"]"#)]].concat();
    assert_eq!(keys(&refused(&nobody)), ["channels.email_to"]);
    let webhook = |secret| {
        [("VITRINA__CHANNELS__WEBHOOK_URL", "https://a.mx/"), ("VITRINA__CHANNELS__WEBHOOK_SECRET", secret)]
    };
    loaded(&webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    for wrong in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_not base64"] {
        assert_eq!(keys(&refused(&webhook(wrong))), ["channels.webhook_secret"], "{wrong}");
    }
}

#[test]
fn a_setting_is_not_measured_against_one_that_is_wrong_itself() {
    let errors =
        refused(&[("VITRINA__SERVER__REQUEST_TIMEOUT", "soon"), ("VITRINA__SYNC__REPLY_WITHIN", "20s")]);
    assert_eq!(keys(&errors), ["server.request_timeout"]);
}

#[test]
fn unusual_but_right_values_are_accepted() {
    for (variable, text) in [
        ("DATABASE_URL", "postgresql://user:p%23@[::1]:6432/cars?sslmode=require"),
        ("DATABASE_URL", "postgres:///cars?host=/run/postgresql"),
        ("AIRTABLE_TABLE_ID", "tblA1b2C3d4E5f6G7"),
        ("AIRTABLE_API_URL", "http://127.0.0.1:9000/"),
        ("BIND_ADDR", "[::]:8080"),
        ("WEBHOOK_SECRET", "sixteen-letters!"),
        ("WEBHOOK_SECRET", "new-0123456789abcdef old-0123456789abcdef"),
        ("VITRINA__CACHE__LIST_CONTROL", r#"no-cache="Set-Cookie""#),
        ("VITRINA__SYNC__REPLY_WITHIN", "0s"),
        ("VITRINA__CACHE__MAX_BYTES", "0"),
        ("VITRINA__SERVER__SHUTDOWN_GRACE", "0s"),
        ("VITRINA__SERVER__CORS_ORIGINS", "[]"),
        ("VITRINA_CONFIG", ""),
        ("VITRINA_DATA", "not ours: one underscore"),
    ] {
        loaded(&[(variable, text)]);
    }
}

#[test]
fn what_a_command_does_not_need_may_be_missing_but_not_wrong() {
    let count = |needs| loader(&[]).load(needs).map_or_else(|errors| errors.problems().len(), |_| 0);
    assert_eq!([count(Needs::Serve), count(Needs::Airtable), count(Needs::Database)], [5, 3, 0]);
    let errors = loader(&[("ADMIN_TOKEN", "short")]).load(Needs::Database).unwrap_err();
    assert_eq!(keys(&errors), ["auth.admin_token"]);
}

#[test]
fn a_misspelt_setting_is_told_its_right_name() {
    for (variable, meant) in [
        ("VITRINA__SYNC__REPLY_WITIN", "sync.reply_within"),
        ("VITRINA__SYNCH__MAX_BATCH", "sync.max_batch"),
        ("VITRINA__AIRTABEL__BASE_ID", "airtable.base_id"),
    ] {
        let errors = refused(&[(variable, "1")]);
        assert!(errors.problems()[0].expected.starts_with(meant), "{errors}");
    }
}

#[test]
fn a_wrong_file_is_told_by_its_line_and_its_text_is_not_shown() {
    let file = file("[auth]\n\nwebhook_secret = \"the-secret-itself\nadmin_token = 'x'\n");
    let errors = refused(&[("VITRINA_CONFIG", file.path().to_str().unwrap())]);
    assert_eq!(keys(&errors), ["line 3"]);
    assert!(!format!("{errors} {errors:?}").contains("the-secret-itself"), "{errors}");
}

#[test]
fn a_database_address_that_the_driver_refuses_is_a_wrong_setting_and_shows_no_secret() {
    for (address, found) in [
        ("postgres://u:Zq7@localhost/cars?sslmode=on", r#"its parameter sslmode is "on""#),
        ("postgres://u:Zq7@localhost/cars?port=x", r#"its parameter port is "x""#),
        ("postgres://u:Zq7%FF@localhost/cars", "user, password or database name are not UTF-8 once decoded"),
        ("postgres://u:Zq7@localhost:99999/cars", "not an address"),
    ] {
        let errors = refused(&[("DATABASE_URL", address)]);
        assert_eq!(errors.problems()[0].found, found);
        assert!(!errors.to_string().contains("Zq7"), "{errors}");
    }
}

/// A later layer that has the section right would otherwise cover it up.
#[test]
fn a_value_where_a_section_belongs_is_never_passed_over_nor_shown() {
    let file =
        file("server = 5\nauth = 'Zq7-0123456789abcdef'\nlocations = ['MTY']\n[sync]\nmax_batch = 5\n");
    let errors = refused(&[
        ("VITRINA_CONFIG", file.path().to_str().unwrap()),
        ("BIND_ADDR", "127.0.0.1:1"),
        ("VITRINA__LOCATIONS__SLW", "San Luis"),
    ]);
    assert_eq!(keys(&errors), ["auth", "locations", "server"]);
    assert!(errors.problems()[2].found.contains("a single number"), "{errors}");
    assert!(!errors.to_string().contains("Zq7"), "{errors}");
}

#[test]
fn a_wrong_mapping_is_a_wrong_setting() {
    let file = file("marca = [");
    let errors = refused(&[("VITRINA__LISTING__FIELDS_FILE", file.path().to_str().unwrap())]);
    assert_eq!(keys(&errors), ["listing.fields_file"]);
}

/// Each secret, wrong in each way there is, and put into settings where it does not belong.
#[test]
fn no_secret_is_ever_shown() {
    const SECRET: &str = "Zq7";
    let too_short = format!("{SECRET}Zq7");
    let with_spaces = format!("{SECRET} and something behind it");
    let address = format!("mysql://user:{SECRET}@localhost/cars");
    let token = format!("pat{SECRET}.0123456789abcdef");
    let mut told = Vec::new();
    for (name, _) in problem::SHORT_NAMES {
        for text in [&too_short, &with_spaces, &address, &token] {
            let misplaced =
                !["WEBHOOK_SECRET", "ADMIN_TOKEN", "AIRTABLE_API_KEY", "DATABASE_URL"].contains(&name);
            if misplaced && (text == &too_short || text == &with_spaces) {
                continue;
            }
            match right_and(&[(name, text.as_str())]).load(Needs::Serve) {
                Ok(_) if misplaced => {}
                Ok(config) => told.push(format!("{config:?}")),
                Err(errors) => told.push(format!("{errors} {errors:?}")),
            }
        }
    }
    for (section, key) in [
        ("auth", "webhook_secret"),
        ("database", "url"),
        ("airtable", "api_key"),
        ("channels", "slack_url"),
        ("channels", "webhook_url"),
        ("channels", "webhook_secret"),
        ("channels", "pagerduty_key"),
        ("channels", "smtp_password"),
        ("channels", "healthchecks_url"),
    ] {
        let file = file(&format!("[{section}]\n{key} = ['{SECRET}']\n{key}s = '{SECRET}'"));
        let errors =
            loader(&[("VITRINA_CONFIG", file.path().to_str().unwrap())]).load(Needs::Database).unwrap_err();
        assert_eq!(errors.problems().len(), 2, "{errors}");
        told.push(format!("{errors} {errors:?}"));
    }
    let file = file("[auth]\nadmin_token = 4711471147114711\n[sync]\nmax_batch = 'x'\n");
    let numeric =
        loader(&[("VITRINA_CONFIG", file.path().to_str().unwrap())]).load(Needs::Database).unwrap_err();
    assert_eq!(keys(&numeric), ["auth.admin_token", "sync.max_batch"]);
    assert!(!format!("{numeric} {numeric:?}").contains("4711"), "{numeric}");
    told.push(format!("{:?}", loaded(&[("WEBHOOK_SECRET", "Zq7-0123456789abcdef")])));
    assert!(told.len() > 20);
    for text in told {
        assert!(!text.contains(SECRET), "{text}");
    }
}
