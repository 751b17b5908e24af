//! Time as an argument: the engine never reads the system clock, nor waits for it, except through [`Clock`].

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::watch;

/// Milliseconds since the Unix epoch, UTC. The one representation of an instant in the engine and its tables.
pub type EpochMs = i64;

/// Longest nap of the machine's clock while it is waited for: it may be put forward meanwhile.
const NAP_MAX: Duration = Duration::from_secs(1);
/// Longest wait of the machine's clock, after which whoever waits looks again.
const WAIT_MAX: Duration = Duration::from_hours(1);

/// Where the engine gets the current time from.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current time.
    fn now_ms(&self) -> EpochMs;

    /// Milliseconds that have passed since some fixed instant: they only grow, whatever the clock is put to.
    fn passed_ms(&self) -> i64;

    /// Returns when it is that late, at once when it is already. Also when as much time has passed as was left at the
    /// beginning, or an hour: a clock that is put back does not hold up who waits; they look again.
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

    fn passed_ms(&self) -> i64 {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        i64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    async fn wait_until(&self, at_ms: EpochMs) {
        wait(|| self.now_ms(), at_ms).await;
    }
}

async fn wait(now_ms: impl Fn() -> EpochMs + Send, at_ms: EpochMs) {
    let left = |now_ms: EpochMs| {
        let left_ms = at_ms.saturating_sub(now_ms);
        Duration::from_millis(u64::try_from(left_ms).unwrap_or_default())
    };
    let (began, lacked) = (Instant::now(), left(now_ms()).min(WAIT_MAX));
    loop {
        let left = lacked.saturating_sub(began.elapsed()).min(left(now_ms()));
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(NAP_MAX)).await;
    }
}

/// A clock that moves only when told: for tests, simulation and rehearsal.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Stand>);

/// Where a manual clock stands.
#[derive(Debug, Clone, Copy)]
struct Stand {
    now_ms: EpochMs,
    passed_ms: i64,
}

impl ManualClock {
    /// A clock that stands at `start_ms`.
    pub fn at(start_ms: EpochMs) -> Self {
        Self(watch::Sender::new(Stand { now_ms: start_ms, passed_ms: 0 }))
    }

    /// Moves the clock forward (or back, for clock-jump tests: then no time has passed) by `by_ms`.
    pub fn advance(&self, by_ms: i64) {
        self.0.send_modify(|stand| {
            stand.now_ms += by_ms;
            stand.passed_ms += by_ms.max(0);
        });
    }

    /// Puts the clock at `to_ms` if that is later than where it stands.
    pub fn advance_to(&self, to_ms: EpochMs) {
        self.0.send_modify(|stand| {
            let by_ms = to_ms.saturating_sub(stand.now_ms).max(0);
            stand.now_ms += by_ms;
            stand.passed_ms += by_ms;
        });
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now_ms(&self) -> EpochMs {
        self.0.borrow().now_ms
    }

    fn passed_ms(&self) -> i64 {
        self.0.borrow().passed_ms
    }

    async fn wait_until(&self, at_ms: EpochMs) {
        let mut moves = self.0.subscribe();
        let began = *moves.borrow();
        let enough_ms = began.passed_ms.saturating_add(at_ms.saturating_sub(began.now_ms));
        // The sender lives as long as the clock that is being waited for.
        let _lives = moves.wait_for(|stand| stand.now_ms >= at_ms || stand.passed_ms >= enough_ms).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_clock_put_back_while_it_is_waited_for_does_not_hold_up_who_waits() {
        let asked = AtomicBool::new(false);
        // Put back by an hour as soon as the wait has begun.
        let now_ms = || if asked.swap(true, Ordering::Relaxed) { 0 } else { 3_600_000 };
        let waits = wait(now_ms, 3_600_005);
        assert!(tokio::time::timeout(Duration::from_mins(1), waits).await.is_ok(), "it waits for the hour");
    }

    #[tokio::test]
    async fn a_clock_put_forward_while_it_is_waited_for_ends_the_wait() {
        let asked = AtomicBool::new(false);
        let now_ms = || if asked.swap(true, Ordering::Relaxed) { 3_600_000 } else { 0 };
        let waits = wait(now_ms, 3_600_000);
        assert!(tokio::time::timeout(Duration::from_mins(1), waits).await.is_ok(), "it waits for the hour");
    }
}
