//! Time as an argument: the engine never reads the system clock, nor waits for it, except through [`Clock`].

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

/// Milliseconds since the Unix epoch, UTC. The one representation of an instant in the engine and its tables.
pub type EpochMs = i64;

/// Longest nap of the machine's clock while it is waited for: it may be put forward or back meanwhile.
const NAP_MAX_MS: i64 = 1_000;

/// Where the engine gets the current time from.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current time.
    fn now_ms(&self) -> EpochMs;

    /// Returns when it is that late, at once when it is already.
    async fn wait_until(&self, at_ms: EpochMs);
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now_ms(&self) -> EpochMs {
        chrono::Utc::now().timestamp_millis()
    }

    async fn wait_until(&self, at_ms: EpochMs) {
        loop {
            let left_ms = at_ms.saturating_sub(self.now_ms());
            if left_ms <= 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left_ms.min(NAP_MAX_MS) as u64)).await;
        }
    }
}

/// A clock that moves only when told: for tests, simulation and rehearsal.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<EpochMs>);

impl ManualClock {
    /// A clock that stands at `start_ms`.
    pub fn at(start_ms: EpochMs) -> Self {
        Self(watch::Sender::new(start_ms))
    }

    /// Moves the clock forward (or back, for clock-jump tests) by `by_ms`.
    pub fn advance(&self, by_ms: i64) {
        self.0.send_modify(|now_ms| *now_ms += by_ms);
    }

    /// Puts the clock at `to_ms` if that is later than where it stands.
    pub fn advance_to(&self, to_ms: EpochMs) {
        self.0.send_modify(|now_ms| *now_ms = to_ms.max(*now_ms));
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now_ms(&self) -> EpochMs {
        *self.0.borrow()
    }

    async fn wait_until(&self, at_ms: EpochMs) {
        let mut moves = self.0.subscribe();
        // The sender lives as long as the clock that is being waited for.
        let _lives = moves.wait_for(|now_ms| *now_ms >= at_ms).await;
    }
}
