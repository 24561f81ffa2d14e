//! How often a client may be wrong about the token: five times at once, then once in 20 s.
//!
//! **Invariants:** only wrong tries count: a right token is let in whatever others did from the same address, or five tries of anybody
//! behind a proxy would lock all operators out. What is remembered is bounded: when there is no room for a further client, all further
//! ones share one allowance.
//!
//! **Not here:** guessing a token of 16 or more random characters is hopeless anyway; this keeps the log and the machine quiet.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::DefaultKeyedStateStore,
};

use crate::http::per_client::network;

/// Wrong tries that a client has at once.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
/// One more after this time.
const REFILL: Duration = Duration::from_secs(20);
/// Clients that are remembered.
const MAX_CLIENTS: usize = 10_000;

/// A client's address; of IPv6, its network. `None`: one of those for whom there is no room.
type Client = Option<IpAddr>;

/// Counts wrong tries.
pub(super) struct Throttle<C: Clock = DefaultClock> {
    clients: RateLimiter<Client, DefaultKeyedStateStore<Client>, C, NoOpMiddleware<C::Instant>>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(DefaultClock::default())
    }
}

impl<C: Clock> Throttle<C> {
    fn new(clock: C) -> Self {
        let quota = Quota::with_period(REFILL).unwrap_or(Quota::per_minute(BURST)).allow_burst(BURST);
        Self { clients: RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock) }
    }

    /// Takes one of the client's wrong tries, or says how long to wait for the next.
    pub(super) fn take(&self, client: IpAddr) -> Result<(), Duration> {
        if self.clients.len() >= MAX_CLIENTS {
            self.clients.retain_recent();
        }
        let has_room = self.clients.len() < MAX_CLIENTS;
        let client = has_room.then(|| network(client));
        self.clients.check_key(&client).map_err(|refused| refused.wait_time_from(self.clients.clock().now()))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn throttle() -> (Throttle<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Throttle::new(clock.clone()), clock)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn after_five_wrong_tries_a_client_waits_and_others_do_not() {
        let (throttle, clock) = throttle();
        for _ in 0..5 {
            assert_eq!(throttle.take(address("10.0.0.1")), Ok(()));
        }
        assert_eq!(throttle.take(address("10.0.0.1")), Err(REFILL));
        assert_eq!(throttle.take(address("::ffff:10.0.0.1")), Err(REFILL));
        assert_eq!(throttle.take(address("10.0.0.2")), Ok(()));
        clock.advance(REFILL);
        assert_eq!(throttle.take(address("10.0.0.1")), Ok(()));
        assert!(throttle.take(address("10.0.0.1")).is_err());
    }

    #[test]
    fn a_network_is_one_client() {
        let (throttle, _) = throttle();
        for n in 0..5 {
            assert_eq!(throttle.take(address(&format!("2001:db8::{n:x}"))), Ok(()));
        }
        assert!(throttle.take(address("2001:db8::ffff")).is_err());
        assert_eq!(throttle.take(address("2001:db8:0:1::1")), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (throttle, clock) = throttle();
        for n in 0..u32::try_from(MAX_CLIENTS).unwrap() + 3 {
            assert_eq!(throttle.take(IpAddr::V4(n.into())), Ok(()));
        }
        assert!(throttle.clients.len() <= MAX_CLIENTS + 1);
        assert_eq!(throttle.take(address("99.0.0.1")), Ok(()));
        assert_eq!(throttle.take(address("99.0.0.2")), Ok(()));
        assert!(throttle.take(address("99.0.0.3")).is_err(), "strangers share one allowance");
        clock.advance(REFILL * BURST.get());
        assert_eq!(throttle.take(address("99.0.0.3")), Ok(()));
        assert!(throttle.clients.len() < 10);
    }
}
