//! What a release answered second by second, for as long back as a judge asks: requests, failures, lanes and latencies.

use std::collections::VecDeque;

use engine::canary::Side;
use engine::ports::Served;

use super::counts::LATENCY_BUCKETS;
use super::lanes::Lane;

/// Seconds that are kept: the ten minutes a judge asks for before a canary begins, and some.
pub(crate) const KEPT_S: i64 = 660;

/// The newest seconds of one release, oldest first; those in which nothing was answered are left out.
#[derive(Debug, Default)]
pub(crate) struct Seconds(VecDeque<Second>);

/// One second.
#[derive(Debug, Default, Clone)]
struct Second {
    at_s: i64,
    requests: u32,
    errors: u32,
    /// A bit for each lane.
    lanes: u16,
    error_lanes: u16,
    latency: [u32; LATENCY_BUCKETS],
}

impl Seconds {
    /// An answer was begun in this second.
    pub(crate) fn answered(&mut self, at_s: i64, lane: Lane, failed: bool, bucket: usize) {
        // A clock that was put back adds to the newest second until it has caught up.
        if self.0.back().is_none_or(|newest| newest.at_s < at_s) {
            while self.0.front().is_some_and(|oldest| oldest.at_s <= at_s - KEPT_S) {
                self.0.pop_front();
            }
            self.0.push_back(Second { at_s, ..Second::default() });
        }
        let Some(second) = self.0.back_mut() else { return };
        second.requests += 1;
        second.errors += u32::from(failed);
        second.lanes |= lane.bit();
        if failed {
            second.error_lanes |= lane.bit();
        }
        if let Some(samples) = second.latency.get_mut(bucket) {
            *samples += 1;
        }
    }

    /// The seconds after one, up to another.
    pub(crate) fn between(&self, after_s: i64, until_s: i64) -> impl Iterator<Item = (i64, Served)> {
        let wanted = self.0.iter().filter(move |second| second.at_s > after_s && second.at_s <= until_s);
        wanted.map(|second| (second.at_s, second.served()))
    }
}

impl Second {
    fn served(&self) -> Served {
        Served {
            counts: Side {
                requests: self.requests.into(),
                errors: self.errors.into(),
                lanes: self.lanes.count_ones().into(),
                error_lanes: self.error_lanes.count_ones().into(),
            },
            latency: self.latency.iter().map(|samples| u64::from(*samples)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_counts_once_a_second_however_much_goes_wrong_in_it() {
        let mut seconds = Seconds::default();
        for (at_s, slot, failed) in [(7, 3, true), (7, 5, true), (7, 42, false), (9, 99, true)] {
            seconds.answered(at_s, Lane::of_slot(slot), failed, 2);
        }
        let told: Vec<(i64, Side)> =
            seconds.between(6, 9).map(|(at_s, served)| (at_s, served.counts)).collect();
        assert_eq!(
            told,
            [
                (7, Side { requests: 3, errors: 2, lanes: 2, error_lanes: 1 }),
                (9, Side { requests: 1, errors: 1, lanes: 1, error_lanes: 1 }),
            ]
        );
        assert_eq!(seconds.between(7, 8).count(), 0);
    }

    #[test]
    fn old_seconds_are_forgotten_and_a_clock_put_back_loses_nothing() {
        let mut seconds = Seconds::default();
        seconds.answered(1_000, Lane::of_slot(0), false, 0);
        seconds.answered(998, Lane::of_slot(0), false, 0);
        seconds.answered(1_000 + KEPT_S, Lane::of_slot(0), false, 0);
        let told: Vec<(i64, u64)> =
            seconds.between(0, i64::MAX).map(|(at_s, served)| (at_s, served.counts.requests)).collect();
        assert_eq!(told, [(1_000 + KEPT_S, 1)]);
    }
}
