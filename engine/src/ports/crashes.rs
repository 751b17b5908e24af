//! Instances that end by themselves.

use serde::{Deserialize, Serialize};

use super::Instance;
use crate::clock::EpochMs;

/// How long an instance may run between two ends that are counted together, in milliseconds: one that ends every few
/// minutes is as much in trouble as one that ends at once.
pub const CRASHES_APART_MS: i64 = 60 * 60_000;

/// How often an instance ended by itself, each time within [`CRASHES_APART_MS`] of the time before, and how the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crashes {
    /// How often.
    pub times: u32,
    /// When the first time.
    pub since_ms: EpochMs,
    /// When the last time.
    pub last_ms: EpochMs,
    /// How the last time: exit code or signal, in words.
    pub how: String,
    /// The last line it printed, redacted; empty when it printed none.
    pub line: String,
    /// The platform does not start it again.
    pub gave_up: bool,
}

impl Crashes {
    /// With what was counted before, when that is recent enough.
    #[must_use]
    pub fn after(self, before: Option<&Self>) -> Self {
        match before.filter(|before| self.since_ms - before.last_ms <= CRASHES_APART_MS) {
            Some(before) => {
                Self { times: before.times.saturating_add(self.times), since_ms: before.since_ms, ..self }
            }
            None => self,
        }
    }

    /// What all instances together came to; nothing when none ended by itself.
    pub fn of_all(instances: &[Instance]) -> Option<Self> {
        let mut all = instances.iter().filter_map(|one| one.crashes.as_ref());
        let first = all.next()?.clone();
        Some(all.fold(first, |sum, one| {
            let last = if one.last_ms > sum.last_ms { one } else { &sum }.clone();
            Self {
                times: sum.times.saturating_add(one.times),
                since_ms: sum.since_ms.min(one.since_ms),
                gave_up: sum.gave_up || one.gave_up,
                ..last
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once(at_ms: EpochMs, how: &str) -> Crashes {
        let (how, line) = (how.to_owned(), String::new());
        Crashes { times: 1, since_ms: at_ms, last_ms: at_ms, how, line, gave_up: false }
    }

    #[test]
    fn ends_that_are_far_apart_are_not_counted_together() {
        let first = once(0, "exit code 1");
        let second = once(CRASHES_APART_MS, "exit code 2").after(Some(&first));
        assert_eq!((second.times, second.since_ms, second.how.as_str()), (2, 0, "exit code 2"));
        let third = once(2 * CRASHES_APART_MS + 1, "exit code 3").after(Some(&second));
        assert_eq!((third.times, third.since_ms), (1, 2 * CRASHES_APART_MS + 1));
    }
}
