//! How much errors clump together: what one fault is worth when it is several errors.
//!
//! Clients retry and come in bursts, so one fault is several errors of the same lane, in the same second or over half a minute. Counted
//! each in full, a single client that keeps trying would convict a canary. A likelihood ratio to a power between 0 and 1 is
//! still an e-value (Jensen's inequality), so evidence is tempered. The first error of a clump counts in full, or nearly; those that
//! follow close on it count by as much less as clumps are long, which [`super::dispersion`] learns from the stable version's errors, and
//! which is assumed to be long until they say otherwise. Errors that lie apart are never taken for a clump, so nothing is lost there.

use serde::{Deserialize, Serialize};

use super::counts::{Second, Side};
use super::dispersion::Dispersion;

/// The dispersion of error lanes that is assumed before anything is known. A client that tries again with probability 3/4 each time makes
/// dispersion 7; one such chain of two dozen errors is to be expected in a canary with many of them, and must not convict.
const LANES_ASSUMED: f64 = 14.0;
/// And where requests are rare: there are few faults then, and so hardly ever one with a long chain.
const LANES_ASSUMED_RARE: f64 = 5.0;
/// Requests that are so many seconds apart are rare.
const RARE_S: u32 = 6;
/// The dispersion of failed requests, over that within a lane-second, that is assumed.
const REQUESTS_ASSUMED: f64 = 3.0;
/// Failed requests in an error lane-second, where the stable version's past does not tell.
const CLUMP_ASSUMED: f64 = 4.0;
/// And at most so many.
const CLUMP_MAX: f64 = 25.0;
/// A lane-second beyond the usual by more than this is an incident, not a clump.
const LANES_BEYOND_MAX: f64 = 3.0;
/// The same for failed requests, in clumps of the past.
const REQUESTS_BEYOND_MAX: f64 = 5.0;
/// By how much of what clumping is learnt the first error of a clump counts less: clumps may hang together, too.
const FIRST_SHARE: f64 = 0.4;
/// Errors that come singly seem to be dispersed as much by chance.
const SINGLE_MAX: f64 = 2.0;
/// So many seconds after an error of the canary another one is likely to be the same fault: a client that tries again.
const SAME_FAULT_S: u32 = 8;
/// After those, what is left of that likelihood after each further second.
const FADE: f64 = 0.75;
/// Where requests are rarer than this, so many seconds count as one of those.
const SLOW_S: u32 = 15;
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
    lanes: Dispersion,
    requests: Dispersion,
}

impl Clumping {
    /// With what the stable version did before.
    pub(super) fn new(past: &Side) -> Self {
        let clump =
            if past.error_lanes == 0 { CLUMP_ASSUMED } else { past.errors as f64 / past.error_lanes as f64 };
        let clump = clump.clamp(1.0, CLUMP_MAX);
        Self {
            clump,
            since: None,
            usual: (0.0, 0.0),
            lanes: Dispersion::new(past.error_lanes, past.lanes, LANES_BEYOND_MAX),
            requests: Dispersion::new(past.errors, past.requests, REQUESTS_BEYOND_MAX * clump),
        }
    }

    /// How likely an error of the canary that comes next is the same fault as its last one, 0 to 1.
    pub(super) fn same_fault(&self) -> f64 {
        match self.since {
            None => 0.0,
            Some(since) => FADE.powi(since.saturating_sub(SAME_FAULT_S) as i32),
        }
    }

    /// The power that lane evidence of the coming `seconds` is raised to, 0 to 1.
    pub(super) fn lane_power(&self, seconds: u32) -> f64 {
        let assumed = if seconds < RARE_S { LANES_ASSUMED } else { LANES_ASSUMED_RARE };
        let following = 1.0 / self.lanes.factor(assumed);
        let first = 1.0 / (1.0 + FIRST_SHARE * (self.lanes.factor(1.0) - 1.0));
        (first + (following - first) * self.same_fault()) * self.room()
    }

    /// The dispersion of error lanes that is known of, beyond what errors that come singly may show by chance; nothing is assumed.
    pub(super) fn known(&self) -> f64 {
        (self.lanes.factor(1.0) - SINGLE_MAX).max(0.0)
    }

    /// How much lanes still say, 0 to 1: nothing where they never are without an error.
    pub(super) fn room(&self) -> f64 {
        let usual = if self.usual.1 > 0.0 { self.usual.0 / self.usual.1 } else { 0.0 };
        (1.0 - usual / SATURATED).max(0.0)
    }

    /// The power that evidence of single requests is raised to, 0 to 1.
    pub(super) fn request_power(&self) -> f64 {
        1.0 / self.requests.factor(REQUESTS_ASSUMED * self.clump)
    }

    /// The logarithm that one request may weigh: where bursts are longer than average with a probability that falls more slowly than their weight grows, the
    /// longest would be all that counts.
    pub(super) fn tilt_max(&self) -> f64 {
        if self.clump <= 1.0 { f64::INFINITY } else { -0.5 * (1.0 - 1.0 / self.clump).ln() }
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
        self.lanes.see(stable.error_lanes, stable.lanes, seconds);
        self.requests.see(stable.errors, stable.requests, seconds);
    }
}
