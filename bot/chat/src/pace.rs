//! How fast one conversation, and a front as a whole, may be written to. Pure: the time is an argument.

/// Longest wait after a failure, in milliseconds.
const FAILED_WAIT_MS_MAX: i64 = 60_000;
/// First wait after a failure, in milliseconds; it doubles with each further one.
const FAILED_WAIT_MS: i64 = 1_000;

/// The pace of one conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    gap_ms: i64,
    free_ms: i64,
    /// Nothing before that, because it failed.
    failed_ms: i64,
    failures: u32,
}

impl Pace {
    /// A conversation that takes one message in `gap_ms`.
    pub(crate) fn new(gap_ms: i64) -> Self {
        Self { gap_ms, free_ms: i64::MIN, failed_ms: i64::MIN, failures: 0 }
    }

    /// From when the next message may go out.
    pub(crate) fn free_ms(&self) -> i64 {
        self.free_ms.max(self.failed_ms)
    }

    /// A message went out.
    pub(crate) fn sent(&mut self, now_ms: i64) {
        self.failures = 0;
        self.free_ms = self.free_ms.max(now_ms + self.gap_ms);
    }

    /// The front asks to wait, or failed: then the wait grows until it works again.
    pub(crate) fn held(&mut self, now_ms: i64, retry_after_ms: Option<i64>) {
        let asked_ms = retry_after_ms.unwrap_or_default();
        if retry_after_ms.is_none() {
            let doubled = FAILED_WAIT_MS << self.failures.min(10);
            self.failures += 1;
            self.failed_ms = self.failed_ms.max(now_ms + doubled.min(FAILED_WAIT_MS_MAX));
        }
        self.free_ms = self.free_ms.max(now_ms + asked_ms.max(self.gap_ms));
    }

    /// The front is well again: what failed is tried now, and only what the front asked to wait is waited.
    pub(crate) fn well_again(&mut self) {
        self.failures = 0;
        self.failed_ms = i64::MIN;
    }
}

/// What a front may count by itself, over all its conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A new message.
    Post,
    /// An edit of one.
    Edit,
    /// A message for one person alone.
    Whisper,
}

/// How many messages of a kind a front takes over all its conversations: `burst` at once, and one more every `gap_ms`. In any
/// stretch of time it is at most `burst` and what the stretch has of gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At once.
    pub burst: u32,
    /// Time until one more, in milliseconds.
    pub gap_ms: i64,
}

/// What is left of an allowance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    allowance: Allowance,
    /// When all of it is there again.
    full_ms: i64,
    /// Nothing before that, because the front said so.
    held_ms: i64,
}

impl Budget {
    /// All of it.
    pub(crate) fn new(allowance: Allowance) -> Self {
        Self { allowance, full_ms: i64::MIN, held_ms: i64::MIN }
    }

    /// From when there are so many more.
    pub(crate) fn free_ms(&self, count: u32) -> i64 {
        let spare_ms = i64::from(self.allowance.burst.saturating_sub(count)) * self.allowance.gap_ms;
        self.held_ms.max(self.full_ms.saturating_sub(spare_ms))
    }

    /// Takes so many, whether or not they are there.
    pub(crate) fn take(&mut self, now_ms: i64, count: u32) {
        self.full_ms = self.full_ms.max(now_ms) + i64::from(count) * self.allowance.gap_ms;
    }

    /// The front takes none for so long.
    pub(crate) fn held(&mut self, now_ms: i64, after_ms: Option<i64>) {
        self.held_ms = self.held_ms.max(now_ms + after_ms.unwrap_or(FAILED_WAIT_MS));
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

    #[test]
    fn once_the_front_is_well_again_only_what_it_asked_for_is_waited() {
        let mut pace = Pace::new(500);
        for _ in 0..9 {
            pace.held(pace.free_ms().max(0), None);
        }
        let now_ms = pace.free_ms() - 59_000;
        pace.well_again();
        assert!(pace.free_ms() <= now_ms, "a minute is not waited for nothing");
        pace.held(now_ms, Some(7_000));
        pace.well_again();
        assert_eq!(pace.free_ms(), now_ms + 7_000);
        pace.held(now_ms + 7_000, None);
        assert_eq!(pace.free_ms(), now_ms + 8_000, "and failures count anew");
    }

    /// Takes so many if they are there.
    fn take(budget: &mut Budget, now_ms: i64, count: u32) -> bool {
        let free = budget.free_ms(count) <= now_ms;
        if free {
            budget.take(now_ms, count);
        }
        free
    }

    #[test]
    fn no_minute_has_more_than_a_burst_and_its_gaps() {
        let mut budget = Budget::new(Allowance { burst: 10, gap_ms: 1_500 });
        let taken: Vec<i64> = (0..300_000).filter(|now_ms| take(&mut budget, *now_ms, 1)).collect();
        assert_eq!(taken.iter().filter(|at_ms| **at_ms == 0).count(), 1, "time is an argument");
        for from_ms in (0..240_000).step_by(500) {
            let minute = taken.iter().filter(|at_ms| (from_ms..from_ms + 60_000).contains(*at_ms)).count();
            assert!((40..=50).contains(&minute), "{minute} from {from_ms}");
        }
    }

    #[test]
    fn what_a_front_holds_as_a_whole_is_held() {
        let mut budget = Budget::new(Allowance { burst: 2, gap_ms: 1_000 });
        let mut takes = |now_ms| take(&mut budget, now_ms, 1);
        assert!(takes(0) && takes(0) && !takes(999) && takes(1_000));
        budget.held(2_000, Some(30_000));
        assert!(!take(&mut budget, 31_999, 1) && take(&mut budget, 32_000, 1));
    }

    #[test]
    fn what_takes_several_calls_waits_for_all_of_them() {
        let mut budget = Budget::new(Allowance { burst: 3, gap_ms: 100 });
        assert!(take(&mut budget, 0, 2) && !take(&mut budget, 0, 2) && take(&mut budget, 0, 1));
        assert!(!take(&mut budget, 199, 2) && take(&mut budget, 200, 2));
        assert!(take(&mut budget, 200, 0), "what is not counted never waits");
    }
}
