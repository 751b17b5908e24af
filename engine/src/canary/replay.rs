//! A recorded canary, judged as if it ran now: what `infra-chat judge` and the story after an incident go by.

use serde::Serialize;
use thiserror::Error;

use super::counts::{Past, Second, Side};
use super::judge::Judge;
use super::latency::{LATENCY_ROW_S, unnoticed};
use super::plain::{PlainCounts, UNKNOWN_SCORE};
use super::policy::Policy;
use super::trace::{Trace, TraceHistogram, TraceSecond};
use super::verdict::Verdict;

/// The share, in percent, with which nothing is left to compare with.
const ALL_TRAFFIC: f64 = 100.0;
/// More buckets than anybody's histogram has; the first bucket of a row is a number somebody wrote.
const BUCKETS_MAX: usize = 4096;
/// Nobody counts more of anything in one second, and sums of no more stay within the range of numbers.
const COUNT_MAX: u64 = 1_000_000_000_000;

/// What became of a recorded canary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// The trace's name.
    pub id: String,
    /// What is to be done.
    pub decision: Decision,
    /// The second at which it could be decided: only rows before it were used.
    pub t: u32,
    /// 0 to 100, see [`super::Score`].
    pub score: u8,
    /// One sentence with the numbers.
    pub because: String,
}

/// What is to be done with a canary whose stages are over, or which failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It is worse: back to the stable version.
    Rollback,
    /// It passed.
    Promote,
    /// There was not enough data to let it pass.
    Hold,
}

/// Why a trace can't be judged although it is one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// A histogram has buckets its edges don't make.
    #[error("the histogram {place} has bucket {bucket}, but {edges} edges make buckets 0 to {edges} only")]
    Bucket {
        /// Which histogram.
        place: String,
        /// The bucket.
        bucket: usize,
        /// How many edges there are.
        edges: usize,
    },
    /// A count is larger than anybody counts.
    #[error("{place} has the count {count}; there can be {COUNT_MAX} at most")]
    Count {
        /// Where it is.
        place: String,
        /// The count.
        count: u64,
    },
    /// The edges are out of order or too many.
    #[error("edges_ms must grow from each to the next, and be fewer than {BUCKETS_MAX}")]
    Edges,
}

impl Trace {
    /// Judges it second by second with a policy; ends at the first fail, else with the last row.
    pub fn replay(&self, policy: &Policy) -> Result<Replayed, ReplayError> {
        if self.edges_ms.len() >= BUCKETS_MAX || !self.edges_ms.is_sorted_by(|a, b| a < b) {
            return Err(ReplayError::Edges);
        }
        let planned_s = self.steps.iter().fold(0_u32, |sum, (_, seconds)| sum.saturating_add(*seconds));
        let planned_s = planned_s.max(self.sec.len() as u32);
        let policy = Policy { warmup_s: policy.warmup_s.max(self.warmup_s), ..policy.clone() };
        let pre = [self.pre.n, self.pre.err, self.pre.lanes, self.pre.err_lanes];
        counts_within(&pre, || "pre".to_owned())?;
        for (at, row) in self.sec.iter().enumerate() {
            counts_within(row, || format!("sec[{at}]"))?;
        }
        let served = Side {
            requests: self.pre.n,
            errors: self.pre.err,
            lanes: self.pre.lanes,
            error_lanes: self.pre.err_lanes,
        };
        let past = Past { served, latency: self.histogram(&self.pre.hist, || "pre.hist".to_owned())? };
        let rows = self
            .lat
            .iter()
            .enumerate()
            .map(|(row, (stable, canary))| {
                let stable = self.histogram(stable, || format!("lat[{row}][0]"))?;
                Ok((stable, self.histogram(canary, || format!("lat[{row}][1]"))?))
            })
            .collect::<Result<Vec<_>, ReplayError>>()?;

        let mut judge = Judge::new(policy, planned_s, past);
        let mut rows = rows.iter();
        let mut plain = PlainCounts::default();
        let mut stages = self.steps.iter().copied();
        let mut next = || stages.next().unwrap_or((0.0, u32::MAX));
        let (mut share, mut stage_left) = next();
        for (at, row) in (1_u32..).zip(&self.sec) {
            let second = second(*row);
            judge.second(&second);
            plain.second(&second, share < ALL_TRAFFIC);
            if at.is_multiple_of(LATENCY_ROW_S)
                && let Some((stable, canary)) = rows.next()
            {
                judge.latency(stable, canary, unnoticed(&self.edges_ms));
            }
            if matches!(judge.verdict(), Verdict::Fail { .. }) {
                return Ok(self.answer(&judge, at, None));
            }
            stage_left = stage_left.saturating_sub(1);
            if stage_left == 0 {
                judge.stage();
                plain.stage();
                (share, stage_left) = next();
            }
        }
        plain.stage();
        Ok(self.answer(&judge, self.sec.len() as u32, plain.in_the_way()))
    }

    /// What follows; `in_the_way` is why it does not pass even if the evidence would let it.
    fn answer(&self, judge: &Judge, t: u32, in_the_way: Option<String>) -> Replayed {
        let ruling = judge.ruling();
        let (id, score) = (self.id.clone(), ruling.score.score);
        let (decision, score, because) = match (ruling.verdict, in_the_way) {
            (Verdict::Pass, Some(say)) => (Decision::Hold, score.min(UNKNOWN_SCORE), say),
            (Verdict::Pass, None) => (Decision::Promote, score, ruling.because),
            (Verdict::Fail { .. }, _) => (Decision::Rollback, score, ruling.because),
            (Verdict::NotEnoughData { .. }, _) => (Decision::Hold, score, ruling.because),
        };
        Replayed { id, decision, t, score, because }
    }

    /// All buckets of a histogram.
    fn histogram(&self, given: &TraceHistogram, place: impl Fn() -> String) -> Result<Vec<u64>, ReplayError> {
        let edges = self.edges_ms.len();
        let mut buckets = vec![0; edges + 1];
        let Some((first, counts)) = given.split_first() else { return Ok(buckets) };
        counts_within(counts, &place)?;
        let first = usize::try_from(*first).unwrap_or(usize::MAX);
        for (at, count) in counts.iter().enumerate() {
            let bucket = first.saturating_add(at);
            let place_of = || ReplayError::Bucket { place: place(), bucket, edges };
            *buckets.get_mut(bucket).ok_or_else(place_of)? = *count;
        }
        Ok(buckets)
    }
}

fn counts_within(counts: &[u64], place: impl Fn() -> String) -> Result<(), ReplayError> {
    match counts.iter().find(|count| **count > COUNT_MAX) {
        Some(count) => Err(ReplayError::Count { place: place(), count: *count }),
        None => Ok(()),
    }
}

fn second(row: TraceSecond) -> Second {
    let [
        stable_n,
        stable_err,
        canary_n,
        canary_err,
        stable_lanes,
        stable_err_lanes,
        canary_lanes,
        canary_err_lanes,
    ] = row;
    Second {
        stable: Side {
            requests: stable_n,
            errors: stable_err,
            lanes: stable_lanes,
            error_lanes: stable_err_lanes,
        },
        canary: Side {
            requests: canary_n,
            errors: canary_err,
            lanes: canary_lanes,
            error_lanes: canary_err_lanes,
        },
    }
}
