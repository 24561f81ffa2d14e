//! `vitrina healthcheck`: whether the service on this machine is alive, for container images, which have no curl.
//!
//! **Invariants:** asks for liveness, not readiness: a container that is replaced because PostgreSQL is down would take the last known
//! responses with it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use anyhow::ensure;

use crate::config::{Loader, Needs};

/// How long the answer may take; shorter than what images allow for a check.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn run() -> anyhow::Result<ExitCode> {
    let config = Loader::from_environment().load(Needs::Database)?;
    let bound = config.server.admin_bind.unwrap_or(config.server.bind_addr);
    let url = format!("http://{}/healthz", reachable(bound));
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let status = client.get(&url).send().await?.status();
    ensure!(status.is_success(), "{url} answered {status}");
    Ok(ExitCode::SUCCESS)
}

/// A service that listens on every address is reached through the loopback one.
pub(super) fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn a_service_on_every_address_is_asked_on_the_loopback_one() {
        for (bound, asked) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:80", "[::1]:80"), ("10.1.2.3:8080", "10.1.2.3:8080")]
        {
            assert_eq!(reachable(bound.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
