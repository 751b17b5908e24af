//! Evidence from latency: shares above limits that the stable version's own past sets.
//!
//! A limit taken from the stable version's quantiles needs no configuration, and a share above a limit is a count, so the
//! fair draw of [`super::hypergeometric`] holds for it exactly, whatever the shape of the latencies. Limits at several quantiles are nested
//! (of what is above one, how much is above the next?), and the draws of nested limits are independent given the totals, so their e-values
//! multiply. Which odds ratio each of them has follows from what is thought of: everything, or some share of the requests, is slower by so much.

use serde::{Deserialize, Serialize};

use super::counts::share;
use super::hypergeometric::Draw;
use super::mixture::Mixture;
use super::normal::{above, quantile_above};
use super::stalls::Stalls;

/// Latency is taken in once per so many seconds.
pub const LATENCY_ROW_S: u32 = 10;
/// The shares above nested limits.
const NESTED: [f64; 9] = [0.85, 0.7, 0.5, 0.3, 0.15, 0.08, 0.04, 0.015, 0.005];
/// What is thought of: so large a share of requests takes longer, moved up by so many standard deviations of the shape.
const SLOWER: [(f64, f64); 9] = [
    (1.0, 0.1),
    (1.0, 0.2),
    (1.0, 0.4),
    (1.0, 0.8),
    (1.0, 1.8),
    (0.15, 1.2),
    (0.05, 2.2),
    (0.02, 4.0),
    (0.1, 4.0),
];
/// The limits that sentences tell of: the share above, and its name. The first is told unless another says more.
const TOLD: [(f64, &str); 3] = [(0.05, "p95"), (0.1, "p90"), (0.5, "median")];
/// Shares above all of those limits that are at most this part of the usual ones are no reason to hold a canary.
const SLIGHT: f64 = 0.5;
/// Of requests that wait for a process that stands still, nearly all are among so small a share of the slowest.
const SLOW: f64 = 0.08;
/// The wealth staked from the first row on.
const AT_START: f64 = 0.75;
/// Fewer samples of the stable version's past don't say what its quantiles are.
const PAST_MIN: u64 = 50;
/// What one row adds at most, as a logarithm: a pause of some seconds is no verdict, nor is a start that is cold for ten seconds more than was thought. It
/// takes two rows, whatever they are.
const ROW_LN_MAX: f64 = 6.0;
/// And of few slow answers, see [`LatencyEvidence::is_slight`]: so many fall to one version in some rows of any busy machine, so it takes many such rows.
const SLIGHT_ROW_LN_MAX: f64 = std::f64::consts::LN_2;
/// Rows without a counterpart are taken together, at most so many.
const TOGETHER_MAX_ROWS: u32 = 12;
/// A spread as fair draws have it is assumed until so many rows have shown how wide it is.
const SPREAD_WORTH: f64 = 10.0;
/// One row says no more about the spread than this, or an incident would be all that is remembered.
const SPREAD_MAX: f64 = 16.0;

/// Nobody notices whether an answer takes 1 ms or 8, and a busy machine adds as much by itself: no reason to take a release back.
const NOTICED_MS: f64 = 10.0;

/// How many buckets with these upper bounds (in milliseconds) hold only what nobody notices: they count as one.
pub fn unnoticed<B: Copy + Into<f64>>(bounds_ms: &[B]) -> usize {
    bounds_ms.iter().take_while(|bound| (**bound).into() <= NOTICED_MS).count()
}

/// Evidence from latency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LatencyEvidence {
    slower: Mixture,
    /// The same with no row worth more than few slow answers are.
    slightly: Mixture,
    /// The stable version's latencies up to now.
    past: Vec<u64>,
    together: (Vec<u64>, Vec<u64>),
    together_rows: u32,
    spread: Spread,
    stalls: Stalls,
    /// Samples compared: stable, canary.
    compared: (u64, u64),
    /// Samples of the canary above each limit that sentences tell of: as many as there would be if it were as the stable version in each of its rows, and
    /// as many as there are. The limits move and so does the canary's part of the traffic, so the stable version's own samples can't just be added up.
    slow: [(f64, u64); TOLD.len()],
}

impl LatencyEvidence {
    /// With the stable version's past, and for a canary planned to take so many seconds.
    pub(super) fn new(past: Vec<u64>, planned_s: u32) -> Self {
        let chances = planned_s / LATENCY_ROW_S;
        Self {
            slower: Mixture::new(SLOWER.len(), AT_START, chances),
            slightly: Mixture::new(SLOWER.len(), AT_START, chances),
            together: (vec![0; past.len()], vec![0; past.len()]),
            past,
            together_rows: 0,
            spread: Spread::default(),
            stalls: Stalls::default(),
            compared: (0, 0),
            slow: Default::default(),
        }
    }

    /// Takes in a row, with the first `quick` buckets as one. `warm` is false while the canary may still be cold; the row then only adds to the stable version's past.
    pub(super) fn see(&mut self, stable: &[u64], canary: &[u64], quick: usize, warm: bool) {
        let (stable, canary) = (&*as_one(stable.to_vec(), quick), &*as_one(canary.to_vec(), quick));
        self.past = as_one(std::mem::take(&mut self.past), quick);
        self.fit(stable.len().max(canary.len()));
        self.slower.wake();
        self.slightly.wake();
        if warm && sum(&self.past) >= PAST_MIN {
            add(&mut self.together.0, stable);
            add(&mut self.together.1, canary);
            self.together_rows += 1;
            if sum(&self.together.0) > 0 && sum(&self.together.1) > 0 {
                self.compare();
            } else if self.together_rows >= TOGETHER_MAX_ROWS {
                self.cut();
            }
        }
        add(&mut self.past, stable);
    }

    /// What waits for its counterpart is let go.
    pub(super) fn cut(&mut self) {
        self.together_rows = 0;
        self.together.0.fill(0);
        self.together.1.fill(0);
    }

    /// Histograms may have grown by buckets.
    fn fit(&mut self, buckets: usize) {
        let buckets = buckets.max(self.past.len());
        self.past.resize(buckets, 0);
        self.together.0.resize(buckets, 0);
        self.together.1.resize(buckets, 0);
    }

    fn compare(&mut self) {
        let tails =
            Tails { past: tail(&self.past), stable: tail(&self.together.0), canary: tail(&self.together.1) };
        let power = 1.0 / self.spread.factor();
        let stalls = &self.stalls;
        let row = tails
            .ln_e_values()
            .map(|(ln, ln_stalled)| stalls.ln_e_value((ln * power).min(ROW_LN_MAX), ln_stalled * power));
        self.slower.see(row);
        self.slightly.see(row.map(|ln| ln.min(SLIGHT_ROW_LN_MAX)));

        let usual = tails.limit(SLOW);
        let slow = |side: &[u64]| share(side[usual], side[0]);
        self.stalls.see(slow(&tails.stable), slow(&tails.canary), slow(&tails.past));
        let middle = tails.limit(0.5);
        self.spread.see(tails.stable[middle], tails.stable[0]);
        self.compared = both(self.compared, (tails.stable[0], tails.canary[0]));
        for (slow, (above, _)) in self.slow.iter_mut().zip(TOLD) {
            let limit = tails.limit(above);
            slow.0 += tails.canary[0] as f64 * share(tails.stable[limit], tails.stable[0]);
            slow.1 = slow.1.saturating_add(tails.canary[limit]);
        }
        self.cut();
    }

    /// The evidence against the canary, see [`Mixture::value`].
    pub(super) fn value(&self) -> f64 {
        if self.is_slight() { self.slower.value().min(self.slightly.value()) } else { self.slower.value() }
    }

    /// Whether so few of the canary's requests were slow that nobody would call it slower: at every limit that sentences tell of, far fewer than
    /// are usual there. Of a service that answers within a bucket or two, some slow answers of a busy machine are all there is to compare; they
    /// may fall to one version alone, and without further ones nothing would ever take that back.
    pub(super) fn is_slight(&self) -> bool {
        let canary = self.compared.1;
        canary > 0
            && self
                .slow
                .iter()
                .zip(TOLD)
                .all(|((_, slow), (above, _))| share(*slow, canary) <= above * SLIGHT)
    }

    /// Samples compared: stable, canary.
    pub(super) fn compared(&self) -> (u64, u64) {
        self.compared
    }

    /// The limit at which the versions differ most: its name, and the shares of slower samples in the same rows (stable, canary).
    pub(super) fn slow(&self) -> (&'static str, (f64, f64)) {
        let canary = self.compared.1;
        let shares = |(expected, slow): (f64, u64)| (expected / canary.max(1) as f64, share(slow, canary));
        let apart = |(stable, canary): (f64, f64)| {
            let usual = f64::midpoint(stable, canary);
            (canary - stable) / (usual * (1.0 - usual)).sqrt().max(1e-9)
        };
        let mut most = (TOLD[0].1, shares(self.slow[0]));
        for ((_, name), slow) in TOLD.into_iter().zip(self.slow).skip(1) {
            if apart(shares(slow)) > apart(most.1) {
                most = (name, shares(slow));
            }
        }
        most
    }
}

/// For each bucket, how many samples are in it or above; one entry more than buckets.
struct Tails {
    past: Vec<u64>,
    stable: Vec<u64>,
    canary: Vec<u64>,
}

impl Tails {
    /// The first bucket of those that hold at most `share` of the past, or as near to it as buckets are.
    fn limit(&self, share: f64) -> usize {
        let wanted = share * self.past[0] as f64;
        let after = self.past.partition_point(|above| *above as f64 > wanted);
        let near = |at: usize| (self.past[at] as f64 - wanted).abs();
        let before = after.saturating_sub(1);
        // Nothing is above the last limit and everything above the first: neither says anything.
        let best = if after < self.past.len() && near(after) <= near(before) { after } else { before };
        best.clamp(1, self.past.len().saturating_sub(1).max(1))
    }

    /// Of what is in bucket `from` or above, what is in `limit` or above.
    fn draw(&self, limit: usize, from: usize) -> Draw {
        Draw {
            canary: self.canary[from],
            stable: self.stable[from],
            canary_marked: self.canary[limit],
            marked: self.canary[limit] + self.stable[limit],
        }
    }

    /// For each kind of slowness, the logarithm of the e-value of all nested limits together; and that of the first of them against a canary that stood
    /// still in this row. Of what waits nobody knows how long it does, so only what does not wait tells them apart.
    fn ln_e_values(&self) -> [(f64, f64); SLOWER.len()] {
        let mut answer = [(0.0, 0.0); SLOWER.len()];
        let mut ln = Vec::with_capacity(SLOWER.len());
        let mut from = 0;
        for share in NESTED {
            let limit = self.limit(share);
            if limit <= from || self.past[limit] == 0 || self.past[limit] == self.past[from] {
                continue;
            }
            let all = self.past[0] as f64;
            let (outer, inner) = (self.past[from] as f64 / all, self.past[limit] as f64 / all);
            let odds = SLOWER.map(|slower| odds_ratio(outer, inner, slower));
            let draw = self.draw(limit, from);
            draw.ln_e_values(1.0, &odds, &mut ln);
            for ((sum, _), ln) in answer.iter_mut().zip(&ln) {
                *sum += ln;
            }
            if from == 0 {
                let beyond = ln.clone();
                draw.ln_e_values(1.0, &Stalls::odds(inner), &mut ln);
                let stalled = ln.iter().copied().fold(0.0, f64::max);
                answer.iter_mut().zip(beyond).for_each(|((_, of), ln)| *of = ln - stalled);
            }
            from = limit;
        }
        answer
    }
}

/// By how much the odds of being in the inner of two nested tails grow when a share of the requests moves up by so many deviations.
fn odds_ratio(outer: f64, inner: f64, (slowed, shift): (f64, f64)) -> f64 {
    let moved = |share: f64| {
        let slow = if share >= 1.0 { 1.0 } else { above(quantile_above(share) - shift) };
        share + slowed * (slow - share)
    };
    let odds = |outer: f64, inner: f64| inner / (outer - inner).max(1e-12);
    (odds(moved(outer), moved(inner)) / odds(outer, inner)).max(1.0)
}

/// How much wider the stable version's shares spread from row to row than fair draws would: requests of one moment
/// resemble each other. From row to row, so that drift does not count.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Spread {
    last: Option<(u64, u64)>,
    squares: f64,
    rows: f64,
}

impl Spread {
    fn see(&mut self, above: u64, all: u64) {
        if all == 0 {
            return;
        }
        if let Some((last_above, last_all)) = self.last {
            let (n, m) = (all as f64, last_all as f64);
            let pooled = (above + last_above) as f64 / (n + m);
            let variance = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
            if variance > 0.0 {
                let apart = above as f64 / n - last_above as f64 / m;
                self.squares += (apart * apart / variance).min(SPREAD_MAX);
                self.rows += 1.0;
            }
        }
        self.last = Some((above, all));
    }

    /// 1 if rows spread as fair draws do.
    fn factor(&self) -> f64 {
        ((self.squares + SPREAD_WORTH) / (self.rows + SPREAD_WORTH)).max(1.0)
    }
}

fn sum(histogram: &[u64]) -> u64 {
    histogram.iter().sum()
}

fn both(so_far: (u64, u64), more: (u64, u64)) -> (u64, u64) {
    (so_far.0.saturating_add(more.0), so_far.1.saturating_add(more.1))
}

fn add(to: &mut [u64], more: &[u64]) {
    for (to, more) in to.iter_mut().zip(more) {
        *to = to.saturating_add(*more);
    }
}

/// With all of the first `quick` buckets in the last of them.
fn as_one(mut histogram: Vec<u64>, quick: usize) -> Vec<u64> {
    if let Some((last, others)) = histogram.get_mut(..quick).and_then(<[u64]>::split_last_mut) {
        *last = others.iter().fold(*last, |sum, count| sum.saturating_add(*count));
        others.fill(0);
    }
    histogram
}

fn tail(histogram: &[u64]) -> Vec<u64> {
    let mut tail = vec![0; histogram.len() + 1];
    for at in (0..histogram.len()).rev() {
        tail[at] = tail[at + 1] + histogram[at];
    }
    tail
}
