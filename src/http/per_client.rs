//! How often one client may read.
//!
//! **Invariants:** a client is an address, or the 64-bit network of an IPv6 one, which is what a subscriber gets. Whoever asks too often
//! gets a 429 that says when to come again; nobody else is affected.
//!
//! **Not here:** limits that protect the service from all clients together (`guard`).

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use axum::http::HeaderMap;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};

use super::problem::Problem;

/// After so many requests the clients that have been quiet are forgotten.
const FORGET_EVERY: u32 = 10_000;

/// What one client may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerClient {
    /// Requests per second, in the long run.
    pub rate: NonZeroU32,
    /// Requests at once.
    pub burst: NonZeroU32,
    /// Whether a proxy in front names the client; otherwise who connects is the client.
    pub behind_proxy: bool,
}

#[derive(Clone)]
pub(super) struct Gate(Arc<Inner>);

struct Inner {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    behind_proxy: bool,
    asked: AtomicU32,
}

impl Gate {
    pub(super) fn new(limit: &PerClient) -> Self {
        let quota = Quota::per_second(limit.rate).allow_burst(limit.burst);
        Self(Arc::new(Inner {
            limiter: RateLimiter::keyed(quota),
            behind_proxy: limit.behind_proxy,
            asked: AtomicU32::new(0),
        }))
    }
}

impl Gate {
    /// Counts a request, or refuses it with a 429 that says when to come again.
    pub(super) fn check(&self, headers: &HeaderMap, peer: IpAddr) -> Result<(), Problem> {
        let gate = &*self.0;
        let client = client(headers, peer, gate.behind_proxy);
        if gate.asked.fetch_add(1, Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            gate.limiter.retain_recent();
        }
        gate.limiter.check_key(&network(client)).map_err(|refused| {
            let wait = refused.wait_time_from(gate.limiter.clock().now());
            Problem::too_many(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX))
        })
    }
}

/// The client's address. Behind a proxy it is the last address of `X-Forwarded-For`: the one that the proxy has added itself, whatever the client
/// wrote before it.
pub(super) fn client(headers: &HeaderMap, peer: IpAddr, behind_proxy: bool) -> IpAddr {
    let named = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        let last = last.rsplit(',').next()?.trim();
        address(last)
    };
    behind_proxy.then(named).flatten().unwrap_or(peer)
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()
}

/// What counts as one client: an address, or the network of an IPv6 one.
pub(super) fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn the_address_that_the_proxy_added_counts() {
        let name = HeaderName::from_static("x-forwarded-for");
        for (values, address) in [
            (&["10.0.0.1"][..], Some("10.0.0.1")),
            (&["6.6.6.6, 10.0.0.2"], Some("10.0.0.2")),
            (&["6.6.6.6", "10.0.0.3"], Some("10.0.0.3")),
            (&["10.0.0.4:5060"], Some("10.0.0.4")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["[2001:db8::2]"], Some("2001:db8::2")),
            (&["6.6.6.6, [2001:db8::3]:5060"], Some("2001:db8::3")),
            (&["[2001:db8::4"], None),
            (&["unknown"], None),
            (&[], None),
        ] {
            let headers: HeaderMap =
                values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
            let peer: IpAddr = "192.0.2.1".parse().unwrap();
            let named = address.map_or(peer, |text| text.parse().unwrap());
            assert_eq!(client(&headers, peer, true), named, "{values:?}");
            assert_eq!(client(&headers, peer, false), peer, "whoever writes what");
        }
    }

    #[test]
    fn a_subscribers_whole_network_is_one_client() {
        for (client, key) in [
            ("10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(network(client.parse().unwrap()), key.parse::<IpAddr>().unwrap());
        }
    }
}
