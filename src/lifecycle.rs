//! Living and dying well: who runs in the background, and how all of it stops.
//!
//! Two tokens. **Soft**: take no new work, finish what is under way. **Hard**: drop everything now. The first signal cancels
//! soft; a second one, or the end of the grace period, cancels hard.
//!
//! **Invariants:** hard is never cancelled before soft. A task that panics or ends is never unnoticed, and no task outlives
//! [`Lifecycle::wait`] unless it blocks its thread.
//!
//! **Not here:** what each task does on a soft stop; it is given the token.

use std::{
    any::Any,
    io,
    panic::AssertUnwindSafe,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument as _, debug, error, error_span, info, warn};

/// How long dropped tasks may take to be gone; only one that blocks its thread takes longer.
const DROP_WAIT: Duration = Duration::from_secs(2);

/// The two tokens and the tasks under them. Clones share all of it.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    failed: Arc<AtomicBool>,
    grace: Duration,
}

/// Why the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Ending {
    /// Somebody asked for it.
    Asked,
    /// An essential task panicked or ended by itself.
    Failed,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Asked => Self::SUCCESS,
            Ending::Failed => Self::FAILURE,
        }
    }
}

impl Lifecycle {
    /// A life that ends at most `grace` after a stop was asked for.
    pub fn new(grace: Duration) -> Self {
        Self {
            soft: CancellationToken::new(),
            hard: CancellationToken::new(),
            tasks: TaskTracker::new(),
            failed: Arc::default(),
            grace,
        }
    }

    /// Cancelled when no new work should be taken.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when nothing may go on; tasks need not watch it, they are dropped.
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Asks for a stop: gently the first time, at once from the second on.
    pub fn stop(&self) {
        if self.soft.is_cancelled() {
            self.hard.cancel();
        } else {
            self.soft.cancel();
        }
    }

    /// From now on SIGTERM and SIGINT (Ctrl-C) call [`Lifecycle::stop`] instead of ending the process.
    pub fn stop_on_signals(&self) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let lifecycle = self.clone();
        tokio::spawn(async move {
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                info!(signal = name, "asked to stop by {name}");
                lifecycle.stop();
            }
        });
        Ok(())
    }

    /// Runs a task that may end by itself; its panic is logged and concerns nobody else.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.run(name, false, task);
    }

    /// Runs a task that the process cannot do without until the soft stop: its panic or early end stops the process, which
    /// then ends as [`Ending::Failed`].
    pub fn spawn_essential(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.run(name, true, task);
    }

    fn run(&self, name: &'static str, essential: bool, task: impl Future<Output = ()> + Send + 'static) {
        let lifecycle = self.clone();
        let watched = async move {
            let ended = tokio::select! {
                ended = AssertUnwindSafe(task).catch_unwind() => ended,
                () = lifecycle.hard.cancelled() => return warn!("task {name} was cut off by the stop"),
            };
            let early = !lifecycle.soft.is_cancelled();
            match &ended {
                Err(panic) => error!(panic = message(panic.as_ref()), "task {name} panicked"),
                Ok(()) if early && essential => {
                    error!("task {name} ended although it should run until the stop");
                }
                Ok(()) => debug!("task {name} is done"),
            }
            if essential && (early || ended.is_err()) {
                lifecycle.failed.store(true, Ordering::Relaxed);
                lifecycle.soft.cancel();
            }
        };
        self.tasks.spawn(watched.instrument(error_span!("task", task.name = name)));
    }

    /// Waits until a stop is asked for and all tasks are gone.
    ///
    /// They may finish during the grace period; then, or at a second [`Lifecycle::stop`], the rest is dropped.
    pub async fn wait(&self) -> Ending {
        self.soft.cancelled().await;
        self.tasks.close();
        info!("stopping: no new work, up to {:?} for what is under way", self.grace);
        tokio::select! {
            () = self.tasks.wait() => {}
            () = self.hard.cancelled() => warn!("asked again: stopping at once"),
            () = sleep(self.grace) => warn!("{:?} were not enough: dropping what is left", self.grace),
        }
        self.hard.cancel();
        if timeout(DROP_WAIT, self.tasks.wait()).await.is_err() {
            error!("{} tasks block their threads and are left behind", self.tasks.len());
        }
        if self.failed.load(Ordering::Relaxed) { Ending::Failed } else { Ending::Asked }
    }
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::atomic::AtomicUsize};

    use tokio::time::Instant;

    use super::*;

    const GRACE: Duration = Duration::from_secs(20);

    #[tokio::test(start_paused = true)]
    async fn after_the_first_stop_tasks_finish_what_they_began() {
        let lifecycle = Lifecycle::new(GRACE);
        let finished = Arc::new(AtomicUsize::new(0));
        let (soft, counter) = (lifecycle.soft(), Arc::clone(&finished));
        lifecycle.spawn_essential("worker", async move {
            soft.cancelled().await;
            sleep(Duration::from_secs(5)).await;
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let began = Instant::now();
        lifecycle.stop();
        assert_eq!(lifecycle.wait().await, Ending::Asked);
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        assert_eq!(finished.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_outlasts_the_grace_period_is_dropped() {
        let lifecycle = Lifecycle::new(GRACE);
        lifecycle.spawn_essential("stuck", pending());
        let began = Instant::now();
        lifecycle.stop();
        assert_eq!(lifecycle.wait().await, Ending::Asked);
        assert_eq!(began.elapsed(), GRACE);
        assert!(lifecycle.hard().is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_stop_waits_for_nothing() {
        let lifecycle = Lifecycle::new(GRACE);
        lifecycle.spawn("stuck", pending());
        let began = Instant::now();
        lifecycle.stop();
        assert!(!lifecycle.hard().is_cancelled());
        lifecycle.stop();
        assert_eq!(lifecycle.wait().await, Ending::Asked);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_essential_task_that_ends_or_panics_brings_the_process_down() {
        for panics in [false, true] {
            let lifecycle = Lifecycle::new(GRACE);
            let soft = lifecycle.soft();
            lifecycle.spawn("other", async move { soft.cancelled().await });
            lifecycle.spawn_essential("server", async move { assert!(!panics, "out of order") });
            let ending = timeout(Duration::from_hours(1), lifecycle.wait()).await.expect("a stop by itself");
            assert_eq!(ending, Ending::Failed, "panics: {panics}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_or_ends_concerns_nobody_else_if_it_is_not_essential() {
        let lifecycle = Lifecycle::new(GRACE);
        lifecycle.spawn("first load", async {});
        lifecycle.spawn("sweeper", async { panic!("out of order") });
        let running = timeout(Duration::from_hours(1), lifecycle.wait());
        assert!(running.await.is_err(), "the process goes on");
        lifecycle.stop();
        assert_eq!(lifecycle.wait().await, Ending::Asked);
    }

    #[test]
    fn a_panic_is_told_in_its_own_words() {
        assert_eq!(message(&"plain"), "plain");
        assert_eq!(message(&"made".to_owned()), "made");
        assert_eq!(message(&5), "no message");
    }
}
