//! Evidence from failed requests, second by second against the stable version in the same second.
//!
//! The unit is the lane-second ([`super::lanes`]): twenty errors of one retrying client are one piece of evidence. Where so many requests
//! come that every lane fails in every second, lanes can't tell 2% from 20%, so a second e-process counts
//! requests, tempered by how errors clump.

use serde::{Deserialize, Serialize};

use super::clumping::Clumping;
use super::counts::{Second, Side};
use super::hypergeometric::Draw;
use super::lanes::{LaneEvidence, Load};
use super::mixture::Mixture;

/// Odds ratios that are thought of.
const ODDS: [f64; 5] = [2.0, 4.0, 8.0, 16.0, 40.0];
/// The wealth staked from the first second; the rest waits for faults that begin later.
const AT_START: f64 = 0.85;
/// The weight of lanes; the rest goes to requests.
const LANES_WEIGHT: f64 = 0.75;
/// What requests of one second add at most, as a logarithm: a retry storm is over in a second or two.
const REQUESTS_LN_MAX: f64 = 4.0;
/// By how much of the clumping that is known of the evidence against single errors counts less.
const SINGLE_SHARE: f64 = 1.0;
/// And that counts less: tries are not as random as a model of them.
const CHAINS_SHARE: f64 = 0.2;
/// Beyond this, requests of one second are no client that tries again.
const SAME_FAULT_LN: f64 = 1.0;
/// At little traffic, seconds are taken together until both versions had a request, at most so many: longer, and an
/// incident that only one of them met would be compared with the calm before it.
const TOGETHER_MAX_S: usize = 60;

/// What is left after a second of how busy lanes were.
const BUSY_FADE: f64 = 0.98;
/// Beyond this, error lanes say nothing about single requests.
const BUSY_ERRORS_MAX: f64 = 0.98;
/// Busy lanes explain no more than this.
const BUSY_ODDS_MAX: f64 = 20.0;

/// Evidence from failed requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ErrorEvidence {
    lanes: LaneEvidence,
    requests: Mixture,
    clumping: Clumping,
    together: Second,
    /// One by one.
    seconds: Vec<Second>,
    busy: Busy,
    active: Active,
    compared: Second,
}

impl ErrorEvidence {
    /// With the stable version's past, and for a canary planned to take so many seconds.
    pub(super) fn new(past: &Side, planned_s: u32) -> Self {
        Self {
            lanes: LaneEvidence::new(past, planned_s),
            requests: Mixture::new(ODDS.len(), AT_START, planned_s),
            clumping: Clumping::new(past),
            together: Second::default(),
            seconds: Vec::new(),
            busy: Busy::default(),
            active: Active::default(),
            compared: Second::default(),
        }
    }

    /// Takes in a second.
    pub(super) fn see(&mut self, second: &Second) {
        self.lanes.wake();
        self.requests.wake();
        self.together = self.together.plus(*second);
        self.seconds.push(*second);
        self.active.see(second);
        if self.together.comparable() {
            self.compare();
        } else if self.seconds.len() >= TOGETHER_MAX_S {
            self.cut();
        }
    }

    /// Shares of traffic change now.
    pub(super) fn stage(&mut self) {
        self.cut();
        self.active = Active::default();
    }

    /// What waits for its counterpart is let go: shares change, or it is too old.
    fn cut(&mut self) {
        let seen = std::mem::take(&mut self.together);
        let seconds = std::mem::take(&mut self.seconds).len();
        self.clumping.see(&seen, seconds as u32);
    }

    fn compare(&mut self) {
        let Second { stable, canary } = self.together;
        let mut ln = Vec::with_capacity(ODDS.len());
        if canary.error_lanes + stable.error_lanes > 0 {
            let requests = Draw {
                canary: canary.requests,
                stable: stable.requests,
                canary_marked: canary.errors,
                marked: canary.errors + stable.errors,
            };
            requests.ln_e_values(1.0, &ODDS, &mut ln);
            let power = self.clumping.request_power();
            let tilt_max = self.clumping.tilt_max();
            let same_fault = self.clumping.same_fault();
            self.requests.see(ln.iter().zip(ODDS).map(|(ln, odds)| {
                let power = power.min(tilt_max / odds.ln());
                tempered(ln * power, same_fault).min(REQUESTS_LN_MAX)
            }));
        }
        let (room, known) = (self.clumping.room(), self.clumping.known());
        let load = Load {
            odds: self.busy.odds(),
            stable: self.active.stable.share(),
            canary: self.active.canary.share(),
        };
        let chains = room / (1.0 + CHAINS_SHARE * known);
        for second in &self.seconds {
            self.lanes.see(second, &load, chains);
        }
        self.lanes.draw(&self.together, &load, room / (1.0 + SINGLE_SHARE * known), chains);
        self.busy.see(&self.together);
        self.compared = self.compared.plus(self.together);
        self.cut();
    }

    /// The evidence against the canary, see [`Mixture::value`].
    pub(super) fn value(&self) -> f64 {
        LANES_WEIGHT * self.lanes.value() + (1.0 - LANES_WEIGHT) * self.requests.value()
    }

    /// What was compared so far.
    pub(super) fn compared(&self) -> Second {
        self.compared
    }
}

/// A client that tries again adds a failed request now and then, so next to nothing counts when that is likely; many in a second are no retry.
/// Less than the logarithm of an e-value is one, too.
fn tempered(ln: f64, same_fault: f64) -> f64 {
    if ln <= 0.0 { ln } else { ln * (1.0 - same_fault * (1.0 - ln / SAME_FAULT_LN).max(0.0)) }
}

/// How much busier the canary's lanes are. Clients are spread over lanes by a hash, and some lanes get more of them: a
/// lane with twice the requests has a failed one in about twice as many seconds without being any worse.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Busy {
    /// Requests, lane-seconds and error lane-seconds, fading.
    stable: (f64, f64, f64),
    canary: (f64, f64),
}

impl Busy {
    fn see(&mut self, seen: &Second) {
        let Second { stable, canary } = seen;
        let fade = |before: f64, more: u64| before * BUSY_FADE + more as f64;
        self.stable = (
            fade(self.stable.0, stable.requests),
            fade(self.stable.1, stable.lanes),
            fade(self.stable.2, stable.error_lanes),
        );
        self.canary = (fade(self.canary.0, canary.requests), fade(self.canary.1, canary.lanes));
    }

    /// The odds ratio of error lanes that this alone explains, at least 1.
    fn odds(&self) -> f64 {
        let (requests, lanes, error_lanes) = self.stable;
        if lanes == 0.0 || self.canary.1 == 0.0 {
            return 1.0;
        }
        let (stable, canary) = (requests / lanes, self.canary.0 / self.canary.1);
        // Failures of single requests as they would have to be for as many error lanes as there are.
        let hazard = -(1.0 - (error_lanes / lanes).min(BUSY_ERRORS_MAX)).ln() / stable;
        let odds = |requests: f64| (hazard * requests).exp_m1();
        let ratio = if hazard > 0.0 { odds(canary) / odds(stable) } else { canary / stable };
        ratio.clamp(1.0, BUSY_ODDS_MAX)
    }
}

/// How often lanes of both versions are active, in this stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Active {
    stable: ActiveLanes,
    canary: ActiveLanes,
}

/// The same of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct ActiveLanes {
    seconds: u64,
    /// Lane-seconds with a request.
    lanes: u64,
    /// The most lanes in one second: as many as there are, where there is traffic.
    most: u64,
}

impl Active {
    fn see(&mut self, second: &Second) {
        for (active, side) in [(&mut self.stable, second.stable), (&mut self.canary, second.canary)] {
            active.seconds += 1;
            active.lanes = active.lanes.saturating_add(side.lanes);
            active.most = active.most.max(side.lanes);
        }
    }
}

impl ActiveLanes {
    /// The share of lane-seconds with a request, above 0 and at most 1. Nothing is known before the first second.
    fn share(&self) -> f64 {
        if self.lanes == 0 {
            1.0
        } else {
            (self.lanes as f64 / (self.most as f64 * self.seconds as f64)).min(1.0)
        }
    }
}
