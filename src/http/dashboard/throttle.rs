//! How often a client may be wrong about the token.
//!
//! **Invariants:** only wrong tries count: a right one is let in whatever others did from the same address, or five tries of anybody behind a
//! proxy would lock all operators out. What is remembered is bounded: when there is no room for a further client, all further ones share one allowance. Time is an
//! argument.
//!
//! **Not here:** guessing a token of 16 or more random characters is hopeless anyway; this keeps the log and the machine quiet.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Wrong tries that a client has at once.
const BURST: f64 = 5.0;
/// One more after this time.
const REFILL: Duration = Duration::from_secs(20);
/// Clients that are remembered.
const MAX_CLIENTS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Throttle {
    clients: Mutex<HashMap<Client, Allowance>>,
}

/// A client's address; of IPv6, the network that one customer gets. `None`: one of those for whom there is no room.
type Client = Option<IpAddr>;

#[derive(Debug, Clone, Copy)]
struct Allowance {
    tries: f64,
    at: Instant,
}

impl Allowance {
    fn now(self, now: Instant) -> f64 {
        let grown = now.saturating_duration_since(self.at).as_secs_f64() / REFILL.as_secs_f64();
        (self.tries + grown).min(BURST)
    }
}

impl Throttle {
    /// Takes one of the client's wrong tries, or says how long to wait for the next.
    pub(super) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let mut client = Some(network(client));
        if clients.len() >= MAX_CLIENTS && !clients.contains_key(&client) {
            clients.retain(|_, allowance| allowance.now(now) < BURST);
            if clients.len() >= MAX_CLIENTS {
                client = None;
            }
        }
        let allowance = clients.entry(client).or_insert(Allowance { tries: BURST, at: now });
        let tries = allowance.now(now);
        if tries < 1.0 {
            return Err(REFILL.mul_f64(1.0 - tries));
        }
        *allowance = Allowance { tries: tries - 1.0, at: now };
        Ok(())
    }
}

fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn after_five_wrong_tries_a_client_waits_and_others_do_not() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..5 {
            assert_eq!(throttle.take(address("10.0.0.1"), now), Ok(()));
        }
        assert_eq!(throttle.take(address("10.0.0.1"), now), Err(REFILL));
        assert_eq!(throttle.take(address("::ffff:10.0.0.1"), now), Err(REFILL));
        assert_eq!(throttle.take(address("10.0.0.2"), now), Ok(()));
        assert_eq!(throttle.take(address("10.0.0.1"), now + REFILL), Ok(()));
        assert!(throttle.take(address("10.0.0.1"), now + REFILL).is_err());
    }

    #[tokio::test]
    async fn a_network_is_one_client() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for n in 0..5 {
            assert_eq!(throttle.take(address(&format!("2001:db8::{n:x}")), now), Ok(()));
        }
        assert!(throttle.take(address("2001:db8::ffff"), now).is_err());
        assert_eq!(throttle.take(address("2001:db8:0:1::1"), now), Ok(()));
    }

    #[tokio::test]
    async fn what_is_remembered_is_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for n in 0..u32::try_from(MAX_CLIENTS).unwrap() + 3 {
            assert_eq!(throttle.take(IpAddr::V4(n.into()), now), Ok(()));
        }
        assert_eq!(throttle.clients.lock().unwrap().len(), MAX_CLIENTS + 1);
        assert_eq!(throttle.take(address("99.0.0.1"), now), Ok(()));
        assert_eq!(throttle.take(address("99.0.0.2"), now), Ok(()));
        assert!(throttle.take(address("99.0.0.3"), now).is_err(), "strangers share one allowance");
        assert_eq!(throttle.take(address("99.0.0.3"), now + REFILL.mul_f64(BURST)), Ok(()));
        assert!(throttle.clients.lock().unwrap().len() < 10);
    }
}
