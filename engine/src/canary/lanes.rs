//! Evidence from failed lanes that has to stand against clients that try again.
//!
//! A client that fails and tries again makes a chain of errors in one lane, which looks like a worse canary for a while. So evidence counts here only as far
//! as it holds in each of several ways in which versions can be alike: errors come singly (the fair draw of [`super::hypergeometric`], which needs no usual
//! rate and so withstands incidents and drift), or in chains with short or with long gaps. For chains it is the likelihood ratio of all that was seen of both versions:
//! the stable version's errors tell chains from single errors at nine times the pace. The smallest of e-processes, each valid in one of these worlds, is
//! valid in all of them (universal inference: Wasserman, Ramdas and Balakrishnan 2020).

use serde::{Deserialize, Serialize};

use super::chains::Chains;
use super::counts::{Second, Side};
use super::hypergeometric::Draw;
use super::mixture::Mixture;

/// The ways in which clients try again: seconds between their tries, and how probable another one is.
const KINDS: [(f64, f64); 3] = [(0.4, 0.75), (1.5, 0.75), (4.5, 0.75)];
/// Odds ratios that are thought of: the last are lanes that nearly always fail.
const ODDS: [f64; 6] = [2.5, 6.0, 15.0, 50.0, 250.0, 2000.0];
/// What is left after a second of the stable version's usual share.
const USUAL_FADE: f64 = 0.998;
/// The share of the past that counts for it: as many seconds as that remembers.
const PAST_SHARE: f64 = 0.6;
/// Without a past, so many lane-seconds without an error are thought to have been there.
const LANES_ASSUMED: f64 = 100.0;
/// So many errors are thought to have been there that were not seen.
const UNSEEN: f64 = 1.5;
/// Lanes that fail more often than that say nothing.
const USUAL_MAX: f64 = 0.9;
/// So many more chains are thought to begin on the canary than are consistent with how often errors are.
const MORE_BEGIN: f64 = 1.25;
/// The wealth staked from the first second on.
const AT_START: f64 = 0.9;
/// A lane that always fails doesn't quite.
const SHARE_MAX: f64 = 0.95;
/// One second of the stable version speaks against chains no more than this, as a logarithm.
const AGAINST_LN_MAX: f64 = 2.0;
/// Nor more than this for them, or an incident would be all that is remembered.
const FOR_LN_MAX: f64 = 10.0;

/// Evidence that the canary's lanes fail more often, whether or not clients try again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LaneEvidence {
    single: Mixture,
    kinds: [Kind; KINDS.len()],
    /// Error lanes and lanes of the stable version, fading.
    usual: (f64, f64),
}

/// What evidence is raised to, 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Powers {
    /// That against single errors.
    pub(super) single: f64,
    /// That against chains.
    pub(super) chains: f64,
}

/// One kind of retries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kind {
    worse: Mixture,
    stable: Chains,
    canary: Chains,
}

impl LaneEvidence {
    /// With the stable version's past, and for a canary planned to take so many seconds.
    pub(super) fn new(past: &Side, planned_s: u32) -> Self {
        let mixture = || Mixture::new(ODDS.len(), AT_START, planned_s);
        let kind = |(gap_s, again)| Kind {
            worse: mixture(),
            stable: Chains::new(gap_s, again),
            canary: Chains::new(gap_s, again),
        };
        Self {
            single: mixture(),
            kinds: KINDS.map(kind),
            usual: match past.lanes {
                0 => (0.0, LANES_ASSUMED),
                lanes => (past.error_lanes as f64 * PAST_SHARE, lanes as f64 * PAST_SHARE),
            },
        }
    }

    /// A second begins.
    pub(super) fn wake(&mut self) {
        self.single.wake();
        for kind in &mut self.kinds {
            kind.worse.wake();
        }
    }

    /// Takes in what both versions did in so many seconds. `busy` is the odds ratio of error lanes that busier lanes explain.
    pub(super) fn see(&mut self, seen: &Second, seconds: u32, busy: f64, powers: &Powers) {
        let Second { stable, canary } = seen;
        // Some errors more than there were: none so far is not never.
        let usual = ((self.usual.0 + UNSEEN) / (self.usual.1 + UNSEEN)).min(USUAL_MAX);
        let hazard = -(1.0 - usual).ln();
        let draw = Draw {
            canary: canary.lanes,
            stable: stable.lanes,
            canary_marked: canary.error_lanes,
            marked: canary.error_lanes + stable.error_lanes,
        };
        let mut ln = Vec::with_capacity(ODDS.len());
        draw.ln_e_values(busy, &ODDS, &mut ln);
        self.single.see(ln.iter().map(|ln| ln * powers.single));

        let failed = stable.error_lanes as f64;
        let expected = hazard * stable.lanes as f64;
        let ln_single = failed * expected.max(1e-12).ln() - expected - ln_factorial(stable.error_lanes);
        let (n, y) = (canary.lanes as f64, canary.error_lanes as f64);
        let good = canary.lanes.saturating_sub(canary.error_lanes);
        let choose = ln_factorial(canary.lanes) - ln_factorial(canary.error_lanes) - ln_factorial(good);
        for kind in &mut self.kinds {
            let ln_stable = kind.stable.see(stable, hazard, seconds);
            let ln_canary = kind.canary.see(canary, hazard * busy * MORE_BEGIN, seconds);
            let learnt = (ln_single - ln_stable).clamp(-FOR_LN_MAX, AGAINST_LN_MAX);
            kind.worse.see(ODDS.iter().map(|odds| {
                let share = (1.0 - (-hazard * busy * odds).exp()).min(SHARE_MAX);
                let ln_worse = choose + y * share.ln() + (n - y) * (1.0 - share).ln();
                learnt + powers.chains * (ln_worse - ln_canary)
            }));
        }
        let kept = USUAL_FADE.powi(seconds as i32);
        self.usual = (self.usual.0 * kept + failed, self.usual.1 * kept + stable.lanes as f64);
    }

    /// The evidence against the canary: as much as is left whichever way clients try again.
    pub(super) fn value(&self) -> f64 {
        self.kinds.iter().map(|kind| kind.worse.value()).fold(self.single.value(), f64::min)
    }
}

fn ln_factorial(n: u64) -> f64 {
    (2..=n).map(|k| (k as f64).ln()).sum()
}
