//! A row of several seconds as single seconds with lanes, which is what a judge compares. Pure.
//!
//! A metrics server knows no clients, so nobody can tell whether twenty errors were one client's. Requests are spread evenly over the
//! seconds of their row, and over ten lanes that the versions share as they share the requests: at equal rates of errors both
//! versions then have equal shares of lanes with errors, as they would at the edge.

use std::collections::BTreeMap;

use engine::canary::Side;
use engine::ports::Served;

/// Lanes of all versions together, as many as the edge has.
const LANES: u64 = 10;

/// What a release answered in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// Requests answered.
    pub(super) requests: u64,
    /// Those that failed.
    pub(super) errors: u64,
    /// Latencies by the edge's buckets.
    pub(super) latency: Vec<u64>,
}

/// The seconds of a row, from 0, each with what every release answered in it.
pub(super) fn spread(row: &BTreeMap<u32, Row>, every_s: i64) -> Vec<(i64, BTreeMap<u32, Served>)> {
    let all: u64 = row.values().map(|one| one.requests).sum();
    let seconds = every_s.max(1) as u64;
    (0..seconds)
        .map(|second| {
            let served = row.iter().filter_map(|(release, one)| {
                let is_last = second + 1 == seconds;
                let latency = if is_last { one.latency.clone() } else { Vec::new() };
                let counts = counts(one, all, second, seconds);
                let is_something = counts.requests > 0 || latency.iter().any(|samples| *samples > 0);
                is_something.then_some((*release, Served { counts, latency }))
            });
            (second as i64, served.collect())
        })
        .collect()
}

fn counts(one: &Row, all: u64, second: u64, seconds: u64) -> Side {
    let asked_until = |second: u64| second * one.requests / seconds;
    // Every so-manyth request failed.
    let failed_until = |requests: u64| requests * one.errors / one.requests.max(1);
    let (from, until) = (asked_until(second), asked_until(second + 1));
    let (requests, errors) = (until - from, failed_until(until) - failed_until(from));
    let lanes = ((LANES * one.requests + all / 2) / all.max(1)).clamp(1, LANES).min(requests);
    Side { requests, errors, lanes, error_lanes: errors.min(lanes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(requests: u64, errors: u64) -> Row {
        Row { requests, errors, latency: vec![requests] }
    }

    #[test]
    fn nothing_is_lost_or_made_up_whatever_the_numbers() {
        for every_s in [1, 5, 7, 15] {
            for requests in [0, 1, 2, 3, 14, 15, 16, 149, 1_351] {
                for errors in [0, 1, 2, requests / 3, requests] {
                    let errors = errors.min(requests);
                    let spread =
                        spread(&BTreeMap::from([(1, row(requests, errors)), (2, row(9, 1))]), every_s);
                    assert_eq!(spread.len() as i64, every_s);
                    let mut sum = Served::default();
                    for (_, by) in &spread {
                        let Some(served) = by.get(&1) else { continue };
                        assert_eq!(served.counts, served.counts.sane(), "{requests} {errors} {every_s}");
                        sum.add(served);
                    }
                    assert_eq!((sum.counts.requests, sum.counts.errors), (requests, errors));
                    assert_eq!(sum.latency.iter().sum::<u64>(), requests);
                }
            }
        }
    }

    #[test]
    fn equal_rates_of_errors_are_equal_shares_of_lanes() {
        let rows = BTreeMap::from([(1, row(1_350, 27)), (2, row(150, 3))]);
        let mut sums: BTreeMap<u32, Side> = BTreeMap::new();
        for (_, by) in spread(&rows, 15) {
            for (release, served) in by {
                let sum = sums.entry(release).or_default();
                *sum = sum.plus(served.counts);
            }
        }
        assert_eq!((sums[&1].lanes, sums[&1].error_lanes), (135, 27));
        assert_eq!((sums[&2].lanes, sums[&2].error_lanes), (15, 3));
    }
}
