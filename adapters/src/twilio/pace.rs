//! One text a second from a sender: more are queued by Twilio for hours, and carriers take them for advertising.

use std::sync::{Arc, Mutex, PoisonError};

use engine::clock::{Clock, EpochMs};

/// Between two texts of a sender, in milliseconds.
const APART_MS: i64 = 1_000;

/// When the last text went.
pub(super) struct Pace {
    clock: Arc<dyn Clock>,
    last_ms: Mutex<Option<EpochMs>>,
}

impl Pace {
    /// Nothing was sent yet.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last_ms: Mutex::new(None) }
    }

    /// How long to wait, in milliseconds; nothing when a text may go, and then it has gone.
    pub(super) fn wait_ms(&self) -> Option<i64> {
        let passed_ms = self.clock.passed_ms();
        let mut last_ms = self.last_ms.lock().unwrap_or_else(PoisonError::into_inner);
        let left_ms = last_ms.map_or(0, |last_ms| last_ms + APART_MS - passed_ms);
        if left_ms > 0 {
            return Some(left_ms);
        }
        *last_ms = Some(passed_ms);
        None
    }
}
