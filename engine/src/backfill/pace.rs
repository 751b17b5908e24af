//! How fast batches follow each other. A pure function of time: what was handled is paid for with time to come.

use serde::{Deserialize, Serialize};

use crate::clock::EpochMs;

/// A minute has so many batches at least: an eleventh of five minutes' rows too many or too few would be seen, a fiftieth is not.
const BATCHES_A_MINUTE: u32 = 10;
/// Delay that is made up for, in milliseconds: 2% of five minutes.
const LATE_MS: i64 = 6_000;
const MINUTE_US: i64 = 60_000_000;

/// Until when the rows handled so far are paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    paid_until_us: i64,
}

impl Pace {
    /// At the beginning: nothing was handled, and no delay is to be made up for.
    pub fn begin(now_ms: EpochMs) -> Self {
        Self { paid_until_us: now_ms * 1_000 }
    }

    /// When the next batch may begin, at a rate and of at most so many rows each. A clock that was put back makes nobody wait
    /// longer than a batch takes.
    pub fn due_ms(self, rate_per_min: u32, batch: u32, now_ms: EpochMs) -> EpochMs {
        let longest_ms = cost_us(u64::from(batch), rate_per_min).div_euclid(1_000) + 1;
        let due_ms =
            self.paid_until_us.div_euclid(1_000) + i64::from(self.paid_until_us.rem_euclid(1_000) > 0);
        if due_ms - now_ms > longest_ms { now_ms } else { due_ms.max(now_ms) }
    }

    /// After a batch that began then and handled so many rows.
    #[must_use]
    pub fn after(self, rows: u64, rate_per_min: u32, began_ms: EpochMs) -> Self {
        let from_us = self.paid_until_us.clamp((began_ms - LATE_MS) * 1_000, began_ms * 1_000);
        Self { paid_until_us: from_us + cost_us(rows, rate_per_min) }
    }
}

/// How long so many rows take at a rate, in microseconds, rounded up.
fn cost_us(rows: u64, rate_per_min: u32) -> i64 {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    let rate = i64::from(rate_per_min.max(1));
    rows.saturating_mul(MINUTE_US).saturating_add(rate - 1) / rate
}

/// How many rows a batch has at that rate when at most `asked` are wanted: few enough that the rate holds over any five
/// minutes.
pub fn batch_at(rate_per_min: u32, asked: u32) -> u32 {
    asked.min(rate_per_min / BATCHES_A_MINUTE).max(1)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const FIVE_MIN_MS: i64 = 300_000;

    /// Runs half an hour of batches and gives when each of them began and its rows. A batch takes so long; those that begin a
    /// stretch of two minutes take so much longer.
    fn run(rate: u32, asked: u32, took_ms: i64, longer_ms: i64) -> Vec<(i64, u64)> {
        let (begin_ms, batch) = (1_000_000, batch_at(rate, asked));
        let (mut pace, mut now_ms, mut made) = (Pace::begin(begin_ms), begin_ms, Vec::new());
        let mut stretch = 0;
        while now_ms < begin_ms + 6 * FIVE_MIN_MS {
            now_ms = pace.due_ms(rate, batch, now_ms);
            made.push((now_ms, u64::from(batch)));
            pace = pace.after(u64::from(batch), rate, now_ms);
            let this = (now_ms - begin_ms) / 120_000;
            now_ms += if this == stretch { took_ms } else { took_ms + longer_ms };
            stretch = this;
        }
        made
    }

    /// Most and fewest rows in any five minutes that begin within the first 20: with a batch, and right behind one.
    fn five_minutes(made: &[(i64, u64)]) -> (u64, u64) {
        let begins: Vec<i64> = made.iter().map(|(at, _)| *at).collect();
        let batch = made.first().map_or(0, |first| first.1);
        let in_window = |from: i64| {
            let within = begins.partition_point(|at| *at < from + FIVE_MIN_MS)
                - begins.partition_point(|at| *at < from);
            within as u64 * batch
        };
        let early = || begins.iter().filter(|at| **at < begins[0] + 4 * FIVE_MIN_MS);
        let most = early().map(|at| in_window(*at)).max();
        let fewest = early().map(|at| in_window(at + 1)).min();
        (most.unwrap_or_default(), fewest.unwrap_or_default())
    }

    #[test]
    fn any_five_minutes_are_within_5_percent() {
        for rate in [500, 6_000, 60_000] {
            for asked in [50, 500, 1_000, 100_000] {
                let wanted = u64::from(rate) * 5;
                let half = i64::from(batch_at(rate, asked)) * 60_000 / i64::from(rate) / 2;
                for (took_ms, longer_ms) in [(0, 0), (half, 0), (half, 4_000)] {
                    let (most, fewest) = five_minutes(&run(rate, asked, took_ms, longer_ms));
                    let what = format!(
                        "{rate}/min, {asked}, {took_ms} ms, {longer_ms} ms: {fewest} to {most} of {wanted}"
                    );
                    assert!(most * 100 <= wanted * 105, "{what}");
                    assert!(fewest * 100 >= wanted * 95, "{what}");
                }
            }
        }
    }

    #[test]
    fn a_slow_rate_is_kept_to_the_row() {
        for rate in [1, 7] {
            let (most, fewest) = five_minutes(&run(rate, 500, 0, 0));
            assert!(
                most <= u64::from(rate) * 5 + 1 && fewest + 1 >= u64::from(rate) * 5,
                "{fewest} to {most}"
            );
        }
    }

    #[test]
    fn a_long_rest_is_not_made_up_for() {
        let pace = Pace::begin(1_000_000).after(50, 500, 1_000_000);
        assert_eq!(pace.due_ms(500, 50, 1_000_000), 1_006_000);
        // An hour later: six seconds' worth at most come sooner.
        let later = 1_000_000 + 3_600_000;
        let pace = pace.after(50, 500, later);
        assert_eq!(pace.due_ms(500, 50, later), later);
        assert_eq!(pace.after(50, 500, later).due_ms(500, 50, later), later + 6_000);
    }

    #[test]
    fn a_clock_put_back_makes_nobody_wait() {
        let pace = Pace::begin(1_000_000_000).after(50, 500, 1_000_000_000);
        assert_eq!(pace.due_ms(500, 50, 5_000), 5_000);
    }
}
