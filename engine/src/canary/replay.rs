//! A recorded canary, judged as if it ran now: what `infra-chat judge` and the story after an incident go by.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::counts::{Past, Second, Side};
use super::judge::Judge;
use super::latency::LATENCY_ROW_S;
use super::policy::Policy;
use super::verdict::Verdict;
use super::whole;

/// More buckets than anybody's histogram has; the first bucket of a row is a number somebody wrote.
const BUCKETS_MAX: usize = 4096;
/// Nobody counts more of anything in one second, and sums of no more stay within the range of numbers.
const COUNT_MAX: u64 = 1_000_000_000_000;

/// A recorded canary.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Trace {
    /// Its name, for the answer.
    pub id: String,
    /// The stages: share of traffic in percent, and seconds.
    #[serde(default, deserialize_with = "whole::steps")]
    pub steps: Vec<(f64, u32)>,
    /// Seconds at the start in which the canary may be cold.
    #[serde(default, deserialize_with = "whole::seconds")]
    pub warmup_s: u32,
    /// Edges of the latency buckets, in milliseconds: bucket `i` holds what is at or above edge `i - 1` and below edge `i`.
    pub edges_ms: Vec<f64>,
    /// The stable version before the canary.
    #[serde(default)]
    pub pre: TracePast,
    /// A row for each second.
    #[serde(deserialize_with = "whole::rows")]
    pub sec: Vec<TraceSecond>,
    /// A row for each [`LATENCY_ROW_S`] seconds: histograms of the stable version and of the canary.
    #[serde(default, deserialize_with = "whole::histograms")]
    pub lat: Vec<(TraceHistogram, TraceHistogram)>,
}

/// `[first bucket, count, count, …]`, or `[]`.
pub type TraceHistogram = Vec<u64>;

/// `[requests, errors, canary requests, canary errors, lanes, error lanes, canary lanes, canary error lanes]`: those without "canary" are
/// the stable version's.
pub type TraceSecond = [u64; 8];

/// The stable version before the canary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TracePast {
    /// Requests.
    #[serde(deserialize_with = "whole::count")]
    pub n: u64,
    /// Failed requests.
    #[serde(deserialize_with = "whole::count")]
    pub err: u64,
    /// Latencies.
    #[serde(deserialize_with = "whole::histogram")]
    pub hist: TraceHistogram,
    /// Lane-seconds with a request.
    #[serde(deserialize_with = "whole::count")]
    pub lanes: u64,
    /// Lane-seconds with a failed request.
    #[serde(deserialize_with = "whole::count")]
    pub err_lanes: u64,
}

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

/// Why a trace can't be judged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TraceError {
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
    pub fn replay(&self, policy: &Policy) -> Result<Replayed, TraceError> {
        if self.edges_ms.len() >= BUCKETS_MAX || !self.edges_ms.is_sorted_by(|a, b| a < b) {
            return Err(TraceError::Edges);
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
            .collect::<Result<Vec<_>, TraceError>>()?;

        let mut judge = Judge::new(policy, planned_s, past);
        let mut rows = rows.iter();
        let mut stages = self.steps.iter().map(|(_, seconds)| *seconds);
        let mut stage_left = stages.next().unwrap_or(u32::MAX);
        for (at, row) in (1_u32..).zip(&self.sec) {
            judge.second(&second(*row));
            if at.is_multiple_of(LATENCY_ROW_S)
                && let Some((stable, canary)) = rows.next()
            {
                judge.latency(stable, canary);
            }
            if matches!(judge.verdict(), Verdict::Fail { .. }) {
                return Ok(self.answer(&judge, at));
            }
            stage_left = stage_left.saturating_sub(1);
            if stage_left == 0 {
                judge.stage();
                stage_left = stages.next().unwrap_or(u32::MAX);
            }
        }
        Ok(self.answer(&judge, self.sec.len() as u32))
    }

    fn answer(&self, judge: &Judge, t: u32) -> Replayed {
        let ruling = judge.ruling();
        let decision = match ruling.verdict {
            Verdict::Pass => Decision::Promote,
            Verdict::Fail { .. } => Decision::Rollback,
            Verdict::NotEnoughData { .. } => Decision::Hold,
        };
        Replayed { id: self.id.clone(), decision, t, score: ruling.score.score, because: ruling.because }
    }

    /// All buckets of a histogram.
    fn histogram(&self, given: &TraceHistogram, place: impl Fn() -> String) -> Result<Vec<u64>, TraceError> {
        let edges = self.edges_ms.len();
        let mut buckets = vec![0; edges + 1];
        let Some((first, counts)) = given.split_first() else { return Ok(buckets) };
        counts_within(counts, &place)?;
        let first = usize::try_from(*first).unwrap_or(usize::MAX);
        for (at, count) in counts.iter().enumerate() {
            let bucket = first.saturating_add(at);
            let place_of = || TraceError::Bucket { place: place(), bucket, edges };
            *buckets.get_mut(bucket).ok_or_else(place_of)? = *count;
        }
        Ok(buckets)
    }
}

fn counts_within(counts: &[u64], place: impl Fn() -> String) -> Result<(), TraceError> {
    match counts.iter().find(|count| **count > COUNT_MAX) {
        Some(count) => Err(TraceError::Count { place: place(), count: *count }),
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
