//! The usual share of marked units (failed lanes, failed requests): of what was before a canary, and of what is seen beside it.
//!
//! Who mends an incident deploys right after it, and then the minutes before say that a tenth of all fails. By that a release that fails a twentieth is fine.
//! So what was before counts only as long as the stable version goes on like that. An incident in the middle of a canary is over some time, too.

use serde::{Deserialize, Serialize};

/// Chance makes as few as that in fewer than one of a hundred cases: the logarithm.
const CHANCE_LN: f64 = 4.6;
/// The same of what was seen beside the canary: it is looked at again and again, and more of it is lost.
const OVER_LN: f64 = 10.0;
/// Marked units of one fault on average: a client that tries again with probability 3/4 each time makes as many.
const CLUMP: f64 = 4.0;

/// Marked and all units, fading.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Usual {
    before: (f64, f64),
    now: (f64, f64),
    /// Of those now: what came since there was as much as usual.
    quiet: (f64, f64),
}

impl Usual {
    /// With so many marked of all units before.
    pub(super) fn new(marked: f64, all: f64) -> Self {
        Self { before: (marked, all), now: (0.0, 0.0), quiet: (0.0, 0.0) }
    }

    /// Takes in units; `kept` is what is left of those before. Whether what was before is let go by that.
    pub(super) fn see(&mut self, marked: f64, all: f64, kept: f64) -> bool {
        self.before = (self.before.0 * kept, self.before.1 * kept);
        self.now = (self.now.0 * kept + marked, self.now.1 * kept + all);
        self.quiet = (self.quiet.0 * kept + marked, self.quiet.1 * kept + all);
        let over = self.is_over();
        if over {
            *self = Self { now: self.quiet, ..Self::default() };
        }
        let (marked, all) = self.before;
        if all <= 0.0 {
            return over;
        }
        let gone = rarity(self.now.0, marked / all * self.now.1) > CHANCE_LN;
        if gone {
            self.before = (0.0, 0.0);
        }
        gone
    }

    /// Whether it has been quiet for so long that what was usual is not any more.
    fn is_over(&mut self) -> bool {
        let (marked, all) = (self.marked() - self.quiet.0, self.all() - self.quiet.1);
        let expected = if all > 0.0 { marked / all * self.quiet.1 } else { 0.0 };
        if self.quiet.0 >= expected {
            self.quiet = (0.0, 0.0);
            return false;
        }
        rarity(self.quiet.0, expected) > OVER_LN
    }

    /// Marked units.
    pub(super) fn marked(&self) -> f64 {
        self.before.0 + self.now.0
    }

    /// All units.
    pub(super) fn all(&self) -> f64 {
        self.before.1 + self.now.1
    }
}

/// How rarely so few marked units are seen of so many expected, as a logarithm: Chernoff's bound on faults that come by chance (Poisson), each of
/// which marks a geometric number of units.
fn rarity(seen: f64, expected: f64) -> f64 {
    if seen >= expected {
        return 0.0;
    }
    let faults = expected / CLUMP;
    if seen <= 0.0 {
        return faults;
    }
    // The tilt at which so few are what is expected solves a quadratic equation.
    let (share, again) = (seen / expected, CLUMP - 1.0);
    let (a, b, c) = (again * again * share, 2.0 * CLUMP * again * share + 1.0, CLUMP * CLUMP * share);
    let tilt = (b - (b * b - 4.0 * a * c).sqrt()) / (2.0 * a);
    seen * tilt.ln() + faults * (1.0 - tilt / (CLUMP - again * tilt))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After an incident, so many of nine lanes fail in each of so many seconds.
    fn after(seconds: u32, failed: f64) -> Usual {
        let mut usual = Usual::new(540.0, 5400.0);
        for _ in 0..seconds {
            usual.see(failed, 9.0, 0.998);
        }
        usual
    }

    #[test]
    fn what_was_before_counts_as_long_as_it_goes_on_like_that() {
        assert!(after(300, 0.9).all() > 4000.0, "as usual");
        assert!(after(300, 0.7).all() > 4000.0, "about as usual");
        assert!(after(300, 2.0).all() > 4000.0, "worse");
        assert!(after(15, 0.0).all() > 5000.0, "a quiet quarter of a minute");
    }

    #[test]
    fn an_incident_that_is_over_is_forgotten() {
        let usual = after(90, 0.01);
        assert!(usual.marked() / usual.all() < 0.02, "{usual:?}");
    }

    #[test]
    fn an_incident_beside_the_canary_is_forgotten_when_it_is_over() {
        let mut usual = after(300, 0.0);
        for _ in 0..120 {
            usual.see(6.0, 9.0, 0.998);
        }
        assert!(usual.marked() / usual.all() > 0.2, "{usual:?}");
        let gone = (0..600).find(|_| usual.see(0.01, 9.0, 0.998));
        assert!(gone.is_some_and(|second| second < 60), "{gone:?}");
        assert!(usual.marked() / usual.all() < 0.02, "{usual:?}");
    }

    /// Without order (Wellons 2018).
    fn hash(at: u32) -> u32 {
        let at = (at ^ (at >> 16)).wrapping_mul(0x7FEB_352D);
        let at = (at ^ (at >> 15)).wrapping_mul(0x846C_A68B);
        at ^ (at >> 16)
    }

    #[test]
    fn what_goes_on_is_never_over() {
        for each in [11, 50, 300] {
            let mut usual = Usual::new(0.0, 5400.0);
            let marked = |at: u32| if hash(at).is_multiple_of(each) { 4.0 } else { 0.0 };
            assert!((0..20_000).all(|at| !usual.see(marked(at), 9.0, 0.998)), "every {each} s");
        }
    }

    /// One minute of a fifth in ten minutes, at a tenth of that traffic: a fiftieth of all, and then next to nothing.
    #[test]
    fn a_short_incident_is_forgotten_within_minutes() {
        let mut usual = Usual::new(70.0, 3_400.0);
        let gone = (0..600).find(|_| usual.see(0.005, 5.7, 0.998));
        assert!(gone.is_some_and(|second| second < 300), "{gone:?}");
    }

    #[test]
    fn rarity_is_that_of_faults_that_mark_several() {
        // No fault at all of seven: e^-7.
        assert!((rarity(0.0, 28.0) - 7.0).abs() < 1e-9);
        assert!(rarity(28.0, 28.0) == 0.0 && rarity(40.0, 28.0) == 0.0);
        assert!(rarity(27.9, 28.0) < 0.01 && rarity(0.001, 28.0) > 6.9);
        assert!(rarity(2.0, 28.0) > rarity(3.0, 28.0));
    }
}
