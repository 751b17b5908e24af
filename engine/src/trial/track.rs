//! How a stage went over time, for people: what both versions answered, in a bounded number of points. While a stage goes on its
//! points grow wider rather than more; their sums are always those the judge was given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ports::Served;

/// Most points of a stage. The row they are in is written every second, and a picture shows no more.
pub const POINTS_MAX: usize = 20;

/// A service in a stage, over time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// The whole stage.
    pub whole: Point,
    /// Its parts, oldest first.
    pub points: Vec<Point>,
    /// How many seconds a part is to hold.
    span_s: u32,
}

/// Some seconds taken together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// The first of them, since 1970.
    pub at_s: i64,
    /// How many were watched.
    pub span_s: u32,
    /// What the stable version answered.
    pub stable: VersionPoint,
    /// What the version on trial answered.
    pub canary: VersionPoint,
}

/// What one version answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionPoint {
    /// Requests.
    pub requests: u64,
    /// Those it failed.
    pub errors: u64,
    /// The time within which 95 of 100 answers came, in milliseconds; absent without answers, and where nobody says what the
    /// buckets hold. Of answers beyond the last bucket it is that bucket's bound.
    pub p95_ms: Option<u32>,
    /// The same of 50 of 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<u32>,
    /// The same of 99 of 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<u32>,
    /// Samples by bucket, as long as more may come.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    latency: BTreeMap<usize, u64>,
}

impl Track {
    /// Takes in a second. `bounds_ms` are the upper bounds of the latency buckets; empty when nobody knows them.
    pub(super) fn second(&mut self, at_s: i64, stable: &Served, canary: &Served, bounds_ms: &[u32]) {
        let second =
            Point { at_s, span_s: 1, stable: VersionPoint::of(stable), canary: VersionPoint::of(canary) };
        self.whole.add(&second, bounds_ms);
        self.span_s = self.span_s.max(1);
        match self.points.last_mut() {
            Some(last) if last.span_s < self.span_s => last.add(&second, bounds_ms),
            _ => {
                let mut point = Point::default();
                point.add(&second, bounds_ms);
                self.points.push(point);
            }
        }
        if self.points.len() > POINTS_MAX {
            self.span_s *= 2;
            for pair in std::mem::take(&mut self.points).chunks(2) {
                let mut point = pair[0].clone();
                pair[1..].iter().for_each(|next| point.add(next, bounds_ms));
                self.points.push(point);
            }
        }
    }

    /// No more will come: what was only kept to be added to is dropped.
    pub(super) fn end(&mut self) {
        for point in self.points.iter_mut().chain([&mut self.whole]) {
            point.stable.latency.clear();
            point.canary.latency.clear();
        }
    }
}

impl Point {
    fn add(&mut self, more: &Self, bounds_ms: &[u32]) {
        if self.span_s == 0 {
            self.at_s = more.at_s;
        }
        self.span_s += more.span_s;
        self.stable.add(&more.stable, bounds_ms);
        self.canary.add(&more.canary, bounds_ms);
    }
}

impl VersionPoint {
    fn of(served: &Served) -> Self {
        let counts = served.counts.sane();
        let latency = served.latency.iter().copied().enumerate().filter(|(_, samples)| *samples > 0);
        Self {
            requests: counts.requests,
            errors: counts.errors,
            latency: latency.collect(),
            ..Self::default()
        }
    }

    fn add(&mut self, more: &Self, bounds_ms: &[u32]) {
        self.requests = self.requests.saturating_add(more.requests);
        self.errors = self.errors.saturating_add(more.errors);
        for (bucket, samples) in &more.latency {
            let there = self.latency.entry(*bucket).or_default();
            *there = there.saturating_add(*samples);
        }
        self.p50_ms = quantile_ms(&self.latency, 50, bounds_ms);
        self.p95_ms = quantile_ms(&self.latency, 95, bounds_ms);
        self.p99_ms = quantile_ms(&self.latency, 99, bounds_ms);
    }

    /// The latency in words, "p95 20 ms", and beside it the median and the slowest of a hundred where they tell more; absent
    /// without answers.
    pub fn latency_say(&self) -> Option<String> {
        let p95_ms = self.p95_ms?;
        let (p50_ms, p99_ms) = (self.p50_ms.unwrap_or(p95_ms), self.p99_ms.unwrap_or(p95_ms));
        Some(if p50_ms == p95_ms && p99_ms == p95_ms {
            format!("p95 {p95_ms} ms")
        } else {
            format!("p50 {p50_ms} ms, p95 {p95_ms} ms, p99 {p99_ms} ms")
        })
    }

    /// The share of requests that failed, rounded to hundredths of a percent; absent without requests.
    pub fn failed_bp(&self) -> Option<u32> {
        let requests = u128::from(self.requests.max(1));
        let share = (u128::from(self.errors) * 10_000 + requests / 2) / requests;
        (self.requests > 0).then_some(share as u32)
    }
}

/// The bound of the bucket in which the quantile is.
fn quantile_ms(latency: &BTreeMap<usize, u64>, pct: u64, bounds_ms: &[u32]) -> Option<u32> {
    let all: u64 = latency.values().sum();
    let wanted = (all * pct).div_ceil(100);
    let mut below = 0;
    let bucket = latency.iter().find_map(|(bucket, samples)| {
        below += samples;
        (below >= wanted && *samples > 0).then_some(*bucket)
    })?;
    bounds_ms.get(bucket).or(bounds_ms.last()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canary::Side;

    const BOUNDS_MS: [u32; 3] = [10, 20, 50];

    fn served(requests: u64, errors: u64, latency: [u64; 4]) -> Served {
        let counts = Side { requests, errors, lanes: requests, error_lanes: errors };
        Served { counts, latency: latency.to_vec() }
    }

    fn track(seconds: i64) -> Track {
        let mut track = Track::default();
        for at_s in 0..seconds {
            track.second(at_s, &served(9, 0, [9, 0, 0, 0]), &served(1, 1, [0, 1, 0, 0]), &BOUNDS_MS);
        }
        track
    }

    #[test]
    fn points_grow_wider_and_their_sums_stay_those_of_the_whole() {
        for seconds in [1, 20, 21, 100, 1_000] {
            let track = track(seconds);
            assert!(
                track.points.len() <= POINTS_MAX
                    && track.points.len() >= POINTS_MAX.min(seconds as usize) / 2
            );
            let sum = |of: fn(&Point) -> u64| track.points.iter().map(of).sum::<u64>();
            assert_eq!(sum(|point| point.stable.requests), track.whole.stable.requests);
            assert_eq!(sum(|point| point.canary.errors), seconds as u64);
            assert_eq!(sum(|point| point.span_s.into()), seconds as u64);
            let ends =
                track.points.windows(2).all(|pair| pair[0].at_s + i64::from(pair[0].span_s) == pair[1].at_s);
            assert!(ends, "{seconds} s without a gap");
        }
    }

    #[test]
    fn the_median_and_the_tail_are_told_where_they_tell_more() {
        let mut track = Track::default();
        track.second(0, &served(100, 0, [60, 36, 0, 4]), &served(100, 0, [100, 0, 0, 0]), &BOUNDS_MS);
        assert_eq!(track.whole.stable.latency_say().as_deref(), Some("p50 10 ms, p95 20 ms, p99 50 ms"));
        assert_eq!(track.whole.canary.latency_say().as_deref(), Some("p95 10 ms"));
        assert_eq!(VersionPoint::default().latency_say(), None);
    }

    #[test]
    fn the_quantile_is_of_all_seconds_together() {
        let mut track = Track::default();
        track.second(0, &served(19, 0, [19, 0, 0, 0]), &served(20, 0, [18, 0, 2, 0]), &BOUNDS_MS);
        assert_eq!((track.whole.stable.p95_ms, track.whole.canary.p95_ms), (Some(10), Some(50)));
        track.second(1, &served(1, 0, [0, 0, 0, 1]), &served(40, 0, [40, 0, 0, 0]), &BOUNDS_MS);
        assert_eq!((track.whole.stable.p95_ms, track.whole.canary.p95_ms), (Some(10), Some(10)));
        track.second(2, &served(9, 0, [0, 0, 0, 9]), &served(0, 0, [0; 4]), &BOUNDS_MS);
        assert_eq!(track.whole.stable.p95_ms, Some(50), "beyond the last bucket it is at least its bound");
        assert_eq!(track.points[2].canary.p95_ms, None);
        track.end();
        assert_eq!(track.whole.stable.p95_ms, Some(50));
    }

    #[test]
    fn nothing_is_said_of_latency_where_nobody_knows_the_buckets() {
        let mut track = Track::default();
        track.second(0, &served(1, 0, [1, 0, 0, 0]), &served(1, 0, [1, 0, 0, 0]), &[]);
        assert_eq!(track.whole.stable.p95_ms, None);
        assert_eq!(track.whole.stable.failed_bp(), Some(0));
        assert_eq!(VersionPoint::default().failed_bp(), None);
    }
}
