//! Time as an argument: the engine never reads the system clock except through [`Clock`].

use std::sync::atomic::{AtomicI64, Ordering};

/// Milliseconds since the Unix epoch, UTC. The one representation of an instant in the engine and its tables.
pub type EpochMs = i64;

/// Where the engine gets the current time from.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now_ms(&self) -> EpochMs;
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> EpochMs {
        chrono::Utc::now().timestamp_millis()
    }
}

/// A clock that moves only when told: for tests, simulation and rehearsal.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `start_ms`.
    pub fn at(start_ms: EpochMs) -> Self {
        Self(AtomicI64::new(start_ms))
    }

    /// Moves the clock forward (or back, for clock-jump tests) by `by_ms`.
    pub fn advance(&self, by_ms: i64) {
        self.0.fetch_add(by_ms, Ordering::SeqCst);
    }

    /// Puts the clock at `to_ms` if that is later than where it stands.
    pub fn advance_to(&self, to_ms: EpochMs) {
        self.0.fetch_max(to_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> EpochMs {
        self.0.load(Ordering::SeqCst)
    }
}
