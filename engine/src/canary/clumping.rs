//! How much errors clump together, learnt from the stable version while it is compared.
//!
//! Clients retry and come in bursts, so one fault is several errors in a row of the same lane. Counted each in full, a single burst on the
//! canary would convict it. A likelihood ratio to a power between 0 and 1 is still an e-value (Jensen's inequality), so
//! evidence is tempered: by the dispersion (variance over what a fair draw has) of the stable version's errors between
//! neighbouring spans of time, short ones and long ones, and, until there are enough errors to tell, by what traffic is like elsewhere. Neighbours
//! are compared so that drift does not count as clumping.

use serde::{Deserialize, Serialize};

use super::counts::{Second, Side};

/// Lengths of the spans, in seconds: a burst in one second, retries within some, retries that back off.
const SPANS_S: [u32; 3] = [1, 6, 36];
/// A pair of spans says no more than this, or an incident would be all that is remembered.
const DISPERSION_MAX: f64 = 25.0;
/// How many pairs of spans the assumption is worth.
const ASSUMED_WORTH: f64 = 3.0;
/// The dispersion of error lanes that is assumed before anything is known: bursts of about four.
const LANES_ASSUMED: f64 = 3.5;
/// The dispersion of failed requests, over that within a lane-second, that is assumed.
const REQUESTS_ASSUMED: f64 = 3.0;
/// Failed requests in an error lane-second, where the stable version's past does not tell.
const CLUMP_ASSUMED: f64 = 4.0;
/// So many seconds after an error of the canary another one is likely to be the same fault: a client that tries again.
const SAME_FAULT_S: u32 = 5;
/// Where requests are rarer than this, so many seconds count as one of those.
const SLOW_S: u32 = 15;
/// After those, what is left of that likelihood after each further second.
const FADE: f64 = 0.75;
/// The share of seconds with errors of the stable version's lanes at which lanes stop saying anything: they are never without.
const SATURATED: f64 = 0.5;
/// What is left after a second of the stable version's usual share.
const USUAL_FADE: f64 = 0.98;

/// What is known about errors clumping together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Clumping {
    /// Failed requests in an error lane-second of the stable version's past.
    clump: f64,
    /// Seconds with canary traffic since its last error; `None` if there was none.
    since: Option<u32>,
    /// Error lanes and lanes of the stable version, fading.
    usual: (f64, f64),
    lanes: [Span; SPANS_S.len()],
    requests: [Span; SPANS_S.len()],
}

impl Clumping {
    /// With what the stable version did before.
    pub(super) fn new(past: &Side) -> Self {
        let clump =
            if past.error_lanes == 0 { CLUMP_ASSUMED } else { past.errors as f64 / past.error_lanes as f64 };
        Self {
            clump: clump.clamp(1.0, DISPERSION_MAX),
            since: None,
            usual: (0.0, 0.0),
            lanes: Default::default(),
            requests: Default::default(),
        }
    }

    /// The power that lane evidence of the coming second is raised to, 0 to 1. The first error of a clump counts in full, and those that
    /// follow close on it as much less as clumps are long.
    pub(super) fn lane_power(&self) -> f64 {
        let first = 1.0 / dispersion(&self.lanes, 1.0);
        let following = 1.0 / dispersion(&self.lanes, LANES_ASSUMED);
        let same_fault = match self.since {
            None => 0.0,
            Some(since) => FADE.powi(since.saturating_sub(SAME_FAULT_S) as i32),
        };
        let usual = if self.usual.1 > 0.0 { self.usual.0 / self.usual.1 } else { 0.0 };
        (first + (following - first) * same_fault) * (1.0 - usual / SATURATED).max(0.0)
    }

    /// The power that evidence of single requests is raised to, 0 to 1.
    pub(super) fn request_power(&self) -> f64 {
        1.0 / dispersion(&self.requests, REQUESTS_ASSUMED * self.clump)
    }

    /// Takes note of a second, or of several in one.
    pub(super) fn see(&mut self, seen: &Second, seconds: u32) {
        if seen.canary.lanes > 0 {
            // Clients that try again are a part of the traffic: where there is little of it, clumps last longer.
            let passed = (seconds / SLOW_S).max(1);
            self.since = if seen.canary.error_lanes > 0 {
                Some(0)
            } else {
                self.since.map(|since| since.saturating_add(passed))
            };
        }
        let stable = &seen.stable;
        self.usual = (
            self.usual.0 * USUAL_FADE + stable.error_lanes as f64,
            self.usual.1 * USUAL_FADE + stable.lanes as f64,
        );
        for (at, span_s) in SPANS_S.into_iter().enumerate() {
            self.lanes[at].see(stable.error_lanes, stable.lanes, seconds, span_s);
            self.requests[at].see(stable.errors, stable.requests, seconds, span_s);
        }
    }
}

/// The largest dispersion over the spans. Where a span has hardly been seen, what was assumed holds; the longest takes
/// the next shorter one's answer for that, because it takes minutes to see it.
fn dispersion(spans: &[Span; SPANS_S.len()], assumed: f64) -> f64 {
    let shrunk =
        |span: &Span, assumed: f64| (span.squares + ASSUMED_WORTH * assumed) / (span.pairs + ASSUMED_WORTH);
    let [one, some, many] = spans;
    let some = shrunk(some, assumed);
    2.0 * shrunk(one, assumed).max(some).max(shrunk(many, some)).max(1.0) - 1.0
}

/// Pairs of neighbouring spans of one length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Span {
    /// Marked and all units of the span that is not over.
    now: (u64, u64),
    now_s: u32,
    /// The one before: the first of a pair.
    last: Option<(u64, u64)>,
    /// Squared differences of pairs over their variance in a fair draw.
    squares: f64,
    pairs: f64,
}

impl Span {
    fn see(&mut self, marked: u64, all: u64, seconds: u32, span_s: u32) {
        self.now = (self.now.0 + marked, self.now.1 + all);
        self.now_s += seconds;
        if self.now_s < span_s {
            return;
        }
        let second = std::mem::take(&mut self.now);
        self.now_s = 0;
        if let Some(first) = self.last.replace(second) {
            self.pair(first, second);
        }
    }

    fn pair(&mut self, first: (u64, u64), second: (u64, u64)) {
        let (n, m) = (first.1 as f64, second.1 as f64);
        let marked = (first.0 + second.0) as f64;
        if n == 0.0 || m == 0.0 || marked == 0.0 || marked >= n + m {
            return;
        }
        let share = marked / (n + m);
        // The exact variance of a draw without replacement, so that single errors give exactly 1.
        let variance = share * (1.0 - share) * (1.0 / n + 1.0 / m) * (n + m) / (n + m - 1.0);
        let apart = first.0 as f64 / n - second.0 as f64 / m;
        self.squares += (apart * apart / variance).min(DISPERSION_MAX);
        self.pairs += 1.0;
    }
}
