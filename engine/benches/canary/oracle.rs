//! About as fast as can be: a judge that knows how both versions fail and how slow they are, and that errors come singly. Wald's
//! sequential probability ratio test (1945) against exactly the fault there is; it would be worthless in any other world.

use crate::world::{EDGES, MEDIAN_MS, Tick, World, above};

/// Odds of a hundred to one: false alarms of 1%, like the judge's.
const ODDS: f64 = 100.0;
/// Seconds that a canary may be cold, and one row of latencies.
const WARM_S: u32 = 30;
/// As unlikely as what can't be.
const NEVER: f64 = 1e-12;

#[derive(Debug)]
pub(crate) struct Oracle {
    errors: (f64, f64),
    /// Logarithms of the likelihood ratio of one sample, by bucket.
    buckets: Vec<f64>,
    ln: f64,
    at: u32,
    requests: u64,
    /// Second and canary requests at which it would roll back.
    pub(crate) rolled_back: Option<(u32, u64)>,
}

impl Oracle {
    pub(crate) fn new(world: &World) -> Self {
        let ratio = |worse: f64, usual: f64| (worse.max(NEVER) / usual.max(NEVER)).ln();
        let (usual, worse) = (law(world, 1.0, (0.0, 1.0)), law(world, world.slower, world.tail));
        let errors = (
            ratio(world.canary_errors, world.stable_errors),
            ratio(1.0 - world.canary_errors, 1.0 - world.stable_errors),
        );
        let buckets = worse.iter().zip(&usual).map(|(worse, usual)| ratio(*worse, *usual)).collect();
        Self { errors, buckets, ln: 0.0, at: 0, requests: 0, rolled_back: None }
    }

    pub(crate) fn see(&mut self, tick: &Tick) {
        let canary = tick.second.canary;
        self.at += 1;
        self.requests += canary.requests;
        let good = canary.requests - canary.errors;
        self.ln += canary.errors as f64 * self.errors.0 + good as f64 * self.errors.1;
        if let (true, Some((_, row))) = (self.at >= WARM_S, &tick.row) {
            self.ln += row.iter().zip(&self.buckets).map(|(count, ln)| *count as f64 * ln).sum::<f64>();
        }
        if self.ln >= ODDS.ln() {
            self.rolled_back.get_or_insert((self.at, self.requests));
        }
    }
}

/// The share of samples in each bucket.
fn law(world: &World, slower: f64, tail: (f64, f64)) -> Vec<f64> {
    let below = |ms: f64, times: f64| 1.0 - above((ms / (MEDIAN_MS * times)).ln() / world.sigma);
    let mut before = 0.0;
    let until = |ms: f64| (1.0 - tail.0) * below(ms, slower) + tail.0 * below(ms, slower * tail.1);
    let ends = EDGES.iter().map(|edge| until(*edge)).chain([1.0]);
    ends.map(|end| end - std::mem::replace(&mut before, end)).collect()
}
