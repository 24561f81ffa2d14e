//! Whose turn it is to ask the base.
//!
//! **Invariants:** never more than `per_window` permits in any [`WINDOW`], so a burst of that many leaves at once; none during a
//! pause, which can grow but not shrink. Lanes go in their order; inside a lane it is first come, first served. Dropping a future that
//! waits gives its place to the next. Turns are shared with others who ask the same base ([`Others`]).
//!
//! **Units:** permits, each good for one request; times of tokio's clock, so tests can pause it.
//!
//! **Sources:** 5 requests per second and base (<https://airtable.com/developers/web/api/rate-limits>). How Airtable measures
//! its second is not documented; the fifth of a second on top allows for requests that travel at different speeds.

use std::{
    collections::VecDeque,
    fmt,
    sync::{self, OnceLock},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{Mutex, Notify},
    time::{Instant, sleep_until, timeout},
};

use super::lock;

/// The time in which no more than `airtable.requests_per_second` requests start.
pub const WINDOW: Duration = Duration::from_millis(1_200);

/// A class of requests. Earlier classes go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer: a webhook, a look at one record.
    Webhook,
    /// Retries and settling reads.
    Queue,
    /// Full, catch-up and replay syncs, which take what is left.
    Run,
}

impl Lane {
    /// All lanes, in their order.
    pub const ALL: [Self; 3] = [Self::Webhook, Self::Queue, Self::Run];

    /// Its name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Queue => "queue",
            Self::Run => "run",
        }
    }
}

/// How long a permit is good for: less than what [`WINDOW`] has above the second that Airtable measures by.
const GOOD_FOR: Duration = Duration::from_millis(50);

/// The right to send one request now. Dropped unused it is lost, which costs a place in the window and nothing else.
#[derive(Debug)]
#[must_use = "a permit is a place in the base's limit, lost when it is not used"]
pub struct Permit {
    lane: Lane,
    given: Instant,
}

impl Permit {
    /// Whether it may still be used. Permits that were held while something else took its time, such as a slow database, would
    /// otherwise all be used at once.
    pub(super) fn is_good(&self) -> bool {
        self.given.elapsed() <= GOOD_FOR
    }

    /// The lane it was given in; further attempts of its request wait in the same one.
    pub fn lane(&self) -> Lane {
        self.lane
    }
}

/// How long the others may take to say whose turn it is; after that they count as absent.
const OTHERS_ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// Takes a turn among all who ask the base, or says how long to wait; `None` also when they cannot be asked.
type TakeTurn = Box<dyn Fn(u32, Duration) -> BoxFuture<'static, Option<Duration>> + Send + Sync>;
/// Tells all who ask the base to leave it alone for some time.
type Pause = Box<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// Others who ask the same base: the limit is for all together.
pub struct Others {
    /// Takes a turn, given how many there are in which time.
    pub take_turn: TakeTurn,
    /// Makes all pause.
    pub pause: Pause,
}

impl fmt::Debug for Others {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Others")
    }
}

/// How long a lane has waited since the start of the process, for the metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waited {
    /// Permits given.
    pub permits: u64,
    /// The time that all of them together were waited for.
    pub total: Duration,
}

#[derive(Debug)]
pub(super) struct RateLimiter {
    per_window: usize,
    state: sync::Mutex<State>,
    lanes: [LaneQueue; Lane::ALL.len()],
    /// Held while a turn is taken, never while one is waited for.
    taking: Mutex<()>,
    others: OnceLock<Others>,
}

#[derive(Debug, Default)]
struct LaneQueue {
    /// Held by the first of the lane while it waits for its turn; tokio's mutex is fair, so it is also the lane's queue.
    turn: Mutex<()>,
    /// Tells the first that a lane before it has emptied.
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The last starts, at most `per_window`, oldest first.
    starts: VecDeque<Instant>,
    paused_until: Option<Instant>,
    /// By lane.
    waiting: [usize; Lane::ALL.len()],
    waited: [Waited; Lane::ALL.len()],
}

/// Why there is no turn yet.
enum Wait {
    Until(Instant),
    ForAnotherLane,
}

impl RateLimiter {
    pub(super) fn new(requests_per_second: u32) -> Self {
        Self {
            per_window: usize::try_from(requests_per_second).unwrap_or(usize::MAX).max(1),
            state: sync::Mutex::default(),
            lanes: Default::default(),
            taking: Mutex::default(),
            others: OnceLock::new(),
        }
    }

    /// From now on turns are shared; the first call counts.
    pub(super) fn share(&self, others: Others) {
        let _ = self.others.set(others);
    }

    /// Waits for a turn.
    pub(super) async fn permit(&self, lane: Lane) -> Permit {
        let began = Instant::now();
        let _waiting = Waiting::enter(self, lane);
        let queue = &self.lanes[lane as usize];
        let _first_of_lane = queue.turn.lock().await;
        loop {
            match self.take_turn(lane, began).await {
                Ok(permit) => return permit,
                Err(Wait::Until(time)) => sleep_until(time).await,
                Err(Wait::ForAnotherLane) => queue.wake.notified().await,
            }
        }
    }

    /// Takes a turn here and among the others, one at a time: the window counts from when the request really leaves, which is after
    /// the others were asked, so nobody may take a turn in between.
    async fn take_turn(&self, lane: Lane, began: Instant) -> Result<Permit, Wait> {
        let _alone = self.taking.lock().await;
        self.is_free(lane)?;
        if let Some(wait) = self.take_turn_among_others().await {
            // No longer than a window, then it asks again: the clock of whoever shares the turns may be set back.
            return Err(Wait::Until(Instant::now() + wait.min(WINDOW)));
        }
        self.give(lane, began)
    }

    /// Gives no permit for so long, to nobody.
    pub(super) async fn pause(&self, pause: Duration) {
        {
            let mut state = lock(&self.state);
            state.paused_until = state.paused_until.max(Some(Instant::now() + pause));
        }
        if let Some(others) = self.others.get() {
            let _ = timeout(OTHERS_ANSWER_WITHIN, (others.pause)(pause)).await;
        }
    }

    async fn take_turn_among_others(&self) -> Option<Duration> {
        let others = self.others.get()?;
        let turns = u32::try_from(self.per_window).unwrap_or(u32::MAX);
        timeout(OTHERS_ANSWER_WITHIN, (others.take_turn)(turns, WINDOW)).await.ok().flatten()
    }

    /// Unless a pause came while the others were asked.
    fn give(&self, lane: Lane, began: Instant) -> Result<Permit, Wait> {
        let given = Instant::now();
        let mut state = lock(&self.state);
        if let Some(time) = state.paused_until.filter(|time| given < *time) {
            return Err(Wait::Until(time));
        }
        if state.starts.len() >= self.per_window {
            state.starts.pop_front();
        }
        state.starts.push_back(given);
        let waited = &mut state.waited[lane as usize];
        waited.permits += 1;
        waited.total += given - began;
        Ok(Permit { lane, given })
    }

    pub(super) fn waited(&self, lane: Lane) -> Waited {
        lock(&self.state).waited[lane as usize]
    }

    fn is_free(&self, lane: Lane) -> Result<(), Wait> {
        let state = lock(&self.state);
        if state.waiting[..lane as usize].iter().any(|waiting| *waiting > 0) {
            return Err(Wait::ForAnotherLane);
        }
        let window_full = state.starts.len() >= self.per_window;
        let window_free_at = state.starts.front().filter(|_| window_full).map(|oldest| *oldest + WINDOW);
        match window_free_at.max(state.paused_until).filter(|time| Instant::now() < *time) {
            Some(time) => Err(Wait::Until(time)),
            None => Ok(()),
        }
    }
}

/// Counts as waiting in a lane until it is dropped.
struct Waiting<'a> {
    limiter: &'a RateLimiter,
    lane: Lane,
}

impl<'a> Waiting<'a> {
    fn enter(limiter: &'a RateLimiter, lane: Lane) -> Self {
        lock(&limiter.state).waiting[lane as usize] += 1;
        Self { limiter, lane }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let lane = self.lane as usize;
        let mut state = lock(&self.limiter.state);
        state.waiting[lane] -= 1;
        if state.waiting[lane] == 0 {
            // Kept for the next who asks when nobody waits there yet, so it cannot be missed.
            self.limiter.lanes[lane + 1..].iter().for_each(|behind| behind.wake.notify_one());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::{
        task::JoinSet,
        time::{advance, sleep, timeout},
    };

    use super::*;

    const RATE: usize = 5;

    fn limiter() -> Arc<RateLimiter> {
        Arc::new(RateLimiter::new(5))
    }

    async fn fill_window(limiter: &RateLimiter) {
        for _ in 0..RATE {
            let _ = limiter.permit(Lane::Run).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_permit_that_was_held_is_not_good_any_more() {
        let permit = limiter().permit(Lane::Webhook).await;
        advance(GOOD_FOR).await;
        assert!(permit.is_good());
        advance(Duration::from_millis(1)).await;
        assert!(!permit.is_good());
    }

    /// Lets every task run until it waits for the clock or another task.
    async fn settle() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    /// Waits for all of them; a task that waits for ever fails the test instead of hanging it.
    async fn finish(tasks: JoinSet<()>) {
        timeout(Duration::from_hours(1), tasks.join_all()).await.unwrap();
    }

    /// A task that waits in `lane` and then writes `name` down.
    fn queue(
        tasks: &mut JoinSet<()>,
        limiter: &Arc<RateLimiter>,
        order: &Order,
        lane: Lane,
        name: &'static str,
    ) {
        let (limiter, order) = (Arc::clone(limiter), Arc::clone(order));
        tasks.spawn(async move {
            let _ = limiter.permit(lane).await;
            order.lock().unwrap().push(name);
        });
    }

    type Order = Arc<sync::Mutex<Vec<&'static str>>>;

    #[tokio::test(start_paused = true)]
    async fn a_burst_leaves_at_once_and_the_next_waits_for_the_window() {
        let limiter = limiter();
        let start = Instant::now();
        fill_window(&limiter).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        let _ = limiter.permit(Lane::Run).await;
        assert!(start.elapsed() >= WINDOW);
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_ever_holds_more_than_the_limit() {
        let limiter = limiter();
        let starts = Arc::new(sync::Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for number in 0..200_u64 {
            let (limiter, starts) = (Arc::clone(&limiter), Arc::clone(&starts));
            tasks.spawn(async move {
                sleep(Duration::from_millis(number * 37 % 9_000)).await;
                let _ = limiter.permit(if number % 3 == 0 { Lane::Webhook } else { Lane::Run }).await;
                starts.lock().unwrap().push(Instant::now());
            });
        }
        finish(tasks).await;
        let starts = starts.lock().unwrap();
        assert_eq!(starts.len(), 200);
        for window in starts.windows(RATE + 1) {
            assert!(window[RATE] - window[0] >= WINDOW, "{window:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_webhook_goes_before_a_run_that_came_first() {
        let (limiter, order, mut tasks) = (limiter(), Order::default(), JoinSet::new());
        fill_window(&limiter).await;
        queue(&mut tasks, &limiter, &order, Lane::Run, "run");
        settle().await;
        queue(&mut tasks, &limiter, &order, Lane::Webhook, "webhook");
        settle().await;
        finish(tasks).await;
        assert_eq!(*order.lock().unwrap(), ["webhook", "run"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_gets_nothing_while_webhooks_fill_the_window() {
        let (limiter, order, mut tasks) = (limiter(), Order::default(), JoinSet::new());
        fill_window(&limiter).await;
        queue(&mut tasks, &limiter, &order, Lane::Run, "run");
        for _ in 0..=RATE {
            queue(&mut tasks, &limiter, &order, Lane::Webhook, "webhook");
        }
        finish(tasks).await;
        assert_eq!(order.lock().unwrap().iter().position(|name| *name == "run"), Some(RATE + 1));
    }

    #[tokio::test(start_paused = true)]
    async fn inside_a_lane_it_is_first_come_first_served() {
        let (limiter, order, mut tasks) = (limiter(), Order::default(), JoinSet::new());
        let names = ["1", "2", "3", "4", "5", "6", "7"];
        fill_window(&limiter).await;
        for name in names {
            queue(&mut tasks, &limiter, &order, Lane::Webhook, name);
            settle().await;
        }
        finish(tasks).await;
        assert_eq!(*order.lock().unwrap(), names);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_takes_no_place_with_them() {
        for lane in [Lane::Webhook, Lane::Run] {
            let (limiter, order, mut tasks) = (limiter(), Order::default(), JoinSet::new());
            fill_window(&limiter).await;
            let full_since = Instant::now();
            let mut gone = JoinSet::new();
            for _ in 0..2 * RATE {
                queue(&mut gone, &limiter, &order, lane, "gone");
            }
            settle().await;
            for _ in 0..RATE {
                queue(&mut tasks, &limiter, &order, Lane::Run, "stayed");
            }
            settle().await;
            gone.shutdown().await;
            finish(tasks).await;
            assert_eq!(full_since.elapsed().as_millis(), WINDOW.as_millis(), "{lane:?}");
            assert_eq!(*order.lock().unwrap(), ["stayed"; RATE]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_every_lane_and_is_never_shortened() {
        let limiter = limiter();
        let start = Instant::now();
        limiter.pause(Duration::from_secs(30)).await;
        limiter.pause(Duration::from_secs(1)).await;
        let both = async { tokio::join!(limiter.permit(Lane::Webhook), limiter.permit(Lane::Run)) };
        let _ = timeout(Duration::from_hours(1), both).await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_grows_also_holds_those_who_already_wait() {
        let (limiter, order, mut tasks) = (limiter(), Order::default(), JoinSet::new());
        let start = Instant::now();
        limiter.pause(Duration::from_secs(30)).await;
        queue(&mut tasks, &limiter, &order, Lane::Webhook, "webhook");
        settle().await;
        advance(Duration::from_secs(20)).await;
        limiter.pause(Duration::from_secs(30)).await;
        finish(tasks).await;
        assert!(start.elapsed() >= Duration::from_secs(50));
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_others_have_is_waited_for_and_absent_others_are_not() {
        let limiter = limiter();
        let waits = std::sync::Mutex::new(vec![Some(Duration::from_secs(3))]);
        let take_turn = move |turns, window| -> BoxFuture<'static, _> {
            assert_eq!((turns, window), (5, WINDOW));
            match waits.lock().unwrap().pop() {
                Some(wait) => Box::pin(async move { wait }),
                None => Box::pin(std::future::pending()),
            }
        };
        limiter.share(Others { take_turn: Box::new(take_turn), pause: Box::new(|_| Box::pin(async {})) });
        let start = Instant::now();
        let _ = limiter.permit(Lane::Webhook).await;
        // However long they say, it asks again after a window.
        assert_eq!(start.elapsed(), WINDOW + OTHERS_ANSWER_WITHIN);
        assert_eq!(lock(&limiter.state).starts.len(), 1, "a refused turn takes no place");
    }

    #[tokio::test(start_paused = true)]
    async fn while_one_asks_the_others_nobody_else_takes_the_same_turn() {
        let limiter = limiter();
        for _ in 1..RATE {
            let _ = limiter.permit(Lane::Run).await;
        }
        let full_since = Instant::now();
        let slow =
            |_, _| -> BoxFuture<'static, _> { Box::pin(sleep(Duration::from_millis(400)).map(|()| None)) };
        limiter.share(Others { take_turn: Box::new(slow), pause: Box::new(|_| Box::pin(async {})) });
        let (order, mut tasks) = (Order::default(), JoinSet::new());
        queue(&mut tasks, &limiter, &order, Lane::Run, "run");
        settle().await;
        queue(&mut tasks, &limiter, &order, Lane::Webhook, "webhook");
        finish(tasks).await;
        assert_eq!(*order.lock().unwrap(), ["run", "webhook"]);
        assert!(full_since.elapsed() >= WINDOW, "{:?}", full_since.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_comes_while_the_others_are_asked_holds() {
        let limiter = limiter();
        let slow =
            |_, _| -> BoxFuture<'static, _> { Box::pin(sleep(Duration::from_millis(400)).map(|()| None)) };
        limiter.share(Others { take_turn: Box::new(slow), pause: Box::new(|_| Box::pin(async {})) });
        let start = Instant::now();
        let (order, mut tasks) = (Order::default(), JoinSet::new());
        queue(&mut tasks, &limiter, &order, Lane::Run, "run");
        settle().await;
        limiter.pause(Duration::from_secs(30)).await;
        finish(tasks).await;
        assert!(start.elapsed() >= Duration::from_secs(30), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_waited_is_kept_per_lane() {
        let limiter = limiter();
        limiter.pause(Duration::from_secs(2)).await;
        let _ = limiter.permit(Lane::Webhook).await;
        let waited = limiter.waited(Lane::Webhook);
        assert_eq!((waited.permits, waited.total.as_secs()), (1, 2));
        assert_eq!(limiter.waited(Lane::Run), Waited::default());
    }
}
