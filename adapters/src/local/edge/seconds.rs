//! What a release answered second by second, for as long back as a judge asks: requests, failures, lanes and latencies.

use std::collections::{BTreeMap, VecDeque};

use engine::canary::Side;
use engine::ports::Served;

use super::counts::LATENCY_BUCKETS;
use super::lanes::Lane;

/// Seconds that are kept: the ten minutes a judge asks for before a canary begins, and some.
pub(crate) const KEPT_S: i64 = 660;

/// Seconds that are taken together where only what is usual is asked for.
pub(crate) const SPAN_S: i64 = 10;

/// What a release answered, by the first second of each span.
pub(crate) type Spans = BTreeMap<i64, Served>;

/// The newest seconds of one release, oldest first; those in which nothing was answered are left out.
#[derive(Debug, Default)]
pub(crate) struct Seconds {
    newest: VecDeque<Second>,
    /// What was kept of the time before this program began.
    before: Spans,
}

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
        if self.newest.back().is_none_or(|newest| newest.at_s < at_s) {
            while self.newest.front().is_some_and(|oldest| oldest.at_s <= at_s - KEPT_S) {
                self.newest.pop_front();
            }
            self.newest.push_back(Second { at_s, ..Second::default() });
        }
        let Some(second) = self.newest.back_mut() else { return };
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
        let wanted = self.newest.iter().filter(move |second| second.at_s > after_s && second.at_s <= until_s);
        wanted.map(|second| (second.at_s, second.served()))
    }

    /// The spans that began after a second, with the seconds up to another; those from before this program began as well.
    pub(crate) fn spans(&self, after_s: i64, until_s: i64) -> Spans {
        let mut spans: Spans =
            self.before.range(after_s + 1..).map(|(at_s, served)| (*at_s, served.clone())).collect();
        for (at_s, served) in self.between(i64::MIN, until_s) {
            let at_s = at_s.div_euclid(SPAN_S) * SPAN_S;
            if at_s > after_s {
                spans.entry(at_s).or_default().add(&served);
            }
        }
        spans
    }

    /// What was kept of the time before this program began.
    pub(crate) fn before_set(&mut self, before: Spans) {
        self.before = before;
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
    fn a_span_has_what_came_before_a_restart_and_after_it() {
        let (mut first, mut second) = (Seconds::default(), Seconds::default());
        for at_s in [995, 1_001, 1_003] {
            first.answered(at_s, Lane::of_slot(0), true, 2);
        }
        second.before_set(first.spans(0, 1_003));
        second.answered(1_008, Lane::of_slot(50), false, 4);
        second.answered(1_009, Lane::of_slot(50), false, 4);
        let told = |after_s| -> Vec<(i64, Side, u64)> {
            let spans = second.spans(after_s, 1_008).into_iter();
            spans.map(|(at_s, served)| (at_s, served.counts, served.latency.iter().sum())).collect()
        };
        let old = Side { requests: 1, errors: 1, lanes: 1, error_lanes: 1 };
        let across = Side { requests: 3, errors: 2, lanes: 3, error_lanes: 2 };
        assert_eq!(told(0), [(990, old, 1), (1_000, across, 3)]);
        assert_eq!(told(990), [(1_000, across, 3)]);
        // Second by second only what this program saw itself is told.
        assert_eq!(second.between(0, i64::MAX).count(), 2);
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
