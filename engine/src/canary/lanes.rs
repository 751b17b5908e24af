//! Evidence from failed lanes that has to stand against clients that try again.
//!
//! A client that fails and tries again makes a chain of errors in one lane, which looks like a worse canary for a while. So evidence counts here only as far
//! as it holds in each of several ways in which versions can be alike: errors come singly (the fair draw of [`super::hypergeometric`], which needs no usual
//! rate and so withstands incidents and drift), or in chains with short or with long gaps. For chains it is the likelihood ratio of all that was seen of both versions:
//! the stable version's errors tell chains from single errors at nine times the pace. The smallest of e-processes, each valid in one of these worlds, is
//! valid in all of them (universal inference: Wasserman, Ramdas and Balakrishnan 2020).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::chains::Chains;
use super::counts::{Second, Side};
use super::habit::Habit;
use super::hypergeometric::Draw;
use super::mixture::Mixture;
use super::usual::Usual;

/// The ways in which clients try again: seconds between their tries, how probable another one is, and by how much of what it says the bound is missed for it.
/// The first counts in requests where those are rarer: what fails four in a row fails whenever they come.
const KINDS: [(f64, f64, f64); 4] = [(0.4, 0.75, 1.0), (1.5, 0.75, 1.0), (4.5, 0.75, 1.0), (12.0, 0.75, 6.0)];
/// Lanes that are active in a smaller share of seconds than this can't tell the last kind from errors that come singly, however long it takes.
const RARE: f64 = 0.1;
/// Odds ratios that are thought of.
const ODDS: [f64; 4] = [2.5, 6.0, 20.0, 200.0];
/// And, where the usual share is known, shares of the canary's lane-seconds that fail: beside a stable version that never fails, no odds ratio comes to as much.
const SHARES: [f64; 4] = [0.03, 0.1, 0.35, 0.9];
/// What a habit is given at the start, of what an odds ratio is: some tries of one client are a habit soon, but a fault that counts goes on and on.
const HABIT_PART: f64 = 0.1;
/// What is left after a second of the stable version's usual share.
const USUAL_FADE: f64 = 0.998;
/// The share of the past that counts for it: as many seconds as that remembers.
const PAST_SHARE: f64 = 0.6;
/// Without a past, so many lane-seconds without an error are thought to have been there.
const LANES_ASSUMED: f64 = 100.0;
/// So many errors are thought to have been there that were not seen.
const UNSEEN: f64 = 2.5;
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
/// Factors that are multiplied one by one.
const FACTORS_MAX: u64 = 64;

/// Evidence that the canary's lanes fail more often, whether or not clients try again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LaneEvidence {
    single: Mixture,
    kinds: [Kind; KINDS.len()],
    /// Error lanes and lanes of the stable version.
    usual: Usual,
    /// How many of the kinds count: the last ones only where there is traffic enough.
    counting: usize,
}

/// How busy lanes are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// The odds ratio of error lanes that busier lanes of the canary explain, at least 1.
    pub(super) odds: f64,
    /// The share of the stable version's lane-seconds in which somebody asks for something, 0 to 1. A client that tries again asks by itself, so an error is
    /// likelier to be a try the less else is asked.
    pub(super) stable: f64,
    /// The same of the canary.
    pub(super) canary: f64,
}

/// One kind of retries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kind {
    /// Odds ratios, shares, and what the canary's own seconds foretell.
    worse: Mixture,
    stable: Chains,
    canary: Chains,
    habit: Habit,
}

impl LaneEvidence {
    /// With the stable version's past, and for a canary planned to take so many seconds.
    pub(super) fn new(past: &Side, planned_s: u32) -> Self {
        let kind = |(gap_s, again, _)| Kind {
            worse: Mixture::new(ODDS.len() + SHARES.len() + 1, AT_START, planned_s).less_on_last(HABIT_PART),
            stable: Chains::new(gap_s, again),
            canary: Chains::new(gap_s, again),
            habit: Habit::default(),
        };
        Self {
            single: Mixture::new(ODDS.len(), AT_START, planned_s),
            kinds: KINDS.map(kind),
            counting: KINDS.len(),
            usual: match past.lanes {
                0 => Usual::new(0.0, LANES_ASSUMED),
                lanes => Usual::new(past.error_lanes as f64 * PAST_SHARE, lanes as f64 * PAST_SHARE),
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

    /// Draws fairly from what both versions did, in a second or in several until both had requests. `power` and `chains` are what evidence against single
    /// errors and against chains is raised to, 0 to 1.
    pub(super) fn draw(&mut self, together: &Second, load: &Load, power: f64, chains: f64) {
        let Second { stable, canary } = together;
        let draw = Draw {
            canary: canary.lanes,
            stable: stable.lanes,
            canary_marked: canary.error_lanes,
            marked: canary.error_lanes + stable.error_lanes,
        };
        let mut ln = Vec::with_capacity(ODDS.len());
        draw.ln_e_values(load.odds, &ODDS, &mut ln);
        self.single.see(ln.iter().map(|ln| ln * power));
        // Requests in a row fail whenever they come: none is there because others failed.
        self.weigh(together, 0..1, &Load { stable: 1.0, canary: 1.0, ..*load }, chains);
    }

    /// Takes in a second, also one of several in which only one version had requests: tries of one client are as far apart as they are.
    pub(super) fn see(&mut self, second: &Second, load: &Load, power: f64) {
        self.weigh(second, 1..KINDS.len(), load, power);
        self.counting = if load.canary < RARE { KINDS.len() - 1 } else { KINDS.len() };
        let stable = &second.stable;
        self.usual.see(stable.error_lanes as f64, stable.lanes as f64, USUAL_FADE);
    }

    /// The likelihood ratios against some of the kinds.
    fn weigh(&mut self, seen: &Second, kinds: Range<usize>, load: &Load, power: f64) {
        let Second { stable, canary } = seen;
        // Some errors more than there were: none so far is not never.
        let usual = ((self.usual.marked() + UNSEEN) / (self.usual.all() + UNSEEN)).min(USUAL_MAX);
        let hazard = -(1.0 - usual).ln();
        let failed = stable.error_lanes as f64;
        let expected = hazard * stable.lanes as f64;
        let ln_single =
            failed * (expected * load.stable).max(1e-12).ln() - expected - ln_factorial(stable.error_lanes);
        let (n, y) = (canary.lanes as f64, canary.error_lanes as f64);
        let good = canary.lanes.saturating_sub(canary.error_lanes);
        let choose = ln_factorial(canary.lanes) - ln_factorial(canary.error_lanes) - ln_factorial(good);
        let relative = ODDS.map(|odds| (1.0 - (-hazard * load.odds * odds).exp()).min(SHARE_MAX));
        let worse = relative
            .iter()
            .chain(&SHARES)
            .map(|share| choose + y * (share * load.canary).ln() + (n - y) * (1.0 - share).ln());
        for kind in &mut self.kinds[kinds] {
            let ln_stable = kind.stable.see(stable, hazard, load.stable);
            let ln_canary = kind.canary.see(canary, hazard * load.odds * MORE_BEGIN, load.canary);
            let learnt = (ln_single - ln_stable).clamp(-FOR_LN_MAX, AGAINST_LN_MAX);
            let foretold = kind.habit.see(canary.error_lanes, canary.lanes);
            let worse = worse.clone().chain([foretold]);
            kind.worse.see(worse.map(|ln_worse| learnt + power * (ln_worse - ln_canary)));
        }
    }

    /// The evidence against the canary: as much as is left whichever way clients try again.
    pub(super) fn value(&self) -> f64 {
        let kinds = self.kinds.iter().zip(KINDS).take(self.counting);
        kinds.map(|(kind, (_, _, slack))| slack * kind.worse.value()).fold(self.single.value(), f64::min)
    }
}

/// From `FACTORS_MAX` on by Stirling's series, which is exact to ten digits there.
fn ln_factorial(n: u64) -> f64 {
    if n <= FACTORS_MAX {
        return (2..=n).map(|k| (k as f64).ln()).sum();
    }
    let n = n as f64;
    n * n.ln() - n + 0.5 * (2.0 * std::f64::consts::PI * n).ln() + 1.0 / (12.0 * n)
}
