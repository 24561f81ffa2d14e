//! The loop that looks once a minute.
//!
//! **Invariants:** the first look is one interval after the start, so that a new process has met what is still wrong before it says that
//! it is over. A look that fails is made up for by the next.

use tokio_util::sync::CancellationToken;

use super::Alerts;
use crate::clock;

impl Alerts {
    /// Looks what is wrong and has it told, until told to stop.
    pub async fn run(&self, stop: CancellationToken) {
        let every = self.0.judge.settings.check_every;
        if every.is_zero() {
            tracing::warn!("alerts.check_every is 0s: nobody is told when something is wrong");
            return;
        }
        while stop.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
            if let Err(error) = self.check(clock::now()).await {
                tracing::warn!(error = %error, "alerts cannot be checked; trying again");
            }
        }
        if let Err(error) = self.0.db.withdraw_reports().await {
            tracing::debug!(error = %error, "what this process reported is forgotten in a while");
        }
    }
}
