//! The service itself: is it running where it should, or could it.

use std::time::Duration;

use tokio::net::TcpListener;

use super::report::{Area, Report};
use crate::{cli::healthcheck, config::Config};

const AREA: Area = Area::Service;
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn check(config: &Config, report: &mut Report) {
    let bound = config.server.bind_addr;
    let url = format!("http://{}", healthcheck::reachable(bound));
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build() else {
        return report.skipped(AREA, "address", "no HTTP client could be made");
    };
    match client.get(format!("{url}/healthz")).send().await {
        Ok(answer) if answer.status().is_success() && answer.headers().contains_key("x-request-id") => {
            report.ok(AREA, "address", format!("vitrina answers at {url}"));
            ready(&client, &url, report).await;
        }
        Ok(answer) => taken(bound, &format!("something that answers {}", answer.status()), report),
        Err(_) => match TcpListener::bind(bound).await {
            Ok(_) => report.ok(AREA, "address", format!("{bound} is free; the service is not running here")),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                taken(bound, "something that does not speak HTTP", report);
            }
            Err(error) => report.problem(
                AREA,
                "address",
                format!("{bound} cannot be bound: {error}"),
                "The service listens there.",
                "Choose an address of this machine and a port from 1024 on for BIND_ADDR.",
            ),
        },
    }
}

fn taken(bound: std::net::SocketAddr, by: &str, report: &mut Report) {
    report.problem(
        AREA,
        "address",
        format!("{bound} is taken by {by}, which is not vitrina"),
        "The service could not listen there.",
        "Stop what uses it, or choose another BIND_ADDR.",
    );
}

async fn ready(client: &reqwest::Client, url: &str, report: &mut Report) {
    let ready =
        client.get(format!("{url}/readyz")).send().await.is_ok_and(|answer| answer.status().is_success());
    if ready {
        report.ok(AREA, "readiness", "its database answers");
    } else {
        report.problem(
            AREA,
            "readiness",
            "it says that it is not ready: its database is out of reach",
            "The last known responses are served, and webhooks are turned away.",
            "See above what is wrong with the database; it recovers by itself.",
        );
    }
}
