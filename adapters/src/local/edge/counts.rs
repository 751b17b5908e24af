//! What each release answered, counted as it happens: totals by a few relaxed atomic additions per request, which start at
//! zero with the program and only grow; and second by second, for whoever judges a release, under a lock that is held for
//! as long as an addition takes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::ports::Served;
use serde::{Deserialize, Serialize};

use super::lanes::Lane;
use super::seconds::{Seconds, Spans};

/// Upper bounds of the latency buckets, in milliseconds, each inclusive; one more bucket takes what is slower.
pub const LATENCY_BOUNDS_MS: [u64; 15] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];

/// Number of latency buckets.
pub const LATENCY_BUCKETS: usize = LATENCY_BOUNDS_MS.len() + 1;

/// A snapshot of what one release answered since the program started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseCounts {
    /// Requests that got an answer, the edge's own 502, 503 and 504 in the release's name included.
    pub requests: u64,
    /// Those of them answered with a status of 500 or more.
    pub server_errors: u64,
    /// Requests whose client went away before there was an answer.
    pub abandoned: u64,
    /// Requests sent a second time because the first instance did not answer at all; each is one of `requests`.
    pub retried: u64,
    /// Milliseconds from the request's head to the answer's head, by bucket of [`LATENCY_BOUNDS_MS`].
    pub latency: [u64; LATENCY_BUCKETS],
}

/// The live counters of one release.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    requests: AtomicU64,
    server_errors: AtomicU64,
    abandoned: AtomicU64,
    retried: AtomicU64,
    latency: [AtomicU64; LATENCY_BUCKETS],
    seconds: Mutex<Seconds>,
}

impl Tally {
    /// An answer with this status was begun in this second (since 1970), after so long, to a client of this lane.
    pub(crate) fn answered(&self, status: u16, took: Duration, at_s: i64, lane: Lane) {
        let failed = status >= 500;
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner).answered(
            at_s,
            lane,
            failed,
            bucket(took),
        );
        if failed {
            self.server_errors.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(bucket) = self.latency.get(bucket(took)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The client went away first.
    pub(crate) fn abandoned(&self) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
    }

    /// A second instance is asked.
    pub(crate) fn retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests that got an answer.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The seconds after one, up to another, in which anything was answered.
    pub(crate) fn between(&self, after_s: i64, until_s: i64) -> Vec<(i64, Served)> {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner).between(after_s, until_s).collect()
    }

    /// The spans that began after a second, with the seconds up to another; those from before this program began as well.
    pub(crate) fn spans(&self, after_s: i64, until_s: i64) -> Spans {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner).spans(after_s, until_s)
    }

    /// What was kept of the time before this program began.
    pub(crate) fn before_set(&self, before: Spans) {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner).before_set(before);
    }

    /// The counts now. Each number is exact; requests under way may be in one number and not yet in another.
    pub(crate) fn snapshot(&self) -> ReleaseCounts {
        ReleaseCounts {
            requests: self.requests.load(Ordering::Relaxed),
            server_errors: self.server_errors.load(Ordering::Relaxed),
            abandoned: self.abandoned.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            latency: std::array::from_fn(|at| self.latency[at].load(Ordering::Relaxed)),
        }
    }
}

fn bucket(took: Duration) -> usize {
    // Rounded up, so that a bucket's bound is one nobody in it exceeds.
    let took_ms = took.as_micros().div_ceil(1_000);
    LATENCY_BOUNDS_MS.partition_point(|&bound| u128::from(bound) < took_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_lands_in_the_bucket_whose_bound_it_keeps() {
        assert_eq!(bucket(Duration::ZERO), 0);
        assert_eq!(bucket(Duration::from_millis(1)), 0);
        assert_eq!(bucket(Duration::from_micros(1_001)), 1);
        assert_eq!(bucket(Duration::from_mins(1)), LATENCY_BUCKETS - 2);
        assert_eq!(bucket(Duration::from_hours(1)), LATENCY_BUCKETS - 1);
    }

    #[test]
    fn errors_are_counted_among_the_requests() {
        let tally = Tally::default();
        for (status, ms) in [(200, 3), (404, 3), (503, 70)] {
            tally.answered(status, Duration::from_millis(ms), 1, Lane::of_slot(0));
        }
        tally.abandoned();
        let counts = tally.snapshot();
        assert_eq!((counts.requests, counts.server_errors, counts.abandoned), (3, 1, 1));
        assert_eq!(counts.latency.iter().sum::<u64>(), 3);
    }
}
