//! How fast one conversation may be written to. Pure: the time is an argument.

/// Longest wait after a failure, in milliseconds.
const FAILED_WAIT_MS_MAX: i64 = 60_000;
/// First wait after a failure, in milliseconds; it doubles with each further one.
const FAILED_WAIT_MS: i64 = 1_000;

/// The pace of one conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    gap_ms: i64,
    free_ms: i64,
    failures: u32,
}

impl Pace {
    /// A conversation that takes one message in `gap_ms`.
    pub(crate) fn new(gap_ms: i64) -> Self {
        Self { gap_ms, free_ms: i64::MIN, failures: 0 }
    }

    /// From when the next message may go out.
    pub(crate) fn free_ms(&self) -> i64 {
        self.free_ms
    }

    /// A message went out.
    pub(crate) fn sent(&mut self, now_ms: i64) {
        self.failures = 0;
        self.free_ms = self.free_ms.max(now_ms + self.gap_ms);
    }

    /// The front asks to wait, or failed: then the wait grows until it works again.
    pub(crate) fn held(&mut self, now_ms: i64, retry_after_ms: Option<i64>) {
        let wait_ms = retry_after_ms.unwrap_or_else(|| {
            let doubled = FAILED_WAIT_MS << self.failures.min(10);
            self.failures += 1;
            doubled.min(FAILED_WAIT_MS_MAX)
        });
        self.free_ms = self.free_ms.max(now_ms + wait_ms.max(self.gap_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_a_gap() {
        let mut pace = Pace::new(1_000);
        assert!(pace.free_ms() <= 0);
        pace.sent(5_000);
        assert_eq!(pace.free_ms(), 6_000);
    }

    #[test]
    fn what_the_front_asks_for_is_waited_and_no_less() {
        let mut pace = Pace::new(1_000);
        pace.held(0, Some(7_000));
        assert_eq!(pace.free_ms(), 7_000);
        pace.held(1_000, Some(0));
        assert_eq!(pace.free_ms(), 7_000, "an earlier and longer wait stands");
    }

    #[test]
    fn failures_wait_longer_and_longer_until_one_works() {
        let mut pace = Pace::new(500);
        let mut waits = Vec::new();
        for _ in 0..9 {
            let now_ms = pace.free_ms().max(0);
            pace.held(now_ms, None);
            waits.push((pace.free_ms() - now_ms) / 1_000);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        let now_ms = pace.free_ms();
        pace.sent(now_ms);
        pace.held(pace.free_ms(), None);
        assert_eq!(pace.free_ms() - now_ms - 500, 1_000);
    }
}
