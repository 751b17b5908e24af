//! What fails again and again while a database or a platform is away. The log says it once when it begins, with the count after a
//! minute and then every ten, and once when it is over: an hour is a handful of lines, and not thousands.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use engine::clock::EpochMs;

/// Until it is said for the second time, in milliseconds.
const SECOND_MS: EpochMs = 60_000;
/// … and for each further time.
const FURTHER_MS: EpochMs = 10 * 60_000;
/// It is over when it has not failed for so long, in milliseconds: what works now and fails again goes on.
const OVER_MS: EpochMs = 30_000;

/// What fails now. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Recurring(Arc<Mutex<HashMap<&'static str, Failing>>>);

#[derive(Debug)]
struct Failing {
    since_ms: EpochMs,
    last_ms: EpochMs,
    next_ms: EpochMs,
    times: u64,
}

/// How often something has failed, and for how long, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    times: u64,
    ms: EpochMs,
}

impl Recurring {
    /// Something failed and is tried again.
    pub fn fails(&self, front: &str, what: &'static str, why: &dyn Display, now_ms: EpochMs) {
        match self.count_failed(what, now_ms) {
            Some(Count { times: 1, .. }) => tracing::warn!(front, error = %why, "{what}"),
            Some(Count { times, ms }) => {
                let seconds = ms / 1_000;
                tracing::warn!(front, error = %why, times, seconds, "{what}: that goes on");
            }
            None => tracing::debug!(front, error = %why, "{what}"),
        }
    }

    /// It works.
    pub fn works(&self, front: &str, what: &'static str, now_ms: EpochMs) {
        if let Some(Count { times, ms }) = self.count_over(what, now_ms) {
            tracing::info!(front, times, seconds = ms / 1_000, "{what}: that is over");
        }
    }

    /// Counts a failure; how often it was when that is to be said.
    fn count_failed(&self, what: &'static str, now_ms: EpochMs) -> Option<Count> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Failing { since_ms: now_ms, last_ms: now_ms, next_ms: now_ms, times: 0 };
        let failing = all.entry(what).or_insert(begun);
        failing.times += 1;
        failing.last_ms = now_ms;
        if now_ms < failing.next_ms {
            return None;
        }
        failing.next_ms = now_ms + if failing.times == 1 { SECOND_MS } else { FURTHER_MS };
        Some(Count { times: failing.times, ms: now_ms - failing.since_ms })
    }

    /// How often it failed, once it is over.
    fn count_over(&self, what: &'static str, now_ms: EpochMs) -> Option<Count> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = all.get(what).is_some_and(|failing| now_ms - failing.last_ms >= OVER_MS);
        let failing = over.then(|| all.remove(what)).flatten()?;
        Some(Count { times: failing.times, ms: failing.last_ms - failing.since_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Recurring};

    const WHAT: &str = "can't";

    #[test]
    fn an_hour_is_a_handful_of_lines() {
        let recurring = Recurring::default();
        let mut said = Vec::new();
        for second in 0..3_600 {
            if let Some(count) = recurring.count_failed(WHAT, second * 1_000) {
                said.push((second, count.times));
            }
            // What works in between, for somebody else, is not the end of it.
            assert_eq!(recurring.count_over(WHAT, second * 1_000 + 500), None);
        }
        let times = |second: i64| (second, second as u64 + 1);
        assert_eq!(
            said,
            [times(0), times(60), times(660), times(1_260), times(1_860), times(2_460), times(3_060)]
        );
        let over = recurring.count_over(WHAT, 3_700_000);
        assert_eq!(over, Some(Count { times: 3_600, ms: 3_599_000 }));
        assert_eq!(recurring.count_over(WHAT, 3_800_000), None, "it is said once");
        assert_eq!(
            recurring.count_failed(WHAT, 3_900_000),
            Some(Count { times: 1, ms: 0 }),
            "and begins anew"
        );
    }
}
